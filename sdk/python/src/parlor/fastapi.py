"""Endpoints for FastAPI (or plain Starlette), one line each::

    app.post("/parlor/webhooks")(webhook(WEBHOOK_SECRET, told))
    app.post("/parlor/access")(access(CALLBACK_SECRET, may))
    app.post("/parlor/before-send")(before_send(CALLBACK_SECRET, check))
    app.post("/parlor/commands")(command(CALLBACK_SECRET, run))

Handlers may be ``async``; others run on a thread."""

from __future__ import annotations

import inspect
from typing import Any, Awaitable, Callable, Union

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .callbacks import (
    Access, Answer, BeforeSend, Command, verify_access, verify_before_send, verify_command,
)  # fmt: skip
from .webhooks import (
    BODY_BYTES, InvalidSignature, Secret, Webhook, keys_of, verify_webhook,
)  # fmt: skip

Endpoint = Callable[[Request], Awaitable[Response]]


def webhook(
    secret: Secret, handler: Callable[[Webhook], Union[None, Awaitable[None]]]
) -> Endpoint:
    """``handler`` is told what has happened. If it raises, Parlor tells it again."""
    return _endpoint(verify_webhook, secret, handler)


def access(
    secret: Secret, handler: Callable[[Access], Union[Answer, Awaitable[Answer]]]
) -> Endpoint:
    """``handler`` says whether a user may come into a room. If it raises, what is set
    for failures holds."""
    return _endpoint(verify_access, secret, handler)


def before_send(
    secret: Secret, handler: Callable[[BeforeSend], Union[Answer, Awaitable[Answer]]]
) -> Endpoint:
    """``handler`` says whether a message is stored. If it raises, what is set for
    failures holds."""
    return _endpoint(verify_before_send, secret, handler)


def command(
    secret: Secret, handler: Callable[[Command], Union[Answer, Awaitable[Answer]]]
) -> Endpoint:
    """``handler`` answers a command of a client."""
    return _endpoint(verify_command, secret, handler)


def _endpoint(
    verify: Callable[..., Any], secret: Secret, handler: Callable[[Any], Any]
) -> Endpoint:
    # What is wrong with it is seen at the start, and not when the first one comes.
    keys_of(secret)

    async def endpoint(request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > BODY_BYTES:
                return _json(413, {"error": "too large"})
        try:
            said = verify(bytes(body), request.headers, secret)
        except InvalidSignature as error:
            return _json(401, {"error": str(error)})
        if inspect.iscoroutinefunction(handler):
            answer = await handler(said)
        else:
            answer = await run_in_threadpool(handler, said)
        return Response(status_code=204) if answer is None else _json(200, answer)

    return endpoint


def _json(status: int, body: Any) -> Response:
    return JSONResponse(body, status_code=status)
