"""Tokens that the application signs for its users (docs/PROTOCOL.md, "Tokens")."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any, Callable, Mapping, Optional, Sequence

SECRET_BYTES = 32
"""The least that the server takes."""
EXPIRES_IN_MAX = 400 * 24 * 3600
"""The longest that the server lets a token live, in seconds."""


def mint_token(
    secret: str,
    user: str,
    *,
    name: Optional[str] = None,
    roles: Sequence[str] = (),
    expires_in: float = 3600,
    role_context: Optional[str] = None,
    token_id: Optional[str] = None,
    claims: Optional[Mapping[str, Any]] = None,
) -> str:
    """A token with which ``user`` signs in.

    - secret: the server's ``JWT_SECRET``.
    - name: what the user is called; left out, the name that is known stays.
    - roles: ``service``, ``admin``, or scopes such as ``scope:rooms``. None for people.
    - expires_in: seconds; at most 400 days.
    - role_context: of ``publish_to_role``.
    - token_id: needed only to revoke this token alone (``revoke_token``).
    - claims: others, and those under names of your own (``PARLOR_CLAIM_USER``).
    """
    if len(secret.encode()) < SECRET_BYTES:
        raise ValueError(f"the secret needs at least {SECRET_BYTES} bytes")
    if not 0 < expires_in <= EXPIRES_IN_MAX:
        raise ValueError("expires_in is more than 0 seconds and at most 400 days")
    now = time.time()
    # With milliseconds, so that a token made right after a revocation is newer.
    every: "dict[str, Any]" = {"sub": user, "iat": round(now, 3), "exp": round(now + expires_in, 3)}
    if name is not None:
        every["name"] = name
    if roles:
        every["roles"] = list(roles)
    if role_context is not None:
        every["role_context_id"] = role_context
    if token_id is not None:
        every["jti"] = token_id
    every.update(claims or {})
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(every)}"
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_base64(signature)}"


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Minted:
    """A token that is made anew before it expires."""

    LASTS = 600.0
    """Seconds; so a leaked one is of use for a short time."""

    def __init__(self, mint: Callable[[float], str]) -> None:
        self._mint = mint
        self._token = ""
        self._renew_at = 0.0

    def __call__(self) -> str:
        now = time.monotonic()
        if now >= self._renew_at:
            self._token = self._mint(self.LASTS)
            self._renew_at = now + self.LASTS / 2
        return self._token
