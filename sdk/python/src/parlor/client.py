"""The client of an application's backend."""

from __future__ import annotations

from copy import copy
from functools import partial
from typing import Callable, Generic, Optional, Sequence, TypeVar, Union

import httpx

from ._core import Core
from ._methods import AsyncMethods, SyncMethods
from ._retry import Policy
from .tokens import Minted, mint_token

C = TypeVar("C", bound="_Client[httpx.Client] | _Client[httpx.AsyncClient]")
H = TypeVar("H", httpx.Client, httpx.AsyncClient)


class _Client(Core, Generic[H]):
    def __init__(
        self,
        base_url: str,
        *,
        secret: Optional[str] = None,
        token: Union[str, Callable[[], str], None] = None,
        user: str = "backend",
        roles: Sequence[str] = ("service",),
        timeout: float = 10.0,
        retries: int = 3,
        http: Optional[H] = None,
    ) -> None:
        """
        - base_url: where Parlor is, such as ``https://chat.example.org``.
        - secret: its ``JWT_SECRET``; tokens of ``user`` with ``roles`` are made from it.
        - token: instead of a secret an API key, a token, or what gives one.
        - timeout: seconds to connect, and without anything of an answer coming.
        - retries: how often a call that may be made again is, if it fails in passing.
        - http: a client of httpx of your own, with proxies or certificates.
        """
        if secret is not None and token is None:
            token = minted(secret, user, None, roles)
        elif token is None or secret is not None:
            raise ValueError("either a secret or a token")
        source = partial(str, token) if isinstance(token, str) else token
        super().__init__(base_url, source, timeout, Policy(retries))
        self._secret = secret
        self._http: H = http or self._connections()

    def _connections(self) -> H:
        raise NotImplementedError

    def as_user(self: C, user: str, *, name: Optional[str] = None) -> C:
        """The same client for what a user does: it sends, reads and marks as that user.
        It shares the connections of this one. For clients with a secret."""
        if self._secret is None:
            raise ValueError("only with the secret can tokens of users be made")
        other = copy(self)
        other._token = minted(self._secret, user, name, ())
        return other

    def with_options(
        self: C, *, timeout: Optional[float] = None, retries: Optional[int] = None
    ) -> C:
        """The same client, but more or less patient."""
        other = copy(self)
        other._timeout = self._timeout if timeout is None else timeout
        other._policy = self._policy if retries is None else Policy(retries)
        return other


def minted(secret: str, user: str, name: Optional[str], roles: Sequence[str]) -> Minted:
    return Minted(
        lambda lasts: mint_token(secret, user, name=name, roles=roles, expires_in=lasts)
    )


class Parlor(_Client[httpx.Client], SyncMethods):
    """Each method is a call of REST by its name there: ``sendMessage`` is
    :meth:`send_message`. Usable from several threads.

    >>> with Parlor("http://127.0.0.1:8080", secret=secret) as parlor:
    ...     parlor.send_message("board:42", content="hi")
    """

    def _connections(self) -> httpx.Client:
        return httpx.Client()

    def close(self) -> None:
        """Closes the connections, also those of clients that were made from this one."""
        self._http.close()

    def __enter__(self) -> Parlor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncParlor(_Client[httpx.AsyncClient], AsyncMethods):
    """The same as :class:`Parlor`, each method awaited.

    >>> async with AsyncParlor("http://127.0.0.1:8080", secret=secret) as parlor:
    ...     await parlor.send_message("board:42", content="hi")
    """

    def _connections(self) -> httpx.AsyncClient:
        return httpx.AsyncClient()

    async def close(self) -> None:
        """Closes the connections, also those of clients that were made from this one."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncParlor:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
