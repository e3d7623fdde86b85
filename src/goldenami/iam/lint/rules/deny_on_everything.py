"""Rule ``deny-on-everything``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import OWNER, everywhere, launches, tests_tag


def _check(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    tested = tests_tag(statement, negated=True) or any(test.negated for test in statement.on(OWNER))
    guarded = any(test.name == "Null" or "IfExists" in test.operator for test in statement.tests)
    if (
        statement.denies
        and launches(statement)
        and everywhere(statement)
        and tested
        and not guarded
    ):
        yield (
            "the key is missing on instances, volumes and interfaces, where a negated test "
            "holds: golden launches are denied too"
        )


RULE = LintRule(
    id="deny-on-everything",
    severity="high",
    title="a Deny of launches by tag or owner on every resource",
    explanation=(
        "StringNotEquals holds where the key is missing. On Resource * it holds for the "
        "instance of every launch, so the Deny hits golden images as well."
    ),
    right='"Resource": "arn:aws:ec2:*::image/*"',
    check=_check,
)
