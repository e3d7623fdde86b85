"""Effective declarative policies: what the policies along root, units and account add up to.

Operators set values, or say which of those may be used further down: there, at the same key and
below it, the others change nothing.
https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_mgmt.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative_syntax.html
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

ROOT_KEY = "ec2_attributes"
_EXCEPTION = "exception_message"
_ATTRIBUTES = {
    _EXCEPTION,
    "allowed_images_settings",
    "image_block_public_access",
    "instance_metadata_defaults",
    "serial_console_access",
    "snapshot_block_public_access",
    "vpc_block_public_access",
}
_STATES = ("enabled", "disabled", "audit_mode")
_CRITERIA = {f"criteria_{number}" for number in range(1, 11)}
_CRITERION = {
    "allowed_image_providers",
    "image_names",
    "marketplace_product_codes",
    "creation_date_condition",
    "deprecation_time_condition",
}
_OPERATORS: Mapping[str, Callable[[list[Any], list[Any]], list[Any]]] = {
    "@@append": lambda before, values: [
        *before,
        *(value for value in values if value not in before),
    ],
    "@@remove": lambda before, values: [value for value in before if value not in values],
}
_ASSIGN = "@@assign"
_CHILDREN = "@@operators_allowed_for_child_policies"
_SETTING = frozenset((_ASSIGN, *_OPERATORS))
_Path = tuple[str, ...]


def parsed(content: str) -> dict[str, Any]:
    """Read a declarative policy.

    Raises:
        ValueError: it is no declarative policy for EC2, or has an operator the sandbox does not
            know; the message says where.
    """
    document = json.loads(content)
    _check_operators(document, "policy")
    _check_keys(document, {ROOT_KEY}, "policy")
    attributes = document.get(ROOT_KEY, {})
    _check_keys(attributes, _ATTRIBUTES, ROOT_KEY)
    _check_allowed_images(attributes.get("allowed_images_settings", {}))
    return dict(document)


def merged(contents: Iterable[str]) -> dict[str, Any]:
    """Return the effective policy, without operators.

    Args:
        contents: declarative policies, from the root down to the account.
    """
    effective: dict[str, Any] = {}
    allowed: dict[_Path, frozenset[str]] = {}
    for content in contents:
        policy = parsed(content)
        _merge(effective, policy, (), allowed)
        for path, operators in _for_children(policy, ()):
            allowed[path] = operators & allowed.get(path, _SETTING)
    return effective


def _check_operators(node: Any, place: str) -> None:
    if not isinstance(node, Mapping):
        raise ValueError(f"{place}: a value needs an operator, such as {_ASSIGN}")  # noqa: TRY004  one kind of error
    operators = [key for key in node if key.startswith("@@")]
    for operator in operators:
        if operator not in (*_SETTING, _CHILDREN):
            raise ValueError(f"{place}: the sandbox does not know the operator {operator}")
    if set(operators) & _SETTING and len(set(node) - {_CHILDREN}) > 1:
        raise ValueError(f"{place}: an operator stands alone")
    for key, inner in node.items():
        if key not in operators:
            _check_operators(inner, f"{place}.{key}")


def _check_allowed_images(settings: Mapping[str, Any]) -> None:
    place = "allowed_images_settings"
    _check_keys(settings, {"state", "image_criteria", _EXCEPTION}, place)
    state = settings.get("state", {}).get(_ASSIGN, _STATES[0])
    if state not in _STATES:
        raise ValueError(f"{place}: the state `{state}` is none of {', '.join(_STATES)}")
    criteria = settings.get("image_criteria", {})
    _check_keys(criteria, _CRITERIA, f"{place}.image_criteria")
    for name in _CRITERIA & set(criteria):
        _check_keys(criteria[name], _CRITERION, f"{place}.image_criteria.{name}")


def _check_keys(node: Mapping[str, Any], known: set[str], place: str) -> None:
    if unknown := set(node) - known - {_CHILDREN}:
        raise ValueError(f"{place}: unknown key {', '.join(sorted(unknown))}")


def _for_children(node: Mapping[str, Any], path: _Path) -> Iterator[tuple[_Path, frozenset[str]]]:
    """Yield which operators policies further down may use, and where."""
    if _CHILDREN in node:
        named = frozenset(node[_CHILDREN])
        yield path, _SETTING if "@@all" in named else named & _SETTING
    for key, inner in node.items():
        if not key.startswith("@@"):
            yield from _for_children(inner, (*path, key))


def _merge(
    effective: dict[str, Any],
    policy: Mapping[str, Any],
    path: _Path,
    allowed: Mapping[_Path, frozenset[str]],
) -> None:
    for key, node in policy.items():
        if key == _CHILDREN:
            continue
        here = (*path, key)
        operator = next((candidate for candidate in node if candidate in _SETTING), "")
        if not operator:
            _merge(effective.setdefault(key, {}), node, here, allowed)
        elif all(operator in allowed.get(here[:depth], _SETTING) for depth in range(len(here) + 1)):
            before = effective.get(key, [])
            values = node[operator]
            effective[key] = values if operator == _ASSIGN else _OPERATORS[operator](before, values)
