"""What Packer says is wrong with a template, a problem a line: where it stands, and what it is."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

BLOCKS_SINCE: Final = {
    "packer": (1, 6, 5),
    "data": (1, 7, 0),
    "error-cleanup-provisioner": (1, 7, 0),
    "local": (1, 7, 0),
    "required_plugins": (1, 7, 0),
    "hcp_packer_registry": (1, 7, 7),
}
"""The Packer that a kind of block needs.

https://developer.hashicorp.com/packer/docs/templates/hcl_templates/blocks/packer tells of the
first two and the plugins, https://github.com/hashicorp/packer/blob/main/CHANGELOG.md of the others.
"""

_BEGINNING = re.compile(r"(?:\A|\n)\s*Error: ")
_PLACE = re.compile(r"\n +on (?P<file>\S.*?) line (?P<line>\d+)[^\n]*(?P<source>\n +[^\n]*)?")
_COUNT = re.compile(r"\d+ error(?:\(s\)|s)? occurred:[ \t]*")
_BULLET = re.compile(r"(?:\A|\n)\s*\* ")
_UNKNOWN_BLOCK = re.compile(r'Blocks of type "(?P<kind>[\w-]+)" are not expected here')


def problems(errors: Iterable[str], version: tuple[int, int, int]) -> tuple[str, ...]:
    """Return the problems in Packer's errors, each once and on a line, with its place if any.

    Args:
        errors: what Packer says; several errors may stand in a text.
        version: of this Packer. A kind of block that it is too old for is told so.
    """
    lines = (
        problem
        for text in errors
        for error in _BEGINNING.split(text)
        if error.strip()
        for problem in _several(error, version)
    )
    return tuple(dict.fromkeys(lines))


def too_old(lines: Iterable[str]) -> str:
    """Return the Packer that is needed, if a problem is that this one is too old; else nothing."""
    needed = [match[1] for line in lines if (match := re.search(_TOO_OLD, line))]
    return max(needed, key=lambda version: [*map(int, version.split("."))], default="")


_TOO_OLD = r"needs Packer (\d+\.\d+\.\d+) or newer"


def _several(error: str, version: tuple[int, int, int]) -> Iterator[str]:
    place = _PLACE.search(error)
    where = f"{place['file']}:{place['line']}: " if place else ""
    text = _COUNT.sub("", _PLACE.sub("", error)).strip()
    block = _UNKNOWN_BLOCK.search(text)
    since = BLOCKS_SINCE.get(block["kind"], version) if block else version
    if block and since > version:
        yield f"{where}a block `{block['kind']}` needs Packer {_dotted(since)} or newer"
        return
    title, *bullets = _BULLET.split(text) if _BULLET.search(text) else (text,)
    if not bullets:
        yield where + _line(title)
    for bullet in bullets:
        yield where + " ".join(filter(None, (_line(title), _line(bullet))))


def _line(text: str) -> str:
    """Return a paragraph or several as one line: the first is a headline."""
    headline, *rest = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))
    return ": ".join(filter(None, (headline, " ".join(rest))))


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
