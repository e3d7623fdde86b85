"""Auto Scaling groups as they are now: what they launch, and what runs in them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from goldenami.aws.answers.interface import read
from goldenami.aws.answers.launches import (
    AutoScalingGroupAnswer,
    DescribeAutoScalingGroups,
    DescribeInstanceRefreshes,
    InstanceRefresh,
    Override,
)
from goldenami.aws.launch_templates import ImageReference, of_overrides, of_template
from goldenami.aws.session import RegionalAws

ENDED = frozenset({"Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"})
"""The statuses of an instance refresh that is over."""
NAMES_A_CALL = 50


class AutoScalingGroup(Struct, frozen=True, kw_only=True):
    """An Auto Scaling group.

    Args:
        name: its name.
        launch: its ``LaunchTemplate``, or the one of its ``MixedInstancesPolicy`` with its
            overrides, as told; empty if it has a launch configuration.
        configuration: the name of its launch configuration, empty if it has a template.
        mixed: whether it has a mixed instances policy.
        distribution: how that policy spreads instances, as told.
        instances: the ids of its instances.
        protected: those that it must not end (scale-in protection).
    """

    name: str
    launch: Mapping[str, Any] = {}
    configuration: str = ""
    mixed: bool = False
    distribution: Mapping[str, Any] = {}
    instances: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()

    @property
    def spare(self) -> frozenset[ImageReference]:
        """The templates that need no image: wherever they are used, an override brings one."""
        if not self.mixed:
            return frozenset()
        own = "LaunchTemplateSpecification"
        overrides: Iterable[Mapping[str, Any]] = self.launch.get("Overrides") or ({},)
        used = {
            of_template(each.get(own) or self.launch[own])
            for each in overrides
            if not each.get("ImageId")
        }
        return frozenset(map(of_template, self._templates())) - used

    @property
    def references(self) -> tuple[ImageReference, ...]:
        """What it launches, each once: its configuration, or its templates and then images."""
        if self.configuration:
            return (ImageReference(configuration=self.configuration),)
        overrides = (read(Override, each) for each in self.launch.get("Overrides", ()))
        images = of_overrides(overrides)
        return tuple(dict.fromkeys([*map(of_template, self._templates()), *images]))

    def moved(self, versions: Mapping[ImageReference, Any], image: str) -> dict[str, Any]:
        """Return the ``DesiredConfiguration`` of other versions, and of this image.

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
        policy: dict[str, Any] = {
            "LaunchTemplate": {own: _moved(self.launch[own], versions), "Overrides": overrides}
        }
        if self.distribution:
            policy["InstancesDistribution"] = dict(self.distribution)
        return {"MixedInstancesPolicy": policy}

    def _templates(self) -> Iterator[Mapping[str, Any]]:
        if not self.mixed:
            yield from (self.launch,) if self.launch else ()
            return
        for part in (self.launch, *self.launch.get("Overrides", ())):
            if "LaunchTemplateSpecification" in part:
                yield part["LaunchTemplateSpecification"]


def group(answer: AutoScalingGroupAnswer) -> AutoScalingGroup:
    """Return a group of an answer."""
    mixed = answer.mixed_instances_policy
    launch = mixed.launch_template if mixed else answer.launch_template
    return AutoScalingGroup(
        name=answer.auto_scaling_group_name,
        launch=msgspec.to_builtins(launch) if launch else {},
        configuration=answer.launch_configuration_name,
        mixed=mixed is not None,
        distribution=mixed.instances_distribution if mixed else {},
        instances=tuple(instance.instance_id for instance in answer.instances),
        protected=tuple(
            instance.instance_id
            for instance in answer.instances
            if instance.protected_from_scale_in
        ),
    )


def groups(regional: RegionalAws, names: Iterable[str]) -> dict[str, AutoScalingGroup]:
    """Return the groups of these names that there are."""
    sorted_names = sorted(names)
    groups_by_name: dict[str, AutoScalingGroup] = {}
    for start in range(0, len(sorted_names), NAMES_A_CALL):
        answers = regional.rows(
            DescribeAutoScalingGroups, "reading Auto Scaling groups",
            AutoScalingGroupNames=sorted_names[start : start + NAMES_A_CALL],
        )  # fmt: skip
        groups_by_name |= {described.name: described for described in map(group, answers)}
    return groups_by_name


def under_way(regional: RegionalAws, name: str) -> InstanceRefresh | None:
    """Return the instance refresh of a group that is under way; there is at most one."""
    every = regional.rows(
        DescribeInstanceRefreshes, f"reading the instance refreshes of {name}",
        AutoScalingGroupName=name,
    )  # fmt: skip
    return next((refresh for refresh in every if refresh.status not in ENDED), None)


def covers(actual: Any, expected: Any) -> bool:
    """Tell whether a configuration that AWS tells is the wanted one.

    AWS tells more than was sent: names of templates beside their ids, and defaults.
    """
    if isinstance(expected, Mapping):
        return isinstance(actual, Mapping) and all(
            covers(actual.get(key), value) for key, value in expected.items()
        )
    if isinstance(expected, list):
        several = isinstance(actual, list) and len(actual) == len(expected)
        return several and all(map(covers, actual, expected))
    return bool(actual == expected)


def _moved(
    specification: Mapping[str, Any], versions: Mapping[ImageReference, Any]
) -> dict[str, Any]:
    """Return a template's version by its id, or its name if that is all that AWS tells.

    AWS tells both, and takes one of them.
    """
    reference = of_template(specification)
    return {
        "LaunchTemplateName" if reference.by_name else "LaunchTemplateId": reference.template,
        "Version": versions.get(reference, reference.version),
    }
