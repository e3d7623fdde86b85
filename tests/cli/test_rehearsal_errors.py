"""What fails in a rehearsal never names a command: it would be for the real account."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from tests.unmeasured import nothing_measured

import goldenami
from goldenami.cli.rehearsal_errors import fix, rehearsed
from goldenami.errors import AwsError, BakeError, GoldenamiError, InterruptedRunError

COMMAND = re.compile(r"goldenami [a-z]|aws [a-z]+|--[a-z]|same command|pip install|packer [a-z]+ ")
SOURCE = Path(goldenami.__file__).parent


@cache
@nothing_measured()
def fixes() -> frozenset[str]:
    """Every fix that an error of the product gets, with words in the place of its values."""
    return frozenset(
        {
            _text(keyword.value)
            for path in SOURCE.rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg == "fix"
        }
    )


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _VALUES.get(ast.unparse(node.value), "value")
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return "goldenami bake release.yaml --resume 20260101T000000Z-000000"  # the worst it can be


_VALUES = {"prepared.resume": "goldenami bake release.yaml --resume 20260101T000000Z-000000"}


def test_no_fix_of_a_rehearsal_names_a_command() -> None:
    told = {text: fix(text) for text in fixes()}
    assert len(told) > 200
    assert not {text: other for text, other in told.items() if COMMAND.search(other)}
    assert all(other.endswith("run the rehearsal again") for other in told.values())


def test_a_reason_in_a_list_stays_whatever_its_fix_is() -> None:
    for text in fixes():
        error = BakeError("it cannot start", notes=[BakeError("no such thing", fix=text).with_fix])
        with pytest.raises(BakeError), rehearsed():
            raise error
        (note,) = error.notes
        assert note.startswith("no such thing"), text
        assert not COMMAND.search(note), note


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("no scan: enable it with `aws inspector2 enable`, or leave the scan out",
         ("no scan: enable it with …, or leave the scan out",)),
        ("name `base.subnet`", ("name `base.subnet`",)),
        ("`goldenami sweep --build B` removes what it has left", ()),
        ("left for resuming: i-0123456789abcdef0", ()),
        ("go on with goldenami bake r.yaml", ()),
    ],
)  # fmt: skip
def test_of_a_note_the_command_goes_and_the_reason_stays(
    before: str, after: tuple[str, ...]
) -> None:
    error = BakeError("it cannot start", notes=[before])
    with pytest.raises(BakeError), rehearsed():
        raise error
    assert error.notes == after


def test_there_are_fixes_with_commands_to_try() -> None:
    assert sum(bool(COMMAND.search(text)) for text in fixes()) > 40


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "mend the cause; run the rehearsal again"),
        ("run goldenami bake r.yaml --resume B", "mend the cause; run the rehearsal again"),
        (
            "choose another zone; then go on with goldenami bake r.yaml --resume B",
            "choose another zone; run the rehearsal again",
        ),
        ("give a `kms_key`", "give a `kms_key`; run the rehearsal again"),
    ],
)  # fmt: skip
def test_what_is_no_command_stays(before: str, after: str) -> None:
    assert fix(before) == after


@pytest.mark.parametrize("kind", [BakeError, AwsError, InterruptedRunError])
def test_the_error_stays_what_it_is(kind: type[GoldenamiError]) -> None:
    error = kind(
        "build B failed: no capacity",
        notes=[
            "us-east-1: no capacity",
            "left for resuming: i-0123456789abcdef0 in us-east-1",
            "`goldenami sweep --build B` removes what it has left",
        ],
        fix="then go on with goldenami bake release.yaml --resume B",
    )
    with pytest.raises(kind) as caught, rehearsed():
        raise error
    assert caught.value is error
    assert error.message == "build B failed: no capacity"
    assert error.notes == ("us-east-1: no capacity",)
    assert error.exit_code == kind.exit_code
