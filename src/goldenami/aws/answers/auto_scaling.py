"""Auto Scaling: groups, launch configurations, instance refreshes.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/
"""

from collections.abc import Mapping
from typing import Any

from goldenami.aws.answers.ec2_launches import Override, TemplateVersionName
from goldenami.aws.answers.interface import Answer, Row, Tagged, Text, TokenPage, read

SERVICE = "autoscaling"


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


class DescribeAutoScalingGroups(TokenPage, frozen=True, kw_only=True):
    """A page of groups."""

    auto_scaling_groups: tuple[AutoScalingGroupAnswer, ...]


class LaunchConfiguration(Row, frozen=True, kw_only=True):
    """A launch configuration."""

    launch_configuration_name: Text
    image_id: Text


class DescribeLaunchConfigurations(TokenPage, frozen=True, kw_only=True):
    """A page of launch configurations."""

    launch_configurations: tuple[LaunchConfiguration, ...]


class InstanceRefresh(Row, frozen=True, kw_only=True):
    """An instance refresh of a group."""

    instance_refresh_id: Text
    status: Text
    desired_configuration: Mapping[str, Any] = {}  # absent if it was started without one
    preferences: Mapping[str, Any] = {}  # absent if none were given


class DescribeInstanceRefreshes(TokenPage, frozen=True, kw_only=True):
    """A page of instance refreshes."""

    instance_refreshes: tuple[InstanceRefresh, ...]


class StartInstanceRefresh(Answer, frozen=True, kw_only=True, rename="pascal"):
    """The refresh that was started."""

    instance_refresh_id: Text
