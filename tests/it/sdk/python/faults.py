"""What the client does when a server, or what is in front of it, fails: a small one
that answers what it is told to."""

from __future__ import annotations

import inspect
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional

from parlor import ParlorError, RateLimited, Unavailable, Unreachable

Answer = tuple[int, dict[str, str], Any]
"""Status, headers and body; 0: none, 1: none before the time is up."""

SENT = {"message_id": "7", "seq": 1, "created_at": "2026-11-20T21:00:00.123Z", "duplicate": False}


def refusal(code: str, **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": "not now", **more}}


class Faulty(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: list[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = list(script)
        self.seen: list[tuple[str, Optional[str], float]] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Faulty

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        seen = (f"{self.command} {self.path}", self.headers.get("idempotency-key"), time.monotonic())
        self.server.seen.append(seen)
        status, headers, body = self.server.script.pop(0)
        self.close_connection = True
        if status == 0:
            return
        if status == 1:
            time.sleep(1)
            return
        text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        if status != 204:
            self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


async def meets(client: Any, script: list[Answer], ask: Any, **options: Any) -> tuple[Any, Faulty]:
    """What comes of a call, an error included; and the server."""
    server = Faulty(script)
    parlor = client(server.url, token="prl_x", **options)
    try:
        value = ask(parlor)
        came = await value if inspect.isawaitable(value) else value
    except ParlorError as error:
        came = error
    closed = parlor.close()
    if inspect.isawaitable(closed):
        await closed
    server.shutdown()
    server.server_close()
    assert not server.script or isinstance(came, ParlorError), server.script
    return came, server


async def all_of_them(client: Any) -> None:
    send = lambda parlor: parlor.send_message("a b/c", content="hi")  # noqa: E731
    make = lambda parlor: parlor.create_room(room_id="x")  # noqa: E731
    delete = lambda parlor: parlor.delete_room("x")  # noqa: E731
    busy: Answer = (503, {"retry-after": "1"}, refusal("unavailable"))
    too_many: Answer = (429, {}, refusal("rate_limited", retry_after_ms=300))

    # No answer, a proxy's page, and a server that is told to be asked later.
    script = [(0, {}, ""), (502, {}, "<html>"), busy, (201, {}, SENT)]
    came, server = await meets(client, script, send)
    assert came == SENT, came
    assert {line for line, _, _ in server.seen} == {"POST /api/v1/rooms/a%20b%2Fc/messages"}
    keys = {key for _, key, _ in server.seen}
    assert len(keys) == 1 and None not in keys, "it is one message, however often it is sent"
    assert server.seen[3][2] - server.seen[2][2] >= 1.0, "as long as the server has said"

    own = lambda parlor: parlor.send_message("x", content="hi", client_id="own")  # noqa: E731
    _, server = await meets(client, [(201, {}, SENT)], own)
    assert server.seen[0][1] is None, "a name of its own is enough"

    # What could be done twice is asked once, unless it was not even begun.
    for first in [(0, {}, ""), busy]:
        came, server = await meets(client, [first, (201, {}, {})], make)
        assert isinstance(came, (Unreachable, Unavailable)) and len(server.seen) == 1, came
    came, server = await meets(client, [too_many, (201, {}, {"room_id": "x"})], make)
    assert came == {"room_id": "x"} and server.seen[1][2] - server.seen[0][2] >= 0.3

    # What an earlier attempt has deleted is gone; what was never there is not found.
    missing: Answer = (404, {}, refusal("not_found"))
    assert (await meets(client, [(0, {}, ""), missing], delete))[0] is None
    came, _ = await meets(client, [missing], delete)
    assert isinstance(came, ParlorError) and came.code == "not_found"

    # It neither waits for ever nor tries for ever.
    came, _ = await meets(client, [(429, {"retry-after": "3600"}, refusal("rate_limited"))], send)
    assert isinstance(came, RateLimited) and came.retry_after == 3600, came
    came, server = await meets(client, [busy] * 3, lambda parlor: parlor.get_me(), retries=1)
    assert isinstance(came, Unavailable) and len(server.seen) == 2, came
    came, _ = await meets(client, [(1, {}, "")], make, timeout=0.2)
    assert isinstance(came, Unreachable) and came.status is None, came

    # What a newer server says, and what is not from Parlor.
    said = (418, {"x-request-id": "r-1"}, refusal("newer", field="rooms.x"))
    came, _ = await meets(client, [said], send)
    assert type(came) is ParlorError
    assert (came.code, came.field, came.request_id) == ("newer", "rooms.x", "r-1"), came
    assert "r-1" in str(came) and "prl_x" not in str(came) + repr(came)
    for body in ["<html>", [], {"error": 7}]:
        came, _ = await meets(client, [(403, {}, body)], send)
        assert came.code == "unexpected_answer" and came.status == 403, came
    came, _ = await meets(client, [(200, {}, "<html>")], send)
    assert isinstance(came, ParlorError) and came.code == "unexpected_answer", came
