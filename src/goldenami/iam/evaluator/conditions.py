"""A statement's ``Condition``: compiled to tests of the request's context.

A condition holds, does not hold, or is unknown. A key that is missing, or has several values,
follows AWS's rules. What AWS does not say is unknown: a plain operator on a key that may have
several values ("multivalued context keys require a set operator"), a value of the request that is
not of the operator's kind. With ForAnyValue a missing key never holds, negated or not, IfExists or
not; with ForAllValues it does.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from goldenami.errors import PolicyError
from goldenami.iam.evaluator.context import Context, Key
from goldenami.iam.evaluator.operators import UNREADABLE, Make, Operator, named
from goldenami.iam.evaluator.request import Value
from goldenami.iam.evaluator.text import PolicyText, Resolved, Test, fixed_and_varying
from goldenami.iam.evaluator.truth import Truth, Unknown, all_of, any_of, opposite

Condition = Callable[[Context], Truth]
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
                yield _condition(operator, Key.named(key), _texts(values), variables=variables)
            except PolicyError as error:
                message = f"{operator}: {key}: {error.message}"
                raise PolicyError(message, fix=error.fix) from error


def _pairs(block: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(block, Mapping) or not block:
        raise PolicyError(f"{name}: it has to be an object that is not empty")
    return block


def _keys(tests: Any, operator: str) -> Mapping[str, Any]:
    """Refuse a key that stands twice in two cases: AWS does not say which one counts."""
    keys = _pairs(tests, operator)
    if len({key.lower() for key in keys}) != len(keys):
        raise PolicyError(f"{operator}: a key twice among {', '.join(keys)}")
    return keys


def _texts(values: Any) -> list[str]:
    listed = values if isinstance(values, list) else [values]
    if not listed or not all(isinstance(value, str | int | float) for value in listed):
        raise PolicyError("it needs a text, a number, a boolean, or a list of them")
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in listed]


def _condition(operator: str, key: Key, values: list[str], *, variables: bool) -> Condition:
    match = _NAME.fullmatch(operator)
    if match is None:
        raise PolicyError(f"`{operator}` is no condition operator")
    quantifier, name, if_exists = match["quantifier"] or "", match["name"], match["if_exists"]
    if name == "Null":
        if if_exists or quantifier:
            raise PolicyError("Null takes neither IfExists nor a quantifier")
        return _null(key, values)
    family = named(name)
    texts = fixed_and_varying(values, variables=variables and family.variables)
    if not quantifier:
        return _single(family, key, *texts, absent=family.negated or bool(if_exists))
    fits = _fits(family, key, *texts)
    if quantifier == "ForAnyValue":
        return _quantified(key, fits, any_of, absent=False)
    return _quantified(key, fits, all_of, absent=True)


def _null(key: Key, values: list[str]) -> Condition:
    """``"true"`` holds if the key is missing.

    AWS calls an empty text "a null data set" where it speaks of set operators, and does not say
    whether it is missing to Null.
    """
    expected = {value.lower() for value in values}
    if not expected <= {"true", "false"}:
        raise PolicyError("Null needs true or false")
    if_set, if_not = "false" in expected, "true" in expected

    def condition(context: Context) -> Truth:
        value = context.value(key.name)
        if if_set == if_not or (value and _set(value)):
            return if_set
        if value is None:
            return key.if_missing(context, if_not)
        if value == ():
            return if_not
        return Unknown(f"{key.name} is empty, and AWS does not say whether that is null")

    return condition


Fits = Callable[[str, Context], Truth]


def _fits(
    family: Operator, key: Key, fixed: tuple[Resolved, ...], varying: list[PolicyText]
) -> Fits:
    """Return the test whether a request's value fits any of the policy's, or none if negated."""
    if not varying:
        return _reading(_test(family.make, fixed), key, negated=family.negated)
    tests = [_varying(family, key, template) for template in varying]
    if fixed:
        tests.insert(0, _reading(_test(family.make, fixed), key, negated=False))
    any_fits = tests[0] if len(tests) == 1 else _any_fits(tests)
    if family.negated:
        return lambda value, context: opposite(any_fits(value, context))
    return any_fits


def _any_fits(tests: list[Fits]) -> Fits:
    return lambda value, context: any_of(test(value, context) for test in tests)


def _varying(family: Operator, key: Key, template: PolicyText) -> Fits:
    """Return the test whether a request's value fits one with variables."""
    make = family.make

    def fits(value: str, context: Context) -> Truth:
        filled = template.filled(context)
        if filled is None:
            return False
        if isinstance(filled, Unknown):
            return filled
        try:
            test = _test(make, (filled,))
        except PolicyError as error:
            return Unknown(f"{key.name}: with the request's variables, {error.message}")
        return test(value)  # operators that take variables read every text

    return fits


@lru_cache(maxsize=4096)
def _test(make: Make, values: tuple[Resolved, ...]) -> Test:
    try:
        return make(values)
    except UNREADABLE as error:
        raise PolicyError(f"a value is not of the operator's kind ({error})") from error


def _reading(test: Test, key: Key, *, negated: bool) -> Fits:
    """Return a test of values that the request may have of another kind than the operator's."""

    def fits(value: str, _: Context) -> Truth:
        try:
            return test(value) is not negated
        except UNREADABLE:
            return _unreadable(key, value)

    return fits


def _unreadable(key: Key, value: str) -> Unknown:
    return Unknown(
        f"the request's {key.name} `{value}` is not of the kind that the condition compares"
    )


def _single(
    family: Operator,
    key: Key,
    fixed: tuple[Resolved, ...],
    varying: list[PolicyText],
    *,
    absent: bool,
) -> Condition:
    """Compare the one value; of a missing key ``absent`` is what holds."""
    name, single = key.name, not key.multivalued
    if single and not varying:
        test, negated = _test(family.make, fixed), family.negated

        def compared(context: Context) -> Truth:  # as most are, and the fastest
            value = context.value(name)
            if isinstance(value, str):
                try:
                    return test(value) is not negated
                except UNREADABLE:
                    return _unreadable(key, value)
            return _no_single(key, value, context, absent)

        return compared
    fits = _fits(family, key, fixed, varying)

    def condition(context: Context) -> Truth:
        value = context.value(name)
        if single and isinstance(value, str):
            return fits(value, context)
        return _no_single(key, value, context, absent)

    return condition


def _no_single(key: Key, value: Value | None, context: Context, absent: bool) -> Truth:
    """Tell what holds of a key that has not the one value that an operator compares."""
    if value is None:
        return key.if_missing(context, absent)
    if value == ():
        return absent
    count = 1 if isinstance(value, str) else len(value)
    return Unknown(
        f"the request has {count} value{'s' * (count > 1)} of {key.name}, and a key that may "
        "have several needs ForAnyValue: or ForAllValues: before the operator"
    )


def _quantified(
    key: Key, fits: Fits, together: Callable[[Iterable[Truth]], Truth], *, absent: bool
) -> Condition:
    """Compare every value; of a missing key ``absent`` is what holds."""
    name = key.name

    def condition(context: Context) -> Truth:
        value = context.value(name)
        if value is None:
            return key.if_missing(context, absent)
        values = _set(value)
        return together(fits(each, context) for each in values) if values else absent

    return condition


def _set(value: Value) -> tuple[str, ...]:
    """Return a key's values; an empty text alone is an empty set to AWS."""
    values = value if isinstance(value, tuple) else (value,)
    return values if any(values) else ()
