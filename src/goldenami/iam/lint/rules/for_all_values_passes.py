"""Rule ``for-all-values-passes``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import OWNER, PARENT, RESOURCE_TAGS, launches


def _check(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    if statement.denies or not launches(statement):
        return
    tests = [test for key in (OWNER, PARENT, *RESOURCE_TAGS) for test in statement.on(key)]
    present = {
        test.key.lower() for test in tests if (test.name, test.values) == ("Null", ("false",))
    }
    for test in tests:
        if test.operator.startswith("ForAllValues:") and test.key.lower() not in present:
            yield (
                f"{test.operator} holds where {test.key} is missing: whatever lacks the key is "
                "allowed"
            )


RULE = LintRule(
    id="for-all-values-passes",
    severity="high",
    title="an Allow of launches by ForAllValues, which a missing key satisfies",
    explanation=(
        "ForAllValues asks that no value is another one, and a missing key has none: images "
        "without the tag pass, and volumes and snapshots without the key are not looked at."
    ),
    right='"StringEquals": {"ec2:Owner": "ACCOUNT"} on the image, and a Deny of what is not golden '
    "(profile `guardrail`)",
    check=_check,
)
