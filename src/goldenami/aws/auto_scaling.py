"""Auto Scaling groups and the versions of launch templates, as they are now."""

from collections.abc import Iterable

from msgspec import Struct

from goldenami.aws.calls import pages
from goldenami.aws.errors import UNKNOWN_TEMPLATE, explained
from goldenami.aws.session import Aws
from goldenami.errors import AwsError

_ENDED = {"Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"}
NAMES_A_CALL = 50


class Group(Struct, frozen=True, kw_only=True):
    """An Auto Scaling group; ``template`` is empty if it has a launch configuration."""

    name: str
    template: str = ""
    version: str = ""
    mixed: bool = False


class TemplateVersion(Struct, frozen=True, kw_only=True):
    """A version of a launch template: its number, and the image it names."""

    number: str
    image: str


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
        for one in told:
            template = one.get("LaunchTemplate", {})
            found[one["AutoScalingGroupName"]] = Group(
                name=one["AutoScalingGroupName"],
                template=template.get("LaunchTemplateId", ""),
                version=template.get("Version", "$Default"),
                mixed="MixedInstancesPolicy" in one,
            )
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


def version(aws: Aws, region: str, template: str, named: str) -> TemplateVersion | None:
    """Return a version of a launch template, None if there is no such one.

    Raises:
        AwsError: it could not be read.
    """
    try:
        with explained(f"reading launch template {template}", region):
            told = aws.client("ec2", region).describe_launch_template_versions(
                LaunchTemplateId=template, Versions=[named]
            )["LaunchTemplateVersions"]
    except AwsError as error:
        if error.code in UNKNOWN_TEMPLATE:
            return None
        raise
    if not told:
        return None
    image = told[0].get("LaunchTemplateData", {}).get("ImageId", "")
    return TemplateVersion(number=str(told[0]["VersionNumber"]), image=image)
