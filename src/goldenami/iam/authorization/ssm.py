"""Systems Manager: parameters, documents, associations, and the instances a command goes to."""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.iam.authorization.builder import RequestBuilder, request_tags
from goldenami.iam.authorization.generic import passed_roles
from goldenami.iam.evaluator.request import Request, Value
from goldenami.iam.reference import table

PUBLIC_PARAMETERS = "/aws/service/"
PUBLIC_DOCUMENTS = ("AWS-", "AmazonCloudWatch-")


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call of Systems Manager."""
    parameters = builder.call.parameters
    authorized = table.kinds(builder.call.action)
    instances = _names(parameters, "ManagedInstance", "InstanceIds", "InstanceId", "Target")
    made = {
        "parameter": (_parameter, _names(parameters, "Parameter", "Names", "Name", "Path")),
        "document": (_document, _names(parameters, "Document", "DocumentName", "Name")),
        "association": (_association, _names(parameters, "Association", "AssociationId")),
        "instance": (_instance, [one for one in instances if one.startswith("i-")]),
        "managed-instance": (_node, [one for one in instances if one.startswith("mi-")]),
    }
    asked = [
        request(builder, name)
        for kind, (request, names) in made.items()
        if kind in authorized
        for name in names
    ]
    if arn := parameters.get("ResourceArn"):  # of a resource policy
        asked.append(builder.request(arn))
    yield from asked or [builder.request("*", _keys(parameters))]
    yield from passed_roles(builder)


def _names(parameters: Mapping[str, Any], tagged: str, *named_by: str) -> list[str]:
    """Return what parameters name, among them what is tagged as ``ResourceType``."""
    found: list[str] = []
    for parameter in named_by:
        value = parameters.get(parameter, ())
        found += [value] if isinstance(value, str) else value
    if parameters.get("ResourceType") == tagged:
        found.append(parameters["ResourceId"])
    return found


def _keys(parameters: Mapping[str, Any]) -> dict[str, Value]:
    keys = request_tags(parameters.get("Tags", ()))
    if "TagKeys" in parameters:
        keys["aws:TagKeys"] = tuple(parameters["TagKeys"])
    for name in ("Overwrite", "Recursive"):
        if name in parameters:
            keys[f"ssm:{name}"] = str(parameters[name]).lower()
    return keys


def _parameter(builder: RequestBuilder, name: str) -> Request:
    """A name need not exist: to write one that does not is the way to make it."""
    found = builder.world.find("parameter", name.partition(":")[0], builder.call.region)
    arn = builder.arn("ssm", f"parameter/{name.removeprefix('/')}")
    if name.startswith(PUBLIC_PARAMETERS):
        arn = _of_aws(builder, arn)
    return builder.request(
        found.arn if found else arn,
        found.keys if found else {},
        _keys(builder.call.parameters),
    )


def _document(builder: RequestBuilder, name: str) -> Request:
    arn = builder.arn("ssm", f"document/{name}")
    if name.startswith(PUBLIC_DOCUMENTS):
        arn = _of_aws(builder, arn)
    return builder.request(arn, _keys(builder.call.parameters))


def _of_aws(builder: RequestBuilder, arn: str) -> str:
    return arn.replace(f":{builder.principal.account}:", "::")


def _association(builder: RequestBuilder, name: str) -> Request:
    arn = builder.arn("ssm", f"association/{name}")
    return builder.request(arn, _keys(builder.call.parameters))


def _node(builder: RequestBuilder, name: str) -> Request:
    """A machine outside EC2; its tags are not known."""
    return builder.request(builder.arn("ssm", f"managed-instance/{name}"))


def _instance(builder: RequestBuilder, name: str) -> Request:
    instance = builder.found("instance", name)
    tags = {
        key.replace("aws:ResourceTag/", "ssm:resourceTag/"): value
        for key, value in instance.keys.items()
        if key.startswith("aws:ResourceTag/")
    }
    return builder.request(instance.arn, instance.keys, tags)
