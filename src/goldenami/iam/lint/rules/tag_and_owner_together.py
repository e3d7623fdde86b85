"""Rule ``tag-and-owner-together``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import OWNER, launches, tests_tag


def _check(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    owner = any(test.negated for test in statement.on(OWNER))
    if statement.denies and launches(statement) and owner and tests_tag(statement, negated=True):
        yield (
            "denies only images that lack the tag and have another owner: one fault alone passes"
        )


RULE = LintRule(
    id="tag-and-owner-together",
    severity="high",
    title="a Deny that tests the tag and the owner in one Condition",
    explanation="The keys of a Condition are ANDed, so the Deny needs both faults at once.",
    right="two Deny statements: one for the tag, one for ec2:Owner",
    check=_check,
)
