"""What an event names that is to be judged.

An instance that was launched is there with its image, as AWS answered the launch: it is judged even
if it is gone by now. What the event names by its id alone has to be looked up.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from goldenami.constraints import Pattern
from goldenami.domain import names
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.audit_file import IDS
from goldenami.domain.audit.rules import exposed_image, lost_approval, lost_image
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.domain.events.event import Event
from goldenami.domain.instance import Instance
from goldenami.domain.tags import Tags

STATE_CHANGE = "ec2:EC2 Instance State-change Notification"
IMAGE_CHANGE = "ec2:EC2 AMI State Change"
EVERYTHING = "*"
"""Stands for all tags, where a call removed them without naming any."""

Reader = Callable[[Event], Iterator[Subject]]


class UntoldError(ValueError):
    """An event does not tell what it must: its words say what is missing.

    ``token`` is the client token of a launch, by which it can be looked up; empty if there is none.
    """

    def __init__(self, message: str, token: str = "") -> None:
        super().__init__(message)
        self.token = token


def of_event(event: Event) -> Sequence[Subject] | None:
    """Return what an event names; None if it is not about launches or images.

    Raises:
        UntoldError: it does not tell what it has to, or something else than that.
    """
    reader = _READERS.get(event.call)
    if reader is None:
        return None
    subjects = list(reader(event))
    if odd := next((each for each in subjects if not _is_one(each)), None):
        raise UntoldError(f"what it names as its {odd.kind.value} is none")
    return subjects


def of_instance(instance: Instance, place: AccountRegion) -> Subject:
    """Return an instance that was looked up, as an event would tell it."""
    return Subject(
        kind=Kind.INSTANCE,
        account=place.account,
        region=place.region,
        id=instance.id,
        name=instance.tags.get("Name", ""),
        state=instance.state,
        image=ImageSeen(id=instance.image_id),
        launched=instance.launched,
        tags=instance.tags,
    )


def _is_one(subject: Subject) -> bool:
    image = subject.image.id
    return bool(IDS[subject.kind].fullmatch(subject.id)) and (
        not image or bool(names.AMI_ID.fullmatch(image))
    )


def _subject(event: Event, kind: Kind, subject_id: str, **more: Any) -> Subject:
    return Subject(kind=kind, account=event.account, region=event.region, id=subject_id, **more)


def _launched(event: Event) -> Iterator[Subject]:
    """Yield the instances of RunInstances."""
    rows = [*_rows(event.response, "instanceid")]
    if not rows:
        token = _text(event.request, "clienttoken")
        raise UntoldError("CloudTrail left out what was launched, since it was too long", token)
    for row in rows:
        own = _tags(row)
        yield _subject(
            event, Kind.INSTANCE, _text(row, "instanceid"),
            image=ImageSeen(id=_text(row, "imageid")),
            name=own.get("Name", ""),
            state=_text(row.get("instancestate"), "name", "pending"),
            launched=event.at,
            tags=own,
        )  # fmt: skip


def _started(event: Event) -> Iterator[Subject]:
    """Yield the instances of StartInstances, whose images it does not tell."""
    started = _ids(event.response or event.request, names.INSTANCE_ID)
    if not started:
        raise UntoldError("it names no instance")
    yield from (_subject(event, Kind.INSTANCE, name) for name in started)


def _changed_state(event: Event) -> Iterator[Subject]:
    if _text(event.request, "state") in ("pending", "running"):
        yield _subject(event, Kind.INSTANCE, _text(event.request, "instance-id"))


def _fleet(event: Event) -> Iterator[Subject]:
    """Yield a fleet, and the instances that one of type ``instant`` has launched at once."""
    fleets = _ids([event.response, event.request], IDS[Kind.FLEET])
    if not fleets:
        raise UntoldError("it names no fleet")
    yield _subject(event, Kind.FLEET, fleets[0])
    for name in _ids(event.response, names.INSTANCE_ID):
        yield _subject(event, Kind.INSTANCE, name)


def _spot_fleet(event: Event) -> Iterator[Subject]:
    fleets = _ids([event.response, event.request], IDS[Kind.SPOT_FLEET])
    if not fleets:
        raise UntoldError("it names no spot fleet")
    yield _subject(event, Kind.SPOT_FLEET, fleets[0])


def _spot_requests(event: Event) -> Iterator[Subject]:
    rows = [*_rows(event.response, "spotinstancerequestid")]
    if not rows:
        raise UntoldError("it names no spot request")
    for row in rows:
        image = _text(row.get("launchspecification"), "imageid")
        yield _subject(
            event, Kind.SPOT_REQUEST, _text(row, "spotinstancerequestid"),
            image=ImageSeen(id=image), tags=_tags(row),
        )  # fmt: skip


def _template(*numbers: str) -> Reader:
    """Return a reader of a launch template's version, whose number is one of these keys."""

    def read(event: Event) -> Iterator[Subject]:
        row = next(_rows(event.response, "launchtemplateid"), {})
        number = next((row[name] for name in numbers if name in row), None)
        if number is None:
            raise UntoldError("it names no version of a launch template")
        template = f"{_text(row, 'launchtemplateid')}:{number}"
        yield _subject(event, Kind.LAUNCH_TEMPLATE, template, name=_text(row, "launchtemplatename"))

    return read


def _named(kind: Kind, key: str) -> Reader:
    """Return a reader of what a parameter of the call names."""

    def read(event: Event) -> Iterator[Subject]:
        yield _subject(event, kind, _text(event.request, key))

    return read


