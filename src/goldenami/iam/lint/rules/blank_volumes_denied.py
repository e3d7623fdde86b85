"""Rule ``blank-volumes-denied``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import PARENT, launches


def _check(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    tests = statement.on(PARENT)
    negated = any(test.negated for test in tests)
    guarded = any(test.name == "Null" and "false" in test.values for test in tests)
    if statement.denies and launches(statement) and negated and not guarded:
        yield "a blank volume has no ec2:ParentSnapshot, so the Deny hits it too"


RULE = LintRule(
    id="blank-volumes-denied",
    severity="high",
    title="a Deny by ec2:ParentSnapshot without Null: false",
    explanation="A negated test holds where the key is missing, as on a blank data volume.",
    right='beside ArnNotLike: "Null": {"ec2:ParentSnapshot": "false"}',
    check=_check,
)
