"""Condition keys: which have a value in a request, which have none, and of which nobody knows.

A key that the request does not tell has no value, but for three kinds, which are unknown:

- what is not known of the principal (``Principal.unknown``), such as ``aws:SourceIp`` of a
  launch that is only thought of;
- a global key, or one of the action's own service, that goldenami's copy of the service
  authorization reference does not have: AWS may have added it since;
- of a role whose sessions nobody knows, what an identity provider tells (``saml:sub``, ``…:aud``).

A key of another service than the action's has no value, whether or not there is such a key.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, reduce
from sys import intern
from typing import TypeVar

from msgspec import Struct

from goldenami.iam.evaluator.request import FEDERATED, Request, Value
from goldenami.iam.evaluator.truth import Unknown
from goldenami.iam.reference import table

T = TypeVar("T")

MULTIVALUED = frozenset({
    "autoscaling:capacityreservationids", "autoscaling:capacityreservationresourcegrouparns",
    "autoscaling:loadbalancernames", "autoscaling:targetgrouparns",
    "autoscaling:trafficsourceidentifiers", "autoscaling:vpczoneidentifiers",
    "aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist",
    "aws:resourceorgpaths", "aws:sourceorgpaths", "aws:tagkeys", "aws:vpceorgpaths",
    "ec2:fistargetarns", "ec2:ikeversions", "ec2:phase1dhgroup", "ec2:phase1encryptionalgorithms",
    "ec2:phase1integrityalgorithms", "ec2:phase2dhgroup", "ec2:phase2encryptionalgorithms",
    "ec2:phase2integrityalgorithms", "ec2:vpceprivatednsspecifieddomains",
    "eks:kubernetesgroups", "eks:namespaces",
    "kms:encryptioncontextkeys", "kms:grantoperations", "kms:resourcealiases",
    "s3:inventoryaccessibleoptionalfields", "s3:requestobjecttagkeys",
    "ssm:documentcategories", "ssm:documentversion", "ssm:inventorytypename",
    "sts:identitytokenaudience", "sts:requestcontextproviders", "sts:transitivetagkeys",
})  # fmt: skip
"""Keys that may have several values: global ones by their "Value type", those of services by the
type ``ArrayOf…`` that the service authorization reference gives them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""


class Context(Struct, frozen=True):
    """What policies see of a request: its resource, and condition keys that are read when needed.

    Args:
        resource: the ARN of what is asked for.
        principal: the values of the principal's keys, by their names in lower case.
        request: those of the request, as it spells their names.
        spelled: how it does, by the name in lower case: of the keys that exist there alone.
        unknown: names those that may have a value which nobody knows, in lower case: a key, a
            family (``aws:principaltag/``), or a prefix (``ec2:``) for keys that the reference does
            not have.
    """

    resource: str = "*"
    principal: Mapping[str, Value] = {}
    request: Mapping[str, Value] = {}
    spelled: Mapping[str, str] = {}
    unknown: frozenset[str] = frozenset()

    def value(self, name: str) -> Value | None:
        """Return a key's value by its name in lower case; None if it is not told."""
        value = self.principal.get(name)
        if value is None:
            spelled = self.spelled.get(name)
            return None if spelled is None else self.request[spelled]
        return value

    def __contains__(self, name: str) -> bool:
        """Tell whether a key is told, be it that it has no value."""
        return self.value(name) is not None

    def items(self) -> Iterable[tuple[str, Value]]:
        """Return the keys that are told, in lower case, and their values."""
        values = {name: self.request[spelled] for name, spelled in self.spelled.items()}
        return {**values, **self.principal}.items()


class Key(Struct, frozen=True):
    """A condition key that a policy names.

    Args:
        name: in lower case.
        names: under which of ``Context.unknown``'s names it would be unknown.
    """

    name: str
    names: frozenset[str]

    @classmethod
    def named(cls, name: str) -> "Key":
        """Return a key by its name in any case."""
        name = intern(name.lower())
        prefix, _, rest = name.partition(":")
        names = {name}
        if "/" in rest:
            names.add(name[: name.index("/", len(prefix)) + 1])
        if not table.exists(name):
            names.add(f"{prefix}:")
        if "." in prefix or prefix == "saml":
            names.add(FEDERATED)
        return cls(name, frozenset(names))

    @property
    def multivalued(self) -> bool:
        """Whether AWS says that it may have several values."""
        return self.name in MULTIVALUED

    def if_missing(self, context: Context, truth: T) -> T | Unknown:
        """Return what holds if it surely has no value, else why that is unknown.

        Args:
            context: one that does not tell the key.
            truth: what holds.
        """
        if context.unknown.isdisjoint(self.names):
            return truth
        return Unknown(f"nobody knows which value {self.name} will have")


