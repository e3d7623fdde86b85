"""Rule ``tag-protection-left-open``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import CREATING, on_images_or_snapshots


def _check(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    protects = (
        statement.denies and statement.on("aws:RequestTag/") and statement.about("ec2:CreateTags")
    )
    missing = [action for action in CREATING if not statement.about(action)]
    if protects and missing and on_images_or_snapshots(statement):
        yield f"the tag can still be written by {', '.join(missing)}"


RULE = LintRule(
    id="tag-protection-left-open",
    severity="high",
    title="a tag protection that forgets the calls that create",
    explanation="Every call that makes an image or a snapshot can tag it from the start.",
    right="deny CreateTags and every creating call with Null: {aws:RequestTag/KEY: false}",
    check=_check,
)
