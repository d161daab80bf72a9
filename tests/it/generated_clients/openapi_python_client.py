"""What openapi-python-client has made keeps what is somebody's own.

Called with the server's URL and a token of a service; `parlor_client` is on the
path."""

import sys

from parlor_client import AuthenticatedClient
from parlor_client.api.events import list_room_events, publish_to_room
from parlor_client.api.messages import get_message, send_message
from parlor_client.api.rooms import create_room, get_room
from parlor_client.models import (
    CreateRoomRequest,
    PublishToRoomRequest,
    SendMessageRequest,
)

OWN = {"card": 7, "deep": {"list": [1, "two", None, True, 2.5], "empty": {}}}

url, token = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True)

body = {"room_id": "python", "kind": "private", "custom": OWN}
room = create_room.sync(client=client, body=CreateRoomRequest.from_dict(body))
assert room.custom.to_dict() == OWN, room
assert get_room.sync("python", client=client).custom.to_dict() == OWN
assert room.kind.value == "private", room

message = SendMessageRequest.from_dict({"content": "hi", "metadata": OWN})
sent = send_message.sync("python", client=client, body=message)
message = get_message.sync(sent.message_id, client=client)
assert message.metadata.to_dict() == OWN, message
assert message.created_at == sent.created_at and message.created_at.tzinfo

for data in (OWN, [1, [None]], "text", 5, False):
    event = PublishToRoomRequest(type_="task.updated", data=data)
    publish_to_room.sync("python", client=client, body=event)
    events = list_room_events.sync("python", client=client).events
    assert events[-1].data == data, (data, events[-1])

refused = get_room.sync("nowhere", client=client)
assert refused.error.code.value == "not_found", refused
print("ok")
