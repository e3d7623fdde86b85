"""Rule ``allow-by-key-on-everything``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import OWNER, PARENT, everywhere, launches, tests_tag


def _check(policies: LintPolicies) -> Iterator[tuple[LintStatement, str]]:
    for one in policies.statements:
        tested = one.on(PARENT) or one.on(OWNER) or tests_tag(one, negated=False)
        plain = not any(
            "IfExists" in test.operator or test.operator.startswith("ForAllValues:")
            for test in one.tests
        )
        if not one.denies and launches(one) and everywhere(one) and tested and plain:
            yield (
                one,
                (
                    "allows launches on every resource if a key has a value, and most resources "
                    "of a launch do not have the key: alone it blocks every launch, beside a "
                    "broader Allow it stops nothing"
                ),
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
