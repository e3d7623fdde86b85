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
    b'{"number": "x"}': "number: needs a whole number, not text",
    b'{"number": 1, "number_': "it ends too soon",
    b'{"number": 1]': "no JSON: ",
    b"[]": "needs a mapping, not a list",
    b'{"rest": ' + b'{"a":' * 100_000: "nested too deeply",
    b'{"rest": {"a": "\xff"}}': "not UTF-8 text",
}


@pytest.mark.parametrize("content", TYPED, ids=TYPED.values())
def test_what_decoding_raises_is_known_and_has_words(content: bytes) -> None:
    with pytest.raises(jsonfile.WRONG) as caught:
        msgspec.json.decode(content, type=Row)
    assert jsonfile.why(caught.value).startswith(TYPED[content])


SAID = {
    "Object missing required field `a` - at `$.b[0]`": "b[0]: `a` is missing",
    "Object contains unknown field `a`": "`a` is an unknown key",
    "Invalid enum value 'a' - at `$.b`": "b: 'a' is none of what it can be",
    "Invalid RFC3339 encoded datetime - at `$.at`": "at: no datetime",
    "Expected `str | null`, got `array` - at `$.a`": "a: needs text, not a list",
    "what it never said": "what it never said",
}


@pytest.mark.parametrize(("message", "words"), SAID.items(), ids=SAID.values())
def test_the_words_of_msgspec_reach_nobody(message: str, words: str) -> None:
    assert jsonfile.why(msgspec.ValidationError(message)) == words
