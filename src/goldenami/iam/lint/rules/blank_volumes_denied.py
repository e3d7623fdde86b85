"""Rule ``blank-volumes-denied``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import PARENT, launches


def _check(policies: LintPolicies) -> Iterator[tuple[LintStatement, str]]:
    for one in policies.statements:
        tests = one.on(PARENT)
        negated = any(test.negated for test in tests)
        guarded = any(test.name == "Null" and "false" in test.values for test in tests)
        if one.denies and launches(one) and negated and not guarded:
            yield one, "a blank volume has no ec2:ParentSnapshot, so the Deny hits it too"


RULE = LintRule(
    id="blank-volumes-denied",
    severity="high",
    title="a Deny by ec2:ParentSnapshot without Null: false",
    explanation="A negated test holds where the key is missing, as on a blank data volume.",
    right='beside ArnNotLike: "Null": {"ec2:ParentSnapshot": "false"}',
    check=_check,
)
