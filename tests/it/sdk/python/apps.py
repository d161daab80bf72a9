"""A real application with the adapters of the SDK."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from typing import Any, Callable

import httpx

from parlor import (
    Access, BeforeSend, Command, Webhook, accept, allow, answer, deny, refuse, rewrite,
)
from parlor.callbacks import Answer

WAIT = 30
"""Seconds until what has to come is missed."""


class Application:
    def __init__(self, framework: str, webhook_secret: str, callback_secret: str) -> None:
        self.asked: list[BeforeSend] = []
        self._heard: list[Webhook] = []
        self._came = threading.Condition()
        self.fails_at: set[str] = set()
        """Contents of messages that it cannot bear."""
        self._secrets = {"/webhooks": webhook_secret, "/before-send": callback_secret}
        self._secrets["/commands"] = callback_secret
        self._secrets["/access"] = callback_secret
        serve = serve_fastapi if framework == "fastapi" else serve_flask
        self.url = serve(self, webhook_secret, callback_secret)

    def hear(self, webhook: Webhook) -> None:
        content = webhook["data"].get("message", {"content": ""})["content"]
        if content in self.fails_at:
            raise RuntimeError("the application cannot bear it")
        with self._came:
            self._heard.append(webhook)
            self._came.notify_all()

    def told(self, is_it: Callable[[Webhook], bool]) -> Webhook:
        """Waits until it was told of something."""
        with self._came:
            came = self._came.wait_for(lambda: any(map(is_it, self._heard)), WAIT)
            assert came, self._heard
            return next(filter(is_it, self._heard))

    def check(self, message: BeforeSend) -> Answer:
        self.asked.append(message)
        if "http" in message["content"]:
            return refuse("no links, please")
        if "softer" in message["content"]:
            softer = message["content"].replace("softer", "SOFT")
            return rewrite(content=softer, metadata={**message.get("metadata", {}), "seen": True})
        return accept()

    def may(self, asked: Access) -> Answer:
        if asked["room_id"] == "closed":
            return deny("not on your plan", seconds=5)
        return allow("read") if asked["room_id"] == "watched" else allow(seconds=5)

    def run(self, command: Command) -> Answer:
        if command["command"] != "app.order.place":
            return refuse("what is that?")
        return answer({"for": command["user"]["id"], "item": command["data"]["item"]})

    def refuses_what_is_forged(self) -> None:
        told = {"type": "room.created", "timestamp": "2026-11-20T21:00:00.123Z", "data": {}}
        body = json.dumps(told).encode()
        now = int(time.time())
        for path, secret in self._secrets.items():
            for at, with_ in [(now, "f" * 32), (now - 301, secret), (now + 400, secret)]:
                refused = self._post(path, body, at, with_)
                assert refused.status_code == 401 and "error" in refused.json(), refused.text
            assert httpx.post(self.url + path, content=body).status_code == 401
            large = self._post(path, b" " * (1024 * 1024 + 1), now, secret)
            assert large.status_code == 413, large.text
            if path != "/webhooks":
                # Signed, and another question: what it accepts is not that.
                other = json.dumps({**told, "type": "another"}).encode()
                assert self._post(path, other, now, secret).status_code == 401, path
        assert not self._heard and not self.asked
        assert self._post("/webhooks", body, now, self._secrets["/webhooks"]).status_code == 204
        assert self._heard == [told]

    def _post(self, path: str, body: bytes, at: int, secret: str) -> httpx.Response:
        signed = f"one.{at}.".encode() + body
        signature = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
        headers = {
            "webhook-id": "one",
            "webhook-timestamp": str(at),
            "webhook-signature": "v1," + base64.b64encode(signature).decode(),
        }
        return httpx.post(self.url + path, content=body, headers=headers)


def serve_fastapi(application: Application, webhook_secret: str, callback_secret: str) -> str:
    import uvicorn
    from fastapi import FastAPI

    from parlor.fastapi import access, before_send, command, webhook

    async def check(message: BeforeSend) -> Answer:
        return application.check(message)

    app = FastAPI()
    # Handlers of both kinds.
    app.post("/webhooks")(webhook(webhook_secret, application.hear))
    app.post("/before-send")(before_send(callback_secret, check))
    app.post("/commands")(command(callback_secret, application.run))
    app.post("/access")(access(callback_secret, application.may))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    threading.Thread(target=server.run, args=([listener],), daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def serve_flask(application: Application, webhook_secret: str, callback_secret: str) -> str:
    import logging

    from flask import Flask
    from werkzeug.serving import make_server

    from parlor.flask import access, before_send, command, webhook

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    app = Flask("application")
    app.logger.setLevel(logging.CRITICAL)
    app.post("/webhooks")(webhook(["an older one that is still in use", webhook_secret], application.hear))
    app.post("/before-send")(before_send(callback_secret, application.check))
    app.post("/commands")(command(callback_secret, application.run))
    app.post("/access")(access(callback_secret, application.may))
    server: Any = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
