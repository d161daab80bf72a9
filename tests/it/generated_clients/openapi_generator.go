// What openapi-generator has made for Go keeps what is somebody's own. Called
// with the server's URL and a token of a service.
package main

import (
	"context"
	"fmt"
	"os"
	"reflect"

	parlor "github.com/GIT_USER_ID/GIT_REPO_ID"
)

func check(what string, err error, got, want any) {
	if err != nil || !reflect.DeepEqual(got, want) {
		fmt.Println(what, err, got, want)
		os.Exit(1)
	}
}

func main() {
	configuration := parlor.NewConfiguration()
	configuration.Servers = parlor.ServerConfigurations{{URL: os.Args[1]}}
	client := parlor.NewAPIClient(configuration)
	ctx := context.WithValue(context.Background(), parlor.ContextAccessToken, os.Args[2])
	own := map[string]any{"card": 7.0, "deep": map[string]any{"list": []any{1.0, "two", nil, true, 2.5}}}

	create := parlor.NewCreateRoomRequest()
	create.SetRoomId("go")
	create.SetCustom(own)
	room, _, err := client.RoomsAPI.CreateRoom(ctx).CreateRoomRequest(*create).Execute()
	check("custom", err, room.GetCustom(), own)

	send := parlor.NewSendMessageRequest()
	send.SetContent("hi")
	send.SetMetadata(own)
	sent, _, err := client.MessagesAPI.SendMessage(ctx, "go").SendMessageRequest(*send).Execute()
	check("sent", err, sent.GetDuplicate(), false)
	message, _, err := client.MessagesAPI.GetMessage(ctx, sent.GetMessageId()).Execute()
	check("metadata", err, message.GetMetadata(), own)

	for _, data := range []any{own, []any{1.0, nil}, "text", 5.0, false} {
		publish := parlor.NewPublishToRoomRequest("task.updated")
		publish.SetData(data)
		_, _, err := client.EventsAPI.PublishToRoom(ctx, "go").PublishToRoomRequest(*publish).Execute()
		check("published", err, nil, nil)
		events, _, err := client.EventsAPI.ListRoomEvents(ctx, "go").Execute()
		check("events", err, events != nil, true)
		check("data", nil, events.Events[len(events.Events)-1].GetData(), data)
	}
	fmt.Println("ok")
}
