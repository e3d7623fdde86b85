"""Tables at every width: an id is there as a whole or not at all, and the first one always is."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.report import layout, terminal

from .conftest import Terminal

WIDTHS = range(40, 201)
IDS = ("i-a67c0f946aa81027c", "ami-15c13da5a74ebe087", "ami-0123456789abcdef0")
SNAPSHOTS = "snap-0123456789abcdef0, snap-0f1e2d3c4b5a69788, snap-00112233445566778"
SPARE = ("snapshots", "created", "state")
COLUMNS = ("image", "state", "id", "created", "snapshots")
ROWS = [("web-base", "available", image, "2026-11-23 12:00:00", SNAPSHOTS) for image in IDS]


def drawn(width: int, monkeypatch: pytest.MonkeyPatch, *, wide: bool = False) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    out = Terminal()
    with terminal.wide_tables(wide=wide):
        terminal.table(COLUMNS, ROWS, sentences=("snapshots",), spare=SPARE, out=out)
    return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())


def test_no_word_is_broken_at_any_width(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {word for row in (COLUMNS, *ROWS) for cell in row for word in cell.split()}
    for width in WIDTHS:
        text = drawn(width, monkeypatch)
        assert all(image in text for image in IDS)
        assert set(text.split()) <= words
        assert max(map(len, text.splitlines())) <= width


def test_a_narrow_terminal_gets_fewer_columns_and_is_told_which_are_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {width: drawn(width, monkeypatch).splitlines()[0].split() for width in (40, 70, 120)}
    assert headers == {
        40: ["image", "id"],
        70: ["image", "state", "id", "created"],
        120: ["image", "state", "id", "created", "snapshots"],
    }
    assert "state, created, snapshots left out for want of room; --wide" in capsys.readouterr().err


def test_wide_shows_every_column_and_each_row_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawn(40, monkeypatch, wide=True)
    assert len(text.splitlines()) == 1 + len(ROWS)
    assert all(cell in text for row in ROWS for cell in row)


def test_a_pipe_has_a_line_for_each_row_whatever_is_in_it() -> None:
    out = io.StringIO()
    terminal.table(("id", "reason"), [("i-1", "one\ntwo\tthree " + "x" * 400)], out=out)
    assert out.getvalue() == f"id   reason\ni-1  one two three {'x' * 400}\n"


CELLS = st.lists(st.text(alphabet="ab 日", max_size=60), min_size=3, max_size=3)


@given(rows=st.lists(CELLS, max_size=5), width=st.integers(1, 120))
def test_whatever_is_in_a_table_words_stay_whole_and_lines_fit_if_they_can(
    rows: list[list[str]], width: int
) -> None:
    fitted = layout.fitted(("a", "b", "c"), rows, sentences=("c",), spare=("c", "b"), width=width)
    kept = [number for number, name in enumerate("abc") if name not in fitted.missing]
    words = [word for row in rows for number in kept for word in row[number].split()]
    shown = [word for line in fitted.lines[1:] for cell in line for word in cell.split()]
    assert sorted(words) == sorted(shown)
    least = max(layout.cells(row[0]) for row in [["a"], *rows])
    widest = max(layout.cells("".join(line)) for line in fitted.lines)
    assert widest <= max(width, least)
    if fitted.missing:
        everything = layout.fitted(("a", "b", "c"), rows, sentences=(), spare=(), width=None)
        assert max(layout.cells("".join(line)) for line in everything.lines) > width
