"""Auto Scaling: instance refreshes, which moto lacks.

A refresh may bring a configuration that the group takes over once it has succeeded; what Auto
Scaling could not roll back, it refuses to roll back, by itself or when it is told to.
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StartInstanceRefresh.html
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RollbackInstanceRefresh.html
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeInstanceRefreshes.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError

from goldenami_sandbox.group_launches import Described, GroupLaunchesResponse
from goldenami_sandbox.groups import invalid
from goldenami_sandbox.overriding import overrides
from goldenami_sandbox.refreshes import Refresh

RANGES = {
    "MinHealthyPercentage": (0, 100),
    "MaxHealthyPercentage": (100, 200),
    "CheckpointDelay": (0, 172_800),
    "BakeTime": (0, 172_800),
}
MOST_ALARMS = 10


class AutoScalingStore(AutoScalingBackend):
    """moto's store, with the refreshes of each group."""

    @overrides
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.refreshes: dict[str, list[Refresh]] = {}

    @overrides
    def describe_auto_scaling_groups(self, *args: Any, **named: Any) -> list[FakeAutoScalingGroup]:
        """List groups; one whose refresh is over has taken over what that brought.

        Their templates are named by id and by name, whichever was sent (moto tells of overrides
        what was sent).
        https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateSpecification.html
        """
        for name, refreshes in self.refreshes.items():
            for refresh in refreshes:
                group = self.autoscaling_groups.get(name)
                if group and refresh.ended and not refresh.taken_over:
                    refresh.taken_over = True
                    configure(group, refresh.desired)
        groups = super().describe_auto_scaling_groups(*args, **named)
        for group in groups:
            for specification in specifications(configuration(group)):
                _name_in_full(group, specification)
        return groups

    def start(self, name: str, desired: Described, preferences: Described) -> Refresh:
        """Replace the instances of a group, which names what it named until that is over."""
        group = self.autoscaling_groups[name]
        before = configuration(group)
        if desired:
            configure(group, desired)
        _replace_instances(group)
        if desired:
            configure(group, before)
        refresh = Refresh(group, desired, preferences)
        self.refreshes.setdefault(name, []).append(refresh)
        return refresh

    def roll_back(self, name: str) -> Refresh:
        """Replace the instances of a group again, by what it names, if that can be launched."""
        group, refresh = self.autoscaling_groups[name], self.refreshes[name][-1]
        refresh.roll_back()
        _replace_instances(group)
        refresh.fails = bool(group.desired_capacity) and not group.instance_states
        return refresh


class AutoScalingResponse(GroupLaunchesResponse):
    """Answers Auto Scaling."""

    def start_instance_refresh(self) -> ActionResult:
        """Replace the instances of a group; one refresh of a group at a time."""
        store, name = self._store, self._get_param("AutoScalingGroupName")
        desired = self._get_param("DesiredConfiguration", {})
        preferences = self._get_param("Preferences", {})
        group = store.autoscaling_groups[name]
        self._check_desired(desired)
        self.check_launches(desired)
        for problem in _problems(preferences):
            raise invalid(problem)
        why = self._irreversible(desired, configuration(group), desired)
        if preferences.get("AutoRollback") and why:
            raise invalid(f"AutoRollback {why}")
        earlier = store.refreshes.get(name, [])
        if earlier and not earlier[-1].ended:
            raise EC2ClientError(
                "InstanceRefreshInProgress",
                "An Instance Refresh is already in progress and blocks the execution of this "
                "Instance Refresh.",
            )
        return ActionResult({"InstanceRefreshId": store.start(name, desired, preferences).id})

    def rollback_instance_refresh(self) -> ActionResult:
        """Undo a refresh that is in progress, if the group can go back to what it had."""
        store, name = self._store, self._get_param("AutoScalingGroupName")
        refreshes = store.refreshes.get(name, [])
        if not refreshes or refreshes[-1].ended:
            raise EC2ClientError(
                "ActiveInstanceRefreshNotFound",
                "No in-progress or pending Instance Refresh found for Auto Scaling group " + name,
            )
        group, refresh = store.autoscaling_groups[name], refreshes[-1]
        why = self._irreversible(refresh.desired, configuration(group))
        if refresh.rolled_back:
            why = "is under way already"
        if why:
            raise EC2ClientError("IrreversibleInstanceRefresh", f"The rollback {why}")
        return ActionResult({"InstanceRefreshId": store.roll_back(name).id})

    def describe_instance_refreshes(self) -> ActionResult:
        """List the refreshes of a group, the newest first."""
        name = self._get_param("AutoScalingGroupName")
        ids = self._get_param("InstanceRefreshIds", [])
        refreshes = [
            refresh.described()
            for refresh in reversed(self._store.refreshes.get(name, []))
            if not ids or refresh.id in ids
        ]
        return ActionResult({"InstanceRefreshes": refreshes})

    @property
    def _store(self) -> AutoScalingStore:
        store = self.autoscaling_backend
        assert isinstance(store, AutoScalingStore)  # noqa: S101  `installation.install` sees to it
        return store

    def _check_desired(self, desired: Described) -> None:
        if desired and len(desired) != 1:
            raise invalid(
                "The desired configuration must contain either a LaunchTemplate or a "
                "MixedInstancesPolicy"
            )
        for specification in specifications(desired):
            version = specification.get("Version", "$Default")
            if version not in ("$Default", "$Latest") and self._image(specification) is None:
                raise invalid(f"Could not find launch template version {version}")

    def _irreversible(self, desired: Described, *configurations: Described) -> str:
        """Say why a refresh cannot be rolled back; nothing if it can."""
        if not desired:
            return "needs a desired configuration"
        for each in configurations:
            for specification in specifications(each):
                if specification.get("Version", "$Default") in ("$Default", "$Latest"):
                    return "cannot be used with $Latest or $Default"
                if (self._image(specification) or "").startswith("resolve:ssm:"):
                    return "cannot be used with a Systems Manager parameter"
        return ""

    def _image(self, specification: Described) -> str | None:
        """Return the image of a version of a template; None if there is no such version."""
        ec2 = self._store.ec2_backend
        if template_id := specification.get("LaunchTemplateId"):
            template = ec2.get_launch_template(template_id)
        else:
            template = ec2.get_launch_template_by_name(specification["LaunchTemplateName"])
        number = specification.get("Version", "")
        versions = {str(version.number): version for version in template.versions}
        return str(versions[number].data.get("ImageId", "")) if number in versions else None


