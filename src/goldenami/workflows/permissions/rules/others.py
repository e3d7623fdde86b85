"""What is left: quotas, clusters, what a sweep removes, and where an audit looks or reports to."""

from collections.abc import Iterator

from goldenami.domain import arns, tags
from goldenami.iam.permissions.grant import GrantUse, condition
from goldenami.workflows.permissions.rules.interface import (
    GrantBounds,
    GrantRule,
    GrantRules,
    conditions,
    of_each,
    read,
    read_anywhere,
    sometimes,
    used,
)
from goldenami.workflows.permissions.scope import ANY, PermissionScope


def _quota(scope: PermissionScope) -> Iterator[GrantBounds]:
    of_ec2 = arns.pattern(scope.partition, "servicequotas", ANY, scope.account, "ec2/*")
    yield GrantBounds("LookFirst", (of_ec2,), conditions(scope.here), GrantUse.LOOK)


def _node_groups(kind: str) -> GrantRule:
    def rule(scope: PermissionScope) -> Iterator[GrantBounds]:
        resource = (scope.arn("eks", kind, ANY),)
        yield GrantBounds("ReadNodeGroups", resource, conditions(scope.looking()))

    return sometimes(rule)


def _of_builds(kind: str) -> GrantRule:
    """What a build that did not end has left, by its tag."""

    def rule(scope: PermissionScope) -> Iterator[GrantBounds]:
        of_build = condition("Null", f"aws:ResourceTag/{tags.BUILD}", ["false"])
        resource = (scope.arn("ec2", kind, ANY),)
        where = conditions(of_build, scope.looking())
        yield GrantBounds("RemoveLeftovers", resource, where, GrantUse.SOMETIMES)

    return rule


def _retention_rule(scope: PermissionScope) -> Iterator[GrantBounds]:
    rule = (scope.arn("rbin", "rule", ANY),)
    yield GrantBounds("ReadRecycleBin", rule, conditions(scope.looking()), GrantUse.SOMETIMES)


def _alarms(scope: PermissionScope) -> Iterator[GrantBounds]:
    alarms = (arns.pattern(scope.partition, "cloudwatch", ANY, scope.account, "alarm:*"),)
    yield GrantBounds("ReadAlarms", alarms, conditions(scope.looking()), GrantUse.SOMETIMES)


def _topic(scope: PermissionScope) -> Iterator[GrantBounds]:
    notify = scope.release.audit.notify
    if notify.sns:
        yield GrantBounds("Notify", (notify.sns,))


def _allowed_amis(scope: PermissionScope) -> Iterator[GrantBounds]:
    settings = scope.enforcement.enforce.mechanisms.allowed_amis
    where = conditions(scope.looking() if settings is None or settings.regions == "all" else ())
    yield GrantBounds("SetAllowedAmis", (ANY,), where)


RULES: GrantRules = {
    **of_each(
        read_anywhere,
        "ec2:DescribeRegions",
    ),
    **of_each(
        sometimes(read),
        "autoscaling:DescribeInstanceRefreshes",
        "autoscaling:DescribeLaunchConfigurations",
        "ec2:DescribeImageUsageReportEntries",
        "ec2:DescribeImageUsageReports",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSnapshots",
        "ec2:DescribeVolumes",
        "ec2:GetEbsDefaultKmsKeyId",
        "ec2:ListImagesInRecycleBin",
        "ec2:ListSnapshotsInRecycleBin",
        "inspector2:ListFindings",
    ),
    **of_each(
        _allowed_amis,
        "ec2:DisableAllowedImagesSettings",
        "ec2:EnableAllowedImagesSettings",
        "ec2:ReplaceImageCriteriaInAllowedImagesSettings",
    ),
    "cloudwatch:DescribeAlarms": _alarms,
    "ec2:DeleteKeyPair": _of_builds("key-pair"),
    "ec2:DeleteSecurityGroup": _of_builds("security-group"),
    "ec2:DeleteVolume": _of_builds("volume"),
    "eks:DescribeNodegroup": _node_groups("nodegroup"),
    "eks:ListNodegroups": _node_groups("cluster"),
    "rbin:GetRule": _retention_rule,
    "sns:Publish": _topic,
    "servicequotas:GetServiceQuota": used(_quota, GrantUse.LOOK),
}
