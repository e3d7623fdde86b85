"""Which resources each action is authorized on, and which condition keys exist there.

The data lies beside this file, one file per service, read when a call needs it. It is generated
from AWS's service authorization reference and botocore by
``tests/iam/reference/generate_table.py``.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

import msgspec

from goldenami.errors import UnknownActionError

_REFERENCE = Path(__file__).parent


class ResourceAccess(msgspec.Struct, frozen=True):
    """One kind of resource that an action is authorized on.

    Args:
        required: whether every call of the action touches one.
        keys: the condition keys that exist there, in lower case; a family ends in ``/``.
    """

    required: bool
    keys: frozenset[str]


class _Index(msgspec.Struct, frozen=True):
    """What is not of one service; ``known_keys`` are those whose prefix is no service here."""

    date: str
    global_keys: frozenset[str]
    known_keys: frozenset[str]
    services: frozenset[str]
    prefixes: frozenset[str]


class _Service(msgspec.Struct, frozen=True):
    """A service; an action without kinds is known to botocore alone."""

    known_keys: frozenset[str]
    arns: dict[str, str]
    types: dict[str, int]
    key_sets: list[frozenset[str]]
    actions: dict[str, dict[str, tuple[int, int]] | None]


_NO_SERVICE = _Service(frozenset(), {}, {}, [], {})


@cache
def _index() -> _Index:
    return msgspec.json.decode(_REFERENCE.joinpath("index.json").read_bytes(), type=_Index)


@cache
def _service(name: str) -> _Service:
    if name not in services():
        return _NO_SERVICE
    return msgspec.json.decode(_REFERENCE.joinpath(f"{name}.json").read_bytes(), type=_Service)


@cache
def _names(service: str) -> Mapping[str, str]:
    """Return a service's action names by their lower case."""
    return {name.lower(): name for name in _service(service).actions}


def date() -> str:
    """Return the day of the reference, such as ``2026-09-26``."""
    return _index().date


def services() -> frozenset[str]:
    """Return the services that the table has."""
    return _index().services


def is_service(prefix: str) -> bool:
    """Tell whether AWS's reference has a service of this prefix, be it in the table or not."""
    return prefix.lower() in _index().prefixes


def actions(service: str) -> tuple[str, ...]:
    """Return the names of a service's actions; none for a service that the table does not have."""
    return tuple(_names(service).values())


def spelled(action: str) -> str:
    """Return an action as the reference spells it: ``ec2:RunInstances`` for ``EC2:runinstances``.

    Raises:
        UnknownActionError: the table does not have it.
    """
    service, _, name = action.lower().partition(":")
    if service not in services():
        raise UnknownActionError(
            f"{action}: the service `{service}` is not in goldenami's copy of AWS's reference"
        )
    if name not in _names(service):
        raise UnknownActionError(f"{action} is not known to the reference of {date()}")
    return f"{service}:{_names(service)[name]}"


def documented(action: str) -> bool:
    """Tell whether the reference has an action, rather than botocore alone.

    Raises:
        UnknownActionError: the table does not have it.
    """
    service, _, name = spelled(action).partition(":")
    return _service(service).actions[name] is not None


def exists(key: str) -> bool:
    """Tell whether there is such a condition key, global or of a service, in any case."""
    return among(key, known_keys(key.lower().partition(":")[0]))


def among(key: str, known: Collection[str]) -> bool:
    """Tell whether a condition key, in any case, is one of these or of a family among them."""
    key = key.lower()
    within = key.partition(":")[2]  # kms:EncryptionContext:KEY, ec2:ResourceTag/KEY
    ends = (len(key) - len(within) + within.find(sign) + 1 for sign in "/:" if sign in within)
    return key in known or any(key[:end] in known for end in ends)


def known_keys(service: str) -> frozenset[str]:
    """Return the condition keys that begin with a service's prefix, in lower case.

    A family ends in ``/`` or ``:``. A prefix that is of no service here has all keys of that kind.
    """
    return _service(service).known_keys if service in services() else _index().known_keys


def kinds(action: str) -> Mapping[str, ResourceAccess]:
    """Return the kinds of resources that an action is authorized on; empty if it has none.

    Args:
        action: ``service:Action``, in any case.

    Raises:
        UnknownActionError: the table does not have it.
    """
    return {kind: access for kind, access in _accesses(action).items() if kind}


@cache
def _accesses(action: str) -> Mapping[str, ResourceAccess]:
    """Return the kinds, with an empty one for what holds whatever the resource is."""
    service, _, name = spelled(action).partition(":")
    table = _service(service)
    rows = {"": (0, None), **(table.actions[name] or {})}
    sets = {
        kind: table.key_sets[number] if number is not None else frozenset[str]()
        for kind, (_, number) in rows.items()
    }
    return {
        kind: ResourceAccess(bool(required), sets[kind] | sets[""] | _index().global_keys)
        for kind, (required, _) in rows.items()
    }


def keys(action: str, resource: str) -> frozenset[str] | None:
    """Return the condition keys that exist for an action on a resource.

    Args:
        action: ``service:Action``, in any case.
        resource: its ARN, or ``*``.

    Returns:
        The keys in lower case, families with their ``/``; None where nothing is known of them,
        since the table does not have the service, or the action is known to botocore alone.

    Raises:
        UnknownActionError: the service is known and has no such action.
    """
    by_kind = keys_by_kind(action)
    return None if by_kind is None else by_kind.get(kind_of(resource), by_kind[""])


@cache
def keys_by_kind(action: str) -> Mapping[str, frozenset[str]] | None:
    """Return the same for each kind of resource that an action is authorized on.

    An empty kind is that of every other resource, and of ``*``.
    """
    if action.lower().partition(":")[0] not in services() or not documented(action):
        return None
    return {kind: access.keys for kind, access in _accesses(action).items()}


def keys_of_type(service: str, kind: str) -> frozenset[str]:
    """Return the condition keys that resources of a kind have for some action or other.

    They are told where some action does not have them: of EC2, and of iam:PassRole.
    """
    table = _service(service)
    return table.key_sets[table.types[kind]] if kind in table.types else frozenset()


def arn_of(service: str, kind: str) -> str:
    """Return the form of a kind's ARNs: ``arn:${Partition}:rbin:${Region}:…:rule/${…}``.

    Empty for one that has no form here: EC2's are its kind and an id.
    """
    return _service(service).arns.get(kind, "")


def kind_of(resource: str) -> str:
    """Return the kind of resource that an ARN names, as it stands there; empty for ``*``."""
    fields = resource.split(":", 6)
    if len(fields) < 6:
        return ""
    service, kind = fields[2], fields[5].partition("/")[0]
    if service == "s3" and not fields[3] + fields[4]:
        return "object" if any("/" in field for field in fields[5:]) else "bucket"
    if service == "servicequotas":
        return "quota"
    return "" if kind.startswith("$") else kind
