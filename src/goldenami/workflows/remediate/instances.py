"""Tagging, stopping, quarantining and terminating instances."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from goldenami.aws import targets
from goldenami.aws.session import Aws
from goldenami.aws.targets import Target
from goldenami.aws.waits import Doing
from goldenami.domain import tags
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.subject import Subject
from goldenami.domain.place import Place
from goldenami.domain.plan import Action
from goldenami.errors import GoldenamiError
from goldenami.workflows.remediate.interface import Asked, Step, What

FINDING = "goldenami:finding"
QUARANTINED_FROM = "goldenami:quarantined-from"
EXPECT = "expected"
"""A parameter that no call has: the instance and image that the step was planned for."""

PERMISSIONS = (
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstances",
    "ec2:DescribeSecurityGroups",
)
CHECKED = frozenset({"ec2:StopInstances", "ec2:TerminateInstances", "ec2:CreateTags"})
_GONE = ("terminated", "shutting-down")

Make = Callable[[Place, Target, Sequence[str], Asked], Iterator[Action]]


def steps(
    aws: Aws, place: Place, findings: Sequence[Finding], waived: Iterable[Subject], asked: Asked
) -> list[Step]:
    """Return what to do with each instance of a place, or why nothing.

    Raises:
        AwsError: the instances could not be read.
    """
    there = aws.at(place.role)
    by_id: dict[str, list[Finding]] = {}
    for one in findings:
        by_id.setdefault(one.subject.id, []).append(one)
    covered = {one.resource for one in waived}
    now = targets.read(there, place.region, by_id)
    vpc = ""
    if asked.what is What.QUARANTINE:
        vpc = targets.vpc_of(there, place.region, asked.security_group)
    found = []
    for instance_id, named in by_id.items():
        left = _matching(named, now.get(instance_id), covered)
        if not left:
            left = _allowed(there, place, now[instance_id], asked, vpc)
        actions: tuple[Action, ...] = ()
        if not left:
            rules = sorted({one.rule for one in named})
            actions = tuple(_MAKE[asked.what](place, now[instance_id], rules, asked))
        found.append(Step(place=place, id=instance_id, actions=actions, left=left))
    return found


def still_matches(doing: Doing) -> None:
    """Look once more, right before an instance is touched.

    Raises:
        GoldenamiError: it is no longer what the plan was made for.
    """
    expected = doing.parameters.get(EXPECT)
    if not expected:
        return
    found = targets.read(doing.aws, doing.region, [expected["instance"]]).get(expected["instance"])
    if found is None or found.image_id != expected["image"] or found.state in _GONE:
        raise GoldenamiError(f"{doing.summary}: it is no longer what the audit named")


def _matching(named: Sequence[Finding], now: Target | None, covered: Container[str]) -> str:
    """Say why an instance is not what the audit named any more, or must not be touched."""
    if named[0].subject.resource in covered:
        return "a waiver covers it"
    if now is None or now.state in _GONE:
        return "it is gone"
    if now.image_id != named[0].subject.image.id:
        return f"it runs {now.image_id} now, not {named[0].subject.image.id}"
    return ""


def _allowed(aws: Aws, place: Place, now: Target, asked: Asked, vpc: str) -> str:
    """Say why the action is not for this instance, or is done already."""
    if asked.what is What.TAG:
        return ""
    if why := _settled(now, asked, vpc):
        return why
    if targets.protected_from_termination(aws, place.region, now.id):
        return "it is protected from termination"
    if asked.what is What.STOP and targets.protected_from_stop(aws, place.region, now.id):
        return "it is protected from being stopped"
    return ""


def _settled(now: Target, asked: Asked, vpc: str) -> str:
    if asked.what is What.STOP:
        if now.state in ("stopped", "stopping"):
            return "it is stopped already"
        if now.auto_scaling_group:
            return f"the Auto Scaling group {now.auto_scaling_group} would replace it: refresh that"
    if asked.what is What.QUARANTINE:
        if all(groups == (asked.security_group,) for _, groups in now.interfaces):
            return "it is in quarantine already"
        if now.vpc_id != vpc:
            return f"it is in {now.vpc_id or 'no VPC'}, and {asked.security_group} in {vpc}"
    return ""


def _tag(place: Place, now: Target, rules: Sequence[str], _: Asked) -> Iterator[Action]:
    yield _tagging(place, now, {FINDING: " ".join(rules)})


def _stop(place: Place, now: Target, *_: object) -> Iterator[Action]:
    yield _action(place, now, "stop", "ec2:StopInstances", {"InstanceIds": [now.id]})


def _terminate(place: Place, now: Target, *_: object) -> Iterator[Action]:
    yield _action(place, now, "terminate", "ec2:TerminateInstances", {"InstanceIds": [now.id]})


def _quarantine(place: Place, now: Target, _: object, asked: Asked) -> Iterator[Action]:
    """Note the groups it had, then leave it the one of the quarantine on every interface."""
    had = " ".join(
        f"{interface}={','.join(groups)}"
        for interface, groups in now.interfaces
        if groups != (asked.security_group,)
    )
    noted = _tagging(place, now, {QUARANTINED_FROM: had[: tags.VALUE_LENGTH]})
    yield noted
    for interface, _groups in now.interfaces:
        yield Action(
            id=f"{place}/{now.id}/{interface}",
            summary=f"quarantine {interface} of {now.id}",
            call="ec2:ModifyNetworkInterfaceAttribute",
            region=place.region,
            role=place.role,
            parameters={"NetworkInterfaceId": interface, "Groups": [asked.security_group]},
            permissions=("ec2:ModifyNetworkInterfaceAttribute",),
            after=(noted.id,),
        )


def _tagging(place: Place, now: Target, wanted: Mapping[str, str]) -> Action:
    parameters = {"Resources": [now.id], "Tags": tags.to_aws(wanted)}
    return _action(place, now, "tag", "ec2:CreateTags", parameters)


def _action(
    place: Place, now: Target, verb: str, call: str, parameters: Mapping[str, object]
) -> Action:
    return Action(
        id=f"{place}/{now.id}/{verb}",
        summary=f"{verb} {now.id}",
        call=call,
        region=place.region,
        role=place.role,
        parameters={**parameters, EXPECT: {"instance": now.id, "image": now.image_id}},
        permissions=(call,),
    )


_MAKE: Mapping[What, Make] = {
    What.TAG: _tag,
    What.STOP: _stop,
    What.QUARANTINE: _quarantine,
    What.TERMINATE: _terminate,
}
