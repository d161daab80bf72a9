"""Questions that Parlor asks the application (docs/CALLBACKS.md)."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Mapping, Optional, TypedDict, Union

from ._call import UNSET, Unset
from .types import User
from .webhooks import TOLERANCE, InvalidSignature, Secret, verified


class _BeforeSend(TypedDict):
    kind: Literal["send", "edit"]
    room_id: str
    user: User
    content: str


class BeforeSend(_BeforeSend, total=False):
    """A message that is to be stored, or changed."""

    client_id: str
    metadata: Dict[str, Any]
    attachments: List[str]
    reply_to: str
    thread_id: str
    message_id: str
    """Of an edit."""


class Command(TypedDict):
    """A command ``app.…`` of a client."""

    user: User
    command: str
    data: Any


class Access(TypedDict):
    """Somebody who is no member of a room, and would read or join there."""

    user: User
    room_id: str


Answer = Dict[str, Any]
"""Made by :func:`accept`, :func:`refuse`, :func:`rewrite`, :func:`answer`, :func:`allow`
or :func:`deny`."""


def accept() -> Answer:
    """The message is stored as it was sent."""
    return {"action": "accept"}


def refuse(reason: str) -> Answer:
    """Its sender is told why; at most 200 characters."""
    return {"action": "refuse", "reason": reason}


def rewrite(
    *,
    content: Union[str, Unset] = UNSET,
    metadata: Union[Mapping[str, Any], Unset] = UNSET,
) -> Answer:
    """The message is stored with another content, other metadata, or both. An edit has
    no metadata."""
    answer: Answer = {"action": "rewrite"}
    if content is not UNSET:
        answer["content"] = content
    if metadata is not UNSET:
        answer["metadata"] = metadata
    return answer


def answer(value: Any = None) -> Answer:
    """What a command is answered: any JSON."""
    return {"action": "accept", "answer": value}


def allow(what: Literal["join", "read"] = "join", *, seconds: Optional[int] = None) -> Answer:
    """The user may join the room, or only read there; you are asked again after so many
    seconds (60 unless you say otherwise, a day at most)."""
    return _for_a_while({"action": "accept", "allow": what}, seconds)


def deny(reason: Optional[str] = None, *, seconds: Optional[int] = None) -> Answer:
    """The user may not come in; without a reason a private room is not there for them.
    You are asked again after so many seconds (10 unless you say otherwise)."""
    answer: Answer = {"action": "refuse"}
    if reason is not None:
        answer["reason"] = reason
    return _for_a_while(answer, seconds)


def _for_a_while(answer: Answer, seconds: Optional[int]) -> Answer:
    return answer if seconds is None else {**answer, "seconds": seconds}


def _asked(kind: str, body: bytes, headers: Mapping[str, str], *how: Any) -> Any:
    """What is asked. An answer means something else to another question, and all are
    signed with the same secret."""
    said = verified(body, headers, *how)
    if said.get("type") != kind or not isinstance(said.get("data"), dict):
        raise InvalidSignature(f"this is no question of the type {kind}")
    return said["data"]


def verify_access(
    body: bytes,
    headers: Mapping[str, str],
    secret: Secret,
    *,
    tolerance: float = TOLERANCE,
    now: Optional[float] = None,
) -> Access:
    """Who wants to come into a room, if Parlor asks; otherwise ``InvalidSignature``."""
    asked: Access = _asked("access", body, headers, secret, tolerance, now)
    return asked


def verify_before_send(
    body: bytes,
    headers: Mapping[str, str],
    secret: Secret,
    *,
    tolerance: float = TOLERANCE,
    now: Optional[float] = None,
) -> BeforeSend:
    """What is asked about, if Parlor asks; otherwise ``InvalidSignature``. ``secret`` is
    ``PARLOR_CALLBACK_SECRET``."""
    asked: BeforeSend = _asked("before_send", body, headers, secret, tolerance, now)
    return asked


def verify_command(
    body: bytes,
    headers: Mapping[str, str],
    secret: Secret,
    *,
    tolerance: float = TOLERANCE,
    now: Optional[float] = None,
) -> Command:
    """The same of a command."""
    asked: Command = _asked("command", body, headers, secret, tolerance, now)
    return asked
