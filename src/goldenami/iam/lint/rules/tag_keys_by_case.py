"""Rule ``tag-keys-by-case``."""

from collections.abc import Iterator

from goldenami.domain import tags
from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import CREATING, TAGGING, key_is_kept

_EXACT = ("StringEquals", "StringLike")
"""A negated test denies whatever is not listed, a key in another case too."""


def _check(statement: LintStatement, policies: LintPolicies) -> Iterator[str]:
    if key_is_kept(policies):
        return
    for test in statement.on("aws:TagKeys"):
        exact = statement.denies and test.name in _EXACT and ":" in test.operator
        if exact and statement.about(*TAGGING, *CREATING):
            yield (
                f"{test.operator} tells cases apart, and IAM does not when it tests a "
                "resource's tag: a key in another case passes, and then counts as the same"
            )


RULE = LintRule(
    id="tag-keys-by-case",
    severity="high",
    title="a Deny by aws:TagKeys that tells cases apart",
    explanation=(
        "Tag keys in condition keys are matched without regard to case, but here the key is a "
        f"value: `GOLDENami:status` is not `{tags.STATUS}`."
    ),
    right='"ForAnyValue:StringEqualsIgnoreCase": {"aws:TagKeys": "KEY"}, '
    'or "Null": {"aws:RequestTag/KEY": "false"}',
    check=_check,
)