def visible(request: Request) -> Context:
    """Return what policies see of a request: the keys that exist for the action and resource.

    A key that is there in two cases (tags ``Name`` and ``name``) has both values, since AWS does
    not say which one counts.

    Raises:
        UnknownActionError: the reference has the service, and no such action of it.
    """
    principal, values = request.principal, request.context
    kinds = _kinds(request.action)
    keys = kinds.get(table.kind_of(request.resource), kinds[""])
    seen = keys[tuple(values), principal.unknown]
    if seen.in_two_cases:
        values = {**values, **_joined(values, seen.in_two_cases)}
    return Context(
        request.resource, principal.keys_in_lower_case, values, seen.spelled, seen.unknown
    )


class _Seen(Struct, frozen=True):
    """What is seen of requests that have the same keys, whatever the values.

    ``spelled`` and ``unknown`` are the context's; ``in_two_cases`` has how keys are spelled that
    are there several times, by the spelling in ``spelled``.
    """

    spelled: Mapping[str, str]
    in_two_cases: Mapping[str, Sequence[str]]
    unknown: frozenset[str]


_REMEMBERED = 1024


@lru_cache(maxsize=_REMEMBERED)
def _kinds(action: str) -> Mapping[str, "_SeenByKeys"]:
    """Return what is seen of requests for an action, by the kinds of resources that it tells apart.

    An empty kind is that of every other resource.

    Raises:
        UnknownActionError: the reference has the service, and no such action of it.
    """
    service = action.partition(":")[0].lower()
    new = {"aws:", f"{service}:"} if service in table.services() else {"aws:"}
    exist: Mapping[str, frozenset[str] | None] = table.keys_by_kind(action) or {"": None}
    return {kind: _SeenByKeys(keys, frozenset(new)) for kind, keys in exist.items()}


class _SeenByKeys(dict[tuple[tuple[str, ...], frozenset[str]], _Seen]):
    """What is seen of requests for an action on a kind of resource.

    By how they spell their keys, and by the keys of their principals that nobody knows. ``new`` are
    keys of the service, and global ones, that AWS may have added since.
    """

    def __init__(self, exist: frozenset[str] | None, new: frozenset[str]) -> None:
        super().__init__()
        self._exist, self._new = exist, new

    def __missing__(self, names: tuple[tuple[str, ...], frozenset[str]]) -> _Seen:
        (keys, unknown), exist = names, self._exist
        spelled: dict[str, str] = {}
        in_two_cases: dict[str, list[str]] = {}
        for key in keys:
            name, family = _in_lower_case(key)
            exists = exist is None or name in exist or family in exist
            if exists and (first := spelled.setdefault(name, key)) != key:
                in_two_cases.setdefault(first, [first]).append(key)
        if len(self) == _REMEMBERED:
            self.clear()
        self[names] = seen = _Seen(spelled, in_two_cases, unknown | self._new)
        return seen


@lru_cache(maxsize=_REMEMBERED)
def _in_lower_case(key: str) -> tuple[str, str]:
    """Return a key and its family, such as ``aws:requesttag/``; empty if it has none."""
    name = intern(key.lower())
    return name, name[: name.find("/") + 1]


def _joined(
    values: Mapping[str, Value], in_two_cases: Mapping[str, Sequence[str]]
) -> dict[str, Value]:
    """Return the values together of keys that are there in two cases."""
    return {
        first: reduce(_together, [values[key] for key in keys])
        for first, keys in in_two_cases.items()
    }


def _together(first: Value, second: Value) -> Value:
    if first == second:
        return first
    texts = ((value,) if isinstance(value, str) else value for value in (first, second))
    return tuple(text for several in texts for text in several)
