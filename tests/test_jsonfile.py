"""JSON that somebody else wrote."""

import re

import msgspec
import pytest
from msgspec import Struct

from goldenami import jsonfile


class Row(Struct, frozen=True):
    number: int = 0
    rest: dict[str, object] = {}


WRONG = {
    "{": "Expecting property name",
    '{"a": 1, "b": {"c": 1, "c": 2}}': "a key twice among c, c",
    '{"a": NaN}': "NaN is no number of JSON",
    "[-Infinity]": "-Infinity is no number of JSON",
    '["\\ud800"]': "half a character: U+D800",
    '{"\\udfff": 1}': "half a character: U+DFFF",
    "9" * 5_000: "Exceeds the limit",
    "[" * 65 + "]" * 65: "nested too deeply: more than 64 levels",
    "[" * 100_000: "nested too deeply",
}


@pytest.mark.parametrize("text", WRONG, ids=WRONG.values())
def test_a_document_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(WRONG[text])):
        jsonfile.parse(text)


def test_a_document_of_any_shape() -> None:
    text = '{"é": [1, 2.5, null, true, "\\ud83d\\ude00"], "a": {}}'
    assert jsonfile.parse(text) == {"é": [1, 2.5, None, True, "\U0001f600"], "a": {}}
    assert jsonfile.parse("[" * 64 + "]" * 64)


TYPED = {
    b'{"number": "x"}': "Expected `int`, got `str` - at `$.number`",
    b'{"rest": ' + b'{"a":' * 5_000: "nested too deeply",
    b'{"rest": {"a": "\xff"}}': "not UTF-8 text",
}


@pytest.mark.parametrize("content", TYPED, ids=TYPED.values())
def test_what_decoding_raises_is_known_and_has_words(content: bytes) -> None:
    with pytest.raises(jsonfile.WRONG) as caught:
        msgspec.json.decode(content, type=Row)
    assert jsonfile.why(caught.value).startswith(TYPED[content])
