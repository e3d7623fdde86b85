"""Rule ``launches-left-out``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import LAUNCH, OWNER, PARENT, everywhere, tests_tag


def _check(statement: LintStatement, policies: LintPolicies) -> Iterator[str]:
    owner_or_snapshot = (*statement.on(OWNER), *statement.on(PARENT))
    tested = tests_tag(statement, negated=True) or any(test.negated for test in owner_or_snapshot)
    if not (statement.denies and tested and statement.about("ec2:RunInstances")):
        return
    denying = [each for each in policies.statements if _denies_as_well(each, statement)]
    missing = [action for action in LAUNCH if not any(each.about(action) for each in denying)]
    if missing:
        yield f"it does not deny {', '.join(missing)}"


def _denies_as_well(other: LintStatement, statement: LintStatement) -> bool:
    """Tell whether another statement denies under the same tests, or altogether."""
    same = other.tests == statement.tests and set(statement.resources) <= set(other.resources)
    return other.denies and (same or (everywhere(other) and not _conditional(other)))


def _conditional(statement: LintStatement) -> bool:
    return any(test.key.lower() != "aws:principalarn" for test in statement.tests)


RULE = LintRule(
    id="launches-left-out",
    severity="high",
    title="a Deny of RunInstances that leaves other ways to launch",
    explanation=(
        "Fleets and spot requests launch, and CreateReplaceRootVolumeTask boots another image, "
        "without ec2:RunInstances being asked."
    ),
    right=f"deny {', '.join(LAUNCH)} alike",
    check=_check,
)
