"""The state of an instance, with those in between: pending, stopping, shutting-down.

moto's instances are at once in the state that a call leads to.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
"""

from moto.ec2.models.instances import InstanceState

from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.overriding import overrides

PENDING, RUNNING, TERMINATED = "pending", "running", "terminated"
CODES = {
    PENDING: 0,
    RUNNING: 16,
    "shutting-down": 32,
    TERMINATED: 48,
    "stopping": 64,
    "stopped": 80,
}
THROUGH = {RUNNING: PENDING, TERMINATED: "shutting-down", "stopped": "stopping"}
"""The state by which each lasting one is reached."""


class SandboxInstanceState(InstanceState):
    """A lasting state, and for a while the one that leads to it.

    Args:
        name: the lasting state.
        code: its number, which follows from the name.
        through: the state until then, if it is not the usual one: a launch may fail while pending.
    """

    _through: str
    _passage: Countdown

    @overrides
    def __init__(self, name: str = RUNNING, code: int = 16, through: str = "") -> None:
        self._name = ""
        self._scan = Countdown(steps=3)
        super().__init__(name, code)
        self._through = through or self._through

    @property
    @overrides
    def name(self) -> str:
        """The state's name now."""
        return self._name if self._passage.ended else self._through

    @name.setter
    def name(self, name: str) -> None:
        if name == self._name:
            return
        self._name, self._through = name, THROUGH.get(name, name)
        self._passage = Countdown()
        if name == RUNNING:
            self._checks, self._agent = Countdown(steps=2), Countdown(steps=3)

    @property
    @overrides
    def code(self) -> int:
        """The state's number now."""
        return CODES[self.name]

    @code.setter
    def code(self, code: int) -> None:
        """Leave it to the name."""

    @property
    def checked(self) -> bool:
        """Whether the status checks have passed since the start."""
        return self._checks.ended

    @property
    def registered(self) -> bool:
        """Whether the SSM agent has registered, if it may: soon after the status checks."""
        return self._agent.ended

    @property
    def scanned(self) -> bool:
        """Whether Amazon Inspector has scanned the instance, if it does."""
        return self._scan.ended
