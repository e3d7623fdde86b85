"""Auto Scaling: groups, launch configurations, instance refreshes.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/
"""

from collections.abc import Mapping
from typing import Any

from goldenami.aws.answers.ec2_launches import Override, TemplateVersionName
from goldenami.aws.answers.interface import Row, Tagged, Text, listing, read, single


class MixedTemplate(Row, frozen=True, kw_only=True):
    """The template of a mixed instances policy, with its overrides."""

    launch_template_specification: TemplateVersionName
    overrides: tuple[dict[str, Any], ...] = ()  # absent if there are none; sent back whole

    def __post_init__(self) -> None:
        """Refuse overrides whose template or image cannot be read."""
        for override in self.overrides:
            read(Override, override)
            if specification := override.get("LaunchTemplateSpecification"):
                read(TemplateVersionName, specification)


class MixedInstancesPolicy(Row, frozen=True, kw_only=True):
    """What a group with several instance types launches."""

    launch_template: MixedTemplate
    instances_distribution: Mapping[str, Any] = {}  # sent back whole


class GroupInstance(Row, frozen=True, kw_only=True):
    """An instance of a group."""

    instance_id: Text
    protected_from_scale_in: bool


class AutoScalingGroupAnswer(Tagged, frozen=True, kw_only=True):
    """An Auto Scaling group; it launches by exactly one of the three."""

    auto_scaling_group_name: Text
    instances: tuple[GroupInstance, ...]
    launch_template: TemplateVersionName | None = None
    mixed_instances_policy: MixedInstancesPolicy | None = None
    launch_configuration_name: str = ""


DescribeAutoScalingGroups = listing(
    "autoscaling:DescribeAutoScalingGroups", "AutoScalingGroups", AutoScalingGroupAnswer
)


class LaunchConfiguration(Row, frozen=True, kw_only=True):
    """A launch configuration."""

    launch_configuration_name: Text
    image_id: Text


DescribeLaunchConfigurations = listing(
    "autoscaling:DescribeLaunchConfigurations", "LaunchConfigurations", LaunchConfiguration
)


class InstanceRefresh(Row, frozen=True, kw_only=True):
    """An instance refresh of a group."""

    instance_refresh_id: Text
    status: Text
    desired_configuration: Mapping[str, Any] = {}  # absent if it was started without one
    preferences: Mapping[str, Any] = {}  # absent if none were given


DescribeInstanceRefreshes = listing(
    "autoscaling:DescribeInstanceRefreshes", "InstanceRefreshes", InstanceRefresh
)
StartInstanceRefresh = single("autoscaling:StartInstanceRefresh", "InstanceRefreshId", str)
"""The refresh that was started."""
