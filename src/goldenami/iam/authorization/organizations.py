"""Organizations: policies and what they are attached to."""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.iam.authorization.builder import RequestBuilder, request_tags
from goldenami.iam.evaluator.request import Request, Value
from goldenami.iam.reference import table

_TYPE = "organizations:PolicyType"
_NAMED = (
    "PolicyId", "TargetId", "ParentId", "ChildId", "RootId", "AccountId",
    "OrganizationalUnitId", "ResourceId",
)  # fmt: skip


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call of Organizations."""
    parameters = builder.call.parameters
    authorized = table.kinds(builder.call.action)
    named = [parameters[one] for one in _NAMED if one in parameters]
    resources = [builder.found(_kind(one), one) for one in named]
    keys = _keys(parameters)
    for resource in resources:  # attaching a policy to an OU tests its type on both
        keys |= {key: one for key, one in resource.keys.items() if key == _TYPE}
    asked = [
        builder.request(resource.arn, resource.keys, keys)
        for resource in resources
        if table.kind_of(resource.arn) in authorized
    ]
    yield from asked or [builder.request(_made(builder), keys)]


def _made(builder: RequestBuilder) -> str:
    """Return the ARN of a policy that the call makes, whose id is not known; any for others."""
    if builder.call.operation != "CreatePolicy":
        return "*"
    kind = str(builder.call.parameters.get("Type", "*")).lower()
    return builder.arn("organizations", f"policy/o-*/{kind}/p-*")


def _kind(name: str) -> str:
    """IAM has policies too, so those of Organizations have the service in their kind."""
    prefix = "account" if name.isdigit() else name.partition("-")[0]
    kinds = {"p": "organizations-policy", "r": "root", "ou": "organizationalunit"}
    return kinds.get(prefix, prefix)


def _keys(parameters: Mapping[str, Any]) -> dict[str, Value]:
    keys = request_tags(parameters.get("Tags", ()))
    for name in ("Type", "PolicyType", "Filter"):
        if name in parameters:
            keys[_TYPE] = parameters[name]
    if "TagKeys" in parameters:
        keys["aws:TagKeys"] = tuple(parameters["TagKeys"])
    return keys
