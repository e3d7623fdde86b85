"""Auto Scaling: groups, and what their launch templates need.

With a launch template the caller's ec2:RunInstances is checked when a group is created or updated,
and at no other time; with a launch configuration it never is.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from goldenami.iam.authorization.builder import Keys, RequestBuilder
from goldenami.iam.authorization.ec2_launch import Launch, run_instances
from goldenami.iam.authorization.generic import named_keys, passed_roles, tag_keys
from goldenami.iam.evaluator.request import Request, Value
from goldenami.iam.reference import table

_NO_VERSION = ("$Default", "$Latest", "")


def generic(builder: RequestBuilder) -> Iterator[Request]:
    """Any call: the group or the launch configuration that it names."""
    parameters = builder.call.parameters
    for arn, keys in _resources(builder):
        yield builder.request(
            arn, keys, named_keys(builder, arn), _of_launches(parameters), tag_keys(parameters)
        )
    yield from passed_roles(builder)


def create_or_update_group(builder: RequestBuilder) -> Iterator[Request]:
    """A group, and a launch of each of its launch templates in each of its subnets.

    AWS does not say that the image of an override is checked, so it is not, here either; what a
    policy can test of it is ``autoscaling:ImageId``.
    """
    yield from generic(builder)
    asked: dict[str, Request] = {}
    for launch in _launches(builder.call.parameters):
        call = replace(builder.call, action="ec2:RunInstances", parameters=launch)
        for request in run_instances(replace(builder, call=call)):
            asked[repr((request.action, request.resource, request.context))] = request
    yield from asked.values()


def _resources(builder: RequestBuilder) -> Iterator[tuple[str, Keys]]:
    for parameter, kind, rest in (
        ("AutoScalingGroupName", "autoScalingGroup", "autoScalingGroupName"),
        ("LaunchConfigurationName", "launchConfiguration", "launchConfigurationName"),
    ):
        access = table.kinds(builder.call.action).get(kind)
        if access is None:
            continue
        for name in _names(builder.call.parameters, parameter) or ["*"]:
            group = builder.world.find(kind, name, builder.call.region)
            own = group if group and ":autoscaling:" in group.arn else None
            arn = builder.arn("autoscaling", f"{kind}:*:{rest}/{name}")
            yield (own.arn, own.keys) if own else (arn, {})
        return
    yield "*", {}


def _names(parameters: Mapping[str, Any], parameter: str) -> list[str]:
    """Return the groups that a call names: by a parameter, or each of its tags by its own."""
    if parameter in parameters:
        return [parameters[parameter]]
    tagged = (one.get("ResourceId") for one in parameters.get("Tags", ()))
    return list(dict.fromkeys(one for one in tagged if one))


def _of_launches(parameters: Mapping[str, Any]) -> Keys:
    """Return the condition keys of what a group, a refresh or a configuration will launch."""
    given = {**parameters, **parameters.get("DesiredConfiguration", {})}
    overrides = _mixed(given).get("Overrides") or ()
    keys: dict[str, Value] = {}
    for key, name in (
        ("autoscaling:ImageId", "ImageId"),
        ("autoscaling:InstanceTypes", "InstanceType"),
    ):
        if values := tuple(dict.fromkeys(one[name] for one in overrides if one.get(name))):
            keys[key] = values[0] if key.endswith("Id") and len(values) == 1 else values
    specifications = [one["LaunchTemplate"] for one in _launches(given)]
    if specifications:
        versions = [str(one.get("Version", "")) for one in specifications]
        specified = any(one not in _NO_VERSION for one in versions)
        keys["autoscaling:LaunchTemplateVersionSpecified"] = str(specified).lower()
    if subnets := _subnets(given):
        keys["autoscaling:VPCZoneIdentifiers"] = tuple(subnets)
    for name in ("HttpEndpoint", "HttpPutResponseHopLimit", "HttpTokens"):
        if name in given.get("MetadataOptions", {}):
            keys[f"autoscaling:Metadata{name}"] = str(given["MetadataOptions"][name])
    return keys


def _launches(parameters: Mapping[str, Any]) -> list[Launch]:
    """Return the launches of a group's launch templates, one for each subnet."""
    templates: list[Launch] = []
    if "LaunchTemplate" in parameters:
        templates.append({"LaunchTemplate": parameters["LaunchTemplate"]})
    mixed = _mixed(parameters)
    if base := mixed.get("LaunchTemplateSpecification"):
        for override in mixed.get("Overrides") or [{}]:
            kept = {name: override[name] for name in ("InstanceType",) if name in override}
            own = override.get("LaunchTemplateSpecification", base)
            templates.append({**kept, "LaunchTemplate": own})
    subnets: list[Launch] = [{"SubnetId": one} for one in _subnets(parameters)] or [{}]
    return [{**template, **subnet} for template in templates for subnet in subnets]


def _mixed(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    policy: Mapping[str, Any] = parameters.get("MixedInstancesPolicy", {})
    template: Mapping[str, Any] = policy.get("LaunchTemplate", {})
    return template


def _subnets(parameters: Mapping[str, Any]) -> list[str]:
    named = str(parameters.get("VPCZoneIdentifier") or "")
    return [one.strip() for one in named.split(",") if one.strip()]