def _node_group(event: Event) -> Iterator[Subject]:
    row = next(_rows([event.response, event.request], "nodegroupname"), {})
    cluster = _text(row, "clustername") or _text(event.request, "name")
    yield _subject(event, Kind.NODE_GROUP, f"{cluster}/{_text(row, 'nodegroupname')}")


def _image(event: Event, image: str, **facts: str) -> Subject:
    return _subject(event, Kind.IMAGE, image, image=ImageSeen(id=image), facts=facts)


def _new_image(event: Event) -> Iterator[Subject]:
    yield _image(event, _text(event.response, "imageid"))


def _shared_image(event: Event) -> Iterator[Subject]:
    """Yield an image with whom it was shared with: in today's form of the call, or its older one.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html
    """
    request = event.request if isinstance(event.request, dict) else {}
    permission = request.get("launchpermission")
    added = permission.get("add") if isinstance(permission, dict) else None
    if request.get("operationtype") == "add":
        added = [added, request]
    consumers = [text for key in _CONSUMERS for text in _texts(added, key)]
    facts = {exposed_image.FACT: " ".join(dict.fromkeys(consumers))} if consumers else {}
    yield _image(event, _text(request, "imageid"), **facts)


_CONSUMERS = (
    "group", "userid", "organizationarn", "organizationalunitarn", "usergroup", "groups", "userids",
)  # fmt: skip


def _ended_image(how: str) -> Reader:
    def read(event: Event) -> Iterator[Subject]:
        yield _image(event, _text(event.request, "imageid"), **{lost_image.FACT: how})

    return read


def _image_state(event: Event) -> Iterator[Subject]:
    image, state = _text(event.request, "imageid"), _text(event.request, "state")
    if state in ("deregistered", "disabled"):
        yield _image(event, image, **{lost_image.FACT: state})
    elif state == "available":
        yield _image(event, image)


def _tagged_images(event: Event) -> Iterator[Subject]:
    """Yield the images among what was tagged, with the keys of the tags."""
    request = event.request if isinstance(event.request, dict) else {}
    keys = " ".join(_texts(request.get("tagset"), "key")) or EVERYTHING
    for image in _ids(request.get("resourcesset"), names.AMI_ID):
        yield _image(event, image, **{lost_approval.FACT: keys})


_READERS: Mapping[str, Reader] = {
    "autoscaling:CreateAutoScalingGroup": _named(Kind.AUTO_SCALING_GROUP, "autoscalinggroupname"),
    "autoscaling:CreateLaunchConfiguration": _named(
        Kind.LAUNCH_CONFIGURATION, "launchconfigurationname"
    ),
    "autoscaling:StartInstanceRefresh": _named(Kind.AUTO_SCALING_GROUP, "autoscalinggroupname"),
    "autoscaling:UpdateAutoScalingGroup": _named(Kind.AUTO_SCALING_GROUP, "autoscalinggroupname"),
    "ec2:CopyImage": _new_image,
    "ec2:CreateFleet": _fleet,
    "ec2:CreateImage": _new_image,
    "ec2:CreateLaunchTemplate": _template("latestversionnumber"),
    "ec2:CreateLaunchTemplateVersion": _template("versionnumber"),
    "ec2:CreateTags": _tagged_images,
    "ec2:DeleteTags": _tagged_images,
    "ec2:DeregisterImage": _ended_image("deregistered"),
    "ec2:DisableImage": _ended_image("disabled"),
    "ec2:ModifyFleet": _fleet,
    "ec2:ModifyImageAttribute": _shared_image,
    "ec2:ModifyLaunchTemplate": _template("defaultversionnumber"),
    "ec2:ModifySpotFleetRequest": _spot_fleet,
    "ec2:RegisterImage": _new_image,
    "ec2:RequestSpotFleet": _spot_fleet,
    "ec2:RequestSpotInstances": _spot_requests,
    "ec2:RunInstances": _launched,
    "ec2:StartInstances": _started,
    "eks:CreateNodegroup": _node_group,
    "eks:UpdateNodegroupVersion": _node_group,
    "ssm:PutParameter": _named(Kind.PARAMETER, "name"),
    IMAGE_CHANGE: _image_state,
    STATE_CHANGE: _changed_state,
}
"""The events that are judged."""
JUDGED = tuple(_READERS)
"""Their names: an operation with its service, or what EventBridge calls it."""


def _rows(part: Any, key: str) -> Iterator[Mapping[str, Any]]:
    """Yield every mapping that has a key, at any depth: EC2's operations nest their lists."""
    match part:
        case dict():
            if key in part:
                yield part
                return
            for value in part.values():
                yield from _rows(value, key)
        case list():
            for value in part:
                yield from _rows(value, key)


def _texts(part: Any, key: str) -> Iterator[str]:
    """Yield the texts with a key, or in the list there, at any depth."""
    for row in _rows(part, key):
        yield from _leaves(row[key])


def _leaves(part: Any) -> Iterator[str]:
    match part:
        case str():
            yield part
        case dict():
            for value in part.values():
                yield from _leaves(value)
        case list():
            for value in part:
                yield from _leaves(value)


def _ids(part: Any, pattern: Pattern) -> list[str]:
    """Return the ids of a kind that stand anywhere, each once."""
    return list(dict.fromkeys(text for text in _leaves(part) if pattern.fullmatch(text)))


def _text(part: Any, key: str, otherwise: str = "") -> str:
    value = part.get(key) if isinstance(part, dict) else None
    return value if isinstance(value, str) else otherwise


def _tags(row: Mapping[str, Any]) -> Tags:
    """Return the tags of a row of an answer."""
    return {_text(each, "key"): _text(each, "value") for each in _rows(row.get("tagset"), "key")}
