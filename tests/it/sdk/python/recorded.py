"""A client that remembers what was asked of it, and how to wait for what it says."""

from __future__ import annotations

import asyncio
import inspect
import time
from typing import Any

from apps import WAIT

from parlor import ParlorError


class Recorded:
    """A client that remembers which of its methods were called, and gives what comes of
    them whether they are awaited or not."""

    def __init__(self, parlor: Any, called: set[str]) -> None:
        self._parlor, self._called = parlor, called

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._parlor, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._called.add(name)
            value = method(*args, **kwargs)
            if inspect.isasyncgen(value):
                return [each async for each in value]
            if inspect.isgenerator(value):
                return list(value)
            return await value if inspect.isawaitable(value) else value

        return call

    def as_user(self, user: str, **options: Any) -> Recorded:
        return Recorded(self._parlor.as_user(user, **options), self._called)


async def refused(error: type[ParlorError], call: Any) -> Any:
    try:
        await call
    except error as refusal:
        return refusal
    raise AssertionError(f"{error} was to come")


async def until(what: str, ask: Any) -> Any:
    """Asks until it is so."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        found = await ask()
        if found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"waited in vain for {what}")
