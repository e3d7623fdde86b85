"""Systems Manager: parameters, documents, associations, and the instances a command goes to."""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.iam.authorization.builder import RequestBuilder, tag_keys
from goldenami.iam.authorization.generic import passed_roles
from goldenami.iam.authorization.resources import Keys, condition_keys, resource_tags, tags_in
from goldenami.iam.evaluator.request import Request
from goldenami.iam.reference import table


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call of Systems Manager."""
    parameters = builder.call.parameters
    authorized = table.kinds(builder.call.action)
    keys = tag_keys(parameters) | condition_keys(
        "ssm", Overwrite=parameters.get("Overwrite"), Recursive=parameters.get("Recursive")
    )
    instances = _names(parameters, "ManagedInstance", "InstanceIds", "InstanceId", "Target")
    named = {
        "parameter": _names(parameters, "Parameter", "Names", "Name", "Path"),
        "document": _names(parameters, "Document", "DocumentName", "Name"),
        "servicesetting": [
            name.partition(":servicesetting")[2] or name
            for name in _names(parameters, "ServiceSetting", "SettingId")
        ],
        "association": _names(parameters, "Association", "AssociationId"),
        "instance": [name for name in instances if name.startswith("i-")],
        "managed-instance": [name for name in instances if name.startswith("mi-")],
    }
    requests = [
        _request(builder, kind, name, keys)
        for kind, names in named.items()
        if kind in authorized
        for name in names
    ]
    if arn := parameters.get("ResourceArn"):  # of a resource policy
        requests.append(builder.request(arn))
    yield from requests or [builder.request("*", keys)]
    yield from passed_roles(builder)


def _names(parameters: Mapping[str, Any], tagged: str, *named_by: str) -> list[str]:
    """Return what parameters name, among them what is tagged as ``ResourceType``."""
    names: list[str] = []
    for parameter in named_by:
        value = parameters.get(parameter, ())
        names += [value] if isinstance(value, str) else value
    if parameters.get("ResourceType") == tagged:
        names.append(parameters["ResourceId"])
    return names


def _request(builder: RequestBuilder, kind: str, name: str, keys: Keys) -> Request:
    """Return the request on what is named; the tags of a machine outside EC2 are not known."""
    if kind == "instance":
        instance = builder.resource("instance", name)
        return builder.on(instance, resource_tags(tags_in(instance.keys), "ssm"))
    if kind == "managed-instance":
        return builder.request(builder.arn("ssm", kind, name))
    if kind == "parameter":  # it need not exist: to write one that does not is the way to make it
        parameter = builder.lookup.find(kind, name.partition(":")[0], builder.call.region)
        if parameter:
            return builder.on(parameter, keys)
    return builder.request(builder.arn("ssm", kind, name), keys)
