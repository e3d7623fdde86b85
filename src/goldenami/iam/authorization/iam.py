"""IAM and STS: users, groups, roles, policies and instance profiles, by name."""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.iam.authorization.builder import RequestBuilder, request_tags
from goldenami.iam.authorization.resources import Resource
from goldenami.iam.evaluator.request import Request, Value
from goldenami.iam.reference import table

_PARAMETERS = {
    "GroupName": "group",
    "InstanceProfileName": "instance-profile",
    "RoleName": "role",
    "UserName": "user",
}


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call of IAM."""
    parameters = builder.call.parameters
    authorized = table.kinds(builder.call.action)
    resources = [one for one in _resources(builder) if _kind(one.arn) in authorized]
    for resource in resources:
        yield builder.request(resource.arn, resource.keys, _keys(parameters))
    if not resources:
        yield builder.request("*", _keys(parameters))
    if builder.call.operation == "AddRoleToInstanceProfile":
        role = builder.found("role", parameters["RoleName"])
        yield builder.request(role.arn, role.keys, action="iam:PassRole")


def assume_role(builder: RequestBuilder) -> Iterator[Request]:
    """The role; one of another account may not be known."""
    arn = builder.call.parameters["RoleArn"]
    role = builder.world.find("role", arn.rpartition("/")[2], builder.call.region)
    keys = role.keys if role and role.arn == arn else {}
    tags = request_tags(builder.call.parameters.get("Tags", ()))
    yield builder.request(arn, keys, _session(builder.call.parameters), tags)


def _session(parameters: Mapping[str, Any]) -> dict[str, Value]:
    keys: dict[str, Value] = {
        f"sts:{name}": parameters[name]
        for name in ("ExternalId", "RoleSessionName", "SourceIdentity")
        if name in parameters
    }
    if "TransitiveTagKeys" in parameters:
        keys["sts:TransitiveTagKeys"] = tuple(parameters["TransitiveTagKeys"])
    return keys


def anything(builder: RequestBuilder) -> Iterator[Request]:
    """A call whose resources do not matter here."""
    yield builder.request("*")


def _kind(arn: str) -> str:
    return table.kind_of(arn)


def _resources(builder: RequestBuilder) -> Iterator[Resource]:
    parameters, operation = builder.call.parameters, builder.call.operation
    for parameter, kind in _PARAMETERS.items():
        if parameter not in parameters:
            continue
        if operation == f"Create{parameter.removesuffix('Name')}":
            yield Resource(arn=_made(builder, kind, parameters[parameter]))
        else:
            yield builder.found(kind, parameters[parameter])
    if operation == "CreatePolicy":
        yield Resource(arn=_made(builder, "policy", parameters["PolicyName"]))
    elif "PolicyArn" in parameters:
        yield builder.found("policy", parameters["PolicyArn"])
    if "user" in table.kinds(builder.call.action) and not set(_PARAMETERS) & set(parameters):
        yield Resource(arn=builder.principal.arn)  # the caller's own


def _made(builder: RequestBuilder, kind: str, name: str) -> str:
    path = builder.call.parameters.get("Path") or "/"
    return builder.arn("iam", f"{kind}{path}{name}")


def _keys(parameters: Mapping[str, Any]) -> dict[str, Value]:
    keys = request_tags(parameters.get("Tags", ()))
    if "PolicyArn" in parameters:
        keys["iam:PolicyARN"] = parameters["PolicyArn"]
    if "AWSServiceName" in parameters:
        keys["iam:AWSServiceName"] = parameters["AWSServiceName"]
    if "PermissionsBoundary" in parameters:
        keys["iam:PermissionsBoundary"] = parameters["PermissionsBoundary"]
    if "PassedToService" in parameters:  # of iam:PassRole, which is no call
        keys["iam:PassedToService"] = parameters["PassedToService"]
    if "TagKeys" in parameters:
        keys["aws:TagKeys"] = tuple(parameters["TagKeys"])
    return keys
