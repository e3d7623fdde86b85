"""IAM and STS: users, groups, roles, policies and instance profiles, by name."""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.iam.authorization import table
from goldenami.iam.authorization.building import Building, request_tags
from goldenami.iam.authorization.world import Resource
from goldenami.iam.evaluator.request import Request, Value

_PARAMETERS = {
    "GroupName": "group",
    "InstanceProfileName": "instance-profile",
    "RoleName": "role",
    "UserName": "user",
}


def generic(building: Building) -> Iterator[Request]:
    """Any call of IAM."""
    parameters = building.call.parameters
    authorised = table.kinds(building.call.action)
    resources = [one for one in _resources(building) if _kind(one.arn) in authorised]
    for resource in resources:
        yield building.request(resource.arn, resource.keys, _keys(parameters))
    if not resources:
        yield building.request("*", _keys(parameters))
    if building.call.operation == "AddRoleToInstanceProfile":
        role = building.found("role", parameters["RoleName"])
        yield building.request(role.arn, role.keys, action="iam:PassRole")


def assume_role(building: Building) -> Iterator[Request]:
    """The role; one of another account may not be known."""
    arn = building.call.parameters["RoleArn"]
    role = building.world.find("role", arn.rpartition("/")[2], building.call.region)
    keys = role.keys if role and role.arn == arn else {}
    tags = request_tags(building.call.parameters.get("Tags", ()))
    yield building.request(arn, keys, _session(building.call.parameters), tags)


def _session(parameters: Mapping[str, Any]) -> dict[str, Value]:
    keys: dict[str, Value] = {
        f"sts:{name}": parameters[name]
        for name in ("ExternalId", "RoleSessionName", "SourceIdentity")
        if name in parameters
    }
    if "TransitiveTagKeys" in parameters:
        keys["sts:TransitiveTagKeys"] = tuple(parameters["TransitiveTagKeys"])
    return keys


def anything(building: Building) -> Iterator[Request]:
    """A call whose resources do not matter here."""
    yield building.request("*")


def _kind(arn: str) -> str:
    return table.kind_of(arn)


def _resources(building: Building) -> Iterator[Resource]:
    parameters, operation = building.call.parameters, building.call.operation
    for parameter, kind in _PARAMETERS.items():
        if parameter not in parameters:
            continue
        if operation == f"Create{parameter.removesuffix('Name')}":
            yield Resource(arn=_made(building, kind, parameters[parameter]))
        else:
            yield building.found(kind, parameters[parameter])
    if operation == "CreatePolicy":
        yield Resource(arn=_made(building, "policy", parameters["PolicyName"]))
    elif "PolicyArn" in parameters:
        yield building.found("policy", parameters["PolicyArn"])
    if "user" in table.kinds(building.call.action) and not set(_PARAMETERS) & set(parameters):
        yield Resource(arn=building.principal.arn)  # the caller's own


def _made(building: Building, kind: str, name: str) -> str:
    path = building.call.parameters.get("Path") or "/"
    return building.arn("iam", f"{kind}{path}{name}")


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
