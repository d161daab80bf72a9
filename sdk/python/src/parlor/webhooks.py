"""Webhooks, and the signature that they and the questions carry (Standard Webhooks)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Any, List, Literal, Mapping, Optional, Sequence, TypedDict, Union

from .types import Message, Room

TOLERANCE = 300
"""Seconds that a signature may be old, or ahead."""
SECRET_BYTES = 24
"""The least that the server takes."""
BODY_BYTES = 1024 * 1024
"""More than Parlor ever sends: what is longer is not read."""

Secret = Union[str, Sequence[str]]
"""As in ``PARLOR_WEBHOOK_SECRET``: one, or several while they are changed over."""


class InvalidSignature(Exception):
    """It is not from Parlor, or too old."""


class WebhookData(TypedDict, total=False):
    room_id: str
    user_id: str
    message_id: str
    seq: int
    reason: Literal["left", "removed", "banned"]
    message: Message
    """As it is when it is told; not there once it is gone with its room."""
    unread: int
    """In `user.unread`: how much the user has not read, and wants to be told of."""
    mentions: int
    rooms_total: int
    rooms: list[Room]
    """The newest of them, each with its newest message."""


class Webhook(TypedDict):
    type: Literal[
        "message.created", "message.updated", "message.deleted",
        "member.joined", "member.updated", "member.left",
        "room.created", "room.deleted",
        "user.online", "user.offline", "user.deleted", "user.unread",
    ]  # fmt: skip
    timestamp: str
    data: WebhookData


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    secret: Secret,
    *,
    tolerance: float = TOLERANCE,
    now: Optional[float] = None,
) -> Webhook:
    """What Parlor tells, if it is from Parlor; otherwise :class:`InvalidSignature`.

    - body: the bytes as they came, before anything has parsed them.
    - secret: ``PARLOR_WEBHOOK_SECRET``.

    The same webhook may come again, under the same ``webhook-id``.
    """
    told: Webhook = verified(body, headers, secret, tolerance, now)
    return told


def verified(
    body: bytes,
    headers: Mapping[str, str],
    secret: Secret,
    tolerance: float = TOLERANCE,
    now: Optional[float] = None,
) -> Any:
    """The JSON object of a body that is signed."""
    keys = keys_of(secret)
    known = {name.lower(): value for name, value in headers.items()}
    try:
        id_, at = known["webhook-id"], known["webhook-timestamp"]
        signatures = known["webhook-signature"].split()
        age = (time.time() if now is None else now) - int(at)
    except (KeyError, ValueError):
        raise InvalidSignature("the headers of a signature are missing") from None
    if abs(age) > tolerance:
        raise InvalidSignature("the signature is too old, or a clock is wrong")
    signed = f"{id_}.{at}.".encode() + body
    # All are compared, whichever fits.
    fits = [
        hmac.compare_digest(expected, signature.encode("utf-8", "replace"))
        for expected in (_signature(key, signed) for key in keys)
        for signature in signatures
    ]
    if not any(fits):
        raise InvalidSignature("the signature does not fit")
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise InvalidSignature("what is signed is no JSON object")
    return said


def _signature(key: bytes, signed: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())


def keys_of(secret: Secret) -> List[bytes]:
    """The bytes of secrets; ``ValueError`` for what the server would not take."""
    # With commas between them, as the server's setting has them.
    several = secret.split(",") if isinstance(secret, str) else secret
    keys = [_key(each.strip()) for each in several]
    if not keys or any(len(key) < SECRET_BYTES for key in keys):
        raise ValueError(f"a secret needs at least {SECRET_BYTES} bytes")
    return keys


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret[len("whsec_") :], validate=True)
    except binascii.Error:
        raise ValueError("after whsec_ a secret is base64") from None
