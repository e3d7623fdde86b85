"""The condition operators: from a policy's values to a test of a request's value.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import base64
import operator
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from msgspec import Struct

from goldenami.errors import PolicyError
from goldenami.iam.evaluator.text import Resolved, Test, Wild, like, plain, regular

Make = Callable[[tuple[Resolved, ...]], Test]
"""From the values in a policy to the test whether a request's value fits any of them.

Raises ValueError for a value, in the policy or in the request, that is not of the kind.
"""


class Operator(Struct, frozen=True):
    """A condition operator without its prefix and suffix.

    Args:
        make: makes the test of its family.
        negated: whether it holds if no value fits.
        variables: whether its values can have policy variables.
    """

    make: Make
    negated: bool = False
    variables: bool = False


def _equals(values: tuple[Resolved, ...]) -> Test:
    return frozenset(map(plain, values)).__contains__


def _among(read: Callable[[str], Any]) -> Make:
    """Return how a value is compared once it is read."""

    def make(values: tuple[Resolved, ...]) -> Test:
        expected = frozenset(read(plain(value)) for value in values)
        return lambda text: read(text) in expected

    return make


def _remembering(make: Make) -> Make:
    """Return the same for values that take long to read, and that many requests have in common."""
    return lambda values: lru_cache(maxsize=256)(make(values))


_TRUTHS = {"true": True, "false": False}


@_remembering
def _bool(values: tuple[Resolved, ...]) -> Test:
    expected = frozenset(_TRUTHS[plain(value).lower()] for value in values)
    return lambda text: _TRUTHS[text.lower()] in expected


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


@_remembering
def _ip(values: tuple[Resolved, ...]) -> Test:
    networks = [ip_network(plain(value), strict=False) for value in values]

    def inside(text: str) -> bool:
        address = ip_address(text)
        return any(address in network for network in networks)

    return inside


@_remembering
def _arn(values: tuple[Resolved, ...]) -> Test:
    """Compare the six parts of an ARN one by one: only the last star may run over colons.

    Most patterns have parts that are whole or ``*`` altogether, such as a list of a hundred
    snapshots in any region: those are looked up at once.
    """
    by_literal_parts: dict[tuple[int, ...], set[tuple[str, ...]]] = {}
    others: list[str] = []
    for value in values:
        parts = _arn_parts(value)
        literal = tuple(index for index, part in enumerate(parts) if part != (Wild.ANY,))
        wild = any(isinstance(piece, Wild) for index in literal for piece in parts[index])
        if wild or len(literal) < 2:
            *fields, last = parts
            fields_of = [regular(part, character="[^:]") for part in fields]
            others.append(":".join([*fields_of, regular(last)]))
        else:
            whole = tuple(plain(parts[index]) for index in literal)
            by_literal_parts.setdefault(literal, set()).add(whole)
    listed = [(operator.itemgetter(*at), whole) for at, whole in by_literal_parts.items()]
    matches = re.compile("|".join(others), re.DOTALL).fullmatch if others else None

    def fits(text: str) -> bool:
        fields = text.split(":", 5)
        if len(fields) != 6:
            return False
        for parts, expected in listed:
            if parts(fields) in expected:
                return True
        return matches is not None and matches(text) is not None

    return fits


def _arn_parts(value: Resolved) -> list[Resolved]:
    parts: list[list[str | Wild]] = [[]]
    for piece in value:
        if isinstance(piece, Wild):
            parts[-1].append(piece)
            continue
        first, *further = piece.split(":", 6 - len(parts))
        parts[-1] += [first] if first else []
        parts += [[text] if text else [] for text in further]
    if len(parts) != 6:
        raise ValueError("not an ARN of six parts")
    return [tuple(part) for part in parts]


def _number(text: str) -> Decimal:
    """Read an integer or a decimal, which is all that AWS speaks of: no exponent, no ``NaN``."""
    if not re.fullmatch(r"[+-]?(\d+(\.\d+)?|\.\d+)", text, re.ASCII):
        raise ValueError(f"`{text}` is no number")
    return Decimal(text)


def _date(text: str) -> datetime:
    """Read an ISO 8601 date or the seconds since 1970."""
    if re.fullmatch(r"\d{5,}", text):
        return datetime.fromtimestamp(int(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _compared(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Make:
    @_remembering
    def make(values: tuple[Resolved, ...]) -> Test:
        expected = [read(plain(value)) for value in values]
        return lambda text: any(compare(read(text), value) for value in expected)

    return make


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def _family(kind: str, read: Callable[[str], Any]) -> Iterable[tuple[str, Operator]]:
    for name, compare in _COMPARISONS.items():
        yield f"{kind}{name}", Operator(_compared(read, compare))
    yield f"{kind}NotEquals", Operator(_compared(read, operator.eq), negated=True)


OPERATORS: dict[str, Operator] = {
    "StringEquals": Operator(_equals, variables=True),
    "StringNotEquals": Operator(_equals, negated=True, variables=True),
    "StringEqualsIgnoreCase": Operator(_among(str.lower), variables=True),
    "StringNotEqualsIgnoreCase": Operator(_among(str.lower), negated=True, variables=True),
    "StringLike": Operator(like, variables=True),
    "StringNotLike": Operator(like, negated=True, variables=True),
    **dict(_family("Numeric", _number)),
    **dict(_family("Date", _date)),
    "Bool": Operator(_bool),
    "BinaryEquals": Operator(_among(_bytes)),
    "IpAddress": Operator(_ip),
    "NotIpAddress": Operator(_ip, negated=True),
    "ArnEquals": Operator(_arn, variables=True),
    "ArnLike": Operator(_arn, variables=True),
    "ArnNotEquals": Operator(_arn, negated=True, variables=True),
    "ArnNotLike": Operator(_arn, negated=True, variables=True),
}
"""By name. ``Null`` is not among them: it asks whether a key is there, not what it is."""

UNREADABLE = (ValueError, KeyError, OverflowError)
"""What a test raises for a value that is not of its operator's kind."""


def named(name: str) -> Operator:
    """Return an operator by its name.

    Raises:
        PolicyError: there is none.
    """
    if name not in OPERATORS:
        close = get_close_matches(name, [*OPERATORS, "Null"], n=1)
        raise PolicyError(
            f"`{name}` is no condition operator",
            fix=f"did you mean `{close[0]}`?" if close else "see the list in IAM's user guide",
        )
    return OPERATORS[name]
