"""From an API call to the requests it is authorised by: one per resource and action."""

from collections.abc import Callable, Iterator, Mapping

from msgspec.structs import replace

from goldenami.iam.authorization import ec2, ec2_launch, iam, organizations, ssm, table
from goldenami.iam.authorization.building import ApiCall, Building
from goldenami.iam.authorization.world import World
from goldenami.iam.evaluator.request import Principal, Request, Value

Builder = Callable[[Building], Iterator[Request]]

_BUILDERS: Mapping[str, Builder] = {
    "ec2:CopyImage": ec2.copy_image,
    "ec2:CopySnapshot": ec2.copy_snapshot,
    "ec2:CreateFleet": ec2_launch.create_fleet,
    "ec2:CreateImage": ec2.create_image,
    "ec2:CreateReplaceRootVolumeTask": ec2_launch.create_replace_root_volume_task,
    "ec2:CreateSnapshots": ec2.create_snapshots,
    "ec2:CreateTags": ec2.create_tags,
    "ec2:CreateVolume": ec2.create_volume,
    "ec2:DeleteTags": ec2.delete_tags,
    "ec2:ModifyFleet": ec2_launch.modify_fleet,
    "ec2:RegisterImage": ec2.register_image,
    "ec2:RequestSpotFleet": ec2_launch.request_spot_fleet,
    "ec2:RequestSpotInstances": ec2_launch.request_spot_instances,
    "ec2:RunInstances": ec2_launch.run_instances,
    "sts:AssumeRole": iam.assume_role,
}
_BY_SERVICE: Mapping[str, Builder] = {
    "ec2": ec2.generic,
    "iam": iam.generic,
    "organizations": organizations.generic,
    "ssm": ssm.generic,
}


def requests(
    call: ApiCall,
    principal: Principal,
    world: World,
    circumstances: Mapping[str, Value] | None = None,
) -> tuple[Request, ...]:
    """Return what has to be allowed for a call to be allowed, the image of a launch first.

    Args:
        call: the call; its action may be in any case.
        principal: who makes it.
        world: finds the resources that the call names.
        circumstances: condition keys of the moment, such as ``aws:CurrentTime``.

    Raises:
        UnknownActionError: AWS has no such action, or goldenami does not know its service.
        UnknownResourceError: the call names a resource that does not exist.
    """
    action = table.spelled(call.action)
    service = action.partition(":")[0]
    build = _BUILDERS.get(action) or _BY_SERVICE.get(service, iam.anything)
    call = replace(call, action=action)
    return tuple(build(Building(call, principal, world, circumstances or {})))


__all__ = ["ApiCall", "requests"]
