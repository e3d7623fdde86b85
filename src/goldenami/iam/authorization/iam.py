"""IAM and STS: users, groups, roles, policies and instance profiles, by name."""

from collections.abc import Iterator

from goldenami.iam.authorization.builder import RequestBuilder, tag_keys
from goldenami.iam.authorization.resources import Resource, condition_keys
from goldenami.iam.evaluator.request import Request
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
    keys = tag_keys(parameters) | condition_keys(
        "iam",
        AWSServiceName=parameters.get("AWSServiceName"),
        PassedToService=parameters.get("PassedToService"),  # of iam:PassRole, which is no call
        PermissionsBoundary=parameters.get("PermissionsBoundary"),
        PolicyARN=parameters.get("PolicyArn"),
    )
    yield from builder.on_each(_resources(builder), keys)
    if builder.call.operation == "AddRoleToInstanceProfile":
        yield builder.existing("role", parameters["RoleName"], action="iam:PassRole")


def assume_role(builder: RequestBuilder) -> Iterator[Request]:
    """The role; one of another account may not be known."""
    parameters = builder.call.parameters
    arn = parameters["RoleArn"]
    role = builder.lookup.find("role", arn.rpartition("/")[2], builder.call.region)
    keys = role.keys if role and role.arn == arn else {}
    names = ("ExternalId", "RoleSessionName", "SourceIdentity")
    session = condition_keys("sts", **{name: parameters.get(name) for name in names})
    if "TransitiveTagKeys" in parameters:
        session["sts:TransitiveTagKeys"] = tuple(parameters["TransitiveTagKeys"])
    yield builder.request(arn, keys, session, tag_keys(parameters))


def anything(builder: RequestBuilder) -> Iterator[Request]:
    """A call whose resources do not matter here."""
    yield builder.request("*")


def _resources(builder: RequestBuilder) -> Iterator[Resource]:
    parameters, operation = builder.call.parameters, builder.call.operation
    for parameter, kind in _PARAMETERS.items():
        if parameter not in parameters:
            continue
        if operation == f"Create{parameter.removesuffix('Name')}":
            yield _created(builder, kind, parameters[parameter])
        else:
            yield builder.resource(kind, parameters[parameter])
    if operation == "CreatePolicy":
        yield _created(builder, "policy", parameters["PolicyName"])
    elif "PolicyArn" in parameters:
        yield builder.resource("policy", parameters["PolicyArn"])
    if "user" in table.kinds(builder.call.action) and not set(_PARAMETERS) & set(parameters):
        yield Resource(arn=builder.principal.arn)  # the caller's own


def _created(builder: RequestBuilder, kind: str, name: str) -> Resource:
    path = builder.call.parameters.get("Path") or "/"
    return Resource(arn=builder.arn("iam", kind, f"{path}{name}"))
