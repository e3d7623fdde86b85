"""The EC2 calls that launch: what RunInstances, fleets and spot requests are authorized on.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-runinstances
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from goldenami.iam.authorization.builder import RequestBuilder, specified_tags, tagging
from goldenami.iam.authorization.ec2_shared import (
    instance_profile,
    passed_role,
    source_snapshots,
    volume_keys,
)
from goldenami.iam.authorization.resources import Keys, Resource, condition_keys
from goldenami.iam.evaluator.request import Request
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
    yield from _created(builder, "fleet", parameters)
    if parameters.get("Type") == "instant":
        call = replace(builder.call, action="ec2:RunInstances")
        yield from _fleet(replace(builder, call=call), parameters)


def modify_fleet(builder: RequestBuilder) -> Iterator[Request]:
    """The launch templates that a fleet is to have from now on, and the fleet."""
    yield from _fleet(builder, builder.call.parameters)
    yield builder.existing("fleet", builder.call.parameters["FleetId"])


def request_spot_fleet(builder: RequestBuilder) -> Iterator[Request]:
    """Launch specifications, or launch templates with overrides."""
    config = builder.call.parameters["SpotFleetRequestConfig"]
    yield from _fleet(builder, config)
    yield from _created(builder, "spot-fleet-request", config)


def request_spot_instances(builder: RequestBuilder) -> Iterator[Request]:
    """One launch specification."""
    parameters = builder.call.parameters
    yield from _launch(builder, parameters.get("LaunchSpecification", {}))
    yield from _created(builder, "spot-instances-request", parameters)


def create_replace_root_volume_task(builder: RequestBuilder) -> Iterator[Request]:
    """The instance, the new volume, and the image or snapshot it comes from."""
    parameters = builder.call.parameters
    for kind, parameter in (("image", "ImageId"), ("snapshot", "SnapshotId")):
        if parameter in parameters:
            yield builder.existing(kind, parameters[parameter])
    yield builder.existing("instance", parameters["InstanceId"])
    task = "replace-root-volume-task"
    yield builder.new(task, specified_tags(parameters, task))
    yield from _created(builder, "volume", parameters)


def _fleet(builder: RequestBuilder, config: Mapping[str, Any]) -> Iterator[Request]:
    requests: dict[tuple[str, str], Request] = {}
    for launch in _launches(config):
        for request in _launch(builder, launch):
            requests[request.resource, repr(request.context)] = request  # overrides repeat most
    yield from requests.values()


def _created(
    builder: RequestBuilder, kind: str, parameters: Mapping[str, Any]
) -> Iterator[Request]:
    """Yield the requests to make something, and to tag all that the call makes."""
    yield builder.new(kind, specified_tags(parameters, kind))
    yield from tagging(builder, parameters)


def _launches(config: Mapping[str, Any]) -> Iterator[Launch]:
    yield from config.get("LaunchSpecifications", ())
    for templates in config.get("LaunchTemplateConfigs", ()):
        template = {"LaunchTemplate": templates.get("LaunchTemplateSpecification", {})}
        for override in templates.get("Overrides") or [{}]:
            yield {**override, **template}


def _launch(builder: RequestBuilder, parameters: Launch) -> Iterator[Request]:
    """Yield the requests of one launch, of the kinds that the call is authorized on."""
    authorized = table.kinds(builder.call.action)
    launch, template = _merged(builder, parameters)
    for kind, parts in _PARTS.items():
        if kind in authorized:
            for arn, keys in parts(builder, launch):
                yield builder.request(arn, keys, _by_template(template, parameters, kind))
    if template is not None and "launch-template" in authorized:
        yield builder.request(template.arn, template.keys)
    yield from _passed(builder, launch)


def _merged(builder: RequestBuilder, launch: Launch) -> tuple[Launch, Resource | None]:
    """Lay a launch over the launch template that it names."""
    specification = launch.get("LaunchTemplate")
    if not specification:
        return launch, None
    name = specification.get("LaunchTemplateId") or specification.get("LaunchTemplateName", "")
    template = builder.resource("launch-template", name)
    versions = template.details["versions"]
    data = versions.get(str(specification.get("Version") or "$Default"), {})
    lists = {
        parameter: [*data.get(parameter, ()), *launch.get(parameter, ())]
        for parameter in ("BlockDeviceMappings", "TagSpecifications")
    }
    return {**data, **launch, **lists}, template


_RESOLVED = "resolve:ssm:"
"""How an image begins that is named by the SSM parameter which has its id."""

_PARAMETERS = {
    "image": "ImageId", "subnet": "SubnetId", "security-group": "SecurityGroupIds",
    "key-pair": "KeyName", "placement-group": "Placement",
    "instance": "InstanceType",
}  # fmt: skip


def _by_template(template: Resource | None, parameters: Launch, kind: str) -> Keys:
    if template is None:
        return {}
    own = _PARAMETERS.get(kind) in parameters
    return condition_keys("ec2", LaunchTemplate=template.arn, IsLaunchTemplateResource=not own)


Part = tuple[str, Keys]
"""A resource's ARN, and its condition keys."""

PartBuilder = Callable[[RequestBuilder, Launch], Iterator[Part]]


def _image_id(builder: RequestBuilder, launch: Launch) -> str:
    image_id = str(launch.get("ImageId", ""))
    if not image_id.startswith(_RESOLVED):
        return image_id
    return str(_parameter(builder, image_id).details["value"])


