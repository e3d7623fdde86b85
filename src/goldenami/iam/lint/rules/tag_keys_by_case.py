"""Rule ``tag-keys-by-case``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import Policies, Rule, Statement
from goldenami.iam.lint.rules.any_case import key_is_kept

_EXACT = ("StringEquals", "StringLike", "StringNotEquals", "StringNotLike")


def _check(policies: Policies) -> Iterator[tuple[Statement, str]]:
    if key_is_kept(policies):
        return
    for one in policies.statements:
        for test in one.on("aws:TagKeys"):
            if one.denies and test.name in _EXACT and ":" in test.operator:
                yield (
                    one,
                    (
                        f"{test.operator} tells cases apart, and IAM does not when it tests the "
                        "tag: a key in another case passes, and then satisfies the launch"
                    ),
                )


RULE = Rule(
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
