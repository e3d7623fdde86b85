"""What a remediation asks for, and what it comes to for one thing."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.finding import Finding, Severity
from goldenami.domain.audit.subject import Kind
from goldenami.domain.choices import RemediationKind
from goldenami.domain.plan import Action
from goldenami.errors import AwsError, LeftAloneError


class Rollout(Struct, frozen=True, kw_only=True):
    """How instances of a group are replaced; None is Auto Scaling's own way.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html

    Args:
        alarms: CloudWatch alarms that end it, and roll it back.
        checkpoints: percentages of the group after which it pauses.
        checkpoint_delay_s: for how long.
        bake_time_s: how long it waits at the end before it is over.
        min_healthy: the percentage of the group that stays in service.
    """

    alarms: tuple[str, ...] = ()
    checkpoints: tuple[int, ...] = ()
    checkpoint_delay_s: int | None = None
    bake_time_s: int | None = None
    min_healthy: int | None = None

    @property
    def preferences(self) -> Mapping[str, Any]:
        """What of it StartInstanceRefresh takes among its preferences."""
        preferences = {
            "MinHealthyPercentage": self.min_healthy,
            "CheckpointPercentages": list(self.checkpoints) or None,
            "CheckpointDelay": self.checkpoint_delay_s,
            "BakeTime": self.bake_time_s,
            "AlarmSpecification": {"Alarms": list(self.alarms)} if self.alarms else None,
        }
        return {name: value for name, value in preferences.items() if value is not None}


class RemediationRequest(Struct, frozen=True, kw_only=True):
    """What is asked for.

    Args:
        kind: what to do.
        rules: only findings of these rules; all if empty.
        severity: only findings at least as bad.
        regions: only findings in these regions; all if empty.
        security_group: the group that quarantined instances get, and no other.
        image: the golden image that launch templates get.
        version: which version of it; the newest golden one if empty.
        leaving: the images that are to be left, whatever is held against them or not.
        rollout: how instances of groups are replaced.
        role: the name of the role in other accounts.
        per_minute: how many calls may begin in a minute, a tenth of them at once.
    """

    kind: RemediationKind
    rules: frozenset[str] = frozenset()
    severity: Severity = Severity.LOW
    regions: frozenset[str] = frozenset()
    security_group: str = ""
    image: str = ""
    version: str = ""
    leaving: frozenset[str] = frozenset()
    rollout: Rollout = Rollout()
    role: str = ""
    per_minute: float = 60.0

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of things that something is to be done about."""
        launching = {Kind.LAUNCH_TEMPLATE, Kind.AUTO_SCALING_GROUP}
        refresh = self.kind is RemediationKind.REFRESH
        return frozenset({Kind.INSTANCE} | (launching if refresh else set()))

    def wants(self, finding: Finding) -> bool:
        """Tell whether a finding is of those that something is to be done about."""
        if finding.subject.kind not in self.kinds:
            return False
        if self.rules and finding.rule not in self.rules:
            return False
        if self.regions and finding.subject.region not in self.regions:
            return False
        return finding.severity.reaches(self.severity)


Guard = Callable[[Action], None]
"""Looks once more right before an action; raises LeftAloneError if it is not to be done."""


def unguarded(_: Action) -> None:
    """Let an action be done as planned."""


class RemediationStep(Struct, frozen=True, kw_only=True):
    """What is done with one thing; ``reason`` is why nothing is.

    ``unread`` is whether it is left alone because something could not be read, and ``guard`` looks
    once more before each of its actions.
    """

    place: AccountRegion
    id: str
    actions: tuple[Action, ...] = ()
    reason: str = ""
    unread: bool = False
    guard: Guard = unguarded
    notes: tuple[str, ...] = ()
    """What is to be known before."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Leave alone what cannot be read.

    Raises:
        LeftAloneError: in the place of an AwsError.
    """
    try:
        yield
    except AwsError as error:
        raise LeftAloneError(f"{what} could not be read: {error.message}", unread=True) from error


@contextmanager
def leaving_alone(
    steps: list[RemediationStep], place: AccountRegion, *names: str
) -> Iterator[None]:
    """Add the steps of things, if it turns out that they are left alone."""
    try:
        yield
    except LeftAloneError as reason:
        steps += [
            RemediationStep(place=place, id=name, reason=reason.message, unread=reason.unread)
            for name in names
        ]
