"""Effective declarative policies: what the policies along root, units and account add up to.

Of the operators of management policies the sandbox knows those that set values. Those that control
what child policies may do are refused when a policy is written: no effective policy is a guess.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_mgmt.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative_syntax.html
"""

import json
from collections.abc import Callable, Iterable, Mapping
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
    "@@append": lambda before, given: [*before, *(one for one in given if one not in before)],
    "@@remove": lambda before, given: [one for one in before if one not in given],
}
_ASSIGN = "@@assign"


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
    found: dict[str, Any] = {}
    for content in contents:
        _merge(found, parsed(content))
    return found


def _check_operators(node: Any, place: str) -> None:
    if not isinstance(node, Mapping):
        raise ValueError(f"{place}: a value needs an operator, such as {_ASSIGN}")  # noqa: TRY004  one kind of error
    operators = [key for key in node if key.startswith("@@")]
    for operator in operators:
        if operator not in (_ASSIGN, *_OPERATORS):
            raise ValueError(f"{place}: the sandbox does not know the operator {operator}")
    if operators and len(node) > 1:
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
    for name, criterion in criteria.items():
        _check_keys(criterion, _CRITERION, f"{place}.image_criteria.{name}")


def _check_keys(node: Mapping[str, Any], known: set[str], place: str) -> None:
    if unknown := set(node) - known:
        raise ValueError(f"{place}: unknown key {', '.join(sorted(unknown))}")


def _merge(found: dict[str, Any], policy: Mapping[str, Any]) -> None:
    for key, node in policy.items():
        operator = next(iter(node), "")
        if operator == _ASSIGN:
            found[key] = node[_ASSIGN]
        elif operator in _OPERATORS:
            found[key] = _OPERATORS[operator](found.get(key, []), node[operator])
        else:
            _merge(found.setdefault(key, {}), node)
