"""Organizations: policies and what they are attached to."""

from collections.abc import Iterator

from goldenami.iam.authorization.builder import RequestBuilder, tag_keys
from goldenami.iam.authorization.resources import POLICY_TYPE, policy_type_key
from goldenami.iam.evaluator.request import Request

_NAMED = (
    "PolicyId", "TargetId", "ParentId", "ChildId", "RootId", "AccountId",
    "OrganizationalUnitId", "ResourceId",
)  # fmt: skip


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call of Organizations."""
    parameters = builder.call.parameters
    ids = [parameters[name] for name in _NAMED if name in parameters]
    resources = [builder.resource(_kind(resource_id), resource_id) for resource_id in ids]
    keys = tag_keys(parameters)
    for name in ("Type", "PolicyType", "Filter"):
        keys |= policy_type_key(parameters.get(name))
    for resource in resources:  # attaching a policy to an OU tests its type on both
        keys |= policy_type_key(resource.keys.get(POLICY_TYPE))
    yield from builder.on_each(resources, keys, otherwise=_created(builder))


def _created(builder: RequestBuilder) -> str:
    """Return the ARN of a policy that the call makes, whose id is not known; any for others."""
    if builder.call.operation != "CreatePolicy":
        return "*"
    kind = str(builder.call.parameters.get("Type", "*")).lower()
    return builder.arn("organizations", "policy", f"o-*/{kind}/p-*")


def _kind(resource_id: str) -> str:
    """IAM has policies too, so those of Organizations have the service in their kind."""
    prefix = "account" if resource_id.isdigit() else resource_id.partition("-")[0]
    kinds = {"p": "organizations-policy", "r": "root", "ou": "organizationalunit"}
    return kinds.get(prefix, prefix)