def _parameter(builder: RequestBuilder, image_id: str) -> Resource:
    return builder.resource("parameter", image_id.removeprefix(_RESOLVED).partition(":")[0])


def _image(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
    image = builder.resource("image", _image_id(builder, launch))
    yield image.arn, image.keys


def _snapshots(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
    """Only those that the launch names itself, not those of its image."""
    for snapshot in source_snapshots(builder, launch):
        yield snapshot.arn, snapshot.keys


def _volumes(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
    """One for each device: the image's, changed and joined by the launch's."""
    image = builder.resource("image", _image_id(builder, launch))
    devices: dict[str, Mapping[str, Any]] = {}
    for mapping in (*image.details["devices"], *launch.get("BlockDeviceMappings", ())):
        name = mapping["DeviceName"]
        if "NoDevice" in mapping:
            devices.pop(name, None)
        elif "Ebs" in mapping:
            devices[name] = {**devices.get(name, {}), **mapping["Ebs"]}
    tags = specified_tags(launch, "volume")
    for ebs in devices.values():
        yield builder.arn("ec2", "volume", "*"), {**volume_keys(builder, ebs), **tags}


def _instance(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
    metadata, placement = launch.get("MetadataOptions", {}), launch.get("Placement", {})
    profile = instance_profile(builder, launch)
    keys = condition_keys(
        "ec2",
        AvailabilityZone=placement.get("AvailabilityZone"),
        EbsOptimized=bool(launch.get("EbsOptimized")),
        InstanceMarketType=launch.get("InstanceMarketOptions", {}).get("MarketType", "on-demand"),
        InstanceProfile=profile.arn if profile else None,
        InstanceType=launch.get("InstanceType", "m1.small"),
        MetadataHttpEndpoint=metadata.get("HttpEndpoint"),
        MetadataHttpPutResponseHopLimit=metadata.get("HttpPutResponseHopLimit"),
        MetadataHttpTokens=metadata.get("HttpTokens"),
        RootDeviceType="ebs",
        Tenancy=placement.get("Tenancy", "default"),
    )
    yield builder.arn("ec2", "instance", "*"), {**keys, **specified_tags(launch, "instance")}


def _network_interfaces(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
    """Those that exist, and those that the launch makes: one, if it does not say."""
    tags = specified_tags(launch, "network-interface")
    for interface in launch.get("NetworkInterfaces") or [{}]:
        if name := interface.get("NetworkInterfaceId"):
            existing = builder.resource("network-interface", name)
            yield existing.arn, existing.keys
            continue
        public = interface.get("AssociatePublicIpAddress")
        keys = condition_keys("ec2", AssociatePublicIpAddress=public)
        yield builder.arn("ec2", "network-interface", "*"), {**keys, **tags}


def _named(
    kind: str, names: Callable[[Launch], Iterable[str]], *, always: bool = False
) -> PartBuilder:
    """Return the parts of a kind that a launch names.

    Args:
        kind: their kind.
        names: finds their ids or names; what is empty is none.
        always: whether every launch has one, so that AWS takes a default if none is named.
    """

    def parts(builder: RequestBuilder, launch: Launch) -> Iterator[Part]:
        known = [name for name in dict.fromkeys(names(launch)) if name]
        for name in known:
            resource = builder.resource(kind, name)
            yield resource.arn, resource.keys
        if always and not known:
            yield builder.arn("ec2", kind, "*"), {}

    return parts


def _subnets(launch: Launch) -> list[str]:
    interfaces = launch.get("NetworkInterfaces", ())
    return [launch.get("SubnetId", ""), *(each.get("SubnetId", "") for each in interfaces)]


def _groups(launch: Launch) -> list[str]:
    groups = [*launch.get("SecurityGroupIds", ()), *launch.get("SecurityGroups", ())]
    names = [group if isinstance(group, str) else group["GroupId"] for group in groups]
    for interface in launch.get("NetworkInterfaces", ()):
        names += interface.get("Groups", ())
    return names


def _reservation(launch: Launch) -> list[str]:
    target = launch.get("CapacityReservationSpecification", {}).get("CapacityReservationTarget", {})
    return [target.get("CapacityReservationId", "")]


_PARTS: Mapping[str, PartBuilder] = {
    "image": _image,
    "snapshot": _snapshots,
    "volume": _volumes,
    "instance": _instance,
    "network-interface": _network_interfaces,
    "subnet": _named("subnet", _subnets, always=True),
    "security-group": _named("security-group", _groups, always=True),
    "key-pair": _named("key-pair", lambda launch: [launch.get("KeyName", "")]),
    "placement-group": _named(
        "placement-group", lambda launch: [launch.get("Placement", {}).get("GroupName", "")]
    ),
    "capacity-reservation": _named("capacity-reservation", _reservation),
}
"""The resources of a launch by kind, the image first."""


def _passed(builder: RequestBuilder, launch: Launch) -> Iterator[Request]:
    """Yield what a launch needs of other services: the role it passes, the parameter it reads."""
    yield from passed_role(builder, launch)
    if str(launch.get("ImageId", "")).startswith(_RESOLVED):
        parameter = _parameter(builder, launch["ImageId"])
        yield builder.request(parameter.arn, parameter.keys, action="ssm:GetParameters")
