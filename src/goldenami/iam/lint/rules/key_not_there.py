"""Rule ``key-not-there``."""

from collections.abc import Iterator

from goldenami.iam.authorization import table
from goldenami.iam.lint.interface import Policies, Rule, Statement


def _check(policies: Policies) -> Iterator[tuple[Statement, str]]:
    for one in policies.statements:
        for test in one.tests:
            if one.resources and not _anywhere(one, test.key.lower()):
                yield one, f"{test.key} exists for none of these actions on these resources"


def _anywhere(statement: Statement, key: str) -> bool:
    """Tell whether a key exists for any action on any resource of a statement."""
    family = key[: key.find("/") + 1]
    for action in statement.actions:
        service, _, name = action.lower().partition(":")
        if "*" in name or "?" in name or service not in table.services():
            return True  # too many to say
        for resource in statement.resources:
            keys = _keys(action, resource)
            if key in keys or family in keys:
                return True
    return not statement.actions


def _keys(action: str, resource: str) -> frozenset[str]:
    kind = table.kind_of(resource)
    if kind:
        return table.keys(action, resource) or frozenset()
    several = (one.keys for one in table.kinds(action).values())
    return frozenset().union(table.keys(action, "*") or frozenset(), *several)


RULE = Rule(
    id="key-not-there",
    severity="high",
    title="a condition key that does not exist for the actions and resources",
    explanation=(
        "A key that is not there is missing in every request: an Allow never holds, a negated "
        "test in a Deny always does. ec2:ParentSnapshot exists on volumes alone, "
        "ec2:ResourceTag on none of what a launch makes."
    ),
    right="test the key on the resource that has it: the volume, the image, the snapshot",
    check=_check,
)
