"""An instance refresh of an Auto Scaling group, and its rollback.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RollbackDetails.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html
"""

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.group_launches import Described

DEFAULTS: Mapping[str, Any] = {
    "MinHealthyPercentage": 90,
    "SkipMatching": False,
    "AutoRollback": False,
    "ScaleInProtectedInstances": "Wait",
    "StandbyInstances": "Wait",
}
"""The preferences of a refresh that says nothing else; the warm-up is the group's grace period."""


class Refresh:
    """The replacement of a group's instances, by ones of the desired configuration or its own."""

    def __init__(
        self, group: FakeAutoScalingGroup, desired: Described, preferences: Described
    ) -> None:
        self.id = str(mock_random.uuid4())
        self.desired = desired
        self.taken_over = not desired
        self._group = group.name
        self._instances = len(group.instance_states)
        warmup = {"InstanceWarmup": int(group.health_check_grace_period or 0)}
        self._preferences = {**DEFAULTS, **warmup, **preferences}
        self._started = utcnow()
        self._countdown = Countdown()
        self._ended_at: datetime | None = None
        self._share_before = 0.0
        self._rollback: Described = {}
        self.fails = False
        """Whether nothing can be launched any more by what the group names."""

    @property
    def ended(self) -> bool:
        """Whether all instances are replaced, or are again what they were."""
        if self._countdown.ended and self._ended_at is None:
            self._ended_at = utcnow()
        return self._countdown.ended

    @property
    def rolled_back(self) -> bool:
        """Whether what it changed is, or will be, as it was."""
        return bool(self._rollback)

    def roll_back(self) -> None:
        """Replace the instances again; what is told of the rollback is how far the refresh was."""
        self._share_before = self._countdown.share
        self._rollback = {
            "RollbackReason": "Rollback requested by the user.",
            "RollbackStartTime": utcnow(),
            "PercentageCompleteOnRollback": self._percentage,
            "InstancesToUpdateOnRollback": self._to_update,
        }
        self._countdown = Countdown()
        self.taken_over = True  # nothing is

    def described(self) -> Described:
        """Return it as DescribeInstanceRefreshes does."""
        return {
            "InstanceRefreshId": self.id,
            "AutoScalingGroupName": self._group,
            "Status": self._status,
            "StartTime": self._started,
            "EndTime": self._ended_at,
            "PercentageComplete": self._percentage,
            "InstancesToUpdate": self._to_update,
            "Preferences": self._preferences,
            **({"DesiredConfiguration": self.desired} if self.desired else {}),
            **({"RollbackDetails": self._rollback} if self._rollback else {}),
        }

    @property
    def _status(self) -> str:
        if self._rollback:
            end = "RollbackFailed" if self.fails else "RollbackSuccessful"
            return end if self.ended else "RollbackInProgress"
        return "Successful" if self.ended else "InProgress"

    @property
    def _percentage(self) -> int:
        """How much is replaced, which a rollback brings back to nothing."""
        share = self._countdown.share
        return int(100 * (self._share_before * (1 - share) if self._rollback else share))

    @property
    def _to_update(self) -> int:
        """How many instances are not replaced: those at its begin need no rollback."""
        share = self._share_before if self._rollback else self._countdown.share
        return ceil(self._instances * (1 - share))
