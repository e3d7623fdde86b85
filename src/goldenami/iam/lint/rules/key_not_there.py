"""Rule ``key-not-there``."""

from collections.abc import Iterator

from goldenami.iam.lint.interface import LintPolicies, LintRule, LintStatement
from goldenami.iam.lint.rules.common import CREATING, LAUNCH, TAGGING, could_be
from goldenami.iam.reference import table


def _check(statement: LintStatement, _: LintPolicies) -> Iterator[str]:
    for test in statement.tests:
        holds = not statement.denies and test.operator.startswith("ForAllValues:")
        if statement.resources and not holds and not _anywhere(statement, test.key):
            yield f"{test.key} exists for none of these actions on these resources"


def _anywhere(statement: LintStatement, key: str) -> bool:
    """Tell whether a key exists for any action on any resource of a statement."""
    for action in statement.actions:
        service, _, name = action.lower().partition(":")
        if "*" in name or "?" in name or service not in table.services():
            return True  # too many to say
        if not table.documented(action):
            return True
        if any(table.among(key, _keys(action, resource)) for resource in statement.resources):
            return True
    return not statement.actions


def _keys(action: str, resource: str) -> frozenset[str]:
    """Return the keys of every kind of resource that a pattern of ARNs may fit.

    Of what AWS's table of an action leaves out and its table of types has, nobody can say that it
    is not there, but for the calls that goldenami is about: what those make has no tags yet.
    """
    kinds = table.kinds(action)
    keys = (table.keys(action, "*") or frozenset()).union(
        *(access.keys for kind, access in kinds.items() if could_be(resource, kind))
    )
    if table.spelled(action) in (*LAUNCH, *CREATING, *TAGGING):
        return keys
    service = action.partition(":")[0].lower()
    return keys.union(
        *(
            table.keys_of_type(service, kind)
            for kind in {*kinds, table.kind_of(resource)}
            if could_be(resource, kind)
        )
    )


RULE = LintRule(
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
