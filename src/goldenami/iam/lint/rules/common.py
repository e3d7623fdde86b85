"""What several rules look for."""

from goldenami.iam.lint.interface import Statement

LAUNCH = (
    "ec2:RunInstances",
    "ec2:CreateFleet",
    "ec2:ModifyFleet",
    "ec2:RequestSpotInstances",
    "ec2:RequestSpotFleet",
    "ec2:CreateReplaceRootVolumeTask",
)
RESOURCE_TAGS = ("ec2:ResourceTag/", "aws:ResourceTag/")
PARENT = "ec2:ParentSnapshot"
OWNER = "ec2:Owner"


def launches(statement: Statement) -> bool:
    """Tell whether a statement is about launches."""
    return statement.about(*LAUNCH)


def tests_tag(statement: Statement, *, negated: bool) -> bool:
    """Tell whether a statement tests a resource's tag for a value, or for another one."""
    return any(
        test.negated is negated and test.name != "Null"
        for key in RESOURCE_TAGS
        for test in statement.on(key)
    )


def everywhere(statement: Statement) -> bool:
    """Tell whether a statement is about every resource."""
    return "*" in statement.resources
