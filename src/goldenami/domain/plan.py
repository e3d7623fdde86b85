"""A plan is data: frozen actions that are printed by ``--plan`` and executed otherwise."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Literal, TypedDict, TypeVar, Unpack

from msgspec import Struct, structs

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.check_result import CheckResult

T = TypeVar("T")

PATIENCE_S = 3_600.0


class Ref(Struct, frozen=True, tag_field="ref", tag="output"):
    """Stands in a later action's parameters for an output of an earlier one."""

    action: str
    output: str

    def __str__(self) -> str:
        """Show it as a plan does: ``<image:us-east-1 image_id>``."""
        return f"<{self.action} {self.output}>"


class Secret(Struct, frozen=True, tag_field="secret", tag="bytes"):
    """A value that goes to AWS but is never printed nor journalled (user data)."""

    value: bytes

    def __str__(self) -> str:
        """Show only its length."""
        return f"({len(self.value):,} bytes, not shown)"

    __repr__ = __str__  # so that no traceback or log shows it either


class Action(Struct, frozen=True, kw_only=True):
    """One step of a plan.

    ``call`` is ``service:Operation`` for an AWS call (``ec2:CreateImage``), or the name of a
    handler that the workflow brings (``wait:image``, ``packer:build``).
    ``permissions`` are the IAM actions that it needs: of an AWS call itself, if none are given.
    ``outputs`` maps a name to the place in the answer (``Instances.0.InstanceId``).
    ``after`` are the ids of the actions that must be done before.
    ``undo`` is what takes it back if the run fails, as long as no later action ``settles`` it.
    ``adopt`` names the handler that is asked when AWS says that something is there already, for
    calls that AWS does not make idempotent. It returns the outputs if that is the result of a call
    whose answer was lost, or of somebody who wanted the same.
    ``role`` is the ARN of another account's role that does it, empty for the caller himself.
    ``patience_s`` is how long its call may be made again that AWS is too busy for.
    """

    id: str
    summary: str
    call: str
    region: str
    parameters: Mapping[str, Any] = {}
    permissions: tuple[str, ...] = ()
    outputs: Mapping[str, str] = {}
    after: tuple[str, ...] = ()
    undo: "Action | None" = None
    settles: tuple[str, ...] = ()
    adopt: str = ""
    role: str = ""
    patience_s: float = PATIENCE_S

    def __post_init__(self) -> None:
        """Let an AWS call need itself."""
        if not self.permissions and self.call.partition(":")[2][:1].isupper():
            structs.force_setattr(self, "permissions", (self.call,))

    def following(self, *ids: str) -> "Action":
        """Return the same, done after further actions."""
        return structs.replace(self, after=(*self.after, *ids))

    def within(
        self, part: str, *, own: Collection[str] = (), common: Collection[str] = ()
    ) -> "Action":
        """Return the same as an action of one part of a larger plan; the whole has no name.

        Its id and those that it refers to begin with the part, and its summary ends with it.

        Args:
            part: the part's name.
            own: the calls that are done otherwise in each part.
            common: the ids of actions that are the same for all parts.
        """
        if not part:
            return self

        def named(ids: Iterable[str]) -> tuple[str, ...]:
            return tuple(each if each in common else id_within(part, each) for each in ids)

        return structs.replace(
            self,
            id=named((self.id,))[0],
            summary=f"{self.summary} ({part})",
            call=f"{self.call}:{part}" if self.call in own else self.call,
            parameters=of_part(part, self.parameters),
            after=named(self.after),
            settles=named(self.settles),
            undo=self.undo and self.undo.within(part, own=own),
        )

    @classmethod
    def at(
        cls,
        place: AccountRegion,
        id: str,  # noqa: A002  the name of the attribute
        call: str,
        summary: str,
        parameters: Mapping[str, Any],
        **further: Unpack["Further"],
    ) -> "Action":
        """Return an action in a region of an account, by the role that reaches it."""
        return cls(
            id=id,
            summary=summary,
            call=call,
            region=place.region,
            role=place.role,
            parameters=parameters,
            **further,
        )


