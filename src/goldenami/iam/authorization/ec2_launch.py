"""The EC2 calls that launch: what RunInstances, fleets and spot requests are authorised on.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-runinstances
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from goldenami.iam.authorization import table
from goldenami.iam.authorization.building import Building, Keys, specified_tags, tagging
from goldenami.iam.authorization.ec2_shared import instance_profile, passed_role, volume_keys
from goldenami.iam.authorization.world import Resource
from goldenami.iam.evaluator.request import Request, Value

Launch = Mapping[str, Any]
"""What is launched, in RunInstances' parameters, those of a launch template merged in."""


def run_instances(building: Building) -> Iterator[Request]:
    """One launch, by parameters or a launch template."""
    yield from _launch(building, building.call.parameters)
    launch, _ = _merged(building, building.call.parameters)
    yield from tagging(building, launch)


def create_fleet(building: Building) -> Iterator[Request]:
    """Each launch template of a fleet, with each of its overrides.

    An instant fleet launches as the caller, who needs ec2:RunInstances for what its templates say;
    the others launch by EC2 Fleet's service-linked role.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-fleet-prerequisites.html
    """
    parameters = building.call.parameters
    yield from _fleet(building, parameters)
    yield from _new_fleet(building, "fleet", parameters)
    if parameters.get("Type") == "instant":
        call = replace(building.call, action="ec2:RunInstances")
        yield from _fleet(replace(building, call=call), parameters)


def modify_fleet(building: Building) -> Iterator[Request]:
    """The launch templates that a fleet is to have from now on, and the fleet."""
    yield from _fleet(building, building.call.parameters)
    fleet = building.found("fleet", building.call.parameters["FleetId"])
    yield building.request(fleet.arn, fleet.keys)


def request_spot_fleet(building: Building) -> Iterator[Request]:
    """Launch specifications, or launch templates with overrides."""
    config = building.call.parameters["SpotFleetRequestConfig"]
    yield from _fleet(building, config)
    yield from _new_fleet(building, "spot-fleet-request", config)


def request_spot_instances(building: Building) -> Iterator[Request]:
    """One launch specification."""
    parameters = building.call.parameters
    yield from _launch(building, parameters.get("LaunchSpecification", {}))
    yield building.request(
        building.new("spot-instances-request"),
        specified_tags(parameters, "spot-instances-request"),
    )
    yield from tagging(building, parameters)


def create_replace_root_volume_task(building: Building) -> Iterator[Request]:
    """The instance, the new volume, and the image or snapshot it comes from."""
    parameters = building.call.parameters
    if "ImageId" in parameters:
        image = building.found("image", parameters["ImageId"])
        yield building.request(image.arn, image.keys)
    if "SnapshotId" in parameters:
        snapshot = building.found("snapshot", parameters["SnapshotId"])
        yield building.request(snapshot.arn, snapshot.keys)
    instance = building.found("instance", parameters["InstanceId"])
    yield building.request(instance.arn, instance.keys)
    for kind in ("replace-root-volume-task", "volume"):
        yield building.request(building.new(kind), specified_tags(parameters, kind))
    yield from tagging(building, parameters)


def _fleet(building: Building, config: Mapping[str, Any]) -> Iterator[Request]:
    asked: dict[tuple[str, str], Request] = {}
    for launch in _launches(config):
        for request in _launch(building, launch):
            asked[request.resource, repr(request.context)] = request  # overrides repeat most
    yield from asked.values()


def _new_fleet(building: Building, kind: str, config: Mapping[str, Any]) -> Iterator[Request]:
    yield building.request(building.new(kind), specified_tags(config, kind))
    yield from tagging(building, config)


def _launches(config: Mapping[str, Any]) -> Iterator[Launch]:
    yield from config.get("LaunchSpecifications", ())
    for one in config.get("LaunchTemplateConfigs", ()):
        template = {"LaunchTemplate": one.get("LaunchTemplateSpecification", {})}
        for override in one.get("Overrides") or [{}]:
            yield {**override, **template}


