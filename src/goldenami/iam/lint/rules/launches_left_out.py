"""Rule ``launches-left-out``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import Policies, Rule, Statement
from goldenami.iam.lint.rules.common import LAUNCH, OWNER, tests_tag

_REPLACEMENT = LAUNCH[-1:]


def _check(policies: Policies) -> Iterator[tuple[Statement, str]]:
    for one in policies.statements:
        tested = tests_tag(one, negated=True) or any(test.negated for test in one.on(OWNER))
        if not (one.denies and tested and one.about("ec2:RunInstances")):
            continue
        covered = {action.lower() for action in one.actions} | _denied(policies)
        missing = [action for action in LAUNCH if action.lower() not in covered]
        if missing:
            yield one, f"it does not deny {', '.join(missing)}"


def _denied(policies: Policies) -> set[str]:
    """Return what is denied altogether, whatever it launches."""
    return {
        action.lower()
        for one in policies.statements
        if one.denies and "*" in one.resources and not _conditional(one)
        for action in one.actions
    }


def _conditional(statement: Statement) -> bool:
    return any(test.key.lower() != "aws:principalarn" for test in statement.tests)


RULE = Rule(
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
