"""Statements in two readings: as they stand, and as somebody meets them who chooses how they ask.

Whoever wants to become a role brings MFA, an external id or an address along, if that helps them.
So a condition that only the request decides is *open*: in the lenient reading it holds in an Allow,
and a Deny with one does not apply. What both readings allow is certain; what only the lenient one
allows is possible, and is told with what it depends on.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from goldenami import jsonfile
from goldenami.errors import PolicyError
from goldenami.iam.account import ADMINISTRATOR, NamedDocument
from goldenami.iam.evaluator.document import VERSIONS, Policy, Statement, compile_policy

Decided = Callable[[str], bool]
"""Whether the value of a condition key (in lower case) does not depend on how somebody asks."""

_NOT_TOLD = "sts:externalid"
_SHOWN = 3
_ANYWHERE = {"Resource": "*", "NotResource": None}


class ReachCall(Struct, frozen=True):
    """A call by which somebody becomes another, and on what it depends, if it is not certain."""

    call: str
    depends: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.call} {', '.join(self.depends)}".rstrip()


class Clause(Struct, frozen=True, eq=False, dict=True):
    """One statement of a document, as it is written.

    Args:
        policy: the document's name.
        name: its Sid, or its place (``#2``).
        raw: the statement.
        version: the document's version.
        principals: of one of a trust policy whom it is about: type (``AWS``) and name.
    """

    policy: str
    name: str
    raw: Mapping[str, Any]
    version: str
    principals: frozenset[tuple[str, str]] = frozenset()

    @property
    def allows(self) -> bool:
        """Whether it allows."""
        return self.raw.get("Effect") == "Allow"

    def about(self, action: str) -> bool:
        """Tell whether it is about an action; if that cannot be read, it may be."""
        return self._any is None or self._any.action(action.lower())

    @cached_property
    def _any(self) -> Statement | None:
        return self.compiled(**_ANYWHERE, Condition=None)

    @property
    def unreadable(self) -> Statement:
        """What stands for it where it cannot be decided: it is of everything."""
        (everything,) = ADMINISTRATOR.compiled.statements
        return replace(everything, name=self.name, allows=self.allows)

    def compiled(self, **changes: Any) -> Statement | None:
        """Compile it with other elements; None if it has what the evaluator does not know.

        Args:
            changes: elements in the place of its own; None leaves one out.
        """
        raw = {key: value for key, value in {**self.raw, **changes}.items() if value is not None}
        document = {"Version": self.version, "Statement": [raw]}
        try:
            (statement,) = compile_policy(self.policy, document).statements
        except PolicyError:
            return None
        return replace(statement, name=self.name)


class Reading(Struct, frozen=True):
    """What a document says about an action.

    Args:
        strict: as it stands, of a request without any key that is open.
        lenient: as somebody meets it who asks as it suits them.
        depends: on what the statements depend, by the names of policy and statement.
    """

    strict: Policy
    lenient: Policy
    depends: Mapping[tuple[str, str], tuple[str, ...]]


@lru_cache(maxsize=8192)
def clauses_of(document: NamedDocument) -> tuple[Clause, ...]:
    """Return a document's statements.

    Raises:
        PolicyError: it is no policy document.
    """
    try:
        parsed = jsonfile.parse(document.text)
    except ValueError as error:
        raise PolicyError(f"policy {document.name}: no JSON: {error}") from error
    if not isinstance(parsed, Mapping):
        raise PolicyError(f"policy {document.name}: it has to be an object")
    return clauses_in(document.name, parsed)


def clauses_in(name: str, document: Mapping[str, Any]) -> tuple[Clause, ...]:
    """Return the statements of a document that is given as an object.

    Raises:
        PolicyError: a statement is no object.
    """
    statements = document.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    if not all(isinstance(raw, Mapping) for raw in statements):
        raise PolicyError(f"policy {name}: a statement has to be an object")
    version = document.get("Version", VERSIONS[1])
    return tuple(
        Clause(name, raw.get("Sid") or f"#{place}", raw, version)
        for place, raw in enumerate(statements, start=1)
    )


def read(name: str, clauses: Iterable[Clause], decided: Decided, *, anywhere: bool) -> Reading:
    """Read statements that are about an action both ways.

    Args:
        name: of their document.
        clauses: the statements.
        decided: which condition keys are not open.
        anywhere: whether any resource will do; each Allow then holds for some, and a Deny counts
            only if it is of all.
    """
    strict: list[Statement] = []
    lenient: list[Statement] = []
    depends: dict[tuple[str, str], tuple[str, ...]] = {}
    for clause in clauses:
        if anywhere and not clause.allows and clause.raw.get("Resource") not in ("*", ["*"]):
            continue
        resources = _ANYWHERE if anywhere else {}
        whole = clause.compiled(**resources)
        kept, opened = _split(clause, decided)
        if whole is None:
            opened.append(f"({clause.name} of {clause.policy} cannot be decided)")
        if whole or not clause.allows:
            strict.append(whole or clause.unreadable)
        if clause.allows:
            readable = (clause.compiled(**resources, Condition=tested) for tested in (kept, None))
            lenient.append(next(filter(None, readable), clause.unreadable))
        elif whole and not opened:
            lenient.append(whole)
        if opened:
            depends[name, clause.name] = tuple(opened)
    return Reading(Policy(name, strict), Policy(name, lenient), depends)


def _split(clause: Clause, decided: Decided) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the conditions that are decided, None without any; and the open ones as texts."""
    word = "if" if clause.allows else "unless"
    kept: dict[str, dict[str, Any]] = {}
    opened: list[str] = []
    for operator, tests in _pairs(clause.raw.get("Condition")):
        for key, values in _pairs(tests):
            if decided(key.lower()):
                kept.setdefault(operator, {})[key] = values
            else:
                opened.append(f"{word} {_text(operator, key, values)}")
    return kept or None, opened


def _pairs(value: object) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, Mapping) else ()


def _text(operator: str, key: str, values: object) -> str:
    if key.lower() == _NOT_TOLD:
        return key
    listed = values if isinstance(values, list) else [values]
    more = ", …" if len(listed) > _SHOWN else ""
    return f"{key} {operator} {', '.join(map(str, listed[:_SHOWN]))}{more}"