def _launch(building: Building, asked: Launch) -> Iterator[Request]:
    """Yield the requests of one launch, of the kinds that the call is authorised on."""
    authorised = table.kinds(building.call.action)
    launch, template = _merged(building, asked)
    for kind, requests in _PARTS.items():
        if kind in authorised:
            for resource, keys in requests(building, launch):
                yield building.request(resource, keys, _by_template(template, asked, kind))
    if template is not None and "launch-template" in authorised:
        yield building.request(template.arn, template.keys)
    yield from _passed(building, launch)


def _merged(building: Building, asked: Launch) -> tuple[Launch, Resource | None]:
    """Lay a launch over the launch template that it names."""
    named = asked.get("LaunchTemplate")
    if not named:
        return asked, None
    name = named.get("LaunchTemplateId") or named.get("LaunchTemplateName", "")
    template = building.found("launch-template", name)
    versions = template.details["versions"]
    data = versions.get(str(named.get("Version") or "$Default"), {})
    return {
        **data,
        **asked,
        "BlockDeviceMappings": [
            *data.get("BlockDeviceMappings", ()),
            *asked.get("BlockDeviceMappings", ()),
        ],
        "TagSpecifications": [
            *data.get("TagSpecifications", ()),
            *asked.get("TagSpecifications", ()),
        ],
    }, template


_PARAMETERS = {
    "image": "ImageId", "subnet": "SubnetId", "security-group": "SecurityGroupIds",
    "key-pair": "KeyName", "placement-group": "Placement",
    "instance": "InstanceType",
}  # fmt: skip


def _by_template(template: Resource | None, asked: Launch, kind: str) -> Keys:
    if template is None:
        return {}
    own = _PARAMETERS.get(kind) in asked
    return {
        "ec2:LaunchTemplate": template.arn,
        "ec2:IsLaunchTemplateResource": "false" if own else "true",
    }


Part = tuple[str, Keys]
"""A resource's ARN, and its condition keys."""


def _image_id(building: Building, launch: Launch) -> str:
    given = str(launch.get("ImageId", ""))
    if not given.startswith("resolve:ssm:"):
        return given
    return str(_parameter(building, given).details["value"])


def _parameter(building: Building, given: str) -> Resource:
    name = given.removeprefix("resolve:ssm:").partition(":")[0]
    return building.found("parameter", name)


def _image(building: Building, launch: Launch) -> Iterator[Part]:
    image = building.found("image", _image_id(building, launch))
    yield image.arn, image.keys


def _snapshots(building: Building, launch: Launch) -> Iterator[Part]:
    """Only those that the launch names itself, not those of its image."""
    for mapping in launch.get("BlockDeviceMappings", ()):
        if name := mapping.get("Ebs", {}).get("SnapshotId"):
            snapshot = building.found("snapshot", name)
            yield snapshot.arn, snapshot.keys


def _volumes(building: Building, launch: Launch) -> Iterator[Part]:
    """One for each device: the image's, changed and joined by the launch's."""
    image = building.found("image", _image_id(building, launch))
    devices: dict[str, Mapping[str, Any]] = {}
    for mapping in (*image.details["devices"], *launch.get("BlockDeviceMappings", ())):
        name = mapping["DeviceName"]
        if "NoDevice" in mapping:
            devices.pop(name, None)
        elif "Ebs" in mapping:
            devices[name] = {**devices.get(name, {}), **mapping["Ebs"]}
    tags = specified_tags(launch, "volume")
    for ebs in devices.values():
        yield building.new("volume"), {**volume_keys(building, ebs), **tags}


