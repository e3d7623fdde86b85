"""What each part of a role's documents is worth: which requests nobody else would allow.

The documents only allow. So a request is refused without a statement, if and only if no other
statement allows it: nothing has to be run again to know that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, structs

from goldenami.iam.evaluator.decide import Policies, decide
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import Request
from goldenami.iam.permissions.documents import document
from goldenami.iam.permissions.grant import GrantUse, PolicyCondition
from goldenami.iam.permissions.statements import PermissionStatement
from goldenami.iam.render import PolicyDocument

_SHOWN = 3


class ActionWorth(Struct, frozen=True, kw_only=True):
    """What an action of a statement is worth.

    Args:
        statement: the statement's name.
        action: the action.
        use: when it is called.
        needed_by: a call that would be refused without it; empty if none was made.
        also_allowed_by: the other statements that allow all that it did allow; none if it did not.
    """

    statement: str
    action: str
    use: GrantUse
    needed_by: str = ""
    also_allowed_by: tuple[str, ...] = ()

    @property
    def surplus(self) -> bool:
        """Whether it could go: the run called no such thing, and nothing says why it is there."""
        return not self.needed_by and (self.use is GrantUse.RUN or bool(self.also_allowed_by))


class RecordedRequest(Struct, frozen=True):
    """A request of a run, with the call that it was part of (``ec2:RunInstances in us-east-1``)."""

    call: str
    request: Request


def compiled(documents: Iterable[PolicyDocument]) -> Policies:
    """Return documents as those of a role that has no others."""
    return Policies(
        identity=tuple(compile_policy(document.name, document.policy) for document in documents)
    )


def worth(
    statements: Sequence[PermissionStatement], policies: Policies, run: Iterable[RecordedRequest]
) -> tuple[ActionWorth, ...]:
    """Return what each action of each statement is worth in a run.

    Args:
        statements: of one role, as they stand in its documents.
        policies: those documents.
        run: what the role has asked for, and was allowed.
    """
    needed: dict[tuple[str, str], str] = {}
    shared: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in run:
        allowing = _allowing(policies, each.request)
        for sid in allowing:
            key = sid, each.request.action.lower()
            if len(allowing) == 1:
                needed.setdefault(key, each.call)
            shared[key] |= {*allowing} - {sid}
    return tuple(
        ActionWorth(
            statement=statement.sid,
            action=action,
            use=use,
            needed_by=needed.get((statement.sid, action.lower()), ""),
            also_allowed_by=tuple(sorted(shared[statement.sid, action.lower()])),
        )
        for statement in statements
        for action, use in statement.uses
    )


def _allowing(policies: Policies, request: Request) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.statement for each in decide(policies, request).matched))


def nearest(statements: Iterable[PermissionStatement], request: Request) -> tuple[str, ...]:
    """Return which statements are the nearest to one that allows a request, and what they ask for.

    Args:
        statements: of one role.
        request: what they do not allow.
    """
    about = [each for each in statements if request.action in each.actions]
    same = [each for each in about if _holds(each, request, without_conditions=True)]
    if not same:
        return tuple(f"{each.sid} is for {', '.join(each.resources)}" for each in about)
    return tuple(
        f"{each.sid} asks for {' and '.join(missed)}"
        for each in same
        if (missed := [_words(test) for test in each.conditions if not _meets(each, test, request)])
    )


def _holds(
    statement: PermissionStatement, request: Request, *, without_conditions: bool = False
) -> bool:
    tested = structs.replace(statement, conditions=()) if without_conditions else statement
    return decide(compiled([document("", [tested])]), request).allowed


def _meets(statement: PermissionStatement, test: PolicyCondition, request: Request) -> bool:
    return _holds(structs.replace(statement, conditions=(test,)), request)


def _words(test: PolicyCondition) -> str:
    values = f"{', '.join(test.values[:_SHOWN])}{', …' if len(test.values) > _SHOWN else ''}"
    if test.operator == "Null":
        return f"{'no ' if test.values == ('true',) else ''}{test.key}"
    return f"{test.key} = {values}"


def by_use(worths: Iterable[ActionWorth]) -> Mapping[GrantUse, tuple[str, ...]]:
    """Return the actions that no call of the run needed, by when they are called."""
    optional: dict[GrantUse, list[str]] = defaultdict(list)
    for each in worths:
        if not each.needed_by:
            optional[each.use].append(each.action)
    return {use: tuple(dict.fromkeys(actions)) for use, actions in optional.items()}
