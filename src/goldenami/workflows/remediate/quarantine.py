"""Quarantine: one security group and no other on every interface, and the way back.

The groups that an interface had are noted on the instance before the first one changes, and the
note is never written over: whenever a run ends, it has everything that is to be put back.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from goldenami.aws import live_instances
from goldenami.aws.live_instances import LiveInstance
from goldenami.aws.session import RegionalAws
from goldenami.domain import quarantine, tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.finding import Finding
from goldenami.domain.plan import Action
from goldenami.domain.quarantine import Note
from goldenami.errors import LeftAloneError
from goldenami.workflows.remediate import instances
from goldenami.workflows.remediate.instances import InstanceRemediation
from goldenami.workflows.remediate.interface import RemediationStep, leaving_alone, reading
from goldenami.workflows.remediate.verdicts import Verdicts

CALL = "ec2:ModifyNetworkInterfaceAttribute"
PERMISSIONS = ("ec2:DescribeInstances", "ec2:DescribeSecurityGroups")


def steps(verdicts: Verdicts, named: Mapping[str, Sequence[Finding]]) -> list[RemediationStep]:
    """Return how each instance of a place gets into quarantine, or why not.

    Raises:
        LeftAloneError: none does.
    """
    group = verdicts.request.security_group
    with reading(group):
        vpc_id = live_instances.vpc_of(verdicts.regional, group)

    def refuse(regional: RegionalAws, now: LiveInstance) -> None:
        _refuse(now, group, vpc_id, regional.region)
        instances.refuse_protected(regional, now)

    def actions(place: AccountRegion, now: LiveInstance, _: Sequence[str]) -> Iterator[Action]:
        note = _joined(now, group)
        before: tuple[str, ...] = ()
        if note != _note(now):
            text = quarantine.written(note) or ""
            noted = instances.tagging(place, now, {quarantine.TAG: text})
            before = (noted.id,)
            yield noted
        for interface, groups in now.interfaces:
            if groups != (group,):
                yield _modified(place, now, "quarantine", interface, (group,), before)

    return instances.steps(verdicts, named, InstanceRemediation(refuse, actions, _compare))


def _refuse(now: LiveInstance, group: str, vpc_id: str, region: str) -> None:
    if all(groups == (group,) for _, groups in now.interfaces):
        raise LeftAloneError("it is in quarantine already")
    if not vpc_id:
        raise LeftAloneError(f"there is no security group {group} in {region}")
    if now.vpc_id != vpc_id:
        raise LeftAloneError(f"it is in {now.vpc_id or 'no VPC'}, and {group} in {vpc_id}")
    if quarantine.written(_joined(now, group)) is None:
        raise LeftAloneError(
            f"the groups of its {len(now.interfaces)} interfaces do not fit into the tag "
            f"{quarantine.TAG}, which has {tags.VALUE_LENGTH} characters"
        )


def _compare(action: Action, planned: LiveInstance, now: LiveInstance) -> None:
    """Refuse to change an interface that is not as it was when its groups were noted."""
    if action.call != CALL:
        if (planned.interfaces, _note(planned)) != (now.interfaces, _note(now)):
            raise LeftAloneError("its interfaces, or the note of them, were changed since")
        return
    interface = action.parameters["NetworkInterfaceId"]
    if interface not in _note(now):
        raise LeftAloneError(f"it is not noted which groups {interface} had")
    if dict(now.interfaces).get(interface) != dict(planned.interfaces)[interface]:
        raise LeftAloneError(f"the groups of {interface} were changed since")


def _joined(now: LiveInstance, group: str) -> Note:
    return quarantine.joined(_note(now), dict(now.interfaces), group)


def _note(now: LiveInstance) -> Note:
    """Return the note on an instance."""
    note = quarantine.read(now.tags.get(quarantine.TAG, ""))
    if note is None:
        raise LeftAloneError(f"its tag {quarantine.TAG} is no note of goldenami's")
    return note


def releases(regional: RegionalAws, ids: Collection[str]) -> list[RemediationStep]:
    """Return how each instance of a place gets its groups back, or why not.

    That is the undo of a quarantine, so nothing is judged.

    Raises:
        LeftAloneError: none does.
    """
    with reading("it"):
        now = live_instances.read(regional, ids)
    several: list[RemediationStep] = []
    for instance_id in ids:
        with leaving_alone(several, regional.place, instance_id), reading("its groups"):
            several.append(_release(regional, now.get(instance_id)))
    return several


def _release(regional: RegionalAws, planned: LiveInstance | None) -> RemediationStep:
    if planned is None or planned.state in instances.DEAD:
        raise LeftAloneError("it is gone")

    def guard(_: Action) -> None:
        now = live_instances.read(regional, [planned.id]).get(planned.id)
        if now is None or _note(now) != _note(planned):
            raise LeftAloneError("its note was changed since")

    actions = tuple(_back(regional, planned))
    return RemediationStep(place=regional.place, id=planned.id, actions=actions, guard=guard)


def _back(regional: RegionalAws, now: LiveInstance) -> Iterator[Action]:
    """Yield the actions that put back what a note says, and last take the note away."""
    note = _note(now)
    if not note:
        raise LeftAloneError("it is not in quarantine")
    known = live_instances.groups_of(regional, now.vpc_id)
    put_back = []
    for interface, groups in now.interfaces:
        had = tuple(group for group in note.get(interface, ()) if group in known)
        if interface in note and not had:
            gone = ", ".join(note[interface])
            raise LeftAloneError(f"none of the groups of {interface} is there any more: {gone}")
        if interface in note and had != groups:
            put_back.append(_modified(regional.place, now, "release", interface, had))
    yield from put_back
    # By its value, too: another note that was written meanwhile is not taken away.
    noted = tags.to_aws({quarantine.TAG: now.tags[quarantine.TAG]})
    parameters = {"Resources": [now.id], "Tags": noted}
    after = tuple(action.id for action in put_back)
    yield instances.action(regional.place, now, "release", "ec2:DeleteTags", parameters, after)


def _modified(
    place: AccountRegion,
    now: LiveInstance,
    verb: str,
    interface: str,
    groups: tuple[str, ...],
    after: tuple[str, ...] = (),
) -> Action:
    parameters = {"NetworkInterfaceId": interface, "Groups": list(groups)}
    name, summary = f"{place}/{now.id}/{interface}", f"{verb} {interface} of {now.id}"
    return Action.at(place, name, CALL, summary, parameters, after=after)
