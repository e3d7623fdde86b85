"""Moving Auto Scaling groups to a golden image, and replacing their instances.

The refresh itself brings the new template version into the group, once it has succeeded: until then
the group names what it named, and Auto Scaling can go back to that by itself.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from goldenami.aws import auto_scaling, live_instances
from goldenami.aws.action import ActionContext
from goldenami.aws.auto_scaling import AutoScalingGroup
from goldenami.aws.errors import REFRESHING
from goldenami.aws.launch_templates import NAMED, ImageReference, read_version
from goldenami.aws.parallel import concurrently
from goldenami.aws.session import RegionalAws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import Image
from goldenami.domain.plan import Action, Ref
from goldenami.errors import AwsError, LeftAloneError
from goldenami.workflows.remediate import templates
from goldenami.workflows.remediate.interface import RemediationStep, Rollout, reading
from goldenami.workflows.remediate.templates import misfit, move
from goldenami.workflows.remediate.verdicts import Verdicts

START = "autoscaling:StartInstanceRefresh"
PREFERENCES = {
    "SkipMatching": True,
    "ScaleInProtectedInstances": "Ignore",
    "StandbyInstances": "Ignore",
}
"""What is protected or put aside by hand is left alone."""


class _Moves(Struct, frozen=True):
    """The new versions of what a group launches, and the actions that make them.

    ``follows`` is what of it moves by itself, so that Auto Scaling cannot go back.
    """

    actions: tuple[Action, ...]
    versions: dict[ImageReference, str | Ref]
    follows: tuple[str, ...]


def steps(verdicts: Verdicts, group: AutoScalingGroup, golden: Image) -> list[RemediationStep]:
    """Return what to do with a group, and which of its instances are left alone.

    Raises:
        LeftAloneError: nothing.
    """
    with reading("it"):
        step = _step(verdicts, group, golden)
    kept = f"it is protected from scale-in, which the refresh of {group.name} heeds"
    return [
        step,
        *(
            RemediationStep(place=verdicts.place, id=instance_id, reason=kept)
            for instance_id in group.protected
        ),
    ]


def fitting(
    regional: RegionalAws, group: AutoScalingGroup, current: Sequence[Image]
) -> Image | None:
    """Return which image of a golden version fits what a group launches first of all.

    Raises:
        LeftAloneError: a template could not be read.
    """
    image, instance_type = "", ""
    for reference in group.references[:1] if current[1:] else ():
        image = reference.image
        with reading("it"):
            version = read_version(regional, reference) if reference.template else None
            if version:
                instance_type, image = version.instance_type, templates.image_of(regional, version)
    with reading("it"):
        return templates.fitting(regional, image, instance_type, current)


def adopt(context: ActionContext, error: AwsError) -> Mapping[str, object] | None:
    """Return the refresh that a call has started whose answer was lost.

    A group has one refresh at a time. The one under way is it if it is to bring the same.
    """
    if error.code not in REFRESHING:
        return None
    parameters = dict(context.parameters)
    refresh = auto_scaling.under_way(context.regional, parameters["AutoScalingGroupName"])
    if refresh is None:
        return None
    desired = parameters.get("DesiredConfiguration", {})
    same = auto_scaling.covers(refresh.desired_configuration, desired) and (
        bool(refresh.desired_configuration) == bool(desired)
    )
    if not same or not auto_scaling.covers(refresh.preferences, parameters["Preferences"]):
        return None
    return {"refresh": refresh.instance_refresh_id}


def _step(verdicts: Verdicts, group: AutoScalingGroup, golden: Image) -> RemediationStep:
    regional, rollout = verdicts.regional, verdicts.request.rollout
    if not group.launch:
        raise LeftAloneError(
            "it has a launch configuration, which cannot be changed: give it a launch template"
        )
    _refuse(regional, group)
    moves = _moves(regional, group, golden)
    others = sorted(
        {reference.image for reference in group.references if reference.image} - {golden.id}
    )
    for image_id in others:
        if unfit := misfit(regional, image_id, "", golden):
            raise LeftAloneError(f"{image_id}: {unfit}")
    desired = {}
    if not moves.follows or moves.versions or others:
        desired = group.moved(moves.versions, golden.id)
    refresh = _refreshed(regional.place, group.name, desired, moves, rollout)
    template_unchanged = templates.guard(regional, moves.actions)

    def guard(action: Action) -> None:
        if action.call != START:
            template_unchanged(action)
            return
        now = auto_scaling.groups(regional, [group.name]).get(group.name)
        if now is None or now.launch != group.launch:
            raise LeftAloneError("what it launches was changed since" if now else "it is gone")
        _refuse(regional, now)

    return RemediationStep(
        place=regional.place,
        id=group.name,
        actions=(*moves.actions, refresh),
        guard=guard,
        notes=_notes(group, moves, rollout),
    )


def _notes(group: AutoScalingGroup, moves: _Moves, rollout: Rollout) -> tuple[str, ...]:
    notes = []
    if moves.follows:
        what = ", ".join(moves.follows)
        notes.append(
            f"{group.name} cannot be rolled back by Auto Scaling, since it follows {what}: "
            "pin a version"
        )
    if rollout.checkpoints and rollout.checkpoints[-1] < 100:
        notes.append(f"{group.name} is replaced to {rollout.checkpoints[-1]} % only")
    return tuple(notes)


def _refuse(regional: RegionalAws, group: AutoScalingGroup) -> None:
    """Refuse a group whose instances must not be ended, or are being replaced already."""
    protected, errors = concurrently(
        group.instances,
        lambda instance_id: live_instances.protected_from_termination(regional, instance_id),
    )
    for error in errors.values():
        raise error
    for instance_id in group.instances:
        if protected[instance_id]:  # which a refresh does not heed
            raise LeftAloneError(f"{instance_id} in it is protected from termination")
    if auto_scaling.under_way(regional, group.name):
        raise LeftAloneError("an instance refresh is under way")


def _moves(regional: RegionalAws, group: AutoScalingGroup, golden: Image) -> _Moves:
    """Move every template that the group names; one by ``$Default`` or ``$Latest`` follows."""
    actions: dict[str, Action] = {}
    versions: dict[ImageReference, str | Ref] = {}
    follows: list[str] = []
    for reference in group.references:
        if not reference.template:
            continue
        version = read_version(regional, reference)
        if version is None:
            raise LeftAloneError(
                f"its template {reference.template} has no version {reference.version}"
            )
        moved = move(regional, version, golden)
        if moved.reason:
            raise LeftAloneError(f"its template {reference.template}: {moved.reason}")
        actions |= {each.id: each for each in moved.actions}
        if reference.version in NAMED:
            follows.append(f"{reference.version} of {reference.template}")
        elif version.reference.parameter:
            follows.append(f"the SSM parameter {version.reference.parameter}")
        elif moved.actions:
            versions[reference] = moved.version
    return _Moves(tuple(actions.values()), versions, tuple(follows))


def _refreshed(
    place: AccountRegion, name: str, desired: Mapping[str, object], moves: _Moves, rollout: Rollout
) -> Action:
    preferences = {**PREFERENCES, **rollout.preferences}
    if not moves.follows:  # else Auto Scaling refuses it
        preferences["AutoRollback"] = True
    return Action.at(
        place,
        f"{place}/{name}/refresh",
        START,
        f"replace the instances of {name}",
        {
            "AutoScalingGroupName": name,
            **({"DesiredConfiguration": desired} if desired else {}),
            "Preferences": preferences,
        },
        # Auto Scaling asks whether the caller may launch the template's instances:
        # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
        permissions=(
            START,
            *(("ec2:RunInstances",) if desired else ()),
            *(("cloudwatch:DescribeAlarms",) if rollout.alarms else ()),
        ),
        outputs={"refresh": "InstanceRefreshId"},
        after=tuple(action.id for action in moves.actions),
    )
