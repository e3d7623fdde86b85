"""The EC2 calls that launch: what RunInstances, fleets and spot requests are authorized on.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-runinstances
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from goldenami.iam.authorization.builder import RequestBuilder, specified_tags, tagging
from goldenami.iam.authorization.ec2 import (
    instance_profile,
    made_and_tagged,
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
    yield from made_and_tagged(builder, parameters, "fleet")
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
    yield from made_and_tagged(builder, config, "spot-fleet-request")


def request_spot_instances(builder: RequestBuilder) -> Iterator[Request]:
    """One launch specification."""
    parameters = builder.call.parameters
    yield from _launch(builder, parameters.get("LaunchSpecification", {}))
    yield from made_and_tagged(builder, parameters, "spot-instances-request")


def create_replace_root_volume_task(builder: RequestBuilder) -> Iterator[Request]:
    """The instance, the new volume, and the image or snapshot it comes from."""
    parameters = builder.call.parameters
    for kind, parameter in (("image", "ImageId"), ("snapshot", "SnapshotId")):
        if parameter in parameters:
            yield builder.existing(kind, parameters[parameter])
    yield builder.existing("instance", parameters["InstanceId"])
    yield from made_and_tagged(builder, parameters, "replace-root-volume-task", "volume")


def _fleet(builder: RequestBuilder, config: Mapping[str, Any]) -> Iterator[Request]:
    requests: dict[tuple[str, str], Request] = {}
    for launch in _launches(config):
        for request in _launch(builder, launch):
            requests[request.resource, repr(request.context)] = request  # overrides repeat most
    yield from requests.values()


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
            for part in parts(builder, launch):
                yield builder.on(part, _by_template(template, parameters, kind))
    if template is not None and "launch-template" in authorized:
        yield builder.on(template)
    yield from passed_role(builder, launch)
    if parameter := _parameter(builder, launch):
        yield builder.on(parameter, action="ssm:GetParameters")


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


def _parameter(builder: RequestBuilder, launch: Launch) -> Resource | None:
    """Return the SSM parameter that names the image, if one does, of the version it names."""
    image_id = str(launch.get("ImageId", ""))
    if not image_id.startswith(_RESOLVED):
        return None
    return builder.resource("parameter", image_id.removeprefix(_RESOLVED))


def _image(builder: RequestBuilder, launch: Launch) -> Iterator[Resource]:
    parameter = _parameter(builder, launch)
    image_id = parameter.details["value"] if parameter else launch.get("ImageId", "")
    yield builder.resource("image", str(image_id))


def _volumes(builder: RequestBuilder, launch: Launch) -> Iterator[Resource]:
    """One for each device: the image's, changed and joined by the launch's."""
    (image,) = _image(builder, launch)
    devices: dict[str, Mapping[str, Any]] = {}
    for mapping in (*image.details["devices"], *launch.get("BlockDeviceMappings", ())):
        name = mapping["DeviceName"]
        if "NoDevice" in mapping:
            devices.pop(name, None)
        elif "Ebs" in mapping:
            devices[name] = {**devices.get(name, {}), **mapping["Ebs"]}
    tags = specified_tags(launch, "volume")
    for ebs in devices.values():
        yield _new(builder, "volume", {**volume_keys(builder, ebs), **tags})


def _instance(builder: RequestBuilder, launch: Launch) -> Iterator[Resource]:
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
    yield _new(builder, "instance", {**keys, **specified_tags(launch, "instance")})


def _network_interfaces(builder: RequestBuilder, launch: Launch) -> Iterator[Resource]:
    """Those that exist, and those that the launch makes: one, if it does not say."""
    tags = specified_tags(launch, "network-interface")
    for interface in launch.get("NetworkInterfaces") or [{}]:
        if name := interface.get("NetworkInterfaceId"):
            yield builder.resource("network-interface", name)
            continue
        public = interface.get("AssociatePublicIpAddress")
        keys = condition_keys("ec2", AssociatePublicIpAddress=public)
        yield _new(builder, "network-interface", {**keys, **tags})


def _new(builder: RequestBuilder, kind: str, keys: Keys) -> Resource:
    """Return what a launch makes: it has no id yet."""
    return Resource(arn=builder.arn("ec2", kind, "*"), keys=keys)


_PATHS = {
    "subnet": ("SubnetId", "NetworkInterfaces.SubnetId"),
    "security-group": (
        "SecurityGroupIds", "SecurityGroups", "SecurityGroups.GroupId|GroupName",
        "NetworkInterfaces.Groups",
    ),
    "key-pair": ("KeyName",),
    "placement-group": ("Placement.GroupName",),
    "capacity-reservation": (
        "CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId",
    ),
}  # fmt: skip
"""Where a launch names what it only uses; of alternatives, the first that is there."""
_ALWAYS = ("subnet", "security-group")
"""Of what every launch has one, so that AWS takes a default if none is named."""


def _named(kind: str, builder: RequestBuilder, launch: Launch) -> Iterator[Resource]:
    """Yield those of a kind that a launch names."""
    names = [name for path in _PATHS[kind] for name in _at(launch, *path.split("."))]
    for name in dict.fromkeys(names):
        yield builder.resource(kind, name)
    if kind in _ALWAYS and not names:
        yield _new(builder, kind, {})


def _at(value: Any, *path: str) -> Iterator[str]:
    """Yield the texts at a path of parameters, of each element where there is a list."""
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _at(inner, *path)
    elif path and isinstance(value, Mapping):
        names = path[0].split("|")
        yield from _at(next(filter(None, map(value.get, names)), None), *path[1:])
    elif value and not path and isinstance(value, str):
        yield value


_PARTS: Mapping[str, Callable[[RequestBuilder, Launch], Iterator[Resource]]] = {
    "image": _image,
    "snapshot": source_snapshots,  # only those that the launch names itself, not its image's
    "volume": _volumes,
    "instance": _instance,
    "network-interface": _network_interfaces,
    **{kind: partial(_named, kind) for kind in _PATHS},
}
"""The resources of a launch by kind, the image first."""
