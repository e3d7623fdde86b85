"""From grants to statements: what can stand together does, and nothing becomes wider by it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, structs

from goldenami.iam.permissions.grant import Conditions, Grant, GrantUse
from goldenami.iam.reference import table


class PermissionStatement(Struct, frozen=True, kw_only=True):
    """One statement that allows.

    Args:
        sid: its name within all documents of a role.
        uses: when each of its actions is called, by the action.
        resources: ARNs or patterns of them, or ``*``.
        conditions: all of which have to hold.
    """

    sid: str
    uses: tuple[tuple[str, GrantUse], ...]
    resources: tuple[str, ...]
    conditions: Conditions = ()

    @property
    def actions(self) -> tuple[str, ...]:
        """Its actions."""
        return tuple(action for action, _ in self.uses)

    @property
    def policy(self) -> dict[str, Any]:
        """The statement as IAM takes it."""
        tests: dict[str, dict[str, str | list[str]]] = defaultdict(dict)
        for each in self.conditions:
            tests[each.operator][each.key] = _one_or_all(each.values)
        return {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": _one_or_all(self.actions),
            "Resource": _one_or_all(self.resources),
            **({"Condition": dict(tests)} if tests else {}),
        }


def _one_or_all(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def merged(grants: Iterable[Grant]) -> tuple[PermissionStatement, ...]:
    """Return the fewest statements that allow just what the grants do, in the grants' order.

    Actions on the same resources stand together, as do resources of the same actions, and what
    has the same conditions wherever no action is authorized on a resource of the other.
    """
    by_resources: dict[tuple[Conditions, tuple[str, ...]], dict[str, Grant]] = defaultdict(dict)
    for grant in grants:
        actions = by_resources[grant.conditions, tuple(sorted(set(grant.resources)))]
        if grant.action not in actions or grant.use is GrantUse.RUN:
            actions[grant.action] = grant
    by_actions: dict[tuple[Conditions, frozenset[str]], PermissionStatement] = {}
    for (conditions, resources), actions in by_resources.items():
        uses = tuple(sorted((name, grant.use) for name, grant in actions.items()))
        key = conditions, frozenset(actions)
        named = sorted(actions.values(), key=lambda grant: _reads(grant.action))
        sid = named[0].sid
        statement = PermissionStatement(
            sid=sid, uses=uses, resources=resources, conditions=conditions
        )
        by_actions[key] = _joined(by_actions[key], statement) if key in by_actions else statement
    together: list[PermissionStatement] = []
    for statement in by_actions.values():
        for place, other in enumerate(together):
            if _independent(statement, other):
                together[place] = _joined(other, statement)
                break
        else:
            together.append(statement)
    return _named_apart(together)


def _joined(first: PermissionStatement, second: PermissionStatement) -> PermissionStatement:
    uses = dict(second.uses) | dict(first.uses)
    uses |= {action: use for action, use in second.uses if use is GrantUse.RUN}
    resources = tuple(sorted({*first.resources, *second.resources}))
    named = first if _changes(first) or not _changes(second) else second
    uses_of_both = tuple(sorted(uses.items()))
    return structs.replace(named, uses=uses_of_both, resources=resources)


def _changes(statement: PermissionStatement) -> bool:
    """Tell whether a statement lets something be changed, so that its name should say what."""
    return not all(map(_reads, statement.actions))


def _reads(action: str) -> bool:
    return action.partition(":")[2].startswith(("Describe", "Get", "List", "BatchGet"))


def _independent(first: PermissionStatement, second: PermissionStatement) -> bool:
    """Tell whether neither's actions could be used on what the other alone names."""
    if first.conditions != second.conditions or "*" in (*first.resources, *second.resources):
        return False
    if _services(first) != _services(second):  # what has nothing in common has no common name
        return False
    return not (_touch(first, second) or _touch(second, first))


def _services(statement: PermissionStatement) -> set[str]:
    return {action.partition(":")[0] for action in statement.actions}


def _touch(acting: PermissionStatement, named: PermissionStatement) -> bool:
    further = {_kind(resource) for resource in {*named.resources} - {*acting.resources}}
    return any(
        service == action.partition(":")[0] and kind in table.kinds(action)
        for action in acting.actions
        for service, kind in further
    )


def _kind(resource: str) -> tuple[str, str]:
    return resource.split(":")[2], table.kind_of(resource)


def _named_apart(statements: Sequence[PermissionStatement]) -> tuple[PermissionStatement, ...]:
    numbers: dict[str, int] = defaultdict(int)
    result = []
    for statement in statements:
        numbers[statement.sid] += 1
        number = numbers[statement.sid]
        sid = statement.sid if number == 1 else f"{statement.sid}{number}"
        result.append(structs.replace(statement, sid=sid))
    return tuple(result)
