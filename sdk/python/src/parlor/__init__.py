"""Parlor from an application's backend: tokens, users, rooms, messages, events,
webhooks and questions. The adapters are :mod:`parlor.fastapi` and
:mod:`parlor.flask`."""

from . import types
from ._call import UNSET
from .callbacks import (
    Access, Answer, BeforeSend, Command, accept, allow, answer, deny, refuse, rewrite,
    verify_access, verify_before_send, verify_command,
)  # fmt: skip
from .client import AsyncParlor, Parlor
from .errors import (
    Conflict, ContentBlocked, Forbidden, InvalidMessage, MethodNotAllowed, NotFound, ParlorError,
    ProcessingError, PushOff, RateLimited, Refused, Timeout, TokenExpired, TooLarge, Unauthorized,
    Unavailable, Unreachable,
)  # fmt: skip
from .tokens import mint_token
from .webhooks import InvalidSignature, Webhook, WebhookData, verify_webhook

__all__ = [
    "UNSET", "Access", "Answer", "AsyncParlor", "BeforeSend", "Command", "Conflict",
    "ContentBlocked", "Forbidden", "InvalidMessage", "InvalidSignature", "MethodNotAllowed",
    "NotFound", "Parlor", "ParlorError", "ProcessingError", "PushOff", "RateLimited", "Refused",
    "Timeout", "TokenExpired", "TooLarge", "Unauthorized", "Unavailable", "Unreachable", "Webhook",
    "WebhookData", "accept", "allow", "answer", "deny", "mint_token", "refuse", "rewrite",
    "types", "verify_access", "verify_before_send", "verify_command", "verify_webhook",
]  # fmt: skip
