"""Rule ``tag-protection-by-value``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import key_is_kept


def _check(statement: LintStatement, policies: LintPolicies) -> Iterator[str]:
    if key_is_kept(policies):
        return
    for test in statement.on("aws:RequestTag/"):
        if statement.denies and statement.about("ec2:CreateTags") and test.name == "StringEquals":
            yield (
                "only this value is denied: writing another one over a golden image's tag passes"
            )


RULE = LintRule(
    id="tag-protection-by-value",
    severity="medium",
    title="a tag protection that denies one value alone",
    explanation=(
        "Whoever may write the key with another value can take a golden image's approval away."
    ),
    right='"Null": {"aws:RequestTag/KEY": "false"}, which denies every value',
    check=_check,
)
