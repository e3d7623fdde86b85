"""Systems Manager: parameters, documents, associations, and the instances a command goes to."""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.iam.authorization import table
from goldenami.iam.authorization.building import Building, request_tags
from goldenami.iam.authorization.generic import passed_roles
from goldenami.iam.evaluator.request import Request, Value

PUBLIC_PARAMETERS = "/aws/service/"
PUBLIC_DOCUMENTS = ("AWS-", "AmazonCloudWatch-")


def generic(building: Building) -> Iterator[Request]:
    """Any call of Systems Manager."""
    parameters = building.call.parameters
    authorised = table.kinds(building.call.action)
    instances = _names(parameters, "ManagedInstance", "InstanceIds", "InstanceId", "Target")
    made = {
        "parameter": (_parameter, _names(parameters, "Parameter", "Names", "Name", "Path")),
        "document": (_document, _names(parameters, "Document", "DocumentName", "Name")),
        "association": (_association, _names(parameters, "Association", "AssociationId")),
        "instance": (_instance, [one for one in instances if one.startswith("i-")]),
        "managed-instance": (_node, [one for one in instances if one.startswith("mi-")]),
    }
    asked = [
        request(building, name)
        for kind, (request, names) in made.items()
        if kind in authorised
        for name in names
    ]
    if arn := parameters.get("ResourceArn"):  # of a resource policy
        asked.append(building.request(arn))
    yield from asked or [building.request("*", _keys(parameters))]
    yield from passed_roles(building)


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


def _parameter(building: Building, name: str) -> Request:
    """A name need not exist: to write one that does not is the way to make it."""
    found = building.world.find("parameter", name.partition(":")[0], building.call.region)
    arn = building.arn("ssm", f"parameter/{name.removeprefix('/')}")
    if name.startswith(PUBLIC_PARAMETERS):
        arn = _of_aws(building, arn)
    return building.request(
        found.arn if found else arn,
        found.keys if found else {},
        _keys(building.call.parameters),
    )


def _document(building: Building, name: str) -> Request:
    arn = building.arn("ssm", f"document/{name}")
    if name.startswith(PUBLIC_DOCUMENTS):
        arn = _of_aws(building, arn)
    return building.request(arn, _keys(building.call.parameters))


def _of_aws(building: Building, arn: str) -> str:
    return arn.replace(f":{building.principal.account}:", "::")


def _association(building: Building, name: str) -> Request:
    arn = building.arn("ssm", f"association/{name}")
    return building.request(arn, _keys(building.call.parameters))


def _node(building: Building, name: str) -> Request:
    """A machine outside EC2; its tags are not known."""
    return building.request(building.arn("ssm", f"managed-instance/{name}"))


def _instance(building: Building, name: str) -> Request:
    instance = building.found("instance", name)
    tags = {
        key.replace("aws:ResourceTag/", "ssm:resourceTag/"): value
        for key, value in instance.keys.items()
        if key.startswith("aws:ResourceTag/")
    }
    return building.request(instance.arn, instance.keys, tags)
