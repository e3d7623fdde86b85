"""Rule ``allow-by-key-on-everything``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import OWNER, PARENT, everywhere, launches, tests_tag


def _check(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    tested = statement.on(PARENT) or statement.on(OWNER) or tests_tag(statement, negated=False)
    plain = not any(
        "IfExists" in test.operator or test.operator.startswith("ForAllValues:")
        for test in statement.tests
    )
    if not statement.denies and launches(statement) and everywhere(statement) and tested and plain:
        yield (
            "allows launches on every resource if a key has a value, and most resources "
            "of a launch do not have the key: alone it blocks every launch, beside a "
            "broader Allow it stops nothing"
        )


RULE = LintRule(
    id="allow-by-key-on-everything",
    severity="high",
    title="an Allow of launches on * with ec2:ParentSnapshot, ec2:Owner or a resource tag",
    explanation=(
        "A launch is authorized once for each of its resources. Only volumes have "
        "ec2:ParentSnapshot, and instances, volumes and network interfaces have no resource tag, "
        "so the condition fails for the rest. Allows add up, so it restricts nobody either."
    ),
    right="deny what is not golden, each resource in a statement of its own (profile `guardrail`)",
    check=_check,
)
