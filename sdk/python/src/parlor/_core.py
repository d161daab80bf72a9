"""The two ways to make a call: waiting for its answer, and awaiting it."""

from __future__ import annotations

import asyncio
import functools
import inspect
import time
from typing import (
    TYPE_CHECKING, Any, AsyncIterator, Awaitable, Callable, Dict, Iterator, Optional, TypeVar,
)  # fmt: skip

import httpx

from ._call import Call, Pages
from ._retry import Attempts, Policy
from .errors import ParlorError, Unreachable, error_of

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")

T = TypeVar("T")
M = TypeVar("M", bound=Callable[..., Any])


class Core:
    """What both know: the address, who asks, and how patiently."""

    def __init__(
        self, base_url: str, token: Callable[[], str], timeout: float, policy: Policy
    ) -> None:
        self._base = base_url.rstrip("/") + "/api/v1"
        self._token = token
        self._timeout = timeout
        self._policy = policy

    def _request(self, call: Call[Any], headers: Dict[str, str]) -> Dict[str, Any]:
        # Each attempt has the same key, and perhaps a newer token.
        return {
            "method": call.method,
            "url": self._base + call.path,
            "params": call.parameters(),
            "content": call.content(),
            "headers": {**headers, "Authorization": f"Bearer {self._token()}"},
            "timeout": self._timeout,
        }


def read(call: Call[T], response: httpx.Response) -> T:
    if not response.is_success:
        raise error_of(response.status_code, response.headers, response.content)
    try:
        return call.read(response.content)
    except ValueError as error:
        said = f"status {response.status_code}, and not from Parlor"
        raise ParlorError(said, status=response.status_code) from error


def unreachable(error: httpx.HTTPError) -> Unreachable:
    return Unreachable(f"{type(error).__name__}: {error}")


class SyncCore(Core):
    _http: httpx.Client

    def call(self, call: Call[T]) -> T:
        """Makes a call, again if it may be; what comes of it, or a :class:`ParlorError`."""
        attempts, headers = Attempts(self._policy, call), call.headers()
        while True:
            try:
                return self._attempt(call, headers)
            except ParlorError as failure:
                if attempts.is_done(failure):
                    return call.read(b"")
                wait = attempts.wait_after(failure)
                if wait is None:
                    raise
            time.sleep(wait)

    def _attempt(self, call: Call[T], headers: Dict[str, str]) -> T:
        try:
            response = self._http.request(**self._request(call, headers))
        except httpx.HTTPError as error:
            raise unreachable(error) from error
        return read(call, response)

    def every(self, pages: Pages[T]) -> Iterator[T]:
        """All entries of a list."""
        following: Optional[Pages[T]] = pages
        while following:
            page = self.call(following.call)
            yield from following.entries(page)
            following = following.after(page)


class AsyncCore(Core):
    _http: httpx.AsyncClient

    async def call(self, call: Call[T]) -> T:
        """Makes a call, again if it may be; what comes of it, or a :class:`ParlorError`."""
        attempts, headers = Attempts(self._policy, call), call.headers()
        while True:
            try:
                return await self._attempt(call, headers)
            except ParlorError as failure:
                if attempts.is_done(failure):
                    return call.read(b"")
                wait = attempts.wait_after(failure)
                if wait is None:
                    raise
            await asyncio.sleep(wait)

    async def _attempt(self, call: Call[T], headers: Dict[str, str]) -> T:
        try:
            response = await self._http.request(**self._request(call, headers))
        except httpx.HTTPError as error:
            raise unreachable(error) from error
        return read(call, response)

    async def every(self, pages: Pages[T]) -> AsyncIterator[T]:
        """All entries of a list."""
        following: Optional[Pages[T]] = pages
        while following:
            page = await self.call(following.call)
            for entry in following.entries(page):
                yield entry
            following = following.after(page)


def blocking(make: Callable[P, Call[T]]) -> Callable[Concatenate[SyncCore, P], T]:
    def method(self: SyncCore, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.call(make(*args, **kwargs))

    return told_as(make, method)


def blocking_pages(make: Callable[P, Pages[T]]) -> Callable[Concatenate[SyncCore, P], Iterator[T]]:
    def method(self: SyncCore, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self.every(make(*args, **kwargs))

    return told_as(make, method)


def awaited(make: Callable[P, Call[T]]) -> Callable[Concatenate[AsyncCore, P], Awaitable[T]]:
    async def method(self: AsyncCore, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.call(make(*args, **kwargs))

    return told_as(make, method)


def awaited_pages(
    make: Callable[P, Pages[T]],
) -> Callable[Concatenate[AsyncCore, P], AsyncIterator[T]]:
    def method(self: AsyncCore, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        return self.every(make(*args, **kwargs))

    return told_as(make, method)


def told_as(make: Callable[..., Any], method: M) -> M:
    """The name, text and parameters of a call for its method, as ``help()`` shows them."""
    functools.update_wrapper(method, make)
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    signature = inspect.signature(make)
    shown = signature.replace(parameters=[own, *signature.parameters.values()])
    method.__signature__ = shown  # type: ignore[attr-defined]
    return method
