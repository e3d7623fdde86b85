"""Systems Manager: parameters, documents, and the instances a command goes to."""

from collections.abc import Iterator

from goldenami.iam.authorization import table
from goldenami.iam.authorization.building import Building, request_tags
from goldenami.iam.evaluator.request import Request

PUBLIC_PARAMETERS = "/aws/service/"
PUBLIC_DOCUMENTS = ("AWS-", "AmazonCloudWatch-")


def generic(building: Building) -> Iterator[Request]:
    """Any call of Systems Manager."""
    parameters = building.call.parameters
    authorised = table.kinds(building.call.action)
    asked = []
    if "parameter" in authorised:
        names = [*parameters.get("Names", ()), parameters.get("Name"), parameters.get("Path")]
        asked += [_parameter(building, name) for name in names if name]
    if "document" in authorised:
        names = [parameters.get("DocumentName"), parameters.get("Name")]
        asked += [building.request(_document(building, name)) for name in names if name]
    if "instance" in authorised:
        asked += [_instance(building, name) for name in parameters.get("InstanceIds", ())]
    yield from asked or [building.request("*")]


def _parameter(building: Building, name: str) -> Request:
    """A name need not exist: to write one that does not is the way to make it."""
    tags = request_tags(building.call.parameters.get("Tags", ()))
    found = building.world.find("parameter", name.partition(":")[0], building.call.region)
    arn = building.arn("ssm", f"parameter/{name.removeprefix('/')}")
    if name.startswith(PUBLIC_PARAMETERS):
        arn = arn.replace(f":{building.principal.account}:", "::")
    return building.request(found.arn if found else arn, found.keys if found else {}, tags)


def _document(building: Building, name: str) -> str:
    arn = building.arn("ssm", f"document/{name}")
    owned_by_aws = name.startswith(PUBLIC_DOCUMENTS)
    return arn.replace(f":{building.principal.account}:", "::") if owned_by_aws else arn


def _instance(building: Building, name: str) -> Request:
    instance = building.found("instance", name)
    tags = {
        key.replace("aws:ResourceTag/", "ssm:resourceTag/"): value
        for key, value in instance.keys.items()
        if key.startswith("aws:ResourceTag/")
    }
    return building.request(instance.arn, instance.keys, tags)
