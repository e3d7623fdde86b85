"""Known disagreements: which element of a smallest pair causes one.

``disagreements.json`` says who is right, by AWS's page; what is not on it fails the run.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, convert

from goldenami.iam.evaluator.context import visible

from .generator import Pair
from .minimise import statements
from .sides import request

_VARIABLE = re.compile(r"\$\{([^}*?$,]+)\}")
_SECONDS = re.compile(r"\d{5,}")


class Disagreement(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the list: what causes it, who is right, and AWS's page and words on it."""

    cause: str
    element: str
    right: str
    page: str
    says: str


def listed() -> list[Disagreement]:
    """Return the list."""
    path = Path(__file__).with_name("disagreements.json")
    return convert(json.loads(path.read_text()), list[Disagreement])


def cause_of(pair: Pair) -> str | None:
    """Return what makes a smallest pair differ; None if that is not known."""
    return next((name for name, has in PREDICATES.items() if has(pair)), None)


def _incomplete_arn(pair: Pair) -> bool:
    return any(
        text != "*" and text.count(":") < 5
        for one in statements(pair)
        for name in ("Resource", "NotResource")
        for text in _listed(one.get(name, []))
    )


def _negated_without_value(pair: Pair) -> bool:
    given = visible(request(pair))
    return any(
        "Not" in operator and name.lower() not in given
        for operator, _, values in _tests(pair)
        for text in values
        for name in _VARIABLE.findall(text)
    )


def _variable_of_2008(pair: Pair) -> bool:
    several = [
        *pair.identity,
        pair.boundary,
        pair.session,
        *(d for level in pair.levels for d in level),
    ]
    return any(
        one["Version"] == "2008-10-17" and "${" in json.dumps(one["Statement"])
        for one in several
        if one
    )


def _network_of_all(pair: Pair) -> bool:
    return any("0.0.0.0/0" in values for operator, _, values in _tests(pair) if "Ip" in operator)


def _other_family(pair: Pair) -> bool:
    return any(
        any("/" not in one for one in values)
        and any((":" in one) != (":" in given) for one in values for given in _given(pair, key))
        for operator, key, values in _tests(pair)
        if "NotIp" in operator
    )


def _seconds(pair: Pair) -> bool:
    return any(
        any(_SECONDS.fullmatch(one) for one in (*values, *_given(pair, key)))
        for operator, key, values in _tests(pair)
        if "Date" in operator
    )


def _empty_set(pair: Pair) -> bool:
    return any(
        operator.startswith(("ForAnyValue:", "ForAllValues:")) and _given(pair, key) == [""]
        for operator, key, _ in _tests(pair)
    )


PREDICATES: Mapping[str, Callable[[Pair], bool]] = {
    "variable in a policy of 2008": _variable_of_2008,
    "negated operator, variable without a value": _negated_without_value,
    "the network of all addresses": _network_of_all,
    "an address of the other family": _other_family,
    "date as seconds since 1970": _seconds,
    "incomplete ARN": _incomplete_arn,
    "set operator on an empty text": _empty_set,
}


def _tests(pair: Pair) -> Iterator[tuple[str, str, list[str]]]:
    """Yield operator, key and values of every condition."""
    for one in statements(pair):
        for operator, tests in one.get("Condition", {}).items():
            for key, values in tests.items():
                yield operator, key, _listed(values)


def _given(pair: Pair, key: str) -> list[str]:
    return _listed(pair.context.get(key, []))


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
