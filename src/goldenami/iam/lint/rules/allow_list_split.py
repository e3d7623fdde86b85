"""Rule ``allow-list-split``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import launches

_KEYS = ("ec2:ParentSnapshot", "ec2:ImageID", "ec2:Owner")


def _check(policies: LintPolicies) -> Iterator[tuple[LintStatement, str]]:
    for key in _KEYS:
        lists = [
            (one, frozenset(test.values))
            for one in policies.statements
            if one.denies and launches(one)
            for test in one.on(key)
            if test.negated
        ]
        if len({values for _, values in lists}) > 1:
            for one, _ in lists[1:]:
                yield (
                    one,
                    (
                        f"another statement denies all but other values of {key}: together they "
                        "deny everything"
                    ),
                )


RULE = LintRule(
    id="allow-list-split",
    severity="high",
    title="a list of what is not denied, split over statements or policies",
    explanation=(
        "Each Deny hits what the other one lists. Such a list cannot be cut into parts: past "
        "what fits one document, know snapshots by their tag."
    ),
    right="one statement with the whole list, or the profile `guardrail-by-tag`",
    check=_check,
)
