"""Moving Auto Scaling groups to a golden image, and replacing their instances.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html
"""

from collections.abc import Sequence

from msgspec import Struct

from goldenami.aws import auto_scaling, targets
from goldenami.aws.auto_scaling import Group
from goldenami.aws.launch_templates import NAMED, Reference, read_version
from goldenami.aws.parallel import concurrently
from goldenami.aws.session import Aws
from goldenami.domain.image import Image
from goldenami.domain.place import Place
from goldenami.domain.plan import Action, Ref
from goldenami.errors import AwsError
from goldenami.workflows.remediate.interface import Step
from goldenami.workflows.remediate.templates import misfit, move

PREFERENCES = {
    "SkipMatching": True,
    "ScaleInProtectedInstances": "Ignore",
    "StandbyInstances": "Ignore",
}
"""What is protected or put aside by hand is left alone."""


class _LeftAloneError(Exception):
    """A group is left alone; the message says why."""


class _Moves(Struct, frozen=True):
    """The new versions of what a group launches, and the actions that make them."""

    actions: tuple[Action, ...]
    versions: dict[Reference, str | Ref]


def steps(aws: Aws, place: Place, group: Group, golden: Image) -> list[Step]:
    """Return what to do with a group, and which of its instances are left alone.

    Raises:
        AwsError: its templates, images or instances could not be read.
    """
    try:
        actions = _actions(aws, place, group, golden)
    except _LeftAloneError as reason:
        return [Step(place=place, id=group.name, left=str(reason))]
    kept = f"it is protected from scale-in, which the refresh of {group.name} heeds"
    return [
        Step(place=place, id=group.name, actions=actions),
        *(Step(place=place, id=one, left=kept) for one in group.protected),
    ]


def _actions(aws: Aws, place: Place, group: Group, golden: Image) -> tuple[Action, ...]:
    if not group.launch:
        raise _LeftAloneError(
            "it has a launch configuration, which cannot be changed: give it a launch template"
        )
    if held := _protected(aws, place.region, group.instances):
        raise _LeftAloneError(f"{held} in it is protected from termination")
    if auto_scaling.refreshing(aws, place.region, group.name):
        raise _LeftAloneError("an instance refresh is under way")
    moves = _moves(aws, place, group, golden)
    others = sorted({one.image for one in group.references if one.image} - {golden.id})
    for image_id in others:
        if unfit := misfit(aws, place.region, image_id, "", golden):
            raise _LeftAloneError(f"{image_id}: {unfit}")
    actions = list(moves.actions)
    if moves.versions or others:
        actions.append(_updated(place, group, moves, golden))
    after = tuple(one.id for one in actions)
    return (*actions, _refreshed(place, group.name, after))


def _moves(aws: Aws, place: Place, group: Group, golden: Image) -> _Moves:
    """Move every template that the group names; one by ``$Default`` or ``$Latest`` follows."""
    actions: dict[str, Action] = {}
    versions: dict[Reference, str | Ref] = {}
    for one in group.references:
        if not one.template:
            continue
        version = read_version(aws, place.region, one.template, one.version)
        if version is None:
            raise _LeftAloneError(f"its template {one.template} has no version {one.version}")
        moved = move(aws, place, version, golden)
        if moved.left:
            raise _LeftAloneError(f"its template {one.template}: {moved.left}")
        actions |= {each.id: each for each in moved.actions}
        if moved.actions and one.version not in NAMED:
            versions[one] = moved.made
    return _Moves(tuple(actions.values()), versions)


def _protected(aws: Aws, region: str, instances: Sequence[str]) -> str:
    """Return an instance that is protected from termination, which a refresh does not heed."""
    found = concurrently(
        instances, lambda one: targets.protected_from_termination(aws, region, one)
    )
    for one, protected in found.items():
        if isinstance(protected, AwsError):
            raise protected
        if protected:
            return one
    return ""


def _updated(place: Place, group: Group, moves: _Moves, golden: Image) -> Action:
    return Action(
        id=f"{place}/{group.name}/template",
        summary=f"move {group.name} to it",
        call="autoscaling:UpdateAutoScalingGroup",
        region=place.region,
        role=place.role,
        parameters={
            "AutoScalingGroupName": group.name,
            **group.moved(moves.versions, golden.id),
        },
        # Auto Scaling asks whether the caller may launch the template's instances himself:
        # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
        permissions=("autoscaling:UpdateAutoScalingGroup", "ec2:RunInstances"),
        after=tuple(one.id for one in moves.actions),
    )


def _refreshed(place: Place, name: str, after: tuple[str, ...]) -> Action:
    return Action(
        id=f"{place}/{name}/refresh",
        summary=f"replace the instances of {name}",
        call="autoscaling:StartInstanceRefresh",
        region=place.region,
        role=place.role,
        parameters={"AutoScalingGroupName": name, "Preferences": PREFERENCES},
        permissions=("autoscaling:StartInstanceRefresh",),
        outputs={"refresh": "InstanceRefreshId"},
        after=after,
    )