class Further(TypedDict, total=False):
    """What else an action may have: see `Action`."""

    permissions: tuple[str, ...]
    outputs: Mapping[str, str]
    after: tuple[str, ...]
    undo: Action | None
    settles: tuple[str, ...]
    adopt: str
    patience_s: float


class Plan(Struct, frozen=True, kw_only=True):
    """What a command is about to do, in order, and what the user should know before.

    ``checks`` are the IAM actions that are needed beside those of its actions, ``elsewhere`` those
    of each role of another account, and ``checked`` is what was looked at.
    """

    title: str
    actions: tuple[Action, ...]
    notes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    checked: CheckResult = CheckResult()

    @property
    def permissions(self) -> tuple[str, ...]:
        """Every IAM action that the caller needs, sorted."""
        roles = ("sts:AssumeRole",) if self.roles else ()
        return tuple(sorted({*self._needed(""), *self.checks, *roles}))

    @property
    def roles(self) -> dict[str, tuple[str, ...]]:
        """Every IAM action that a role of another account needs, by the role's ARN."""
        roles = dict.fromkeys(action.role for action in self.actions if action.role)
        return {role: tuple(sorted({*self._needed(role), *self.elsewhere})) for role in roles}

    def _needed(self, role: str) -> set[str]:
        own = (action.permissions for action in self.actions if action.role == role)
        return set().union(*own)


Results = Mapping[str, Mapping[str, Any]]
"""The outputs of the actions that are done, by action id."""


class Happened(Struct, frozen=True):
    """One event while a plan is carried out.

    The last one is that it has ``ended``, however it did; its action is the plan's last.
    """

    kind: Literal[
        "started", "progress", "done", "kept", "left alone", "failed", "undone", "left",
        "interrupted", "ended",
    ]  # fmt: skip
    action: Action
    text: str = ""


Tell = Callable[[Happened], None]


def silent(_: Happened) -> None:
    """Tell nobody."""


def resolve(value: Any, results: Results) -> Any:
    """Return parameters with every reference replaced by what it stands for, secrets as they are.

    A reference to a list (snapshot ids) that is an item of a list adds all its items.
    """
    return _replaced(
        value,
        lambda leaf: leaf.value if isinstance(leaf, Secret) else results[leaf.action][leaf.output],
    )


def id_within(part: str, action: str) -> str:
    """Return the id that an action of a part has in the whole plan."""
    return f"{part}/{action}" if part else action


def of_part(part: str, value: Any) -> Any:
    """Return parameters with every reference being to an action of one part of a plan."""
    if not part:
        return value

    def renamed(leaf: Ref | Secret) -> Ref | Secret:
        return Ref(id_within(part, leaf.action), leaf.output) if isinstance(leaf, Ref) else leaf

    return _replaced(value, renamed)


def of_this_part(part: str, by_action: Mapping[str, T]) -> dict[str, T]:
    """Return what there is by action of one part of a plan, by the ids that they have there."""
    prefix = id_within(part, "")
    return {
        action.removeprefix(prefix): each
        for action, each in by_action.items()
        if action.startswith(prefix)
    }


def shown(value: Any) -> Any:
    """Return parameters as they may be printed and journalled: no secret, references named."""
    return _replaced(value, str)


def _replaced(value: Any, replace: Callable[[Ref | Secret], Any]) -> Any:
    match value:
        case Ref() | Secret():
            return replace(value)
        case Mapping():
            return {key: _replaced(item, replace) for key, item in value.items()}
        case list() | tuple():
            items: list[Any] = []
            for item in value:
                new = _replaced(item, replace)
                items += new if isinstance(item, Ref) and isinstance(new, list | tuple) else [new]
            return items
    return value


def refers(value: Any) -> bool:
    """Tell whether parameters refer to outputs of other actions."""
    match value:
        case Mapping():
            return any(map(refers, value.values()))
        case list() | tuple():
            return any(map(refers, value))
    return isinstance(value, Ref)


def dig(answer: Any, place: str) -> Any:
    """Follow a dotted place through an answer: ``Instances.0.InstanceId``."""
    for part in place.split("."):
        answer = answer[int(part)] if part.isdigit() else answer[part]
    return answer
