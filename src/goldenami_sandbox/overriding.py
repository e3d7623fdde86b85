"""What the sandbox takes from moto's inside, marked, so that another moto is noticed at once.

A subclass marks each member of moto's that it overrides (`overrides`); what it defines without a
mark is its own. What is swapped in moto's modules and classes goes through `replace`, and the
private names that the sandbox reads are in `PRIVATE`. `check` holds all of it against the moto that
is installed, when the sandbox is imported.
"""

import dis
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.metadata import version
from inspect import Parameter, Signature, isfunction, signature
from itertools import pairwise
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

MARKED: list[tuple[str, str]] = []
"""Module and qualified name of each member that overrides one of moto's."""
PRIVATE: Mapping[str, tuple[str, ...]] = {
    "moto.core.base_backend:BackendDict": ("_instances",),
    "moto.core.responses:BaseResponse": (
        "_get_action",
        "_get_int_param",
        "_get_param",
    ),
    "moto.core.serialize:ResponseSerializer": ("_timestamp_serializer", "_value_picker"),
    "moto.ec2.models.elastic_block_store:EBSBackend": ("_create_default_encryption_key",),
    "moto.ec2.models.elastic_network_interfaces:NetworkInterface": ("_group_set",),
    "moto.ec2.models.instances:Instance": ("_reason", "_state"),
    "moto.ec2.models.instances:InstanceBackend": ("_get_template_from_args",),
    "moto.organizations.models:FakePolicy": ("_arn_format",),
    "moto.ssm.models:SimpleSystemManagerBackend": ("_commands", "_parameters", "_resource_tags"),
}
"""Private names of moto that the sandbox uses, by the class that has them."""
_VARIABLE = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


class MotoChangedError(ImportError):
    """The moto that is installed lacks what the sandbox builds on, or has it otherwise."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"moto {version('moto')}: {problem}")


def overrides(function: F) -> F:
    """Mark a method, or the function under ``@property``, as one in the place of moto's."""
    MARKED.append((function.__module__, function.__qualname__))
    return function


def replace(owner: Any, name: str, value: Any) -> None:
    """Put something in the place of an attribute of a module, a class or an object of moto's.

    Raises:
        MotoChangedError: it has no such attribute.
    """
    if not hasattr(owner, name):
        where = getattr(owner, "__name__", type(owner).__name__)
        raise MotoChangedError(f"{where} has no `{name}`, which the sandbox replaces")
    setattr(owner, name, value)


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Replace an attribute in the block.

    Raises:
        MotoChangedError: as `replace`.
    """
    before = getattr(owner, name, None)
    replace(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def check() -> None:
    """Hold what is marked, and the private names, against the moto that is installed.

    Raises:
        MotoChangedError: with the class and the name that moto no longer has, or the parameters
            that it has otherwise.
    """
    for module, qualified in MARKED:
        owner_name, _, name = qualified.rpartition(".")
        owner = getattr(sys.modules[module], owner_name)
        if problem := _problem(owner, name):
            raise MotoChangedError(f"{module}.{owner_name} overrides `{name}`, {problem}")
    for where, names in PRIVATE.items():
        module, _, class_name = where.partition(":")
        owner = getattr(import_module(module), class_name)
        for name in names:
            if not has(owner, name):
                raise MotoChangedError(f"{module}.{class_name} has no `{name}`, which is used")


def moto_classes(owner: type) -> list[type]:
    """Return the classes of moto that a class inherits from, the nearest first."""
    return [base for base in owner.__mro__[1:] if base.__module__.partition(".")[0] == "moto"]


def has(owner: type, name: str) -> bool:
    """Say whether a class has a member, or one of its own methods stores it on an object."""
    members = vars(owner)
    return name in members or any(
        isfunction(member) and name in member.__code__.co_names and name in stored(member)
        for member in members.values()
    )


@cache
def stored(function: Callable[..., Any]) -> frozenset[str]:
    """Return the names of what a method stores on its object."""
    return frozenset(
        str(store.argval)
        for load, store in pairwise(dis.get_instructions(function))
        if store.opname == "STORE_ATTR" and str(load.argval).rstrip("')").endswith("self")
    )


def _problem(owner: type, name: str) -> str:
    holder = next((base for base in moto_classes(owner) if has(base, name)), None)
    if holder is None:
        return "which no class of moto's above it has"
    ours, original = vars(owner)[name], vars(holder).get(name)
    if not isfunction(ours) or not isfunction(original):
        return ""
    before, now = signature(original), signature(ours)
    return "" if _takes(now, before) else f"which {holder.__name__} has as `{name}{before}`"


def _takes(ours: Signature, original: Signature) -> bool:
    """Say whether a function can be called in each way that another can."""
    own, expected = ours.parameters, original.parameters
    kinds = {parameter.kind for parameter in own.values()}
    known = [name for name, parameter in expected.items() if parameter.kind not in _VARIABLE]
    if Parameter.VAR_KEYWORD not in kinds and not own.keys() >= set(known):
        return False
    if Parameter.VAR_POSITIONAL not in kinds and [name for name in own if name in known] != [
        name for name in known if name in own
    ]:
        return False
    anything = any(parameter.kind in _VARIABLE for parameter in expected.values())
    return anything or all(
        name in known or parameter.default is not Parameter.empty or parameter.kind in _VARIABLE
        for name, parameter in own.items()
    )
