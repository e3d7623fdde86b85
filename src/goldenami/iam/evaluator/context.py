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

from functools import lru_cache
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


class Context(dict[str, Value]):
    """The values of a request's condition keys, in lower case.

    ``unknown`` names those that may have one which nobody knows, in lower case: a key, a family
    (``aws:principaltag/``), or a prefix (``ec2:``) for keys that the reference does not have.
    """

    unknown: frozenset[str] = frozenset()


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
        name = name.lower()
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
            context: one that does not tell the key, or that it has no value.
            truth: what holds.
        """
        if self.name in context or context.unknown.isdisjoint(self.names):
            return truth
        return Unknown(f"nobody knows which value {self.name} will have")


def visible(request: Request) -> Context:
    """Return the request's context as policies see it: what exists for the action and resource.

    Keys are in lower case. A key that is there in two cases (tags ``Name`` and ``name``) has both
    values, since AWS does not say which one counts.

    Raises:
        UnknownActionError: the reference has the service, and no such action of it.
    """
    principal = request.principal
    names = _visible_names(request.action, table.kind_of(request.resource))
    context = Context()
    for spelled, value in request.context.items():
        name = names[spelled]
        if name in context:
            context[name] = _joined(context[name], value)
        elif name:
            context[name] = value
    context.update(principal.keys_in_lower_case)
    context.unknown = _unknown(names.service, principal.unknown)
    return context


class _VisibleNames(dict[str, str]):
    """The names of condition keys in lower case, as they are spelled; empty of what is not seen.

    Requests for the same action on the same kind of resource have the same keys again and again.
    """

    def __init__(self, action: str, kind: str) -> None:
        super().__init__()
        self.service = action.partition(":")[0].lower()
        self._exist = table.keys_of_kind(action, kind)

    def __missing__(self, spelled: str) -> str:
        name, exist = spelled.lower(), self._exist
        if not (exist is None or name in exist or name[: name.find("/") + 1] in exist):
            name = ""
        if len(self) < _REMEMBERED:
            self[spelled] = name
        return name


_REMEMBERED = 4096
_visible_names = lru_cache(maxsize=_REMEMBERED)(_VisibleNames)


@lru_cache(maxsize=_REMEMBERED)
def _unknown(service: str, by_principal: frozenset[str]) -> frozenset[str]:
    """Return what may have a value: also keys of the service, or global ones, that are new."""
    new = {"aws:", f"{service}:"} if service in table.services() else {"aws:"}
    return by_principal | new


def _joined(first: Value, second: Value) -> Value:
    if first == second:
        return first
    texts = ((value,) if isinstance(value, str) else value for value in (first, second))
    return tuple(text for several in texts for text in several)
