"""The EC2 calls that launch: what RunInstances, fleets and spot requests are authorized on.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-runinstances
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from goldenami.iam.authorization.builder import Keys, RequestBuilder, specified_tags, tagging
from goldenami.iam.authorization.ec2_shared import instance_profile, passed_role, volume_keys
from goldenami.iam.authorization.resources import Resource
from goldenami.iam.evaluator.request import Request, Value
from goldenami.iam.reference import table

Launch = Mapping[str, Any]
"""What is launched, in RunInstances' parameters, those of a launch template merged in."""


def run_instances(builder: RequestBuilder) -> Iterator[Request]:
    """One launch, by parameters or a launch template."""
    yield from _launch(builder, builder.call.parameters)
    launch, _ = _merged(builder, builder.call.parameters)
    yield from tagging(builder, launch)


def create_fleet(builder: RequestBuilder) -> Iterator[Request]:
    """Each launch template of a fleet, with each of its overrides.

    An instant fleet launches as the caller, who needs ec2:RunInstances for what its templates say;
    the others launch by EC2 Fleet's service-linked role.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-fleet-prerequisites.html
    """
    parameters = builder.call.parameters
    yield from _fleet(builder, parameters)
    yield from _new_fleet(builder, "fleet", parameters)
    if parameters.get("Type") == "instant":
        call = replace(builder.call, action="ec2:RunInstances")
        yield from _fleet(replace(builder, call=call), parameters)


def modify_fleet(builder: RequestBuilder) -> Iterator[Request]:
    """The launch templates that a fleet is to have from now on, and the fleet."""
    yield from _fleet(builder, builder.call.parameters)
    fleet = builder.found("fleet", builder.call.parameters["FleetId"])
    yield builder.request(fleet.arn, fleet.keys)


def request_spot_fleet(builder: RequestBuilder) -> Iterator[Request]:
    """Launch specifications, or launch templates with overrides."""
    config = builder.call.parameters["SpotFleetRequestConfig"]
    yield from _fleet(builder, config)
    yield from _new_fleet(builder, "spot-fleet-request", config)


def request_spot_instances(builder: RequestBuilder) -> Iterator[Request]:
    """One launch specification."""
    parameters = builder.call.parameters
    yield from _launch(builder, parameters.get("LaunchSpecification", {}))
    yield builder.request(
        builder.new("spot-instances-request"),
        specified_tags(parameters, "spot-instances-request"),
    )
    yield from tagging(builder, parameters)


def create_replace_root_volume_task(builder: RequestBuilder) -> Iterator[Request]:
    """The instance, the new volume, and the image or snapshot it comes from."""
    parameters = builder.call.parameters
    if "ImageId" in parameters:
        image = builder.found("image", parameters["ImageId"])
        yield builder.request(image.arn, image.keys)
    if "SnapshotId" in parameters:
        snapshot = builder.found("snapshot", parameters["SnapshotId"])
        yield builder.request(snapshot.arn, snapshot.keys)
    instance = builder.found("instance", parameters["InstanceId"])
    yield builder.request(instance.arn, instance.keys)
    for kind in ("replace-root-volume-task", "volume"):
        yield builder.request(builder.new(kind), specified_tags(parameters, kind))
    yield from tagging(builder, parameters)


def _fleet(builder: RequestBuilder, config: Mapping[str, Any]) -> Iterator[Request]:
    asked: dict[tuple[str, str], Request] = {}
    for launch in _launches(config):
        for request in _launch(builder, launch):
            asked[request.resource, repr(request.context)] = request  # overrides repeat most
    yield from asked.values()


def _new_fleet(builder: RequestBuilder, kind: str, config: Mapping[str, Any]) -> Iterator[Request]:
    yield builder.request(builder.new(kind), specified_tags(config, kind))
    yield from tagging(builder, config)


def _launches(config: Mapping[str, Any]) -> Iterator[Launch]:
    yield from config.get("LaunchSpecifications", ())
    for one in config.get("LaunchTemplateConfigs", ()):
        template = {"LaunchTemplate": one.get("LaunchTemplateSpecification", {})}
        for override in one.get("Overrides") or [{}]:
            yield {**override, **template}


