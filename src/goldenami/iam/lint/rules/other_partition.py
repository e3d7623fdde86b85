"""Rule ``other-partition``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement


def _check(statement: LintStatement, policies: LintPolicies) -> Iterator[str]:
    values = (value for test in statement.tests for value in test.values)
    for arn in (*statement.resources, *values):
        parts = arn.split(":")
        if parts[0] == "arn" and len(parts) > 1 and parts[1] not in (policies.partition, "*"):
            yield f"`{arn}` never matches in the partition {policies.partition}"


RULE = LintRule(
    id="other-partition",
    severity="high",
    title="an ARN of another partition",
    explanation="ARNs in China begin with arn:aws-cn:, in GovCloud with arn:aws-us-gov:.",
    right="the partition of the account (--partition)",
    check=_check,
)
