"""Items of a report as they are written: all of them, and not one by one."""

import io
import json
from typing import Any

import pytest

from goldenami.report.audit.items import AT_ONCE, write_line, write_lines, write_list, write_texts

NUMBERS = (0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 2 * AT_ONCE + 1)


class Writes(io.StringIO):
    """A stream that counts how often it is written to."""

    count = 0

    def write(self, text: str) -> int:
        self.count += 1
        return super().write(text)


def items(number: int) -> list[Any]:
    return [{"number": each, "text": f"a\u2028b\n{each}"} for each in range(number)]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_list_has_an_item_on_each_line(number: int) -> None:
    out = io.StringIO()
    write_list(out, iter(items(number)), indent="    ", end="  ")
    text = out.getvalue()
    assert json.loads(text) == items(number)
    assert len(text.split("\n")) == (number + 2 if number else 1)


@pytest.mark.parametrize("number", NUMBERS)
def test_lines_are_those_that_are_written_one_by_one(number: int) -> None:
    together, single = io.StringIO(), io.StringIO()
    write_lines(together, iter(items(number)))
    for item in items(number):
        write_line(single, item)
    assert together.getvalue() == single.getvalue()
    assert [json.loads(line) for line in together.getvalue().splitlines()] == items(number)


def test_texts_are_written_several_at_once_even_if_they_are_empty() -> None:
    out = Writes()
    write_texts(out, ["", *[""] * AT_ONCE, "end"])
    assert out.getvalue() == "end"
    assert out.count == 2
