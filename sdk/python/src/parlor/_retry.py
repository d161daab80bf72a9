"""Which calls are made again, and when."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Optional

from ._call import Call
from .errors import NotFound, ParlorError, RateLimited, Unreachable

WAIT_FIRST = 0.2
"""Seconds before the second attempt; each further wait is twice as long."""
WAIT_MAX = 5.0

PASSING = {502, 503, 504}
"""Statuses of what passes: of the server, or of a proxy in front of it."""


@dataclass(frozen=True)
class Policy:
    retries: int = 3
    """How often a call is made again at most."""
    patience: float = 30.0
    """The longest that the server may tell to wait (seconds); beyond it the error is
    raised, with its ``retry_after``."""


class Attempts:
    """The attempts of one call."""

    def __init__(self, policy: Policy, call: Call[Any]) -> None:
        self.policy = policy
        self.call = call
        self.made = 0

    def wait_after(self, failure: ParlorError) -> Optional[float]:
        """Seconds until the next attempt; ``None``: there is none."""
        self.made += 1
        if self.made > self.policy.retries or not self._may_be_repeated(failure):
            return None
        grown: float = min(WAIT_FIRST * 2 ** (self.made - 1), WAIT_MAX)
        wait = grown * random.uniform(0.5, 1.0)
        if failure.retry_after is None:
            return wait
        # Who is told to wait for long does so somewhere else.
        return None if failure.retry_after > self.policy.patience else failure.retry_after + wait

    def _may_be_repeated(self, failure: ParlorError) -> bool:
        if isinstance(failure, RateLimited):
            return True
        passes = isinstance(failure, Unreachable) or failure.status in PASSING
        return self.call.repeatable and passes

    def is_done(self, failure: ParlorError) -> bool:
        """Whether an attempt before this one has done it, and its answer was lost: what
        was to be deleted is gone."""
        call = self.call
        is_gone = isinstance(failure, NotFound) and call.method == "DELETE"
        return is_gone and call.answer == "nothing" and self.made > 0
