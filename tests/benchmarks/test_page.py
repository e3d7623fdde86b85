"""The documentation tells what was measured last: the rows of the benchmarks, all of them."""

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import page
import pytest
from bench import SECTIONS
from table import Held, Machine, Row, Section, Table

MACHINE = Machine(
    at="2026-11-26 12:00 UTC",
    load=0.25,
    processor="One",
    cores=2,
    memory_gb=16,
    system="Linux",
    versions={},
)


def patterns(module: str) -> Iterator[str]:
    """Yield what the names of a module's rows look like."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    for node in ast.walk(ast.parse(Path(spec.origin).read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Row":
            name = node.args[0]
            parts = name.values if isinstance(name, ast.JoinedStr) else [name]
            yield "".join(
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"
                for part in parts
            )


@pytest.mark.parametrize("module", SECTIONS)
def test_the_page_has_the_rows_of_each_section(module: str) -> None:
    names = [
        name for section, name in page.names(page.PAGE.read_text()) if section == SECTIONS[module]
    ]
    several = list(patterns(module))
    assert several
    assert ".+" not in several  # a name has words that tell it from others
    assert [one for one in several if not any(re.fullmatch(one, name) for name in names)] == []
    assert [name for name in names if not any(re.fullmatch(one, name) for one in several)] == []


def test_the_page_has_no_other_sections() -> None:
    sections = [section for section, _ in page.names(page.PAGE.read_text())]
    assert list(dict.fromkeys(sections)) == list(SECTIONS.values())


def test_the_table_takes_the_place_of_the_one_before() -> None:
    few, many = (
        Table(MACHINE, (Section("Audit", (Row(name, 2, "s", Held.FASTER, 12, 30, "peer"),)),))
        for name in ("few", "many")
    )
    text = page.written(f"# Title\n\n{page.BEGIN}{page.END}\nafter\n", few)
    assert "| few | 2 s | 30 s peer | 15 x | 12 x faster | yes |" in text
    again = page.written(text, many)
    assert again == text.replace("few", "many")
    assert list(page.names(again)) == [("Audit", "many")]
    assert again.startswith("# Title\n")
    assert again.endswith("\nafter\n")
