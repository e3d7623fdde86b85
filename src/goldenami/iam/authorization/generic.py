"""Calls of services without a builder of their own: what the table says, named by parameters.

A resource is one whose ARN stands among the parameters, or whose ARN can be made from them
(``clusterName`` of EKS). One that every call of the action touches, and that no parameter names,
has a ``*`` there: the call makes it, or it is any.
"""

import re
from collections.abc import Iterator
from typing import Any

from goldenami.iam.authorization.builder import RequestBuilder, tag_keys, texts
from goldenami.iam.authorization.resources import Keys, Resource
from goldenami.iam.evaluator.request import Request, Value
from goldenami.iam.reference import table

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_ROLE = re.compile(r"arn:[^:]+:iam::[0-9]{12}:role/.+")
_OF_EC2 = ("instance", "snapshot")
"""Kinds of EC2's resources that other services act on; the world knows them."""
_KNOWN_AS = {("rbin", "rule"): "retention-rule"}
"""What the world calls a service's kind of resource, where it may know its tags and keys."""
_NAMED_OTHERWISE = {
    "account:targetregion": "RegionName",
    "ec2:osuser": "InstanceOSUser",
    "rbin:request/resourcetype": "ResourceType",
    "servicequotas:service": "ServiceCode",
}
"""Condition keys whose names are not those of the parameters that they are about."""
_VARIABLES = {"BucketName": "Bucket", "ObjectName": "Key"}
"""Parts of ARNs whose names are not those of the parameters that tell them."""


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call."""
    parameters = builder.call.parameters
    for resource in _resources(builder):
        yield builder.on(resource, named_keys(builder, resource.arn), tag_keys(parameters))
    yield from passed_roles(builder)


def named_keys(builder: RequestBuilder, arn: str) -> Keys:
    """Return the condition keys of the call's service that have a parameter's name."""
    plain = {_plain(name): value for name, value in builder.call.parameters.items()}
    keys: dict[str, Value] = {}
    for key in table.keys(builder.call.action, arn) or ():
        name = _NAMED_OTHERWISE.get(key, key.partition(":")[2])
        value = plain.get(_plain(name))
        if key.startswith(f"{builder.service}:") or key in _NAMED_OTHERWISE:
            keys.update((key, text) for text in _value_of(value))
    return keys


def passed_roles(builder: RequestBuilder) -> Iterator[Request]:
    """Yield the requests to pass the roles that the call gives to its service.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    passed: Keys = {"iam:PassedToService": f"{builder.service}.amazonaws.com"}
    for parameter, value in dict.fromkeys(texts("", builder.call.parameters)):
        if "role" in parameter.lower() and _ROLE.fullmatch(value):
            yield builder.request(value, passed, action="iam:PassRole")


def _resources(builder: RequestBuilder) -> Iterator[Resource]:
    arns = [
        arn
        for kind, access in table.kinds(builder.call.action).items()
        for arn in _arns(builder, kind, required=access.required)
    ]
    for arn in dict.fromkeys(arns) or ["*"]:
        kind, name = table.kind_of(arn), arn.rpartition("/")[2]
        known = kind in _OF_EC2 and ":ec2:" in arn and "*" not in name
        yield builder.resource(kind, name) if known else _as_found(builder, kind, name, arn)


def _as_found(builder: RequestBuilder, kind: str, name: str, arn: str) -> Resource:
    """Return a resource with its tags and keys, if the world knows it by its ARN."""
    known_as = _KNOWN_AS.get((builder.service, kind))
    resource = builder.lookup.find(known_as, name, builder.call.region) if known_as else None
    return resource if resource and resource.arn == arn else Resource(arn=arn)


def _arns(builder: RequestBuilder, kind: str, *, required: bool) -> list[str]:
    """Return the resources of a kind that the call touches."""
    named = [
        value
        for _, value in texts("", builder.call.parameters)
        if value.startswith("arn:") and table.kind_of(value) == kind
    ]
    if named:
        return named
    known = {
        "Partition": builder.principal.partition,
        "Region": builder.call.region,
        "Account": builder.principal.account,
    }
    form = table.arn_of(builder.service, kind)
    own = [variable for variable in _VARIABLE.findall(form) if variable not in known]
    alone = kind if len(own) == 1 else ""
    names = {variable: _parameter_for(builder, variable, alone) for variable in own}
    if own and not required and not any(names.values()):
        return []
    known |= {variable: name for variable, name in names.items() if name}
    arn = _VARIABLE.sub(lambda variable: known.get(variable[1], "*"), form)
    return [arn] if table.kind_of(arn) == kind else []  # some recovery point's is not its kind's


def _parameter_for(builder: RequestBuilder, variable: str, kind: str) -> str:
    """Return the parameter that tells a part of an ARN; empty if there is none.

    Args:
        builder: the call.
        variable: the part, such as ``ClusterName``.
        kind: the kind of resource, if nothing but this part tells which one it is.
    """
    of_kind = _plain(kind)
    candidates = [_plain(variable), _plain(_VARIABLES.get(variable, ""))]
    if kind:
        candidates += [of_kind, f"{of_kind}name", f"{of_kind}id"]
    if kind and _plain(builder.call.operation).endswith(of_kind):
        candidates += ["name", "id", "identifier"]
    values = {
        _plain(parameter): value
        for parameter, value in builder.call.parameters.items()
        if isinstance(value, str)
    }
    return next((values[name] for name in candidates if name in values), "")


def _plain(name: str) -> str:
    return name.replace("-", "").lower()


def _value_of(value: Any) -> list[Value]:
    """Return a parameter's value as that of a condition key; none for what is no text or list."""
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, str | int):
        return [str(value)]
    if isinstance(value, list | tuple) and value and all(isinstance(text, str) for text in value):
        return [tuple(value)]
    return []
