"""Proof cases: YAML files under ``policies/cases``, and those that a user adds.

A file has ``cases``, and what they are about: images, snapshots, instances and so on. A case may
stand for several: ``ways`` has a call for each label, which takes the place of ``<way>`` in the
case's name. ``each`` has lists of labels and values: in the name stands the label, in the call and
its parameters the value. A case is made of every combination.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal, Self

from msgspec import Struct, field, structs

from goldenami import resources, yamlfile
from goldenami.errors import RefusedError, SpecError
from goldenami.iam.profiles import Promise

PLACEHOLDER = re.compile(r"<(\w+)>")
"""A name that something else takes the place of."""

Topic = Promise | Literal["walk-around"]
"""What a case is about: a promise that a profile makes, or a way around that none closes."""


class _CasePart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a file of cases; a misspelt key is an error."""


class CaseVolume(_CasePart, frozen=True):
    """A volume.

    ``approval`` is the value of its approval tag; ``approved`` is the one that approves.
    """

    approval: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


class CaseSnapshot(CaseVolume, frozen=True):
    """A snapshot. ``owner`` is an account, ``amazon``, ``self``, or ``golden`` for a golden one."""

    owner: str = "self"


class CaseImage(CaseSnapshot, frozen=True):
    """An image, and its snapshot."""

    public: bool = False
    snapshot: str = "snap-own"


class CaseInstance(_CasePart, frozen=True):
    """An instance, and its volumes by name."""

    tags: dict[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()


class CasePrincipal(_CasePart, frozen=True):
    """A user or a role. ``boundary`` is the ARN of its permissions boundary."""

    boundary: str = ""


class CaseCall(_CasePart, frozen=True):
    """One of the calls of a case."""

    call: str
    parameters: dict[str, Any] = field(default_factory=dict)


class Case(_CasePart, frozen=True):
    """One call, and how it should be decided; in a file it may be several.

    Args:
        name: a sentence that says what is tried.
        topic: what it is about.
        expect: how it should be decided.
        call: ``service:Operation``.
        parameters: in boto3's names; ``<golden>`` and the like are filled in.
        actor: who tries it (``as`` in the file).
        each_golden: whether it is tried with every golden image of every region.
        why: shown if it is not as expected.
        open: the way around, as profiles name it, that it goes where no profile promises more.
        ways: calls, by what stands for ``<way>`` in the name.
        each: labels and values, by what stands for them.
    """

    name: str
    topic: Topic
    expect: Literal["allowed", "denied"]
    call: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    actor: Literal["member", "pipeline"] = field(name="as", default="member")
    each_golden: bool = False
    why: str = ""
    open: str = ""
    ways: dict[str, CaseCall] = field(default_factory=dict)
    each: dict[str, dict[str, Any]] = field(default_factory=dict)

    def expanded(self) -> Iterator[Self]:
        """Yield the cases that it stands for, each of one call."""
        ways = self.ways or {"": CaseCall(self.call, self.parameters)}
        for label, way in ways.items():
            for choices in product(*(each.items() for each in self.each.values())):
                chosen = dict(zip(self.each, choices, strict=True))
                labels = {"way": label} | {name: choice[0] for name, choice in chosen.items()}
                values = {name: choice[1] for name, choice in chosen.items()}
                yield structs.replace(
                    self,
                    name=_named(self.name, labels),
                    call=_filled(way.call, values),
                    parameters=_filled(way.parameters, values),
                    ways={},
                    each={},
                )


class Cases(_CasePart, frozen=True):
    """All cases, and what they are about."""

    cases: tuple[Case, ...] = ()
    images: dict[str, CaseImage] = field(default_factory=dict)
    snapshots: dict[str, CaseSnapshot] = field(default_factory=dict)
    instances: dict[str, CaseInstance] = field(default_factory=dict)
    volumes: dict[str, CaseVolume] = field(default_factory=dict)
    launch_templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    organization_policies: dict[str, str] = field(default_factory=dict)
    roles: dict[str, CasePrincipal] = field(default_factory=dict)
    users: dict[str, CasePrincipal] = field(default_factory=dict)


def load(added: Collection[Path] = ()) -> Cases:
    """Return goldenami's cases, and those of further files or folders.

    Raises:
        SpecError: a file is no file of cases, or says something twice.
        RefusedError: there is no case, so nothing would be proved.
    """
    own = resources.folder("policies") / "cases"
    return _read((own, *added)) if added else _own(own)


@cache
def _own(folder: Path) -> Cases:
    """Return goldenami's cases, which are what they are as long as it runs."""
    return _read((folder,))


def _read(places: Iterable[Path]) -> Cases:
    files = {path: yamlfile.load(path, Cases) for place in places for path in _files(place)}
    everything = Cases(
        cases=tuple(
            case for file in files.values() for written in file.cases for case in written.expanded()
        ),
        **{kind: _together(files, kind) for kind in Cases.__struct_fields__ if kind != "cases"},
    )
    names = Counter(case.name for case in everything.cases)
    if twice := [name for name, times in names.items() if times > 1]:
        raise SpecError(f"two cases are named `{min(twice)}`", fix="give each a name of its own")
    if without := [case.name for case in everything.cases if not case.call]:
        raise SpecError(f"case `{without[0]}` has no call", fix="give it a `call`, or `ways`")
    if not names:
        raise RefusedError("there is no proof case, so nothing would be proved")
    return everything


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.yaml")) if path.is_dir() else [path]


def _together(files: Mapping[Path, Cases], kind: str) -> dict[str, Any]:
    described: dict[str, Any] = {}
    for path, file in files.items():
        for name, thing in getattr(file, kind).items():
            if name in described:
                raise SpecError(
                    f"{path}: {kind}.{name} is described twice", fix="take another name"
                )
            described[name] = thing
    return described


def _named(text: str, labels: Mapping[str, str]) -> str:
    """Return a name with every label filled in."""
    return PLACEHOLDER.sub(lambda name: labels.get(name[1], name[0]), text)


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    """Return parameters with every value filled in; what is no text stands alone in its place."""

    def fill(text: str) -> Any:
        alone = PLACEHOLDER.fullmatch(text)
        if alone and alone[1] in values:
            return values[alone[1]]
        return PLACEHOLDER.sub(lambda name: str(values.get(name[1], name[0])), text)

    return with_texts(value, fill)


def with_texts(value: Any, change: Callable[[str], Any]) -> Any:
    """Return parameters with every text in them changed, however deep, and every key."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(key): with_texts(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_texts(inner, change) for inner in value]
    return value
