"""What an image has to pass: steps on an instance, a boot, a scan."""

from typing import Annotated, Literal

from goldenami.constraints import between
from goldenami.domain import names
from goldenami.spec import types
from goldenami.spec.part import Part


class ValidationStep(Part, frozen=True):
    """One check on an instance; a non-zero exit fails the bake.

    It is tried ``retry`` times, each time for ``timeout`` at most.
    """

    run: types.Command
    retry: Annotated[int, between(1, 100, "attempts")] = 1
    timeout: types.Timeout | None = None

    @property
    def timeout_s(self) -> float | None:
        """The deadline of one attempt in seconds, if it has its own."""
        return names.seconds(self.timeout) if self.timeout else None


class Scan(Part, frozen=True):
    """Amazon Inspector's scan of the booted image; what it finds fails the bake.

    ``severity`` is the lowest that does, and ``ignore`` are vulnerabilities that never do.
    """

    severity: Literal["low", "medium", "high", "critical"] = "high"
    ignore: tuple[types.Vulnerability, ...] = ()


class BootTest(Part, frozen=True):
    """A boot of the baked image before it goes anywhere: status checks, steps, and a scan."""

    steps: tuple[ValidationStep, ...] = ()
    scan: Scan | None = None
    instance_type: types.InstanceType | None = None
