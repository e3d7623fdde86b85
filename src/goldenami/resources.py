"""Finds ``templates/``, ``packer/``, ``policies/`` and ``examples/``, in a checkout or a wheel."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from goldenami.errors import GoldenamiError

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = Path(__file__).parent
_PLACES = (_PACKAGE / "_resources", _PACKAGE.parents[1])  # an installed wheel, a checkout


def folder(name: str) -> Path:
    """Return the folder ``name`` (``templates``, ``packer``, ``policies`` or ``examples``).

    Raises:
        GoldenamiError: the installation lacks it.
    """
    for place in _PLACES:
        if (place / name).is_dir():
            return place / name
    raise GoldenamiError(
        f"this installation of goldenami has no {name}/ folder",
        fix="install it again, from its wheel or a checkout",
    )


@cache
def environment(
    templates: Path, printed: Callable[[object], str], *, blocks: bool = False
) -> Environment:
    """Return a Jinja environment in which a name that is not defined is an error.

    Args:
        templates: the folder of the templates.
        printed: how ``{{ … }}`` prints a value, so that none can end what it stands in.
        blocks: whether the lines of ``{% … %}`` leave nothing behind, and the last line its end.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def finalize(value: object) -> Markup:
        if isinstance(value, Markup):
            return value
        return Markup(printed(value))  # noqa: S704  # it is JSON or HCL, not HTML

    return Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=finalize,
        trim_blocks=blocks,
        lstrip_blocks=blocks,
        keep_trailing_newline=blocks,
    )
