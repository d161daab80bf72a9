"""uWebSockets (C++) through socketify, with its own publish and subscribe."""

import sys

from socketify import App, AppListenOptions, OpCode


def upgrade(response, request, context):
    response.upgrade(
        request.get_header("sec-websocket-key"),
        request.get_header("sec-websocket-protocol"),
        request.get_header("sec-websocket-extensions"),
        context,
        request.get_url() != "/send",
    )


def opened(socket):
    if socket.get_user_data():
        socket.subscribe("lobby")


def message(socket, text, opcode):
    app.publish("lobby", text, OpCode.TEXT)


app = App()
app.ws(
    "/*",
    {
        "upgrade": upgrade,
        "open": opened,
        "message": message,
        "max_backpressure": 1024 * 1024,
        "idle_timeout": 120,
    },
)
app.listen(AppListenOptions(port=int(sys.argv[1]), host="127.0.0.1"))
# Not app.run(): that turns asyncio's loop as well, by polling both without a
# pause, and the CPU time would be Python's. No handler here is asynchronous.
app.loop.uv_loop.run()
