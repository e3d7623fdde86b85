"""Auto Scaling: instance refreshes, which moto lacks.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StartInstanceRefresh.html
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeInstanceRefreshes.html
"""

from typing import Any

from moto.autoscaling import urls
from moto.autoscaling.models import AutoScalingBackend
from moto.autoscaling.responses import AutoScalingResponse as MotoResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.moto_api._internal import mock_random

from goldenami.sandbox.mends.clock import Countdown


class Refresh:
    """The replacement of a group's instances, by ones of what its launch template is now."""

    def __init__(self, group: str, preferences: dict[str, Any]) -> None:
        self.id = str(mock_random.uuid4())
        self._group = group
        self._preferences = preferences
        self._started = utcnow()
        self._countdown = Countdown()

    @property
    def over(self) -> bool:
        """Whether all instances are replaced."""
        return self._countdown.over

    def described(self) -> dict[str, Any]:
        """Return it as DescribeInstanceRefreshes does."""
        return {
            "InstanceRefreshId": self.id,
            "AutoScalingGroupName": self._group,
            "Status": "Successful" if self.over else "InProgress",
            "StartTime": self._started,
            "PercentageComplete": int(100 * self._countdown.share),
            "Preferences": self._preferences,
        }


class AutoScalingStore(AutoScalingBackend):
    """moto's store, with the refreshes of each group."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.refreshes: dict[str, list[Refresh]] = {}

    @property
    def _url_module(self) -> Any:
        return urls


class AutoScalingResponse(MotoResponse):
    """Answers Auto Scaling."""

    def start_instance_refresh(self) -> ActionResult:
        """Replace the instances of a group; one refresh of a group at a time."""
        store, name = self._store, self._get_param("AutoScalingGroupName")
        self._check(name)
        earlier = store.refreshes.setdefault(name, [])
        if earlier and not earlier[-1].over:
            raise EC2ClientError(
                "InstanceRefreshInProgress",
                "An Instance Refresh is already in progress and blocks the execution of this "
                "Instance Refresh.",
            )
        group = store.autoscaling_groups[name]
        wanted = group.desired_capacity
        group.set_desired_capacity(0)
        group.set_desired_capacity(wanted)
        earlier.append(Refresh(name, self._get_param("Preferences", {})))
        return ActionResult({"InstanceRefreshId": earlier[-1].id})

    def describe_instance_refreshes(self) -> ActionResult:
        """List the refreshes of a group, the newest first."""
        name = self._get_param("AutoScalingGroupName")
        self._check(name)
        wanted = self._get_param("InstanceRefreshIds", [])
        found = [
            one.described()
            for one in reversed(self._store.refreshes.get(name, []))
            if not wanted or one.id in wanted
        ]
        return ActionResult({"InstanceRefreshes": found})

    @property
    def _store(self) -> AutoScalingStore:
        store = self.autoscaling_backend
        assert isinstance(store, AutoScalingStore)  # noqa: S101  `mends.install` sees to it
        return store

    def _check(self, name: str) -> None:
        if name not in self._store.autoscaling_groups:
            raise EC2ClientError(
                "ValidationError", f"AutoScalingGroup name not found - AutoScalingGroup '{name}'"
            )
