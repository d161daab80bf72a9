"""What openapi-generator has made for Python keeps what is somebody's own.

Called with the server's URL and a token of a service; `openapi_client` is on the
path."""

import sys

import openapi_client as parlor

OWN = {"card": 7, "deep": {"list": [1, "two", None, True, 2.5], "empty": {}}}

url, token = sys.argv[1:]
client = parlor.ApiClient(parlor.Configuration(host=url, access_token=token))
rooms, messages, events = parlor.RoomsApi(client), parlor.MessagesApi(client), parlor.EventsApi(client)

room = rooms.create_room(parlor.CreateRoomRequest(room_id="generator", custom=OWN))
assert room.custom == OWN, room
assert rooms.get_room("generator").custom == OWN

request = parlor.SendMessageRequest(content="hi", metadata=OWN)
sent = messages.send_message("generator", send_message_request=request)
message = messages.get_message(sent.message_id)
assert message.metadata == OWN, message

for data in (OWN, [1, [None]], "text", 5, False):
    event = parlor.PublishToRoomRequest(type="task.updated", data=data)
    events.publish_to_room("generator", event)
    last = events.list_room_events("generator").events[-1]
    assert last.data == data, (data, last)

try:
    rooms.get_room("nowhere")
    raise AssertionError("there is no such room")
except parlor.exceptions.NotFoundException as refused:
    assert refused.data.error.code == "not_found", refused
print("ok")
