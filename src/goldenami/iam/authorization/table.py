"""Which resources each action is authorised on, and which condition keys exist there.

The data is in ``table.json``, generated from the service authorization reference by
``tests/iam/authorization/generate_table.py``.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from goldenami.errors import UnknownActionError

_KINDS = {
    "*": "",
    "elastic-inference-accelerator": "elastic-inference",
    "ou": "organizationalunit",
    "resource-data-sync": "resourcedatasync",
    "transfer": "responsibilitytransfer",
}
"""Where the reference's name of a kind is not the one in its ARNs."""


class Access(msgspec.Struct, frozen=True):
    """One kind of resource that an action is authorised on.

    Args:
        required: whether every call of the action touches one.
        keys: the condition keys that exist there, in lower case; a family ends in ``/``.
    """

    required: bool
    keys: frozenset[str]


class _Table(msgspec.Struct, frozen=True):
    source: str
    global_keys: frozenset[str]
    known_keys: frozenset[str]
    key_sets: list[frozenset[str]]
    services: dict[str, dict[str, dict[str, tuple[int, int]]]]


@cache
def _table() -> _Table:
    path = Path(__file__).with_name("table.json")
    return msgspec.json.decode(path.read_bytes(), type=_Table)


@cache
def _names(service: str) -> Mapping[str, str]:
    """Return a service's action names by their lower case."""
    return {name.lower(): name for name in _table().services.get(service, {})}


def source() -> str:
    """Return which copy of the reference the table was generated from."""
    return _table().source


def services() -> frozenset[str]:
    """Return the services that the table has."""
    return frozenset(_table().services)


def actions(service: str) -> tuple[str, ...]:
    """Return the names of a service's actions; none for a service that the table does not have."""
    return tuple(_names(service).values())


def spelled(action: str) -> str:
    """Return an action as the reference spells it: ``ec2:RunInstances`` for ``EC2:runinstances``.

    Raises:
        UnknownActionError: the reference does not have it.
    """
    service, _, name = action.lower().partition(":")
    if name not in _names(service):
        raise UnknownActionError(f"the service authorization reference has no action {action}")
    return f"{service}:{_names(service)[name]}"


def exists(key: str) -> bool:
    """Tell whether there is such a condition key, global or of a service, in any case."""
    key = key.lower()
    return key in _table().known_keys or _family(key) in _table().known_keys


def known_keys() -> frozenset[str]:
    """Return every condition key in lower case; a family ends in ``/``."""
    return _table().known_keys


def kinds(action: str) -> Mapping[str, Access]:
    """Return the kinds of resources that an action is authorised on; empty if it has none.

    Args:
        action: ``service:Action``, in any case.

    Raises:
        UnknownActionError: the reference does not have it.
    """
    return {kind: access for kind, access in _accesses(action).items() if kind}


@cache
def _accesses(action: str) -> Mapping[str, Access]:
    """Return the kinds, with an empty one for what holds whatever the resource is."""
    service, _, name = spelled(action).partition(":")
    table = _table()
    rows = {"": (0, None), **table.services[service][name]}
    sets = {
        kind: table.key_sets[number] if number is not None else frozenset[str]()
        for kind, (_, number) in rows.items()
    }
    return {
        kind: Access(bool(required), sets[kind] | sets[""] | table.global_keys)
        for kind, (required, _) in rows.items()
    }


def keys(action: str, resource: str) -> frozenset[str] | None:
    """Return the condition keys that exist for an action on a resource.

    Args:
        action: ``service:Action``, in any case.
        resource: its ARN, or ``*``.

    Returns:
        The keys in lower case, families with their ``/``; None where the table does not have the
        service, so that nothing is known of its keys.

    Raises:
        UnknownActionError: the service is known and has no such action.
    """
    return _keys(action, kind_of(resource))


def kind_of(resource: str) -> str:
    """Return the kind of resource that an ARN names, empty for ``*``."""
    kind = resource.split(":", 5)[-1].partition("/")[0].partition(":")[0]
    return _KINDS.get(kind, kind)


@cache
def _keys(action: str, kind: str) -> frozenset[str] | None:
    if action.lower().partition(":")[0] not in services():
        return None
    accesses = _accesses(action)
    return accesses.get(kind, accesses[""]).keys


def _family(key: str) -> str:
    return key[: key.find("/") + 1]
