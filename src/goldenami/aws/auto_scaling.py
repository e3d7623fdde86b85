"""Auto Scaling groups as they are now: what they launch, and what runs in them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from goldenami.aws.calls import pages
from goldenami.aws.session import Aws

_ENDED = {"Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"}
NAMES_A_CALL = 50


class Specification(Struct, frozen=True):
    """A version of a launch template, as a group names it: by number, ``$Default``, ``$Latest``."""

    template: str
    version: str


class Group(Struct, frozen=True, kw_only=True):
    """An Auto Scaling group.

    Args:
        name: its name.
        launch: its ``LaunchTemplate``, or the one of its ``MixedInstancesPolicy`` with its
            overrides, as told; empty if it has a launch configuration.
        mixed: whether it has a mixed instances policy.
        instances: the ids of its instances.
        protected: those that it must not end (scale-in protection).
    """

    name: str
    launch: Mapping[str, Any] = {}
    mixed: bool = False
    instances: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()

    @property
    def specifications(self) -> tuple[Specification, ...]:
        """The versions of templates that it launches, each once."""
        return tuple(dict.fromkeys(_specification(one) for one in self._templates()))

    @property
    def images(self) -> frozenset[str]:
        """The images that its overrides name themselves."""
        overrides = self.launch.get("Overrides", ())
        return frozenset(one["ImageId"] for one in overrides if one.get("ImageId"))

    def moved(self, versions: Mapping[Specification, Any], image: str) -> dict[str, Any]:
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
        found |= {one["AutoScalingGroupName"]: _group(one) for one in told}
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


def _group(told: Mapping[str, Any]) -> Group:
    mixed = told.get("MixedInstancesPolicy", {}).get("LaunchTemplate")
    running = told.get("Instances", ())
    return Group(
        name=told["AutoScalingGroupName"],
        launch=mixed or told.get("LaunchTemplate", {}),
        mixed=bool(mixed),
        instances=tuple(one["InstanceId"] for one in running),
        protected=tuple(one["InstanceId"] for one in running if one.get("ProtectedFromScaleIn")),
    )


def _specification(told: Mapping[str, Any]) -> Specification:
    return Specification(told["LaunchTemplateId"], told.get("Version") or "$Default")


def _moved(told: Mapping[str, Any], versions: Mapping[Specification, Any]) -> dict[str, Any]:
    """Return a template's version by its id alone: AWS takes id or name, and tells both."""
    one = _specification(told)
    return {"LaunchTemplateId": one.template, "Version": versions.get(one, one.version)}
