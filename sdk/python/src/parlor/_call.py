"""A call as a value: what is asked, and how the answer is read. Whoever has a
connection makes it, waiting or awaiting."""

from __future__ import annotations

import enum
import json
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, Dict, Generic, List, Literal, Mapping, Optional, Tuple, TypeVar, Union
from urllib.parse import quote

T = TypeVar("T")


class Unset(enum.Enum):
    """The type of :data:`UNSET`."""

    UNSET = "unset"


UNSET = Unset.UNSET
"""An argument that was left out, which is not the same as ``None``: null."""


def path(template: str, **places: Union[str, int]) -> str:
    """The path with what stands in its places, encoded."""
    for place in places.values():
        # A client of HTTP takes these for steps through folders.
        if place in ("", ".", ".."):
            raise ValueError(f"{place!r} is no id")
    return template.format(**{name: quote(str(place), safe="") for name, place in places.items()})


def sent(value: Any) -> Any:
    """What a value is in JSON."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs its zone: datetime.now(timezone.utc), for example")
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {name: sent(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [sent(each) for each in value]
    return value


def as_parameter(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return json.dumps(sent(value), separators=(",", ":"))
    return str(sent(value))


def given(values: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in values.items() if value is not UNSET}


@dataclass(frozen=True)
class Call(Generic[T]):
    """Is answered with a ``T``."""

    method: str
    path: str
    query: Optional[Mapping[str, Any]] = None
    body: Union[Mapping[str, Any], bytes, None] = None
    key: Union[str, Unset, None] = None
    """The ``Idempotency-Key``; unset: a new one, the same for every attempt."""
    repeatable: bool = False
    """Whether it does nothing twice if it is made again."""
    answer: Literal["json", "bytes", "nothing"] = "json"

    def parameters(self) -> Dict[str, str]:
        return {name: as_parameter(value) for name, value in given(self.query or {}).items()}

    def content(self) -> Optional[bytes]:
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return json.dumps(sent(given(self.body)), ensure_ascii=False).encode()

    def headers(self) -> Dict[str, str]:
        headers = {"Accept": "application/json" if self.answer != "bytes" else "*/*"}
        if self.body is not None:
            is_file = isinstance(self.body, bytes)
            headers["Content-Type"] = "application/octet-stream" if is_file else "application/json"
        if self.key is not None:
            headers["Idempotency-Key"] = str(uuid.uuid4()) if self.key is UNSET else str(self.key)
        return headers

    def read(self, content: bytes) -> T:
        """What an answer holds."""
        if self.answer == "nothing":
            return None  # type: ignore[return-value]
        if self.answer == "bytes":
            return content  # type: ignore[return-value]
        answer: T = json.loads(content)
        return answer


@dataclass(frozen=True)
class Pages(Generic[T]):
    """A list that is read page by page, each when it is needed."""

    call: Call[Any]
    items: str
    parameter: str
    place: Tuple[str, ...]
    """Where the last entry says how to go on; empty: the page does."""
    backwards: bool = False
    """Whether a page is read from its end, because what follows it is older."""
    is_all: bool = False
    """Whether nothing follows the first page."""

    def entries(self, page: Mapping[str, Any]) -> List[T]:
        entries: List[T] = page[self.items]
        return entries[::-1] if self.backwards else entries

    def after(self, page: Mapping[str, Any]) -> Optional[Pages[T]]:
        """The pages after this one."""
        entries: List[Any] = self.entries(page)
        if self.is_all or not page["has_more"] or (self.place and not entries):
            return None
        position: Any = entries[-1] if self.place else page["cursor"]
        for name in self.place:
            position = position[name]
        query = {**(self.call.query or {}), self.parameter: position}
        return replace(self, call=replace(self.call, query=query))


def pages(
    call: Call[Any], items: str, parameter: str, place: Tuple[str, ...]
) -> Pages[Any]:
    """How a list goes on. Of history it is the caller who says where to: after a
    message, or from the newest to the oldest."""
    query = call.query or {}
    if parameter == "before" and "after" in query:
        if query["after"] is not UNSET:
            return Pages(call, items, "after", place)
        return Pages(call, items, parameter, place, backwards=True)
    # Only a list of all goes on by id; the best of what was looked for are one page.
    is_all = parameter == "after" and query.get("query", UNSET) is not UNSET
    return Pages(call, items, parameter, place, is_all=is_all)
