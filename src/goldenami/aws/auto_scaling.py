"""Auto Scaling groups as they are now: what they launch, and what runs in them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from goldenami.aws.calls import pages
from goldenami.aws.launch_templates import Reference, of_overrides, of_template
from goldenami.aws.session import Aws

_ENDED = {"Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"}
NAMES_A_CALL = 50


class Group(Struct, frozen=True, kw_only=True):
    """An Auto Scaling group.

    Args:
        name: its name.
        launch: its ``LaunchTemplate``, or the one of its ``MixedInstancesPolicy`` with its
            overrides, as told; empty if it has a launch configuration.
        configuration: the name of its launch configuration, empty if it has a template.
        mixed: whether it has a mixed instances policy.
        instances: the ids of its instances.
        protected: those that it must not end (scale-in protection).
    """

    name: str
    launch: Mapping[str, Any] = {}
    configuration: str = ""
    mixed: bool = False
    instances: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()

    @property
    def references(self) -> tuple[Reference, ...]:
        """What it launches, each once: its configuration, or its templates and then images."""
        if self.configuration:
            return (Reference(configuration=self.configuration),)
        images = of_overrides(self.launch.get("Overrides", ()))
        return tuple(dict.fromkeys([*map(of_template, self._templates()), *images]))

    def moved(self, versions: Mapping[Reference, Any], image: str) -> dict[str, Any]:
        """Return what UpdateAutoScalingGroup takes to launch other versions, and this image.

        Args:
            versions: the version in place of each; those left out stay.
            image: the image in place of those that overrides name.
        """
        if not self.mixed:
            return {"LaunchTemplate": _moved(self.launch, versions)}
        own = "LaunchTemplateSpecification"
        overrides = [
            {
                **override,
                **({own: _moved(override[own], versions)} if own in override else {}),
                **({"ImageId": image} if "ImageId" in override else {}),
            }
            for override in self.launch.get("Overrides", ())
        ]
        moved = {own: _moved(self.launch[own], versions), "Overrides": overrides}
        return {"MixedInstancesPolicy": {"LaunchTemplate": moved}}

    def _templates(self) -> Iterator[Mapping[str, Any]]:
        if not self.mixed:
            yield from (self.launch,) if self.launch else ()
            return
        for one in (self.launch, *self.launch.get("Overrides", ())):
            if "LaunchTemplateSpecification" in one:
                yield one["LaunchTemplateSpecification"]


def group(told: Mapping[str, Any]) -> Group:
    """Read a group as DescribeAutoScalingGroups tells it."""
    mixed = told.get("MixedInstancesPolicy", {}).get("LaunchTemplate")
    running = told.get("Instances", ())
    return Group(
        name=told["AutoScalingGroupName"],
        launch=mixed or told.get("LaunchTemplate", {}),
        configuration=told.get("LaunchConfigurationName", ""),
        mixed=bool(mixed),
        instances=tuple(one["InstanceId"] for one in running),
        protected=tuple(one["InstanceId"] for one in running if one.get("ProtectedFromScaleIn")),
    )


def groups(aws: Aws, region: str, names: Iterable[str]) -> dict[str, Group]:
    """Return the groups of these names that there are.

    Raises:
        AwsError: they could not be read.
    """
    wanted = sorted(names)
    found: dict[str, Group] = {}
    for start in range(0, len(wanted), NAMES_A_CALL):
        told = pages(
            aws, "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", region,
            "reading Auto Scaling groups",
            AutoScalingGroupNames=wanted[start : start + NAMES_A_CALL],
        )  # fmt: skip
        found |= {one["AutoScalingGroupName"]: group(one) for one in told}
    return found


def refreshing(aws: Aws, region: str, name: str) -> bool:
    """Tell whether an instance refresh of a group is under way.

    Raises:
        AwsError: that could not be read.
    """
    told = pages(
        aws, "autoscaling", "describe_instance_refreshes", "InstanceRefreshes", region,
        f"reading the instance refreshes of {name}", AutoScalingGroupName=name,
    )  # fmt: skip
    return any(one["Status"] not in _ENDED for one in told)


def _moved(told: Mapping[str, Any], versions: Mapping[Reference, Any]) -> dict[str, Any]:
    """Return a template's version by its id alone: AWS takes id or name, and tells both."""
    one = of_template(told)
    return {"LaunchTemplateId": one.template, "Version": versions.get(one, one.version)}