def _launch(builder: RequestBuilder, asked: Launch) -> Iterator[Request]:
    """Yield the requests of one launch, of the kinds that the call is authorized on."""
    authorized = table.kinds(builder.call.action)
    launch, template = _merged(builder, asked)
    for kind, requests in _PARTS.items():
        if kind in authorized:
            for resource, keys in requests(builder, launch):
                yield builder.request(resource, keys, _by_template(template, asked, kind))
    if template is not None and "launch-template" in authorized:
        yield builder.request(template.arn, template.keys)
    yield from _passed(builder, launch)


def _merged(builder: RequestBuilder, asked: Launch) -> tuple[Launch, Resource | None]:
    """Lay a launch over the launch template that it names."""
    named = asked.get("LaunchTemplate")
    if not named:
        return asked, None
    name = named.get("LaunchTemplateId") or named.get("LaunchTemplateName", "")
    template = builder.found("launch-template", name)
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


def _image_id(builder: RequestBuilder, launch: Launch) -> str:
    given = str(launch.get("ImageId", ""))
    if not given.startswith("resolve:ssm:"):
        return given
    return str(_parameter(builder, given).details["value"])


def _parameter(builder: RequestBuilder, given: str) -> Resource:
    name = given.removeprefix("resolve:ssm:").partition(":")[0]
    return builder.found("parameter", name)


def _image(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
    image = builder.found("image", _image_id(builder, launch))
    yield image.arn, image.keys


def _snapshots(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
    """Only those that the launch names itself, not those of its image."""
    for mapping in launch.get("BlockDeviceMappings", ()):
        if name := mapping.get("Ebs", {}).get("SnapshotId"):
            snapshot = builder.found("snapshot", name)
            yield snapshot.arn, snapshot.keys


def _volumes(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
    """One for each device: the image's, changed and joined by the launch's."""
    image = builder.found("image", _image_id(builder, launch))
    devices: dict[str, Mapping[str, Any]] = {}
    for mapping in (*image.details["devices"], *launch.get("BlockDeviceMappings", ())):
        name = mapping["DeviceName"]
        if "NoDevice" in mapping:
            devices.pop(name, None)
        elif "Ebs" in mapping:
            devices[name] = {**devices.get(name, {}), **mapping["Ebs"]}
    tags = specified_tags(launch, "volume")
    for ebs in devices.values():
        yield builder.new("volume"), {**volume_keys(builder, ebs), **tags}


def _instance(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
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
    if profile := instance_profile(builder, launch):
        keys["ec2:InstanceProfile"] = profile.arn
    yield builder.new("instance"), {**keys, **specified_tags(launch, "instance")}


def _network_interfaces(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
    """Those that exist, and those that the launch makes: one, if it does not say."""
    tags = specified_tags(launch, "network-interface")
    for one in launch.get("NetworkInterfaces") or [{}]:
        if name := one.get("NetworkInterfaceId"):
            existing = builder.found("network-interface", name)
            yield existing.arn, existing.keys
            continue
        public = one.get("AssociatePublicIpAddress")
        keys: Keys = {} if public is None else {"ec2:AssociatePublicIpAddress": str(public).lower()}
        yield builder.new("network-interface"), {**keys, **tags}


def _several(kind: str, names: Callable[[Launch], list[str]]) -> Callable[..., Iterator[Part]]:
    """Return the parts of a kind that every launch has: AWS takes a default if none is named."""

    def parts(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
        for name in dict.fromkeys(names(launch)):
            resource = builder.found(kind, name)
            yield resource.arn, resource.keys
        if not names(launch):
            yield builder.new(kind), {}

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

    def parts(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
        if given := name(launch):
            resource = builder.found(kind, given)
            yield resource.arn, resource.keys

    return parts


def _reservation(launch: Launch) -> Any:
    target = launch.get("CapacityReservationSpecification", {}).get("CapacityReservationTarget", {})
    return target.get("CapacityReservationId")


_PARTS: Mapping[str, Callable[[RequestBuilder, Launch], Iterator[Part]]] = {
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


def _passed(builder: RequestBuilder, launch: Launch) -> Iterator[Request]:
    """Yield what a launch needs of other services: the role it passes, the parameter it reads."""
    yield from passed_role(builder, launch)
    if str(launch.get("ImageId", "")).startswith("resolve:ssm:"):
        parameter = _parameter(builder, launch["ImageId"])
        yield builder.request(parameter.arn, parameter.keys, action="ssm:GetParameters")
