"""Drives the SDK for Python against a server. It is called with the framework
(`fastapi`, with which the asynchronous client is tried; or `flask`, with the other),
the secrets of tokens, webhooks and questions, and the file of test vectors. It says
where its application is, is told where the server is, and says `ok` in the end."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import json
import os
import sys
from pathlib import Path
from typing import Any, get_args

import calls
import faults
from apps import Application

import parlor
from parlor import (
    AsyncParlor, InvalidSignature, Parlor, Refused, Unauthorized, mint_token, types,
    verify_webhook,
)  # fmt: skip
from parlor.errors import ERRORS


async def got(value: Any) -> Any:
    """What a call gives, whichever client made it."""
    return await value if inspect.isawaitable(value) else value


def vectors(file: str) -> None:
    for case in json.loads(Path(file).read_text()):
        headers = {
            "Webhook-Id": case["id"],
            "Webhook-Timestamp": str(case["timestamp"]),
            "Webhook-Signature": case["signature"],
        }
        try:
            verify_webhook(case["body"].encode(), headers, case["secret"], now=case["now"])
            fits = True
        except InvalidSignature:
            fits = False
        assert fits == case["fits"], case
    refuses(InvalidSignature, verify_webhook, b"{}", {}, "x" * 24)
    refuses(ValueError, verify_webhook, b"{}", headers, "short")
    refuses(ValueError, mint_token, "short", "ann")
    refuses(ValueError, mint_token, "x" * 32, "ann", expires_in=401 * 24 * 3600)


def codes() -> None:
    """Each code of the server has its class."""
    assert set(ERRORS) == set(get_args(types.ErrorCode)), ERRORS


def refuses(error: Any, function: Any, *args: Any, **kwargs: Any) -> None:
    try:
        function(*args, **kwargs)
    except error:
        return
    raise AssertionError(f"{function} refuses {args} {kwargs}")


def readme(url: str, secret: str) -> None:
    """The first program that it shows does what it says."""
    text = (Path(parlor.__file__).parents[2] / "README.md").read_text()
    program = text.split("```python\n")[1].split("```")[0]
    os.environ.update({"JWT_SECRET": secret, "PARLOR_URL": url})
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(program, {})
    assert said.getvalue() == "Alice: hello\n", said.getvalue()


async def questions(boss: Any, application: Application) -> None:
    """What the application answers is what happens."""
    await got(boss.create_room(room_id="asked", kind="public"))
    ann = boss.as_user("ann", name="Ann")
    await got(ann.add_member("asked", "ann"))
    sent = await got(ann.send_message("asked", content="make it softer", metadata={"card": 7}))
    stored = await got(ann.get_message(sent["message_id"]))
    assert (stored["content"], stored["metadata"]) == ("make it SOFT", {"card": 7, "seen": True})
    try:
        await got(ann.send_message("asked", content="http://spam"))
        raise AssertionError("it is refused")
    except Refused as refused:
        assert refused.message == "no links, please" and refused.status == 422, refused
    asked = [question for question in application.asked if question["room_id"] == "asked"]
    assert [question["user"]["name"] for question in asked] == ["Ann", "Ann"], asked
    await got(ann.edit_message(sent["message_id"], content="fine"))
    assert application.asked[-1]["message_id"] == sent["message_id"], application.asked
    told = await asyncio.to_thread(
        application.told,
        lambda one: one["type"] == "message.updated" and one["data"]["room_id"] == "asked",
    )
    assert told["data"]["message"]["content"] == "fine", told


async def run(framework: str, url: str, secret: str, application: Application) -> None:
    client = AsyncParlor if framework == "fastapi" else Parlor
    boss: Any = client(url, secret=secret, user="boss", roles=["service", "admin"])
    await calls.all_of_them(boss, url, application)
    await questions(boss, application)
    await got(boss.close())
    stranger: Any = client(url, secret="another secret of thirty-two bytes")
    try:
        await got(stranger.get_me())
        raise AssertionError("it is not let in")
    except Unauthorized as refused:
        assert (refused.code, refused.status) == ("unauthorized", 401) and refused.request_id
    await got(stranger.close())
    readme(url, secret)
    await faults.all_of_them(client)


def main() -> None:
    framework, secret, webhook_secret, callback_secret, file = sys.argv[1:]
    vectors(file)
    codes()
    application = Application(framework, webhook_secret, callback_secret)
    application.refuses_what_is_forged()
    print(application.url, flush=True)
    url = sys.stdin.readline().strip()
    asyncio.run(run(framework, url, secret, application))
    print("ok", flush=True)
    # The application goes on answering until nobody needs it.
    sys.stdin.readline()


main()
