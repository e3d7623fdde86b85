"""What a rule is: where, and under which conditions, an action of a command is needed."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from goldenami.iam.permissions.grant import Conditions, GrantUse, PolicyCondition
from goldenami.workflows.permissions.scope import ANY, PermissionScope


class GrantBounds(Struct, frozen=True):
    """Within which bounds an action is granted.

    Args:
        sid: what the statement is called.
        resources: ARNs or patterns of them, or ``*``.
        conditions: all of which have to hold.
        use: when it is called, if that is not as the command says.
    """

    sid: str
    resources: tuple[str, ...]
    conditions: Conditions = ()
    use: GrantUse | None = None


GrantRule = Callable[[PermissionScope], Iterable[GrantBounds]]
"""Returns within which bounds an action is granted to a role; none if it is not at all."""
GrantRules = Mapping[str, GrantRule]


def conditions(*several: PolicyCondition | Iterable[PolicyCondition]) -> Conditions:
    """Return conditions in their order."""
    flat: list[PolicyCondition] = []
    for each in several:
        flat += [each] if isinstance(each, PolicyCondition) else each
    return tuple(sorted(flat))


def read(scope: PermissionScope) -> Iterator[GrantBounds]:
    """What AWS authorizes on no resource: everywhere the command reads."""
    yield GrantBounds("Read", (ANY,), conditions(scope.looking()))


def read_anywhere(scope: PermissionScope) -> Iterator[GrantBounds]:
    """The same of what has no region, or is asked in one for all."""
    yield GrantBounds("ReadAccount", (ANY,))


def sometimes(rule: GrantRule) -> GrantRule:
    """Return a rule whose action is called only where the account has what it is for."""
    return used(rule, GrantUse.SOMETIMES)


def used(rule: GrantRule, use: GrantUse) -> GrantRule:
    """Return a rule whose action is called for a particular use."""

    def bounds(scope: PermissionScope) -> Iterator[GrantBounds]:
        for each in rule(scope):
            yield GrantBounds(each.sid, each.resources, each.conditions, use)

    return bounds


def of_each(rule: GrantRule, *actions: str) -> dict[str, GrantRule]:
    """Return the same rule for several actions."""
    return dict.fromkeys(actions, rule)
