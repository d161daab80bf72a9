"""What can go wrong, by Parlor's stable codes (docs/PROTOCOL.md, "Errors")."""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, Optional, Type


class ParlorError(Exception):
    """The server has refused, or could not be asked."""

    code = "unexpected_answer"
    """Stable, and what to go by; what Parlor has not said itself, such as a proxy's
    page, is ``unexpected_answer``."""

    def __init__(
        self,
        message: str,
        *,
        code: Optional[str] = None,
        status: Optional[int] = None,
        field: Optional[str] = None,
        retry_after: Optional[float] = None,
        request_id: Optional[str] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        """For a person."""
        self.code = code or type(self).code
        self.status = status
        """Of HTTP; ``None`` if there was no answer."""
        self.field = field
        """Which field of the request is wrong."""
        self.retry_after = retry_after
        """Seconds after which it may be tried again."""
        self.request_id = request_id
        """By which the server's log names this request."""

    def __str__(self) -> str:
        where = f" ({self.field})" if self.field else ""
        named = f" [request {self.request_id}]" if self.request_id else ""
        return f"{self.code}{where}: {self.message}{named}"


class InvalidMessage(ParlorError):
    """A field is missing, of the wrong type or out of range."""

    code = "invalid_message"


class Unauthorized(ParlorError):
    """No token, or one that is invalid, expired or revoked."""

    code = "unauthorized"


class TokenExpired(Unauthorized):
    code = "token_expired"


class Forbidden(ParlorError):
    """Not allowed."""

    code = "forbidden"


class NotFound(ParlorError):
    """Does not exist, or is hidden from whoever asks."""

    code = "not_found"


class MethodNotAllowed(ParlorError):
    code = "method_not_allowed"


class Conflict(ParlorError):
    """An id is taken, or there are too many."""

    code = "conflict"


class TooLarge(ParlorError):
    code = "too_large"


class RateLimited(ParlorError):
    code = "rate_limited"


class Refused(ParlorError):
    """Your application's own answer before a message is stored; ``message`` is its
    reason."""

    code = "refused"


class ContentBlocked(ParlorError):
    """There is something in the message that is in a list of words or patterns."""

    code = "content_blocked"


class PushOff(ParlorError):
    """The push service of a device is not set up on the server."""

    code = "push_off"


class ProcessingError(ParlorError):
    """An error in the server, whose log has the cause."""

    code = "processing_error"


class Unavailable(ParlorError):
    """The server cannot now; it may be asked again."""

    code = "unavailable"


class Timeout(ParlorError):
    """The body of the request came too slowly."""

    code = "timeout"


class Unreachable(ParlorError):
    """There was no answer: no connection, or none in time. Whether it was done is
    not known."""

    code = "unreachable"


ERRORS: Dict[str, Type[ParlorError]] = {
    each.code: each
    for each in (
        InvalidMessage, Unauthorized, TokenExpired, Forbidden, NotFound, MethodNotAllowed,
        Conflict, TooLarge, RateLimited, Refused, ContentBlocked, PushOff, ProcessingError,
        Unavailable,
        Timeout,
    )
}  # fmt: skip


def error_of(status: int, headers: Mapping[str, str], content: bytes) -> ParlorError:
    """What an answer that is no success says."""
    try:
        detail: Any = json.loads(content)["error"]
        code, message = str(detail["code"]), str(detail["message"])
    except (ValueError, KeyError, TypeError):
        detail, code, message = {}, ParlorError.code, f"status {status}, and not from Parlor"
    wait = detail.get("retry_after_ms")
    return ERRORS.get(code, ParlorError)(
        message,
        code=code,
        status=status,
        field=detail.get("field"),
        retry_after=wait / 1000 if isinstance(wait, int) else seconds(headers.get("retry-after")),
        request_id=headers.get("x-request-id"),
    )


def seconds(text: Optional[str]) -> Optional[float]:
    """A ``Retry-After``; Parlor never names a date."""
    return float(text) if text and text.isdigit() else None
