"""The exception tree: what users see of an error, and the exit code it ends in."""

import re

import pytest

from goldenami import errors
from goldenami.errors import AwsError, GoldenamiError, SpecError, UsageError

_LINE = re.compile(r"(?P<name>\w+Error)\s+(?P<code>\d+)  ")


def tree(of: type[GoldenamiError]) -> list[type[GoldenamiError]]:
    return [of, *(one for below in of.__subclasses__() for one in tree(below))]


def test_the_drawn_tree_is_the_tree() -> None:
    drawn = {one["name"]: int(one["code"]) for one in _LINE.finditer(errors.__doc__ or "")}
    assert drawn == {one.__name__: one.exit_code for one in tree(GoldenamiError)}


def test_a_wrong_file_is_a_usage_error() -> None:
    assert issubclass(SpecError, UsageError)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (GoldenamiError("it broke"), "it broke"),
        (GoldenamiError("it broke", fix="mend it"), "it broke\nFix: mend it"),
        (
            GoldenamiError("it broke", fix="mend it", notes=["here", "there"]),
            "it broke\n  - here\n  - there\nFix: mend it",
        ),
    ],
    ids=["the message alone", "with what to do", "with every problem on a line of its own"],
)
def test_an_error_reads_as(error: GoldenamiError, text: str) -> None:
    assert str(error) == text


CUT = {
    "a plain sentence": ("it is AWS's, and the user's", "it is AWS's, and the user's"),
    "a quotation that may be whole": (f"`{'x' * 160}`", f"`{'x' * 160}`"),
    "a quotation": (f"`{'x' * 161}` is none", f"`{'x' * 100}…{'x' * 40}` is none"),
    "a quotation of msgspec's": (
        f"of '{'x y' * 90}'",
        f"of '{('x y' * 90)[:100]}…{('x y' * 90)[-40:]}'",
    ),
    "a long text": ("a" * 900 + "b" * 900, "a" * 800 + " … " + "b" * 400),
}


@pytest.mark.parametrize("kind", CUT)
def test_what_is_quoted_of_a_file_is_cut(kind: str) -> None:
    text, said = CUT[kind]
    error = SpecError(text, fix=text, notes=[text])
    assert (error.message, error.fix, error.notes) == (said, said, (said,))


def test_notes_of_any_iterable_are_kept() -> None:
    assert GoldenamiError("x", notes=(str(n) for n in range(2))).notes == ("0", "1")


def test_an_aws_error_carries_the_code_of_aws() -> None:
    error = AwsError("refused", code="UnauthorizedOperation", notes=["a"], fix="ask")
    assert (error.code, error.notes, error.fix) == ("UnauthorizedOperation", ("a",), "ask")


def test_an_aws_error_without_an_answer_has_no_code() -> None:
    assert AwsError("no connection").code == ""
