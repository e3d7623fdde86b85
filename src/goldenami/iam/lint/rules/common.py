"""What several rules look for."""

import re

from goldenami.iam.lint.interface import LintPolicies, LintStatement
from goldenami.iam.reference import table

LAUNCH = (
    "ec2:RunInstances",
    "ec2:CreateFleet",
    "ec2:ModifyFleet",
    "ec2:RequestSpotInstances",
    "ec2:RequestSpotFleet",
    "ec2:CreateReplaceRootVolumeTask",
)
CREATING = (
    "ec2:CreateImage",
    "ec2:CopyImage",
    "ec2:RegisterImage",
    "ec2:ImportImage",
    "ec2:CreateRestoreImageTask",
    "ec2:CreateSnapshot",
    "ec2:CreateSnapshots",
    "ec2:CopySnapshot",
    "ec2:ImportSnapshot",
)
TAGGING = ("ec2:CreateTags", "ec2:DeleteTags")
RESOURCE_TAGS = ("ec2:ResourceTag/", "aws:ResourceTag/")
PARENT = "ec2:ParentSnapshot"
OWNER = "ec2:Owner"


def launches(statement: LintStatement) -> bool:
    """Tell whether a statement is about launches."""
    return statement.about(*LAUNCH)


def tests_tag(statement: LintStatement, *, negated: bool) -> bool:
    """Tell whether a statement tests a resource's tag for a value, or for another one."""
    return any(
        test.negated is negated and test.name != "Null"
        for key in RESOURCE_TAGS
        for test in statement.on(key)
    )


def everywhere(statement: LintStatement) -> bool:
    """Tell whether a statement is about every resource."""
    return "*" in statement.resources


def could_be(resource: str, kind: str) -> bool:
    """Tell whether a pattern of ARNs may fit a resource of a kind: IAM matches them as text.

    ``arn:aws:ec2:*:*:security-group*/*`` fits security groups and their rules.
    """
    named = table.kind_of(resource)
    fixed = re.split(r"[*?]", resource.split(":", 5)[-1])[0]
    return (
        not named or kind == named or (fixed != named and kind.startswith(fixed) and _wild(named))
    )


def _wild(kind: str) -> bool:
    return "*" in kind or "?" in kind


def on_images_or_snapshots(statement: LintStatement) -> bool:
    """Tell whether a statement may be about an image or a snapshot; NotResource mostly is."""
    return not statement.resources or any(
        could_be(resource, kind)
        for resource in statement.resources
        for kind in ("image", "snapshot")
    )


def key_is_kept(policies: LintPolicies) -> bool:
    """Tell whether a tag key is denied in any case and with any value.

    Statements beside it that deny further keys, or the key elsewhere, then leave nothing open that
    a launch tests.
    """
    return any(_keeps(statement) for statement in policies.statements)


def _keeps(statement: LintStatement) -> bool:
    if not (statement.denies and statement.about("ec2:CreateTags")):
        return False
    operators = [test.operator for test in statement.on("aws:TagKeys")]
    absent = [test for test in statement.on("aws:RequestTag/") if test.name == "Null"]
    return "ForAnyValue:StringEqualsIgnoreCase" in operators or any(
        test.values == ("false",) for test in absent
    )
