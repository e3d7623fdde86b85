"""Lines that are the same but for a region, which a reader wants once."""

import re
from collections.abc import Iterable

FEW = 3
"""How many regions have a line each; more of them share one."""
_REGION = re.compile(r"(?<![\w/-])[a-z]{2}(?:-[a-z]+){1,3}-\d+(?![\w-])")
_HERE = "\0"


def together(lines: Iterable[str]) -> list[str]:
    """Return lines without repetitions, those of many regions as one where the first of them is.

    What names several regions is a line of its own.
    """
    shapes = {line: _shape(line) for line in lines}
    regions = dict[str, list[str]]()
    for shape, region in shapes.values():
        regions.setdefault(shape, []).append(region)
    merged = dict[str, None]()
    for line, (shape, _) in shapes.items():
        several = regions[shape]
        merged[_merged(shape, several) if len(several) > FEW else line] = None
    return [*merged]


def _shape(line: str) -> tuple[str, str]:
    """Return a line without its region, and that; the line itself if it is not one region's."""
    named = set(_REGION.findall(line))
    if len(named) != 1:
        return line, ""
    return _REGION.sub(_HERE, line), named.pop()


def _merged(shape: str, regions: list[str]) -> str:
    return shape.replace(_HERE, ", ".join(regions), 1).replace(_HERE, "each")
