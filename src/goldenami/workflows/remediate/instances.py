"""Tagging, stopping and terminating instances, and what quarantine has in common with it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct

from goldenami.aws import live_instances
from goldenami.aws.errors import GONE
from goldenami.aws.live_instances import LiveInstance
from goldenami.aws.session import RegionalAws
from goldenami.domain import tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.finding import Finding
from goldenami.domain.choices import RemediationKind
from goldenami.domain.plan import Action
from goldenami.errors import AwsError, LeftAloneError
from goldenami.workflows.remediate.interface import RemediationStep, leaving_alone, reading
from goldenami.workflows.remediate.verdicts import Verdicts

PERMISSIONS = ("ec2:DescribeInstanceAttribute", "ec2:DescribeInstances")
DEAD = ("terminated", "shutting-down")
"""The states of what cannot be helped any more."""


def _fine(*_: object) -> None:
    """Refuse nothing."""


class InstanceRemediation(Struct, frozen=True):
    """One way to deal with an instance.

    Args:
        refuse: raises LeftAloneError if it is not for an instance as it is now.
        actions: makes the actions, of an instance and the rules that it breaks.
        compare: raises LeftAloneError if an action does not fit an instance any more, of which it
            gets what it was when all was planned, and what it is now.
    """

    refuse: Callable[[RegionalAws, LiveInstance], None]
    actions: Callable[[AccountRegion, LiveInstance, Sequence[str]], Iterator[Action]]
    compare: Callable[[Action, LiveInstance, LiveInstance], None] = _fine


def steps(
    verdicts: Verdicts, named: Mapping[str, Sequence[Finding]], way: InstanceRemediation
) -> list[RemediationStep]:
    """Return what to do with each instance of a place, or why nothing.

    Args:
        verdicts: by what the instances are judged.
        named: what the audit holds against each, by its id.
        way: what is done with them.

    Raises:
        LeftAloneError: with all of them nothing is done.
    """
    with reading("it"):
        now = live_instances.read(verdicts.regional, named)
    several: list[RemediationStep] = []
    for instance_id, findings in named.items():
        with leaving_alone(several, verdicts.place, instance_id):
            several.append(_step(verdicts, now.get(instance_id), findings, way))
    return several


def _step(
    verdicts: Verdicts,
    now: LiveInstance | None,
    named: Sequence[Finding],
    way: InstanceRemediation,
) -> RemediationStep:
    regional = verdicts.regional
    rules = sorted({finding.rule for finding in verdicts.still_open(named)})
    planned = _refuse(regional, now, way)

    def guard(action: Action) -> None:
        verdicts.once_more(named)
        instance = live_instances.read(regional, [planned.id]).get(planned.id)
        way.compare(action, planned, _refuse(regional, instance, way))

    actions = tuple(way.actions(regional.place, planned, rules))
    return RemediationStep(place=regional.place, id=planned.id, actions=actions, guard=guard)


def _refuse(
    regional: RegionalAws, now: LiveInstance | None, way: InstanceRemediation
) -> LiveInstance:
    """Return an instance, unless it is gone, protected, or done with already."""
    if now is None or now.state in DEAD:
        raise LeftAloneError("it is gone")
    with reading("its protection"):
        try:
            way.refuse(regional, now)
        except AwsError as error:
            if error.code in GONE:
                raise LeftAloneError("it is gone") from error
            raise
    return now


def refuse_protected(regional: RegionalAws, now: LiveInstance) -> None:
    """Refuse an instance that is protected from termination.

    Raises:
        LeftAloneError: it is.
        AwsError: whether it is could not be read.
    """
    if live_instances.protected_from_termination(regional, now.id):
        raise LeftAloneError("it is protected from termination")


def _refuse_stop(regional: RegionalAws, now: LiveInstance) -> None:
    if now.state in ("stopped", "stopping"):
        raise LeftAloneError("it is stopped already")
    if group := now.auto_scaling_group:
        raise LeftAloneError(f"the Auto Scaling group {group} would replace it: refresh that")
    refuse_protected(regional, now)
    if live_instances.protected_from_stop(regional, now.id):
        raise LeftAloneError("it is protected from being stopped")


def _tag(place: AccountRegion, now: LiveInstance, rules: Sequence[str]) -> Iterator[Action]:
    yield tagging(place, now, {tags.FINDING: " ".join(rules)})


def _simply(
    verb: str, call: str, place: AccountRegion, now: LiveInstance, _: Sequence[str]
) -> Iterator[Action]:
    yield action(place, now, verb, call, {"InstanceIds": [now.id]})


def tagging(place: AccountRegion, now: LiveInstance, missing: tags.Tags) -> Action:
    """Return the action that writes tags on an instance."""
    parameters = {"Resources": [now.id], "Tags": tags.to_aws(missing)}
    return action(place, now, "tag", "ec2:CreateTags", parameters)


def action(
    place: AccountRegion,
    now: LiveInstance,
    verb: str,
    call: str,
    parameters: Mapping[str, object],
    after: tuple[str, ...] = (),
) -> Action:
    """Return an action on an instance."""
    name, summary = f"{place}/{now.id}/{verb}", f"{verb} {now.id}"
    return Action.at(place, name, call, summary, parameters, after=after)


WAYS: Mapping[RemediationKind, InstanceRemediation] = {
    RemediationKind.TAG: InstanceRemediation(_fine, _tag),
    RemediationKind.STOP: InstanceRemediation(
        _refuse_stop, partial(_simply, "stop", "ec2:StopInstances")
    ),
    RemediationKind.TERMINATE: InstanceRemediation(
        refuse_protected, partial(_simply, "terminate", "ec2:TerminateInstances")
    ),
}
