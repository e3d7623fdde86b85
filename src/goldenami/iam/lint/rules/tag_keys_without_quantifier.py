"""Rule ``tag-keys-without-quantifier``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement


def _check(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    for test in statement.on("aws:TagKeys"):
        if ":" not in test.operator and test.name != "Null":
            yield f"{test.operator} compares one value, and aws:TagKeys can have many"


RULE = LintRule(
    id="tag-keys-without-quantifier",
    severity="medium",
    title="a plain operator on the multivalued aws:TagKeys",
    explanation="AWS does not say how a plain operator decides on several values.",
    right="ForAnyValue: in a Deny, ForAllValues: in an Allow",
    check=_check,
)
