"""Rule ``variable-of-2008``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement


def _check(statement: LintStatement, policies: LintPolicies) -> Iterator[str]:
    values = (value for test in statement.tests for value in test.values)
    if statement.policy not in policies.variables and any(
        "${" in text for text in (*statement.resources, *values)
    ):
        yield "a `${…}` is plain text in a policy without Version 2012-10-17"


RULE = LintRule(
    id="variable-of-2008",
    severity="medium",
    title="a policy variable in a policy of version 2008-10-17",
    explanation="Without a Version the old one counts, which knows no variables.",
    right='"Version": "2012-10-17"',
    check=_check,
)
