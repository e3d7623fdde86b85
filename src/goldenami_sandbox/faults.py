"""Errors on demand: a test says which call fails, where, how and how often."""

from collections.abc import Mapping
from threading import Lock
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from goldenami_sandbox.calls import Call, Damage, Refusal


class Fault(Struct, frozen=True, kw_only=True):
    """An error that the sandbox answers instead of AWS.

    Args:
        service: signing name, such as ``ec2``.
        operation: such as ``DescribeImages``; ``*`` means every operation of the service.
        code: AWS error code.
        region: only in this region; None means in all.
        message: the error's text.
        status: the HTTP status. AWS clients retry 500, 502, 503 and 504.
        times: how many calls fail; None means all.
        skip: how many calls pass first.
        repeats: whether a call that has failed fails again when it is repeated as it was.
        applied: the call takes effect, and only its answer is lost.
        reset: the connection is closed without an answer.
        delay_s: how long the caller waits; without a code and a reset the call is then answered.
        damage: what happens to the call's answer on its way.
    """

    service: str
    operation: str
    code: str = ""
    region: str | None = None
    message: str = "The sandbox was told to fail this call."
    status: int = 400
    times: int | None = None
    skip: int = 0
    repeats: bool = True
    applied: bool = False
    reset: bool = False
    delay_s: float = 0.0
    damage: Damage | None = None

    def concerns(self, call: Call) -> bool:
        """Say whether ``call`` is one this fault is about."""
        return (
            call.service == self.service
            and self.operation in ("*", call.operation)
            and self.region in (None, call.region)
        )


class ArmedFault:
    """A fault at work, until `disarm` or the end of its ``with`` block."""

    def __init__(self, fault: Fault, faults: "Faults") -> None:
        self.fault = fault
        self._faults = faults
        self._seen = 0
        self._failed: list[tuple[str, str, Mapping[str, Any]]] = []

    @property
    def hits(self) -> int:
        """How many calls have failed by this fault."""
        limit = self._seen if self.fault.times is None else self.fault.times
        return max(0, min(self._seen - self.fault.skip, limit))

    def strikes(self, call: Call) -> bool:
        """Count ``call`` if the fault is about it, and say whether it fails."""
        same = (call.name, call.region, call.parameters)
        if not self.fault.concerns(call) or same in self._failed:
            return False
        before = self.hits
        self._seen += 1
        strikes = self.hits > before
        if strikes and not self.fault.repeats:
            self._failed.append(same)
        return strikes

    def disarm(self) -> None:
        """Let the calls pass again."""
        self._faults.disarm(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.disarm()


class Faults:
    """All faults at work: a guard of the gateway."""

    def __init__(self) -> None:
        self._armed: list[ArmedFault] = []
        self._lock = Lock()

    def arm(self, fault: Fault) -> ArmedFault:
        """Put a fault to work."""
        armed = ArmedFault(fault, self)
        with self._lock:
            self._armed.append(armed)
        return armed

    def disarm(self, armed: ArmedFault) -> None:
        """Take a fault away; one that is gone already is no error."""
        with self._lock:
            self._armed = [other for other in self._armed if other is not armed]

    def clear(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._armed = []

    def __call__(self, call: Call) -> Refusal | None:
        """Refuse ``call`` if a fault strikes it; the first one armed wins."""
        with self._lock:
            for armed in self._armed:
                if armed.strikes(call):
                    fault = armed.fault
                    return Refusal(
                        fault.code,
                        fault.message,
                        fault.status,
                        fault.applied,
                        fault.reset,
                        fault.delay_s,
                        fault.damage,
                    )
        return None
