"""What an image has to pass: steps on an instance, a boot, a scan."""

from typing import Annotated, Literal

from goldenami.constraints import between
from goldenami.domain import names
from goldenami.spec import types
from goldenami.spec.part import Part


class ValidationStep(Part, frozen=True):
    """One check on an instance; a non-zero exit fails the bake.

    Args:
        run: the command, by SSM Run Command.
        retry: how often it is tried at most, ten seconds apart.
        timeout: of each attempt; else `timeouts.validate`.
    """

    run: types.Command
    retry: Annotated[int, between(1, 100, "attempts")] = 1
    timeout: types.Timeout | None = None

    @property
    def timeout_s(self) -> float | None:
        """The deadline of one attempt in seconds, if it has its own."""
        return names.seconds(self.timeout) if self.timeout else None


class Scan(Part, frozen=True):
    """Amazon Inspector's scan; what it finds fails the bake.

    Args:
        on: a booted `instance`, which Inspector has to be activated for, or the `image` itself,
            which it has not.
        severity: the lowest that fails the bake.
        ignore: vulnerabilities that never fail it.
    """

    on: Literal["instance", "image"] = "instance"
    severity: Literal["low", "medium", "high", "critical"] = "high"
    ignore: tuple[types.Vulnerability, ...] = ()


class BootTest(Part, frozen=True):
    """A boot of the baked image before it goes anywhere: status checks, steps, and a scan.

    With a scan of the image itself, it is booted for its steps alone.

    Args:
        steps: commands that have to succeed on the booted instance.
        scan: what Amazon Inspector must not find.
        instance_type: of the booted instance; else that of the base instance.
    """

    steps: tuple[ValidationStep, ...] = ()
    scan: Scan | None = None
    instance_type: types.InstanceType | None = None

    @property
    def boots(self) -> bool:
        """Whether an instance is launched."""
        return bool(self.steps) or self.scan is None or self.scan.on == "instance"
