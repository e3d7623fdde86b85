"""Rule ``allow-list-split``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import launches

_KEYS = ("ec2:ParentSnapshot", "ec2:ImageID", "ec2:Owner")


def _check(statement: LintStatement, policies: LintPolicies) -> Iterator[str]:
    for key in _KEYS:
        lists = [
            (other, frozenset(test.values))
            for other in policies.statements
            if other.denies and launches(other)
            for test in other.on(key)
            if test.negated
        ]
        if len({values for _, values in lists}) > 1:
            for _ in [other for other, _ in lists[1:] if other is statement]:
                yield (
                    f"another statement denies all but other values of {key}: together they "
                    "deny everything"
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
