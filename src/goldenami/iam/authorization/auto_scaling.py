"""Auto Scaling: groups, and what their launch templates need.

With a launch template the caller's ec2:RunInstances is checked when a group is created or updated,
or a refresh brings it another one, and at no other time; with a launch configuration it never is.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from goldenami.iam.authorization.builder import RequestBuilder, tag_keys
from goldenami.iam.authorization.ec2_launch import Launch, run_instances
from goldenami.iam.authorization.generic import named_keys, passed_roles
from goldenami.iam.authorization.resources import Keys, Resource, condition_keys
from goldenami.iam.evaluator.request import Request, Value
from goldenami.iam.reference import table

_NO_VERSION = ("$Default", "$Latest", "")


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call: the group or the launch configuration that it names."""
    parameters = builder.call.parameters
    keys = {**_of_launches(parameters), **tag_keys(parameters)}
    for resource in _resources(builder):
        yield builder.on(resource, named_keys(builder, resource.arn), keys)
    yield from passed_roles(builder)


def configure_group(builder: RequestBuilder) -> Iterator[Request]:
    """A group, and a launch of each of its launch templates in each of its subnets.

    AWS does not say that the image of an override is checked, so it is not, here either; what a
    policy can test of it is ``autoscaling:ImageId``.
    """
    yield from generic(builder)
    requests: dict[str, Request] = {}
    parameters = builder.call.parameters
    for launch in _launches({**parameters, **parameters.get("DesiredConfiguration", {})}):
        call = replace(builder.call, action="ec2:RunInstances", parameters=launch)
        for request in run_instances(replace(builder, call=call)):
            requests[repr((request.action, request.resource, request.context))] = request
    yield from requests.values()


def _resources(builder: RequestBuilder) -> Iterator[Resource]:
    for parameter, kind, rest in (
        ("AutoScalingGroupName", "autoScalingGroup", "autoScalingGroupName"),
        ("LaunchConfigurationName", "launchConfiguration", "launchConfigurationName"),
    ):
        if kind not in table.kinds(builder.call.action):
            continue
        for name in _names(builder.call.parameters, parameter) or ["*"]:
            group = builder.lookup.find(kind, name, builder.call.region)
            known = group and ":autoscaling:" in group.arn
            arn = builder.arn("autoscaling", f"{kind}:*:{rest}", name)
            yield group if group and known else Resource(arn=arn)
        return
    yield Resource(arn="*")


def _names(parameters: Mapping[str, Any], parameter: str) -> list[str]:
    """Return the groups that a call names: by a parameter, or each of its tags by its own."""
    if parameter in parameters:
        return [parameters[parameter]]
    tagged = (tag.get("ResourceId") for tag in parameters.get("Tags", ()))
    return list(dict.fromkeys(group for group in tagged if group))


def _of_launches(parameters: Mapping[str, Any]) -> Keys:
    """Return the condition keys of what a group, a refresh or a configuration will launch."""
    desired = {**parameters, **parameters.get("DesiredConfiguration", {})}
    overrides = _mixed(desired).get("Overrides") or ()
    keys: dict[str, Value] = {}
    for key, name in (
        ("autoscaling:ImageId", "ImageId"),
        ("autoscaling:InstanceTypes", "InstanceType"),
    ):
        if values := tuple(dict.fromkeys(each[name] for each in overrides if each.get(name))):
            keys[key] = values[0] if key.endswith("Id") and len(values) == 1 else values
    if templates := [launch["LaunchTemplate"] for launch in _launches(desired)]:
        versions = [str(template.get("Version", "")) for template in templates]
        specified = any(version not in _NO_VERSION for version in versions)
        keys |= condition_keys("autoscaling", LaunchTemplateVersionSpecified=specified)
    if subnets := _subnets(desired):
        keys["autoscaling:VPCZoneIdentifiers"] = tuple(subnets)
    metadata = desired.get("MetadataOptions", {})
    return keys | condition_keys(
        "autoscaling",
        MetadataHttpEndpoint=metadata.get("HttpEndpoint"),
        MetadataHttpPutResponseHopLimit=metadata.get("HttpPutResponseHopLimit"),
        MetadataHttpTokens=metadata.get("HttpTokens"),
    )


def _launches(parameters: Mapping[str, Any]) -> list[Launch]:
    """Return the launches of a group's launch templates, one for each subnet."""
    templates: list[Launch] = []
    if "LaunchTemplate" in parameters:
        templates.append({"LaunchTemplate": parameters["LaunchTemplate"]})
    mixed = _mixed(parameters)
    if base := mixed.get("LaunchTemplateSpecification"):
        for override in mixed.get("Overrides") or [{}]:
            own = override.get("LaunchTemplateSpecification", base)
            kind = {name: override[name] for name in ("InstanceType",) if name in override}
            templates.append({**kind, "LaunchTemplate": own})
    subnets: list[Launch] = [{"SubnetId": subnet} for subnet in _subnets(parameters)] or [{}]
    return [{**template, **subnet} for template in templates for subnet in subnets]


def _mixed(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    policy: Mapping[str, Any] = parameters.get("MixedInstancesPolicy", {})
    template: Mapping[str, Any] = policy.get("LaunchTemplate", {})
    return template


def _subnets(parameters: Mapping[str, Any]) -> list[str]:
    named = str(parameters.get("VPCZoneIdentifier") or "")
    return [subnet.strip() for subnet in named.split(",") if subnet.strip()]
