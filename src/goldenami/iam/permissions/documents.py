"""Statements as documents that IAM takes: as few as there is room for.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import structs

from goldenami.errors import RefusedError
from goldenami.iam.limits import MANAGED_POLICY
from goldenami.iam.permissions.grant import MULTIVALUED, PolicyCondition
from goldenami.iam.permissions.statements import PermissionStatement
from goldenami.iam.render import PolicyDocument

POLICIES_PER_ROLE = 10
"""How many managed policies a role may have, unless AWS has raised the quota."""


def fitting(statements: Iterable[PermissionStatement]) -> tuple[PermissionStatement, ...]:
    """Return the same statements, those divided that are too long for any document.

    Raises:
        RefusedError: one of those cannot be divided.
    """
    return tuple(part for statement in statements for part in _parts(statement))


def split(name: str, statements: Iterable[PermissionStatement]) -> tuple[PolicyDocument, ...]:
    """Return the documents of a role's statements; several are numbered.

    Args:
        name: what a document is called.
        statements: all of them, in order, each short enough.
    """
    groups: list[list[PermissionStatement]] = [[]]
    for statement in statements:
        if groups[-1] and not _fits([*groups[-1], statement]):
            groups.append([])
        groups[-1].append(statement)
    return tuple(
        document(name if len(groups) == 1 else f"{name}-{number}", group)
        for number, group in enumerate(groups, 1)
        if group
    )


def document(name: str, statements: Sequence[PermissionStatement]) -> PolicyDocument:
    """Return one document of statements."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [statement.policy for statement in statements],
    }
    return PolicyDocument(name, policy)


def _fits(statements: Sequence[PermissionStatement]) -> bool:
    return document("", statements).size <= MANAGED_POLICY.characters


def _parts(statement: PermissionStatement) -> Iterator[PermissionStatement]:
    """Yield a statement, or its parts if it is too long for a document of its own."""
    if _fits([statement]):
        yield statement
        return
    for number, half in enumerate(_halves(statement)):
        sid = statement.sid + ("More" if number else "")
        yield from _parts(structs.replace(half, sid=sid))


def _halves(statement: PermissionStatement) -> Iterator[PermissionStatement]:
    """Yield two statements that together allow what one does: by resources, or by values of a key.

    Raises:
        RefusedError: nothing of it can be divided.
    """
    if len(statement.resources) > 1:
        for resources in _halved(statement.resources):
            yield structs.replace(statement, resources=resources)
        return
    longest = max(statement.conditions, key=_divisible, default=None)
    if longest is None or _divisible(longest) < 2:
        raise RefusedError(
            f"the statement {statement.sid} has more than {MANAGED_POLICY.characters:,} characters",
            fix="name fewer accounts or keys in the release file",
        )
    others = tuple(each for each in statement.conditions if each is not longest)
    for values in _halved(longest.values):
        half = structs.replace(longest, values=values)
        yield structs.replace(statement, conditions=tuple(sorted((*others, half))))


def _divisible(condition: PolicyCondition) -> int:
    """Return how many values a condition has of which each alone would do; 0 if it is otherwise."""
    whole = condition.operator.startswith(MULTIVALUED) or "Not" in condition.operator
    return 0 if whole else len(condition.values)


def _halved(values: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    middle = len(values) // 2
    return values[:middle], values[middle:]
