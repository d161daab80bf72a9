"""Python's `websockets`, compressing: python_websockets.py URL TOKEN.

Says "ok" if a long message and short ones, whole and in fragments, came back
as they were sent.
"""

import asyncio
import json
import sys

import websockets

LONG = "a long message, smørrebrød 🍞 " * 600
CONTENTS = ["short", LONG, "short again", LONG + "!"]


def connect(url, token):
    headers = {"Authorization": f"Bearer {token}"}
    # The name of the argument has changed with version 14.
    name = "additional_headers" if int(websockets.__version__.split(".")[0]) >= 14 else "extra_headers"
    return websockets.connect(url, compression="deflate", **{name: headers})


async def main(url, token):
    async with connect(url, token) as socket:
        extensions = getattr(socket, "extensions", None) or socket.protocol.extensions
        assert any(extension.name == "permessage-deflate" for extension in extensions)
        assert json.loads(await socket.recv())["type"] == "session.ready"
        for index, content in enumerate(CONTENTS):
            data = {"room_id": "lobby", "client_id": f"python-{index}", "content": content}
            text = json.dumps({"type": "message.send", "id": str(index), "data": data})
            half = len(text) // 2
            # An iterable goes out in fragments.
            await socket.send([text[:half], text[half:]])
        seen = []
        while len(seen) < len(CONTENTS):
            frame = json.loads(await socket.recv())
            assert frame["type"] != "error", frame
            if frame["type"] == "message.created":
                seen.append(frame["data"]["content"])
        assert seen == CONTENTS
    print("ok")


asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), 30))
