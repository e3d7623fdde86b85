"""What AWS tells has happened, from whichever envelope it comes in.

A record of CloudTrail may come in a log file, in an event of EventBridge, in the answer of
LookupEvents, and any of these in a notification of SNS.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from goldenami import jsonfile
from goldenami.domain import names

K = TypeVar("K")
BY_CLOUDTRAIL = " via CloudTrail"
"""How the detail types of EventBridge end that carry a record."""


class Event(Struct, frozen=True, kw_only=True):
    """One thing that has happened.

    Args:
        id: by which it is the same event wherever it comes from; empty if it has none.
        service: whose it is, such as ``ec2``.
        name: the operation that was called, or the detail type of EventBridge.
        at: when.
        account: in which account.
        region: in which region.
        by: who did it: an ARN, or the service.
        error: AWS's code if the call failed.
        request: the parameters of the call, or the detail of an event; keys in lower case.
        response: what AWS answered, with keys in lower case.
    """

    id: str
    service: str
    name: str
    at: datetime
    account: str
    region: str
    by: str = ""
    error: str = ""
    request: Any = None
    response: Any = None

    @property
    def call(self) -> str:
        """The operation with its service: ``ec2:RunInstances``."""
        return f"{self.service}:{self.name}"


class BrokenEvent(Struct, frozen=True):
    """What should be an event, and is none; ``why`` quotes nothing of it."""

    why: str


class _Identity(Struct, frozen=True, rename="camel"):
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html."""

    type: str = ""
    arn: str = ""
    account_id: str = ""
    principal_id: str = ""
    invoked_by: str = ""

    @property
    def name(self) -> str:
        who = self.arn or self.principal_id or self.invoked_by or self.type
        by_service = self.invoked_by and self.invoked_by != who
        return f"{who} by way of {self.invoked_by}" if by_service else who


class _Record(Struct, frozen=True, rename="camel"):
    event_name: str
    event_source: str
    event_time: datetime
    aws_region: str
    event_id: str = field(default="", name="eventID")
    recipient_account_id: str = ""
    user_identity: _Identity | None = None
    error_code: str | None = None
    request_parameters: Any = None
    response_elements: Any = None


class _Bridged(Struct, frozen=True, rename="kebab"):
    detail_type: str
    detail: dict[str, Any]
    time: datetime
    account: str
    region: str
    source: str
    id: str = ""


def read(content: bytes | str) -> Iterator[Event | BrokenEvent]:
    """Yield the events of a document, whichever envelope it is; what is broken stands alone.

    Args:
        content: the JSON of a log file, of an event, of a message, or of a list of them.
    """
    if not content.strip():
        yield BrokenEvent("it is empty")
        return
    try:
        document = msgspec.json.decode(content)
    except jsonfile.WRONG as error:
        yield BrokenEvent(jsonfile.why(error))
        return
    try:
        yield from _events(document)
    except RecursionError as error:
        yield BrokenEvent(jsonfile.why(error))


def _events(document: Any) -> Iterator[Event | BrokenEvent]:
    match document:
        case list(several) | {"Records": list(several)} | {"Events": list(several)}:
            for each in several:
                yield from _events(each)
        case {"CloudTrailEvent": str(text)} | {"Type": "Notification", "Message": str(text)}:
            yield from read(text)
        case {"detail-type": str(kind), "detail": dict(detail)} if kind.endswith(BY_CLOUDTRAIL):
            yield from _events(detail)
        case {"detail-type": str()}:
            yield _as(document, _Bridged, _of_bridge)
        case {"eventName": str(), "eventTime": str()}:
            yield _as(document, _Record, _of_record)
        case _:
            yield BrokenEvent("it is neither a record of CloudTrail nor an event of EventBridge")


def _as(document: Any, kind: type[K], event_of: Callable[[K], Event]) -> Event | BrokenEvent:
    try:
        event = event_of(msgspec.convert(document, kind))
    except jsonfile.WRONG as error:
        return BrokenEvent(jsonfile.why(error))
    if not names.ACCOUNT.fullmatch(event.account):
        return BrokenEvent("it names no account")
    if not names.REGION.fullmatch(event.region):
        return BrokenEvent("it names no region")
    return event


def _of_record(record: _Record) -> Event:
    identity = record.user_identity or _Identity()
    return Event(
        id=record.event_id,
        service=record.event_source.partition(".")[0],
        name=record.event_name,
        at=_utc(record.event_time),
        account=record.recipient_account_id or identity.account_id,
        region=record.aws_region,
        by=identity.name,
        error=record.error_code or "",
        request=_unwrapped(_lowered(record.request_parameters), f"{record.event_name}Request"),
        response=_unwrapped(_lowered(record.response_elements), f"{record.event_name}Response"),
    )


def _of_bridge(bridged: _Bridged) -> Event:
    return Event(
        id=bridged.id,
        service=bridged.source.removeprefix("aws."),
        name=bridged.detail_type,
        at=_utc(bridged.time),
        account=bridged.account,
        region=bridged.region,
        request=_lowered(bridged.detail),
    )


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _unwrapped(part: Any, name: str) -> Any:
    """Return what EC2's younger operations put under the name of their request or response."""
    return part.get(name.lower(), part) if isinstance(part, dict) else part


def _lowered(part: Any) -> Any:
    """Return the same with keys in lower case: EC2's younger operations write them ``LikeThis``."""
    match part:
        case dict():
            return {key.lower(): _lowered(value) for key, value in part.items()}
        case list():
            return [_lowered(value) for value in part]
    return part
