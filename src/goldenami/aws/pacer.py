"""Keeps calls within a request quota of EC2.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

import time
from collections.abc import Callable
from threading import Lock

BURST = 90
A_SECOND = 18.0
"""Of the 100 requests at once, and 20 a second, that an account has in a region for a listing: what
is left serves everybody else."""


class Pacer:
    """A token bucket, somewhat smaller than EC2's own for one call, account and region.

    Args:
        clock: tells the time, in seconds.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._tokens = float(BURST)
        self._at = clock()

    def wait(self) -> None:
        """Wait until one more call may be sent."""
        with self._lock:
            now = self._clock()
            self._tokens = min(BURST, self._tokens + (now - self._at) * A_SECOND) - 1
            self._at = now
            due_s = max(0.0, -self._tokens / A_SECOND)
        if due_s:
            self._sleep(due_s)
