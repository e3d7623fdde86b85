"""The variable file that a Packer template is run with: what goldenami sets, what the user sets.

Values reach a template by this JSON file only, so no value can close a string or open a block. One
way is left: Packer evaluates ``{{ … }}`` in most settings, even in a variable's value, where it can
read the environment, and as many times as each setting likes, so that nothing can be escaped for
good. Values with ``{{`` are refused; commands and user data, where it is common, are files, which
Packer leaves as they are.
"""

import json
from collections.abc import Iterator, Mapping, Set
from typing import Any

from msgspec import Struct

from goldenami.bake.packer_template import Template
from goldenami.domain.packer_variables import NEEDS, Need
from goldenami.errors import SpecError

_MARK = "{{"


class Variables(Struct, frozen=True, kw_only=True):
    """What a template is to get, beside what it declares.

    Args:
        declared: the variables that it declares; Packer warns of or refuses others.
        values: what goldenami sets, by its own names.
        names: what the template calls them, where it is another name; empty where it is not to
            have a value.
        own: what the user sets, as it is: ``{{ … }}`` is the user's to use.
    """

    declared: Set[str]
    values: Mapping[str, Any]
    names: Mapping[str, str] = {}
    own: Mapping[str, Any] = {}

    def _theirs(self, ours: str) -> str:
        return self.names.get(ours, ours)

    @property
    def _set(self) -> dict[str, Any]:
        """What goldenami sets, by the template's names."""
        theirs = {self._theirs(ours): value for ours, value in self.values.items()}
        return {name: value for name, value in theirs.items() if name in self.declared}

    def _undeclared(self, *needs: Need) -> Iterator[tuple[str, Any]]:
        """Yield goldenami's values of these needs that the template declares no variable for."""
        for ours, need in NEEDS.items():
            value = self.values.get(ours)
            lacks = self._theirs(ours) not in self.declared
            if need in needs and lacks and (value or need is Need.ALWAYS):
                yield ours, value

    @property
    def notes(self) -> tuple[str, ...]:
        """What the template decides instead of the release file."""
        return tuple(
            f"{ours} is up to the template, which declares no variable for it; the release says "
            f"{_shown(value)}"
            for ours, value in self._undeclared(Need.TELL)
        )

    def text(self, template: Template) -> str:
        """Return the file's content.

        Raises:
            SpecError: with every problem of the values.
        """
        handed = {**self._set, **self.own}
        problems = list(self._problems())
        if template.is_legacy:
            strings = {name: _as_string(value) for name, value in handed.items()}
            problems += (
                f"{name!r} is made of objects, and a legacy template's variables are strings: "
                "`packer hcl2_upgrade` makes an HCL template of it"
                for name, string in strings.items()
                if string is None and not self._is_optional(name)
            )
            handed = {name: string for name, string in strings.items() if string is not None}
        if problems:
            raise SpecError(
                f"Packer template {template.name} cannot be used as it is",
                fix="correct the template, or the release file's `bake.vars` and `bake.names`",
                notes=problems,
            )
        return json.dumps(handed, indent=2)

    def _problems(self) -> Iterator[str]:
        for ours, _ in self._undeclared(Need.ALWAYS, Need.IF_SET):
            yield (
                f"the template declares no variable {_named(self.names, ours)}; if it calls it "
                f"otherwise: `bake: {{names: {{{ours}: its_name}}}}`"
            )
        for ours, theirs in self.names.items():
            if theirs and theirs not in self.declared and NEEDS[ours] in (Need.TELL, Need.NEVER):
                yield f"the template declares no variable {theirs!r} (`bake.names.{ours}`)"
        for name in self.own:
            if name in map(self._theirs, self.values):
                yield f"{name!r} is set by goldenami itself"
            elif name not in self.declared:
                yield f"the template declares no variable {name!r}"
        for name, value in self._set.items():
            if _MARK in json.dumps(value):
                yield f"{name!r} contains {_MARK}, which Packer would evaluate"

    def _is_optional(self, name: str) -> bool:
        return name not in self.own and any(
            NEEDS.get(ours) is Need.NEVER and self._theirs(ours) == name for ours in self.values
        )


def _named(names: Mapping[str, str], ours: str) -> str:
    theirs = names.get(ours, ours)
    return repr(theirs or ours) + (f" (`bake.names.{ours}`)" if ours in names else "")


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _as_string(value: Any) -> str | None:
    """Return a value as a legacy template takes it; None if it cannot.

    Packer makes a list of a text with commas where a setting is a list of texts.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, list | dict):
        return json.dumps(value)
    if isinstance(value, dict) or any(isinstance(item, list | dict) for item in value):
        return None if value else ""
    return ",".join(item if isinstance(item, str) else json.dumps(item) for item in value)
