"""The page of the documentation that tells what was measured last: `docs/speed.md`.

`bench.py --page` writes its table anew; numbers stand nowhere else in the documentation.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from table import HEADINGS, Table, cells, preamble

PAGE = Path(__file__).parents[1] / "docs" / "speed.md"
BEGIN, END = "<!-- measured: written by bench.py --page -->\n", "<!-- end -->"


def written(page: str, table: Table) -> str:
    """Return the text of the page with a table in place of the one that is there."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{markdown(table)}\n{END}{after}"


def markdown(table: Table) -> str:
    """Return the table as Markdown, section after section, with its machine."""
    lines = [f"{'; '.join(preamble(table))}."]
    for section in table.sections:
        headings = (section.title, *HEADINGS[1:])
        lines += ["", _line(headings), _line(["---"] * len(headings))]
        lines += [_line(cells(row)) for row in section.rows]
    return "\n".join([*lines, ""])


def names(page: str) -> Iterator[tuple[str, str]]:
    """Yield the sections and names of the rows that a page has."""
    section = ""
    lines = page.partition(BEGIN)[2].partition(END)[0].splitlines()
    for line, following in pairwise([*lines, ""]):
        first = line.strip("| ").partition(" | ")[0].strip()
        if following.startswith("| ---"):
            section = first
        elif line.startswith("| ") and not line.startswith("| ---"):
            yield section, first


def _line(columns: Sequence[str]) -> str:
    return f"| {' | '.join(columns)} |"
