"""What one action needs: on which resources, under which conditions, and when it is called."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

MULTIVALUED = ("ForAllValues:", "ForAnyValue:")
"""How the operators begin that look at all values of a key together."""


class GrantUse(StrEnum):
    """When an action is called: a run that meets no trouble need not call all that it may."""

    RUN = "called by the run"
    LOOK = "looked at first: without it something is not known"
    UNDO = "takes back what a failed run has made"
    RESUME = "goes on with a run that stopped"
    SERVICE = "AWS asks for it in the caller's name"
    SOMETIMES = "only in some states of the account, or with some options"


class PolicyCondition(Struct, frozen=True, order=True):
    """One condition of a statement: the key has one of the values, by the operator."""

    operator: str
    key: str
    values: tuple[str, ...]


Conditions = tuple[PolicyCondition, ...]


class Grant(Struct, frozen=True, kw_only=True):
    """One action on some resources.

    Args:
        action: ``service:Action``.
        resources: ARNs or patterns of them, or ``*``.
        conditions: all of which have to hold.
        sid: what the statement is called that it becomes a part of.
        use: when it is called.
    """

    action: str
    resources: tuple[str, ...]
    conditions: Conditions = ()
    sid: str
    use: GrantUse = GrantUse.RUN


def condition(operator: str, key: str, values: Iterable[str]) -> PolicyCondition:
    """Return a condition; its values are sorted, so that the same ones make the same document."""
    plain = {str(value) for value in values}  # of a status, say, its text
    return PolicyCondition(operator, key, tuple(sorted(plain)))


def equals(key: str, *values: str) -> PolicyCondition:
    """Return the condition that a key has one of some values."""
    return condition("StringEquals", key, values)
