"""Rule ``tag-protection-left-open``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import Policies, Rule, Statement

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


def _check(policies: Policies) -> Iterator[tuple[Statement, str]]:
    for one in policies.statements:
        protects = one.denies and one.on("aws:RequestTag/") and one.about("ec2:CreateTags")
        missing = [action for action in CREATING if not one.about(action)]
        if protects and missing:
            yield one, f"the tag can still be written by {', '.join(missing)}"


RULE = Rule(
    id="tag-protection-left-open",
    severity="high",
    title="a tag protection that forgets the calls that create",
    explanation="Every call that makes an image or a snapshot can tag it from the start.",
    right="deny CreateTags and every creating call with Null: {aws:RequestTag/KEY: false}",
    check=_check,
)
