"""Searches backwards from a role: who becomes it, and who becomes those, up to three hops.

Each level looks at those only who have not been found yet, so everybody has their shortest path.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Literal

from msgspec import Struct

from goldenami.errors import IncompleteError, PolicyError
from goldenami.iam.account import Account, Identity, Role, User
from goldenami.iam.evaluator.request import SERVICE_LINKED_PATH
from goldenami.iam.reach import ways
from goldenami.iam.reach.clauses import ReachCall
from goldenami.iam.reach.judge import Actor, ReachJudge, ReachRequest, context_of
from goldenami.iam.reach.trust import ASSUME, RoleTrust

HOPS = 3
_NAMED = 5
LIMIT = 200_000
"""How many decisions there may be: a few seconds."""

Kind = Literal["user", "group", "role", "service", "federated", "account", "anybody"]


class ReachStep(Struct, frozen=True):
    """To whom a path goes on, and by which calls: any one of them will do."""

    to: str
    ways: tuple[ReachCall, ...]

    def __str__(self) -> str:
        return f"{self.to} ({'; or '.join(map(str, self.ways))})"


class ReachPath(Struct, frozen=True, kw_only=True):
    """How somebody becomes the role, or changes what it may do.

    Args:
        kind: what they are.
        name: their name, without the kind; of others than users, groups and roles in words.
        steps: from them to the role.
        becomes: whether they become the role; otherwise they only change it, or pass it on.
    """

    kind: Kind
    name: str
    steps: tuple[ReachStep, ...]
    becomes: bool = True

    @property
    def start(self) -> str:
        """Who it is, as people say it."""
        return _some(self.kind, [self.name])

    @property
    def certain(self) -> bool:
        """Whether every step can be made by a call that depends on nothing."""
        return all(any(not way.depends for way in step.ways) for step in self.steps)

    def __str__(self) -> str:
        return " -> ".join([self.start, *map(str, self.steps)])


class Reach(Struct, frozen=True, kw_only=True):
    """Who can become a role.

    Args:
        role: its ARN.
        paths: everybody's shortest path, shorter ones first; those who only change it come last.
        notes: what could not be looked at.
        decisions: how many requests were decided.
    """

    role: str
    paths: tuple[ReachPath, ...] = ()
    notes: tuple[str, ...] = ()
    decisions: int = 0

    @property
    def become(self) -> tuple[ReachPath, ...]:
        """The paths of those who become the role."""
        return tuple(path for path in self.paths if path.becomes)

    @property
    def change(self) -> tuple[ReachPath, ...]:
        """The paths of those who only change it, or pass it on."""
        return tuple(path for path in self.paths if not path.becomes)


def reach(account: Account, role: str, *, assuming: bool = False, limit: int = LIMIT) -> Reach:
    """Return who can become a role, and who can change what it may do.

    Args:
        account: the account, as it is or will be.
        role: the role's ARN; the role need not exist.
        assuming: whether to look for those alone who become it by assuming roles as they are.
        limit: after how many decisions the search ends, and says so.
    """
    if role.split(":")[4] != account.id:
        note = f"the role {role} is of another account, which decides who can become it"
        return Reach(role=role, notes=(note,))
    search = _Search(account, limit, assuming=assuming)
    target = next((known for known in account.roles.values() if known.arn == role), None)
    if target is None:
        if not assuming:
            search.to_missing(role)
    else:
        search.to_role(target)
    return Reach(
        role=role,
        paths=tuple(search.paths()),
        notes=tuple(search.notes()),
        decisions=search.judge.decisions,
    )


def assumable(account: Account, holders: Iterable[Identity]) -> Iterator[Role]:
    """Yield the roles that any of several can assume; who cannot be judged counts as able to.

    Conditions that depend on how somebody asks are taken to hold.
    """
    judge, actors, unjudged = ReachJudge(account, sys.maxsize), list[Actor](), False
    for holder in holders:
        try:
            actors.append(Actor(account, holder))
        except (IncompleteError, PolicyError):
            unjudged = True
    for role in account.roles.values():
        request = ReachRequest(ASSUME, role.arn, context_of(account, role))
        try:
            trust = RoleTrust(role)
        except PolicyError:
            yield role
            continue
        if unjudged or any(judge.assumes(actor, trust, request) is not None for actor in actors):
            yield role


class _Search:
    """The account's principals, and how those who were found become the role."""

    def __init__(self, account: Account, limit: int, *, assuming: bool) -> None:
        self._account, self.judge, self._assuming = account, ReachJudge(account, limit), assuming
        self._unjudged: list[str] = []
        self._actors = list(self._everybody())
        self._found: dict[Actor, ReachPath] = {}
        self._outsiders: dict[str, ReachPath] = {}

    def to_missing(self, arn: str) -> None:
        """Search for who becomes a role by creating it."""
        name = f"role {arn.rpartition('/')[2]}, which does not exist"
        creators = self._meet(name, partial(ways.creating, self.judge, arn))
        self._walk(creators, HOPS - 1)

    def to_role(self, role: Role) -> None:
        """Search for who becomes a role, and then for who else changes it."""
        for target in [
            actor for actor in self._actors if actor.holder == role and not actor.raised
        ]:
            self._actors.remove(target)
            self._walk([target], HOPS)
            if self._assuming:
                return
            calls = partial(ways.changing, self.judge, target)
            changers = self._meet(target.name, calls, becomes=False)
            self._walk(changers, HOPS - 1, becomes=False)

    def paths(self) -> list[ReachPath]:
        """Return the paths, without those of users who only do what their groups do."""
        groups = {path.name: path.steps for path in self._found.values() if path.kind == "group"}

        def as_group(actor: Actor, path: ReachPath) -> bool:
            names = actor.holder.groups if isinstance(actor.holder, User) else ()
            return any(groups.get(name) == path.steps for name in names)

        paths = [
            path
            for actor, path in self._found.items()
            if not actor.raised and not as_group(actor, path)
        ]
        return sorted(
            [*paths, *self._outsiders.values()],
            key=lambda path: (not path.becomes, len(path.steps), path.kind, path.name),
        )

    def notes(self) -> Iterator[str]:
        """Say what was not looked at."""
        yield from self._unjudged
        if self.judge.exhausted:
            yield (
                f"only the first {self.judge.decisions:,} questions were decided: there may be "
                "further ways to become the pipeline role"
            )

    def _everybody(self) -> Iterator[Actor]:
        account = self._account
        roles = (role for role in account.roles.values() if SERVICE_LINKED_PATH not in role.arn)
        everybody: list[Identity] = [
            *account.groups.values(), *account.users.values(), *roles,
        ]  # fmt: skip
        for holder in everybody:
            try:
                actor = Actor(account, holder)
            except (IncompleteError, PolicyError) as error:
                name = f"{holder.kind} {holder.name}"
                self._unjudged.append(f"{name} could not be judged: {error.message}")
                continue
            yield actor
            if not self._assuming and ways.raising(self.judge, actor):
                yield Actor(account, holder, raised=True)

    def _walk(self, frontier: list[Actor], hops: int, *, becomes: bool = True) -> None:
        """Search for who becomes those who were reached."""
        for _ in range(hops):
            reached: list[Actor] = []
            for target in frontier:
                steps = self._found[target].steps if target in self._found else ()
                calls = partial(ways.becoming, self.judge, target)
                reached += self._meet(target.name, calls, steps, becomes=becomes)
                self._let_in(target, steps, becomes=becomes)
            frontier = reached

    def _meet(
        self,
        name: str,
        ways_of: Callable[[Actor], tuple[ReachCall, ...]],
        steps: tuple[ReachStep, ...] = (),
        *,
        becomes: bool = True,
    ) -> list[Actor]:
        """Return those who were not found yet and have a way to somebody."""
        reached = []
        for actor in self._actors:
            if actor not in self._found and (calls := self._counted(ways_of(actor))):
                path = (ReachStep(name, calls), *steps)
                self._found[actor] = ReachPath(
                    kind=actor.kind, name=actor.holder.name, steps=path, becomes=becomes
                )
                reached.append(actor)
        return reached

    def _counted(self, calls: tuple[ReachCall, ...]) -> tuple[ReachCall, ...]:
        if not self._assuming:
            return calls
        return tuple(call for call in calls if call.call == ASSUME)

    def _let_in(self, target: Actor, steps: tuple[ReachStep, ...], *, becomes: bool) -> None:
        """Keep who is let in from elsewhere."""
        for outsider in target.trust.outsiders if target.trust and not target.raised else ():
            path = (ReachStep(target.name, (outsider.way,)), *steps)
            self._outsiders.setdefault(
                outsider.name,
                ReachPath(kind=outsider.kind, name=outsider.name, steps=path, becomes=becomes),
            )


def lines(paths: Iterable[ReachPath]) -> tuple[str, ...]:
    """Return each way once, with everybody who goes it.

    Args:
        paths: in the order in which they are told.
    """
    together: dict[tuple[bool, tuple[ReachStep, ...]], list[ReachPath]] = {}
    for path in paths:
        together.setdefault((path.becomes, path.steps), []).append(path)
    return tuple(
        " -> ".join([_starts(group), *map(str, steps)]) for (_, steps), group in together.items()
    )


def _starts(paths: list[ReachPath]) -> str:
    kinds: dict[Kind, list[str]] = {}
    for path in paths:
        kinds.setdefault(path.kind, []).append(path.name)
    return ", ".join(_some(kind, names) for kind, names in kinds.items())


def _some(kind: Kind, names: list[str]) -> str:
    """Return those of one kind: ``users u0, u1 and 2 more``; who has no kind is named without."""
    kinds = f"{kind}{'s' * (len(names) > 1)} " if kind in ("user", "group", "role") else ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{kinds}{', '.join(names[:_NAMED])}{more}"
