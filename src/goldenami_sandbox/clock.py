"""How long the sandbox's resources stay pending. moto makes them ready at once; AWS does not."""

import time

pending_s = 0.0


class Countdown:
    """The time from now until a resource is ready."""

    def __init__(self, steps: int = 1) -> None:
        self._started = time.monotonic()
        self._pending_s = pending_s * steps

    @property
    def ended(self) -> bool:
        """Whether the resource is ready."""
        return self.passed(1.0)

    @property
    def share(self) -> float:
        """The share of the time that is over."""
        if self._pending_s == 0:
            return 1.0
        return min(1.0, (time.monotonic() - self._started) / self._pending_s)

    def passed(self, share: float) -> bool:
        """Say whether this share of the time is over."""
        return time.monotonic() - self._started >= self._pending_s * share
