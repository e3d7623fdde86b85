"""Proof cases: YAML files under ``policies/cases``, and those that a user adds.

A file has ``cases``, and what they are about: images, snapshots, instances and so on.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field

from goldenami import resources, yamlfile
from goldenami.errors import RefusedError, SpecError
from goldenami.iam.profiles import Promise

Topic = Promise | Literal["walk-around"]
"""What a case is about: a promise that a profile makes, or a way around that none closes."""


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a file of cases; a misspelt key is an error."""


class Image(_Part, frozen=True):
    """An image. ``owner`` is an account, ``amazon``, ``self``, or ``golden``: a golden account.

    ``approval`` is the value of its approval tag; ``approved`` is the one that approves.
    """

    owner: str = "self"
    public: bool = False
    approval: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    snapshot: str = "snap-own"


class Snapshot(_Part, frozen=True):
    """A snapshot."""

    owner: str = "self"
    approval: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


class Tagged(_Part, frozen=True):
    """An instance or a volume."""

    tags: dict[str, str] = field(default_factory=dict)


class Role(_Part, frozen=True):
    """A role. ``boundary`` is the ARN of its permissions boundary."""

    boundary: str = ""


class Case(_Part, frozen=True):
    """One call, and how it should be decided.

    Args:
        name: a sentence that says what is tried.
        topic: what it is about.
        expect: how it should be decided.
        call: ``service:Operation``.
        parameters: in boto3's names; ``<golden>`` and the like are filled in.
        actor: who tries it (``as`` in the file).
        each_golden: whether it is tried with every golden image of every region.
        why: shown if it is not as expected.
    """

    name: str
    topic: Topic
    expect: Literal["allowed", "denied"]
    call: str
    parameters: dict[str, Any] = field(default_factory=dict)
    actor: Literal["member", "pipeline"] = field(name="as", default="member")
    each_golden: bool = False
    why: str = ""


class Cases(_Part, frozen=True):
    """All cases, and what they are about."""

    cases: tuple[Case, ...] = ()
    images: dict[str, Image] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    instances: dict[str, Tagged] = field(default_factory=dict)
    volumes: dict[str, Tagged] = field(default_factory=dict)
    launch_templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)


def load(added: Iterable[Path] = ()) -> Cases:
    """Return goldenami's cases, and those of further files or folders.

    Raises:
        SpecError: a file is no file of cases, or says something twice.
        RefusedError: there is no case, so nothing would be proved.
    """
    paths = [path for one in (resources.folder("policies") / "cases", *added) for path in _in(one)]
    files = {path: yamlfile.load(path, Cases)[0] for path in paths}
    everything = Cases(
        cases=tuple(case for file in files.values() for case in file.cases),
        **{kind: _together(files, kind) for kind in Cases.__struct_fields__ if kind != "cases"},
    )
    names = [case.name for case in everything.cases]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SpecError(f"two cases are named `{min(twice)}`", fix="give each a name of its own")
    if not names:
        raise RefusedError("there is no proof case, so nothing would be proved")
    return everything


def _in(path: Path) -> list[Path]:
    return sorted(path.glob("*.yaml")) if path.is_dir() else [path]


def _together(files: Mapping[Path, Cases], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, file in files.items():
        for name, one in getattr(file, kind).items():
            if name in found:
                raise SpecError(
                    f"{path}: {kind}.{name} is described twice", fix="take another name"
                )
            found[name] = one
    return found
