"""Rule ``launches-left-out``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import Policies, Rule, Statement
from goldenami.iam.lint.rules.common import LAUNCH, OWNER, everywhere, tests_tag


def _check(policies: Policies) -> Iterator[tuple[Statement, str]]:
    for one in policies.statements:
        tested = tests_tag(one, negated=True) or any(test.negated for test in one.on(OWNER))
        if not (one.denies and tested and one.about("ec2:RunInstances")):
            continue
        denying = [one, *_unconditional(policies)]
        missing = [action for action in LAUNCH if not any(each.about(action) for each in denying)]
        if missing:
            yield one, f"it does not deny {', '.join(missing)}"


def _unconditional(policies: Policies) -> list[Statement]:
    """Return the statements that deny their actions altogether, whatever is launched."""
    return [
        one
        for one in policies.statements
        if one.denies and everywhere(one) and not _conditional(one)
    ]


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
