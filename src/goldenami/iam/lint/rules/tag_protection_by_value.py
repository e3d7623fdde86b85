"""Rule ``tag-protection-by-value``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.any_case import key_is_kept


def _check(policies: LintPolicies) -> Iterator[tuple[LintStatement, str]]:
    if key_is_kept(policies):
        return
    for one in policies.statements:
        for test in one.on("aws:RequestTag/"):
            if one.denies and one.about("ec2:CreateTags") and test.name == "StringEquals":
                yield (
                    one,
                    (
                        "only this value is denied: writing another one over a golden image's tag "
                        "passes"
                    ),
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
