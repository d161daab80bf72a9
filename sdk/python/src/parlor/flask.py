"""Views for Flask, one line each::

    app.post("/parlor/webhooks")(webhook(WEBHOOK_SECRET, told))
    app.post("/parlor/access")(access(CALLBACK_SECRET, may))
    app.post("/parlor/before-send")(before_send(CALLBACK_SECRET, check))
    app.post("/parlor/commands")(command(CALLBACK_SECRET, run))
"""

from __future__ import annotations

from typing import Any, Callable

from flask import Response, jsonify, request

from .callbacks import (
    Access, Answer, BeforeSend, Command, verify_access, verify_before_send, verify_command,
)  # fmt: skip
from .webhooks import (
    BODY_BYTES, InvalidSignature, Secret, Webhook, keys_of, verify_webhook,
)  # fmt: skip

View = Callable[[], Response]


def webhook(secret: Secret, handler: Callable[[Webhook], None]) -> View:
    """``handler`` is told what has happened. If it raises, Parlor tells it again."""
    return _view("parlor_webhook", verify_webhook, secret, handler)


def access(secret: Secret, handler: Callable[[Access], Answer]) -> View:
    """``handler`` says whether a user may come into a room. If it raises, what is set
    for failures holds."""
    return _view("parlor_access", verify_access, secret, handler)


def before_send(secret: Secret, handler: Callable[[BeforeSend], Answer]) -> View:
    """``handler`` says whether a message is stored. If it raises, what is set for
    failures holds."""
    return _view("parlor_before_send", verify_before_send, secret, handler)


def command(secret: Secret, handler: Callable[[Command], Answer]) -> View:
    """``handler`` answers a command of a client."""
    return _view("parlor_command", verify_command, secret, handler)


def _view(
    name: str, verify: Callable[..., Any], secret: Secret, handler: Callable[[Any], Any]
) -> View:
    # What is wrong with it is seen at the start, and not when the first one comes.
    keys_of(secret)

    def view() -> Response:
        body = request.stream.read(BODY_BYTES + 1)
        if len(body) > BODY_BYTES:
            return _json(413, {"error": "too large"})
        try:
            said = verify(body, request.headers, secret)
        except InvalidSignature as error:
            return _json(401, {"error": str(error)})
        answer = handler(said)
        return Response(status=204) if answer is None else _json(200, answer)

    # Flask names an endpoint by its function.
    view.__name__ = name
    return view


def _json(status: int, body: Any) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response
