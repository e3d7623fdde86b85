"""Rule ``tag-keys-by-case``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.any_case import key_is_kept
from goldenami.iam.lint.rules.common import CREATING, TAGGING

_EXACT = ("StringEquals", "StringLike")
"""A negated test denies whatever is not listed, a key in another case too."""


def _check(policies: LintPolicies) -> Iterator[tuple[LintStatement, str]]:
    if key_is_kept(policies):
        return
    for one in policies.statements:
        for test in one.on("aws:TagKeys"):
            exact = one.denies and test.name in _EXACT and ":" in test.operator
            if exact and one.about(*TAGGING, *CREATING):
                yield (
                    one,
                    (
                        f"{test.operator} tells cases apart, and IAM does not when it tests a "
                        "resource's tag: a key in another case passes, and then counts as the same"
                    ),
                )


RULE = LintRule(
    id="tag-keys-by-case",
    severity="high",
    title="a Deny by aws:TagKeys that tells cases apart",
    explanation=(
        "Tag keys in condition keys are matched without regard to case, but here the key is a "
        "value: `GOLDENami:status` is not `goldenami:status`."
    ),
    right='"ForAnyValue:StringEqualsIgnoreCase": {"aws:TagKeys": "KEY"}, '
    'or "Null": {"aws:RequestTag/KEY": "false"}',
    check=_check,
)
