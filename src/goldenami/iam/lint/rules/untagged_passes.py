"""Rule ``untagged-passes``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import RESOURCE_TAGS, launches
from goldenami.iam.reference import table


def _check(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    if not (statement.denies and launches(statement) and _of_images(statement)):
        return
    tests = [test for key in RESOURCE_TAGS for test in statement.on(key)]
    negated = [test for test in tests if test.negated]
    for test in negated:
        others = {other.key.lower(): other for other in tests if other.name == "Null"}
        null = others.get(test.key.lower())
        if test.operator.startswith("ForAnyValue:"):
            yield f"{test.operator} never holds for a missing key: untagged images pass"
        elif null and "false" in null.values:
            yield "`Null: false` spares images without the tag: they pass"


def _of_images(statement: LintStatement) -> bool:
    """Tell whether a statement means launches: one about every action of every service does not."""
    return statement.actions != ("*",) or any(
        table.kind_of(resource) == "image" for resource in statement.resources
    )


RULE = LintRule(
    id="untagged-passes",
    severity="high",
    title="a Deny by tag that spares images without the tag",
    explanation=(
        "Beside StringNotEquals, a Null test of the same key or ForAnyValue makes the Deny hold "
        "only where the tag is there with another value."
    ),
    right='"StringNotEquals": {"ec2:ResourceTag/KEY": "VALUE"} alone, which holds without the tag',
    check=_check,
)
