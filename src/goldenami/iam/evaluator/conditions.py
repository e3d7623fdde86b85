"""A statement's ``Condition``: compiled to tests of the request's context.

A key that is missing, or has several values, follows AWS's rules:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from goldenami.errors import PolicyError, UndecidableError
from goldenami.iam.evaluator.operators import UNREADABLE, Operator, named
from goldenami.iam.evaluator.text import Context, Resolved, Template, Test

Condition = Callable[[Context], bool]
"""One operator with one key. All conditions of a statement have to hold."""

_NAME = re.compile(
    r"(?:(?P<quantifier>ForAllValues|ForAnyValue):)?(?P<name>\w+?)(?P<if_exists>IfExists)?"
)


def conditions(block: Any, *, variables: bool) -> Iterator[Condition]:
    """Compile a ``Condition`` element.

    Args:
        block: ``{operator: {key: value or values}}``.
        variables: whether the policy's version knows variables.

    Raises:
        PolicyError: an operator or variable that is not known, a value that is not of its kind.
    """
    for operator, tests in _pairs(block, "Condition").items():
        for key, values in _keys(tests, operator).items():
            try:
                yield _condition(operator, key.lower(), _texts(values), variables=variables)
            except PolicyError as error:
                message = f"{operator}: {key}: {error.message}"
                raise PolicyError(message, fix=error.fix) from error


def _pairs(block: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(block, Mapping) or not block:
        raise PolicyError(f"{name}: it has to be an object that is not empty")
    return block


def _keys(tests: Any, operator: str) -> Mapping[str, Any]:
    """Refuse a key that stands twice in two cases: AWS does not say which one counts."""
    found = _pairs(tests, operator)
    if len({key.lower() for key in found}) != len(found):
        raise PolicyError(f"{operator}: a key twice among {', '.join(found)}")
    return found


def _texts(values: Any) -> list[str]:
    listed = values if isinstance(values, list) else [values]
    if not listed or not all(isinstance(one, str | int | float) for one in listed):
        raise PolicyError("it needs a text, a number, a boolean, or a list of them")
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in listed]


def _condition(operator: str, key: str, values: list[str], *, variables: bool) -> Condition:
    found = _NAME.fullmatch(operator)
    if found is None:
        raise PolicyError(f"`{operator}` is no condition operator")
    quantifier, name, if_exists = found["quantifier"] or "", found["name"], found["if_exists"]
    if name == "Null":
        if if_exists or quantifier:
            raise PolicyError("Null takes neither IfExists nor a quantifier")
        return _null(key, values)
    family = named(name)
    fits = _fits(family, key, values, variables=variables and family.variables)
    if if_exists:
        return _if_exists(key, _QUANTIFIED[quantifier](key, fits, negated=family.negated))
    return _QUANTIFIED[quantifier](key, fits, negated=family.negated)


def _null(key: str, values: list[str]) -> Condition:
    """``"true"`` holds if the key is missing, or has nothing but empty texts."""
    wanted = {one.lower() for one in values}
    if not wanted <= {"true", "false"}:
        raise PolicyError("Null needs true or false")
    return lambda context: ("false" if _set(context, key) else "true") in wanted


def _if_exists(key: str, condition: Condition) -> Condition:
    return lambda context: key not in context or condition(context)


Fits = Callable[[str, Context], bool]


def _fits(family: Operator, key: str, values: list[str], *, variables: bool) -> Fits:
    """Return the test whether a request's value fits any of the policy's."""
    templates = [Template.parse(one, variables=variables) for one in values]
    if all(one.fixed for one in templates):
        test = _made(family, tuple(one.resolve({}) or () for one in templates))
        return lambda value, _: _read(test, key, value)

    def fits(value: str, context: Context) -> bool:
        resolved = (one.resolve(context) for one in templates)
        known = tuple(one for one in resolved if one is not None)
        try:
            test = _made(family, known)
        except PolicyError as error:
            message = f"{key}: with the request's variables, {error.message}"
            raise UndecidableError(message) from error
        return _read(test, key, value)

    return fits


@lru_cache(maxsize=4096)
def _made(family: Operator, values: tuple[Resolved, ...]) -> Test:
    try:
        return family.make(values)
    except UNREADABLE as error:
        raise PolicyError(f"a value is not of the operator's kind ({error})") from error


def _read(test: Test, key: str, value: str) -> bool:
    try:
        return test(value)
    except UNREADABLE as error:
        raise UndecidableError(
            f"the request's {key} `{value}` is not of the kind that the condition compares"
        ) from error


def _single(key: str, fits: Fits, *, negated: bool) -> Condition:
    """A missing key equals nothing, so only a negated operator holds."""

    def condition(context: Context) -> bool:
        values = _several(context, key)
        if len(values) > 1:
            raise UndecidableError(
                f"the request has {len(values)} values of {key}, and the condition compares one",
                fix="write ForAnyValue: or ForAllValues: before the operator",
            )
        return fits(values[0], context) != negated if values else negated

    return condition


def _any(key: str, fits: Fits, *, negated: bool) -> Condition:
    """At least one value; never holds for a missing key, negated or not."""

    def condition(context: Context) -> bool:
        return any(fits(value, context) != negated for value in _set(context, key))

    return condition


def _all(key: str, fits: Fits, *, negated: bool) -> Condition:
    """Every value; holds for a missing key."""

    def condition(context: Context) -> bool:
        return all(fits(value, context) != negated for value in _set(context, key))

    return condition


def _several(context: Context, key: str) -> tuple[str, ...]:
    value = context.get(key, ())
    return value if isinstance(value, tuple) else (value,)


def _set(context: Context, key: str) -> tuple[str, ...]:
    """Return a key's values; an empty text alone is an empty set to AWS."""
    values = _several(context, key)
    return values if any(values) else ()


_QUANTIFIED: dict[str, Callable[..., Condition]] = {
    "": _single,
    "ForAnyValue": _any,
    "ForAllValues": _all,
}
