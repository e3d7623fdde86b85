"""AWS Config's query language, over rows as dictionaries.

https://docs.aws.amazon.com/config/latest/developerguide/query-components.html
https://docs.aws.amazon.com/config/latest/developerguide/query-limitations.html
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self

from msgspec import Struct

Row = dict[str, Any]
Test = Callable[[Row], bool]

COUNT = "COUNT(*)"
_TOKEN = re.compile(r"\s*(?:(?P<text>'[^']*')|(?P<word>[\w.:/-]+)|(?P<sign>!=|<=|>=|[=<>(),*]))")
_SIGNS = ("", "(", ")", ",", "*", "=", "!=")
_NOT_DONE = ("ORDER", "BETWEEN", "SUM", "MAX", "MIN", "AVG", "<", ">", "<=", ">=")


class InvalidQueryError(Exception):
    """What is no query."""


class Query(Struct, frozen=True):
    """What is selected, of which rows, in which groups."""

    fields: tuple[str, ...]
    test: Test
    groups: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a query.

        Raises:
            InvalidQueryError: it is none.
            NotImplementedError: it is, and is not done here.
        """
        tokens = _Tokens(text)
        tokens.expect("SELECT")
        fields = tuple(tokens.listed())
        test = _either(tokens) if tokens.take("WHERE") else (lambda _: True)
        groups: tuple[str, ...] = ()
        if tokens.take("GROUP"):
            tokens.expect("BY")
            groups = tuple(tokens.listed())
        if tokens.next:
            raise InvalidQueryError(f"unexpected {tokens.next}")
        return cls(fields, test, groups)

    def select(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield what the query selects."""
        matching = [row for row in rows if self.test(row)]
        if not self.groups and COUNT not in self.fields:
            for row in matching:
                yield _picked(row, self.fields)
            return
        groups = Counter(tuple(_at(row, key) for key in self.groups) for row in matching)
        for values, count in groups.items():
            named = dict(zip(self.groups, values, strict=True))
            yield _nested(named) | ({COUNT: count} if COUNT in self.fields else {})


class _Tokens:
    """What a query is made of, one after the other."""

    def __init__(self, text: str) -> None:
        self._rest: list[str] = []
        place = 0
        while place < len(text.rstrip()):
            match = _TOKEN.match(text, place)
            if match is None:
                raise InvalidQueryError(f"unexpected {text[place:].strip()}")
            self._rest.append(match[0].strip())
            place = match.end()

    @property
    def next(self) -> str:
        return self._rest[0] if self._rest else ""

    def take(self, word: str) -> bool:
        if self.next.upper() in _NOT_DONE:
            raise NotImplementedError(f"{self.next} in a query")
        if self.next.upper() != word:
            return False
        self._rest.pop(0)
        return True

    def expect(self, word: str) -> None:
        if not self.take(word):
            raise InvalidQueryError(f"{word} is missing")

    def value(self) -> str:
        if self.next in _SIGNS:
            raise InvalidQueryError(f"a value is missing before {self.next}")
        return self._rest.pop(0).strip("'")

    def field(self) -> str:
        if self.take("*"):
            return "*"
        if self.take("COUNT"):
            for sign in COUNT.removeprefix("COUNT"):
                self.expect(sign)
            return COUNT
        return self.value()

    def listed(self) -> Iterator[str]:
        yield self.field()
        while self.take(","):
            yield self.field()


def _either(tokens: _Tokens) -> Test:
    tests = [_both(tokens)]
    while tokens.take("OR"):
        tests.append(_both(tokens))
    return lambda row: any(test(row) for test in tests)


def _both(tokens: _Tokens) -> Test:
    tests = [_single(tokens)]
    while tokens.take("AND"):
        tests.append(_single(tokens))
    return lambda row: all(test(row) for test in tests)


def _single(tokens: _Tokens) -> Test:
    if tokens.take("NOT"):
        return _negated(_single(tokens))
    if tokens.take("("):
        test = _either(tokens)
        tokens.expect(")")
        return test
    return _comparison(tokens, tokens.value())


def _comparison(tokens: _Tokens, name: str) -> Test:
    if tokens.take("NOT"):
        return _negated(_comparison(tokens, name))
    if tokens.take("!="):
        return _negated(_is_any(name, [tokens.value()]))
    if tokens.take("="):
        return _is_any(name, [tokens.value()])
    if tokens.take("LIKE"):
        wish = re.escape(tokens.value()).replace("%", ".*").replace("_", ".")
        return lambda row: any(re.fullmatch(wish, str(value)) for value in _values(row, name))
    tokens.expect("IN")
    tokens.expect("(")
    values = list(tokens.listed())
    tokens.expect(")")
    return _is_any(name, values)


def _negated(test: Test) -> Test:
    return lambda row: not test(row)


def _is_any(name: str, wished: Sequence[str]) -> Test:
    return lambda row: any(str(value) in wished for value in _values(row, name))


def _values(row: Row, name: str) -> list[Any]:
    """Return what a row has by a dotted name; one of a list's elements is enough."""
    values: list[Any] = [row]
    for part in name.split("."):
        inner = [value[part] for value in values if isinstance(value, dict) and part in value]
        values = [
            item for value in inner for item in (value if isinstance(value, list) else [value])
        ]
    return values


def _at(row: Row, name: str) -> Any:
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _picked(row: Row, fields: Sequence[str]) -> Row:
    """Return the fields of a row; ``*`` are the scalar ones at the top."""
    names = [
        name
        for field in fields
        for name in ([key for key in row if isinstance(row[key], str)] if field == "*" else [field])
    ]
    return _nested({name: _at(row, name) for name in names if _at(row, name) is not None})


def _nested(fields: Row) -> Row:
    """Return fields of dotted names, each in those above it."""
    nested: Row = {}
    for name, value in fields.items():
        *above, last = name.split(".")
        part = nested
        for key in above:
            part = part.setdefault(key, {})
        part[last] = value
    return nested
