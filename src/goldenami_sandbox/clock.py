"""The sandbox's time: how long resources stay pending, and what a test lets pass.

moto makes resources ready at once; AWS does not.
"""

import time
from datetime import datetime, timedelta

from moto.core.utils import utcnow

pending_s = 0.0
passed = timedelta()
"""How much later it is in the sandbox than outside."""

QUICK = 0.05
"""The steps of what AWS does in seconds, where an instance or an image takes a minute."""


def now() -> datetime:
    """Return the time in the sandbox, in UTC and without a zone, as moto has times."""
    return utcnow() + passed


class Countdown:
    """The time from now until a resource is ready: so many steps of `pending_s`."""

    def __init__(self, steps: float = 1) -> None:
        self._started = _elapsed_s()
        self.pending_s = pending_s * steps

    @property
    def ended(self) -> bool:
        """Whether the resource is ready."""
        return self.passed(1.0)

    @property
    def share(self) -> float:
        """The share of the time that is over."""
        if self.pending_s == 0:
            return 1.0
        return min(1.0, (_elapsed_s() - self._started) / self.pending_s)

    def passed(self, share: float) -> bool:
        """Say whether this share of the time is over."""
        return _elapsed_s() - self._started >= self.pending_s * share


def _elapsed_s() -> float:
    return time.monotonic() + passed.total_seconds()