def _instance(building: Building, launch: Launch) -> Iterator[Part]:
    metadata = launch.get("MetadataOptions", {})
    keys: dict[str, Value] = {
        "ec2:InstanceType": str(launch.get("InstanceType", "m1.small")),
        "ec2:EbsOptimized": str(bool(launch.get("EbsOptimized"))).lower(),
        "ec2:Tenancy": str(launch.get("Placement", {}).get("Tenancy", "default")),
        "ec2:RootDeviceType": "ebs",
        "ec2:InstanceMarketType": str(
            launch.get("InstanceMarketOptions", {}).get("MarketType", "on-demand")
        ),
    }
    for key, name in (
        ("ec2:MetadataHttpTokens", "HttpTokens"),
        ("ec2:MetadataHttpEndpoint", "HttpEndpoint"),
        ("ec2:MetadataHttpPutResponseHopLimit", "HttpPutResponseHopLimit"),
    ):
        if name in metadata:
            keys[key] = str(metadata[name])
    if zone := launch.get("Placement", {}).get("AvailabilityZone"):
        keys["ec2:AvailabilityZone"] = zone
    if profile := instance_profile(building, launch):
        keys["ec2:InstanceProfile"] = profile.arn
    yield building.new("instance"), {**keys, **specified_tags(launch, "instance")}


def _network_interfaces(building: Building, launch: Launch) -> Iterator[Part]:
    """Those that exist, and those that the launch makes: one, if it does not say."""
    tags = specified_tags(launch, "network-interface")
    for one in launch.get("NetworkInterfaces") or [{}]:
        if name := one.get("NetworkInterfaceId"):
            existing = building.found("network-interface", name)
            yield existing.arn, existing.keys
            continue
        public = one.get("AssociatePublicIpAddress")
        keys: Keys = {} if public is None else {"ec2:AssociatePublicIpAddress": str(public).lower()}
        yield building.new("network-interface"), {**keys, **tags}


def _several(kind: str, names: Callable[[Launch], list[str]]) -> Callable[..., Iterator[Part]]:
    """Return the parts of a kind that every launch has: AWS takes a default if none is named."""

    def parts(building: Building, launch: Launch) -> Iterator[Part]:
        for name in dict.fromkeys(names(launch)):
            resource = building.found(kind, name)
            yield resource.arn, resource.keys
        if not names(launch):
            yield building.new(kind), {}

    return parts


def _subnets(launch: Launch) -> list[str]:
    interfaces = launch.get("NetworkInterfaces", ())
    named = [launch.get("SubnetId"), *(one.get("SubnetId") for one in interfaces)]
    return [one for one in named if one]


def _groups(launch: Launch) -> list[str]:
    given = [*launch.get("SecurityGroupIds", ()), *launch.get("SecurityGroups", ())]
    named = [one if isinstance(one, str) else one["GroupId"] for one in given]
    for interface in launch.get("NetworkInterfaces", ()):
        named += interface.get("Groups", ())
    return named


def _optional(kind: str, name: Callable[[Launch], Any]) -> Callable[..., Iterator[Part]]:
    """Return the part of a kind that a launch has if it names one."""

    def parts(building: Building, launch: Launch) -> Iterator[Part]:
        if given := name(launch):
            resource = building.found(kind, given)
            yield resource.arn, resource.keys

    return parts


def _reservation(launch: Launch) -> Any:
    target = launch.get("CapacityReservationSpecification", {}).get("CapacityReservationTarget", {})
    return target.get("CapacityReservationId")


_PARTS: Mapping[str, Callable[[Building, Launch], Iterator[Part]]] = {
    "image": _image,
    "snapshot": _snapshots,
    "volume": _volumes,
    "instance": _instance,
    "network-interface": _network_interfaces,
    "subnet": _several("subnet", _subnets),
    "security-group": _several("security-group", _groups),
    "key-pair": _optional("key-pair", lambda launch: launch.get("KeyName")),
    "placement-group": _optional(
        "placement-group", lambda launch: launch.get("Placement", {}).get("GroupName")
    ),
    "capacity-reservation": _optional("capacity-reservation", _reservation),
}
"""The resources of a launch by kind, the image first."""


def _passed(building: Building, launch: Launch) -> Iterator[Request]:
    """Yield what a launch needs of other services: the role it passes, the parameter it reads."""
    yield from passed_role(building, launch)
    if str(launch.get("ImageId", "")).startswith("resolve:ssm:"):
        parameter = _parameter(building, launch["ImageId"])
        yield building.request(parameter.arn, parameter.keys, action="ssm:GetParameters")
