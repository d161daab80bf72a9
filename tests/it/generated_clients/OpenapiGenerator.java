import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.JSON;
import org.openapitools.client.api.EventsApi;
import org.openapitools.client.api.MessagesApi;
import org.openapitools.client.api.RoomsApi;
import org.openapitools.client.auth.HttpBearerAuth;
import org.openapitools.client.model.AppEvent;
import org.openapitools.client.model.CreateRoomRequest;
import org.openapitools.client.model.PublishToRoomRequest;
import org.openapitools.client.model.SendMessageRequest;

/**
 * What openapi-generator has made for Java keeps what is somebody's own. Called with the
 * server's URL and a token of a service.
 */
final class OpenapiGenerator {
    public static void main(String[] args) throws ApiException {
        ApiClient client = new ApiClient().setBasePath(args[0]);
        ((HttpBearerAuth) client.getAuthentication("token")).setBearerToken(args[1]);
        RoomsApi rooms = new RoomsApi(client);
        MessagesApi messages = new MessagesApi(client);
        EventsApi events = new EventsApi(client);
        List<Object> list = Arrays.asList(1, "two", null, true, 2.5);
        Map<String, Object> own = Map.of("card", 7, "deep", Map.of("list", list, "empty", Map.of()));

        var room = rooms.createRoom(new CreateRoomRequest().roomId("java").custom(own));
        same("custom", room.getCustom(), own);
        same("custom", rooms.getRoom("java").getCustom(), own);

        var sent = messages.sendMessage("java", null, new SendMessageRequest().content("hi").metadata(own));
        var message = messages.getMessage(sent.getMessageId());
        same("metadata", message.getMetadata(), own);
        same("created_at", message.getCreatedAt(), sent.getCreatedAt());

        for (Object data : List.of(own, Arrays.asList(1, Arrays.asList((Object) null)), "text", 5, false)) {
            var event = new PublishToRoomRequest().type("task.updated").data(data);
            events.publishToRoom("java", event, null);
            List<AppEvent> all = events.listRoomEvents("java", null, null).getEvents();
            same("data", all.get(all.size() - 1).getData(), data);
        }

        try {
            rooms.getRoom("nowhere");
            throw new AssertionError("there is no such room");
        } catch (ApiException refused) {
            same("status", refused.getCode(), 404);
        }
        System.out.println("ok");
    }

    /** As JSON, which has one kind of number. */
    private static void same(String what, Object got, Object want) {
        if (!JSON.getGson().toJsonTree(got).equals(JSON.getGson().toJsonTree(want))) {
            throw new AssertionError(what + ": " + got + " instead of " + want);
        }
    }
}