def _replace_instances(group: FakeAutoScalingGroup) -> None:
    """Let a group terminate what it has, and launch what it names."""
    capacity = group.desired_capacity
    group.set_desired_capacity(0)
    group.set_desired_capacity(capacity)


def configuration(group: FakeAutoScalingGroup) -> Described:
    """Return what a group launches; empty if it has a launch configuration."""
    if group.mixed_instances_policy:
        return {"MixedInstancesPolicy": group.mixed_instances_policy}
    return {"LaunchTemplate": group.launch_template} if group.launch_template else {}


def configure(group: FakeAutoScalingGroup, desired: Described) -> None:
    """Let a group launch something else from now on."""
    template = dict(desired.get("LaunchTemplate") or {})
    if "LaunchTemplateId" in template:  # moto takes either of the two
        template.pop("LaunchTemplateName", None)
    policy = desired.get("MixedInstancesPolicy")
    group.update(
        [], None, None, None, "", template, "", None, None,  # type: ignore[arg-type]
        mixed_instances_policy=_unnamed(policy) if policy else None,
    )  # fmt: skip


def specifications(desired: Described) -> Iterator[Described]:
    """Yield every version of a template that a configuration names."""
    if template := desired.get("LaunchTemplate"):
        yield template
    policy = desired.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    for part in (policy, *policy.get("Overrides", ())):
        if specification := part.get("LaunchTemplateSpecification"):
            yield specification


def _name_in_full(group: FakeAutoScalingGroup, specification: Described) -> None:
    """Add the id or the name of a template that is there to what names it by the other."""
    templates = group.ec2_backend.launch_templates
    named = [
        template
        for template in templates.values()
        if specification.get("LaunchTemplateId", template.id) == template.id
        and specification.get("LaunchTemplateName", template.name) == template.name
    ]
    if len(named) == 1:
        specification["LaunchTemplateId"] = named[0].id
        specification["LaunchTemplateName"] = named[0].name


def _unnamed(policy: Described) -> Described:
    """Return a policy whose template is named by its id alone: moto takes either of the two."""
    launch = policy["LaunchTemplate"]
    specification = dict(launch["LaunchTemplateSpecification"])
    if "LaunchTemplateId" in specification:
        specification.pop("LaunchTemplateName", None)
    return {**policy, "LaunchTemplate": {**launch, "LaunchTemplateSpecification": specification}}


def _problems(preferences: Mapping[str, Any]) -> Iterator[str]:
    for name, (least, most) in RANGES.items():
        if name in preferences and not least <= int(preferences[name]) <= most:
            yield f"{name} must be between {least} and {most}"
    points = [int(percentage) for percentage in preferences.get("CheckpointPercentages", ())]
    if points != sorted(set(points)) or any(not 1 <= percentage <= 100 for percentage in points):
        yield "CheckpointPercentages must be unique, ascending, and between 1 and 100"
    if "CheckpointDelay" in preferences and not points:
        yield "CheckpointDelay needs CheckpointPercentages"
    if "MaxHealthyPercentage" in preferences and "MinHealthyPercentage" not in preferences:
        yield "MaxHealthyPercentage needs MinHealthyPercentage"
    if len(preferences.get("AlarmSpecification", {}).get("Alarms", ())) > MOST_ALARMS:
        yield f"at most {MOST_ALARMS} alarms"
