"""What the audit, and the look for what is out of date, read."""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.spec import Release

_READS: Mapping[str, tuple[str, ...]] = {
    "Images": (
        "ec2:DescribeImages", "ec2:DescribeInstanceImageMetadata", "ec2:DescribeInstances",
        "ec2:DescribeRegions", "ec2:DescribeSnapshots", "ec2:DescribeVolumes",
        "ec2:GetImageAncestry", "inspector2:ListFindings", "ssm:GetParameter",
        "ssm:GetParameterHistory", "ssm:GetParameters", "ssm:GetParametersByPath",
    ),
    "Launches": (
        "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeLaunchConfigurations",
        "ec2:DescribeFleets", "ec2:DescribeLaunchTemplateVersions",
        "ec2:DescribeSpotFleetRequests", "eks:DescribeNodegroup", "eks:ListClusters",
        "eks:ListNodegroups",
    ),
}  # fmt: skip
_GUARDRAILS = (
    "ec2:GetAllowedImagesSettings", "iam:GetAccountSummary", "iam:GetPolicy",
    "iam:GetPolicyVersion", "iam:GetRole", "iam:ListAttachedGroupPolicies",
    "iam:ListEntitiesForPolicy", "iam:ListPolicies", "iam:ListPolicyVersions",
    "organizations:DescribeEffectivePolicy", "organizations:DescribePolicy",
    "organizations:ListPolicies", "organizations:ListTargetsForPolicy",
)  # fmt: skip


_AGGREGATOR = (
    "config:DescribeConfigurationAggregatorSourcesStatus", "config:SelectAggregateResourceConfig",
)  # fmt: skip


def statements(release: Release, source: str = "live") -> Iterator[Mapping[str, Any]]:
    """Yield what may be read for a release file, here and by its role elsewhere.

    Args:
        release: the release file.
        source: where the audit reads.
    """
    if source != "live":
        yield _reading("Aggregator", _AGGREGATOR)
    for sid, actions in _READS.items():
        yield _reading(sid, actions)
    if release.enforce:
        yield _reading("Guardrails", _GUARDRAILS)
    accounts = release.audit.accounts
    if accounts == "organization":
        yield _reading("Organization", ("organizations:ListAccounts",))
    if accounts:
        own = accounts == "organization"
        yield {
            "Sid": "Elsewhere",
            "Effect": "Allow",
            "Action": ["sts:AssumeRole"],
            "Resource": [
                f"arn:<partition>:iam::{account}:role/{release.audit.role}"
                for account in (("*",) if own else accounts)
            ],
            **(_IN_ORGANIZATION if own else {}),
        }


_IN_ORGANIZATION = {"Condition": {"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}}


def _reading(sid: str, actions: tuple[str, ...]) -> Mapping[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": "*"}
