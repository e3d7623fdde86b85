"""What people read: nothing from AWS can colour it, move the cursor, or be taken for markup."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.errors import GoldenamiError
from goldenami.report.terminal import clean, console, say, show_error, table, watched

STYLED = ["high", "medium", "low", "approved", "available", "deprecated", "disabled", "failed"]


def drawn(out: io.StringIO) -> str:
    table(("severity", "n"), [(word, number) for number, word in enumerate(STYLED)], out=out)
    return out.getvalue()


def test_a_terminal_gets_colour(terminal: io.StringIO) -> None:
    assert "\x1b[31mhigh" in drawn(terminal)


def test_a_pipe_gets_no_escape_codes() -> None:
    assert "\x1b" not in drawn(io.StringIO())


def test_no_color_means_no_escape_codes_at_all(
    terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in drawn(terminal)


def test_an_empty_no_color_asks_for_nothing(
    terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    assert "\x1b[31mhigh" in drawn(terminal)


def test_a_table_has_its_columns_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    table(("id", "region"), [("ami-1", "us-east-1"), (17, "eu")])
    out, err = capsys.readouterr()
    assert [line.rstrip() for line in out.splitlines()] == [
        "id     region",
        "ami-1  us-east-1",
        "17     eu",
    ]
    assert err == ""


@pytest.mark.parametrize(("to", "seconds"), [("a pipe", 300), ("a terminal", 0)])
def test_no_cell_is_cut_off(to: str, seconds: int, terminal: io.StringIO) -> None:
    out = terminal if to == "a terminal" else io.StringIO()
    table(("first", "second"), [("x" * 300, "y" * 300)], out=out)
    assert (out.getvalue().count("x"), out.getvalue().count("y")) == (300, seconds)


def test_cells_are_never_markup(capsys: pytest.CaptureFixture[str]) -> None:
    table(("name",), [("[red]a[/] :key:",)])
    assert "[red]a[/] :key:" in capsys.readouterr().out


def test_lines_are_never_markup_nor_broken(capsys: pytest.CaptureFixture[str]) -> None:
    console().print(f"[red]a[/] :key: {'x' * 300}")
    assert capsys.readouterr().out == f"[red]a[/] :key: {'x' * 300}\n"


def test_what_is_said_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    say("[bold]one\x1b[31m", "red")
    assert capsys.readouterr() == ("", "[bold]one�[31m\n")


def test_control_characters_in_a_cell_are_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    table(("name",), [("a\x1b]0;title\x07\r",)])
    assert "a�]0;title��" in capsys.readouterr().out


ERRORS: dict[str, tuple[GoldenamiError, str]] = {
    "the message": (GoldenamiError("it broke"), "goldenami: it broke\n"),
    "the message, the notes and the fix": (
        GoldenamiError("it broke", notes=["here", "there"], fix="mend it"),
        "goldenami: it broke\n  - here\n  - there\n  fix: mend it\n",
    ),
    "an error of AWS without its escape codes": (
        GoldenamiError("no \x1b[2J", notes=["\x07"], fix="\x9b"),
        "goldenami: no �[2J\n  - �\n  fix: �\n",
    ),
}


@pytest.mark.parametrize(("error", "text"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_shows(
    error: GoldenamiError, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show_error(error)
    assert capsys.readouterr() == ("", text)


@given(st.text())
def test_what_is_clean_can_be_printed_and_is_as_long(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert cleaned.replace("\n", "").replace("\t", "").isprintable()


@pytest.mark.parametrize("text", ["web-1.0", "Größe 日本", "two\nlines", "a\ttab", ""])
def test_ordinary_text_is_clean(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("character", ["\x1b", "\x07", "\r", "\x00", "\x9b", "\u202e", "\u2028"])
def test_what_could_harm_a_terminal_or_its_reader_is_replaced(character: str) -> None:
    assert clean(f"a{character}b") == "a�b"


def test_how_far_something_is_shows_in_a_terminal_and_goes_again(
    terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", terminal)
    with watched(lambda: "3 of 17\x1b[31m"):
        pass
    assert "3 of 17\N{REPLACEMENT CHARACTER}[31m" in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[2K")


def test_how_far_something_is_says_nothing_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with watched(lambda: "3 of 17"):
        pass
    assert capsys.readouterr() == ("", "")
