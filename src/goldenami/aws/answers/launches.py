"""EC2 and Auto Scaling: what will launch instances.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/
"""

from collections.abc import Mapping
from typing import Any

from msgspec import field

from goldenami.aws.answers.interface import Row, Tagged, Text, listing, only, read, single


class TemplateVersionName(Row, frozen=True, kw_only=True):
    """A version of a launch template, as others name it."""

    launch_template_id: str = ""  # it may be named by either; AWS mostly tells both
    launch_template_name: str = ""
    version: str = ""  # absent where it is the default version


class Override(Row, frozen=True, kw_only=True):
    """What differs from the template for some of the instances."""

    image_id: str = ""  # absent where the template's image stays


class TemplateConfig(Row, frozen=True, kw_only=True):
    """A template with its overrides, of a fleet."""

    launch_template_specification: TemplateVersionName
    overrides: tuple[Override, ...] = ()  # absent if there are none


class Fleet(Tagged, frozen=True, kw_only=True):
    """An EC2 fleet."""

    fleet_id: Text
    fleet_state: Text
    launch_template_configs: tuple[TemplateConfig, ...]


DescribeFleets = listing("ec2:DescribeFleets", "Fleets", Fleet)


class SpotFleetConfig(Row, frozen=True, kw_only=True):
    """What a spot fleet launches: by specifications or by templates, one of the two."""

    launch_specifications: tuple[Override, ...] = ()
    launch_template_configs: tuple[TemplateConfig, ...] = ()


class SpotFleet(Tagged, frozen=True, kw_only=True):
    """A spot fleet."""

    spot_fleet_request_id: Text
    spot_fleet_request_state: Text
    spot_fleet_request_config: SpotFleetConfig


DescribeSpotFleetRequests = listing(
    "ec2:DescribeSpotFleetRequests", "SpotFleetRequestConfigs", SpotFleet
)


class TemplateData(Row, frozen=True, kw_only=True):
    """What a version of a launch template launches."""

    image_id: str = ""  # a template need not name one
    instance_type: str = ""  # the same


class TemplateVersion(Row, frozen=True, kw_only=True):
    """A version of a launch template."""

    launch_template_id: Text
    launch_template_name: Text
    version_number: int
    default_version: bool
    launch_template_data: TemplateData
    version_description: str = ""  # absent if it was made without one


DescribeLaunchTemplateVersions = listing(
    "ec2:DescribeLaunchTemplateVersions", "LaunchTemplateVersions", TemplateVersion
)
CreateLaunchTemplateVersion = single(
    "ec2:CreateLaunchTemplateVersion", "LaunchTemplateVersion", only("VersionNumber", int)
)
"""The version that was made."""


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
    auto_scaling_group_arn: str = field(default="", name="AutoScalingGroupARN")  # as documented
    status: str = ""  # there only while it is being deleted
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
    launch_configuration_arn: str = field(default="", name="LaunchConfigurationARN")  # the same
    image_id: str  # always there, and empty in some old ones


DescribeLaunchConfigurations = listing(
    "autoscaling:DescribeLaunchConfigurations", "LaunchConfigurations", LaunchConfiguration
)


class InstanceRefresh(Row, frozen=True, kw_only=True):
    """An instance refresh of a group."""

    instance_refresh_id: Text
    status: Text
    percentage_complete: int | None = None  # absent before it has begun
    desired_configuration: Mapping[str, Any] = {}  # absent if it was started without one
    preferences: Mapping[str, Any] = {}  # absent if none were given


DescribeInstanceRefreshes = listing(
    "autoscaling:DescribeInstanceRefreshes", "InstanceRefreshes", InstanceRefresh
)
StartInstanceRefresh = single("autoscaling:StartInstanceRefresh", "InstanceRefreshId", str)
"""The refresh that was started."""
RollbackInstanceRefresh = single("autoscaling:RollbackInstanceRefresh", "InstanceRefreshId", str)
