"""Events, whichever envelope they come in, and what each names."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from goldenami.domain.audit.subject import Kind
from goldenami.domain.events import subjects
from goldenami.domain.events.event import BrokenEvent, Event, read

ACCOUNT, REGION = "111122223333", "us-east-1"
INSTANCE, IMAGE = "i-0123456789abcdef0", "ami-0123456789abcdef0"
FLEET = "fleet-01234567-0123-0123-0123-0123456789ab"
SPOT_FLEET = "sfr-01234567-0123-0123-0123-0123456789ab"
RECORD: dict[str, Any] = {
    "eventVersion": "1.11",
    "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/ann",
                     "accountId": ACCOUNT},
    "eventTime": "2026-11-26T10:00:00Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "DeregisterImage",
    "awsRegion": REGION,
    "requestParameters": {"imageId": IMAGE},
    "responseElements": {"_return": True},
    "eventID": "1d3b7e4a-5c2f-4a6e-8f10-000000000001",
    "recipientAccountId": ACCOUNT,
}  # fmt: skip
BRIDGED = {
    "detail-type": "AWS API Call via CloudTrail", "detail": RECORD, "source": "aws.ec2",
    "account": ACCOUNT, "region": REGION, "time": "2026-11-26T10:00:03Z", "id": "x",
}  # fmt: skip
NOTIFIED = {"Type": "Notification", "MessageId": "x", "Message": json.dumps(BRIDGED)}


def events(document: Any) -> list[Event | BrokenEvent]:
    return [*read(json.dumps(document))]


@pytest.mark.parametrize(
    "document",
    [
        RECORD,
        [RECORD],
        {"Records": [RECORD]},
        {"Events": [{"EventId": "x", "CloudTrailEvent": json.dumps(RECORD)}]},
        BRIDGED,
        NOTIFIED,
        {"Records": [NOTIFIED]},
    ],
    ids=["record", "list", "log file", "LookupEvents", "EventBridge", "SNS", "nested"],
)
def test_a_record_is_the_same_in_whichever_envelope(document: Any) -> None:
    assert events(document) == [
        Event(
            id="1d3b7e4a-5c2f-4a6e-8f10-000000000001",
            service="ec2",
            name="DeregisterImage",
            at=datetime(2026, 11, 26, 10, tzinfo=UTC),
            account=ACCOUNT,
            region=REGION,
            by=f"arn:aws:iam::{ACCOUNT}:user/ann",
            request={"imageid": IMAGE},
            response={"_return": True},
        )
    ]


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"hello": 1}, "it is neither a record of CloudTrail nor an event of EventBridge"),
        ("text", "it is neither a record of CloudTrail nor an event of EventBridge"),
        ({**RECORD, "eventTime": "yesterday"}, "eventTime: no datetime"),
        ({**RECORD, "awsRegion": None}, "awsRegion: needs text, not nothing"),
        ({**RECORD, "awsRegion": "../x"}, "it names no region"),
        ({**RECORD, "recipientAccountId": "1", "userIdentity": None}, "it names no account"),
        ({**BRIDGED, "detail-type": "EC2 AMI State Change", "account": None},
         "account: needs text, not nothing"),
    ],
)  # fmt: skip
def test_what_is_broken_is_told_and_does_not_stop_the_others(document: Any, why: str) -> None:
    broken, event = events([document, RECORD])
    assert broken == BrokenEvent(why)
    assert isinstance(event, Event)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[" * 100_000, b'{"detail":' * 5_000 + b"1" + b"}" * 5_000]
)
def test_what_is_no_json_is_one_broken_event(content: bytes) -> None:
    assert [type(each) for each in read(content)] == [BrokenEvent]


def test_a_service_that_acts_for_somebody_is_named_beside_him() -> None:
    identity = {"type": "AssumedRole", "arn": "arn:x", "invokedBy": "autoscaling.amazonaws.com"}
    alone = {"type": "AWSService", "invokedBy": "ec2fleet.amazonaws.com"}
    names = [
        event.by
        for event in events([{**RECORD, "userIdentity": each} for each in (identity, alone)])
        if isinstance(event, Event)
    ]
    assert names == ["arn:x by way of autoscaling.amazonaws.com", "ec2fleet.amazonaws.com"]


def of(call: str, request: Any = None, response: Any = None) -> Any:
    service, _, name = call.partition(":")
    event = {
        **RECORD, "eventSource": f"{service}.amazonaws.com", "eventName": name,
        "requestParameters": request, "responseElements": response,
    }  # fmt: skip
    [read_event] = events(event)
    assert isinstance(read_event, Event)
    several = subjects.of_event(read_event)
    return several if several is None else [
        (each.kind, each.id, each.image.id, dict(each.facts)) for each in several
    ]  # fmt: skip


def image(**facts: str) -> list[tuple[Kind, str, str, dict[str, str]]]:
    return [(Kind.IMAGE, IMAGE, IMAGE, facts)]


def named(kind: Kind, name: str) -> list[tuple[Kind, str, str, dict[str, str]]]:
    return [(kind, name, "", {})]


def template(*, version: str, **numbers: int) -> Any:
    row = {"launchTemplateId": "lt-0123456789abcdef0", "launchTemplateName": "web", **numbers}
    return {"CreateX": {"xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/", version: row}}


MODIFIED = {"attributeType": "launchPermission", "imageId": IMAGE}
NAMES: dict[str, tuple[str, Any, Any, Any]] = {
    "a launch": (
        "ec2:RunInstances", {},
        {"instancesSet": {"items": [{"instanceId": INSTANCE, "imageId": IMAGE}]}},
        [(Kind.INSTANCE, INSTANCE, IMAGE, {})],
    ),
    "a start": (
        "ec2:StartInstances", {},
        {"instancesSet": {"items": [{"instanceId": INSTANCE, "currentState": {"code": 0}}]}},
        named(Kind.INSTANCE, INSTANCE),
    ),
    "an instant fleet, with what it has launched": (
        "ec2:CreateFleet",
        {"CreateFleetRequest": {"Type": "instant", "LaunchTemplateConfigs": {"tag": 1}}},
        {"CreateFleetResponse": {"fleetId": FLEET, "fleetInstanceSet": {
            "item": {"lifecycle": "on-demand", "instanceIds": {"item": INSTANCE}}}}},
        [*named(Kind.FLEET, FLEET), *named(Kind.INSTANCE, INSTANCE)],
    ),
    "a fleet that is modified": (
        "ec2:ModifyFleet", {"ModifyFleetRequest": {"FleetId": FLEET}},
        {"ModifyFleetResponse": {"return": True}}, named(Kind.FLEET, FLEET),
    ),
    "a spot fleet": (
        "ec2:RequestSpotFleet", {"spotFleetRequestConfig": {}},
        {"requestId": "x", "spotFleetRequestId": SPOT_FLEET}, named(Kind.SPOT_FLEET, SPOT_FLEET),
    ),
    "spot requests": (
        "ec2:RequestSpotInstances", {},
        {"spotInstanceRequestSet": {"items": [
            {"spotInstanceRequestId": "sir-8456a32b", "launchSpecification": {"imageId": IMAGE}},
        ]}},
        [(Kind.SPOT_REQUEST, "sir-8456a32b", IMAGE, {})],
    ),
    "a template": (
        "ec2:CreateLaunchTemplate", {},
        template(version="launchTemplate", defaultVersionNumber=1, latestVersionNumber=1),
        named(Kind.LAUNCH_TEMPLATE, "lt-0123456789abcdef0:1"),
    ),
    "a version of one": (
        "ec2:CreateLaunchTemplateVersion", {},
        template(version="launchTemplateVersion", versionNumber=7),
        named(Kind.LAUNCH_TEMPLATE, "lt-0123456789abcdef0:7"),
    ),
    "another default version": (
        "ec2:ModifyLaunchTemplate", {},
        template(version="launchTemplate", defaultVersionNumber=3, latestVersionNumber=7),
        named(Kind.LAUNCH_TEMPLATE, "lt-0123456789abcdef0:3"),
    ),
    "a group": (
        "autoscaling:CreateAutoScalingGroup", {"autoScalingGroupName": "web"}, None,
        named(Kind.AUTO_SCALING_GROUP, "web"),
    ),
    "a node group": (
        "eks:CreateNodegroup", {"name": "shop", "nodegroupName": "web"},
        {"nodegroup": {"clusterName": "shop", "nodegroupName": "web"}},
        named(Kind.NODE_GROUP, "shop/web"),
    ),
    "a new image": ("ec2:CreateImage", {}, {"imageId": IMAGE}, image()),
    "an image made public": (
        "ec2:ModifyImageAttribute",
        {**MODIFIED, "launchPermission": {"add": {"items": [{"group": "all"}]}}}, {},
        image(**{"shared-with": "all"}),
    ),
    "an image shared with accounts and an organization": (
        "ec2:ModifyImageAttribute",
        {**MODIFIED, "launchPermission": {"add": {"items": [
            {"userId": ACCOUNT}, {"organizationArn": "arn:o"}]}}}, {},
        image(**{"shared-with": f"{ACCOUNT} arn:o"}),
    ),
    "the same by the older form of the call": (
        "ec2:ModifyImageAttribute",
        {**MODIFIED, "operationType": "add", "userGroups": {"items": [{"group": "all"}]}}, {},
        image(**{"shared-with": "all"}),
    ),
    "an image that is shared no more": (
        "ec2:ModifyImageAttribute",
        {**MODIFIED, "launchPermission": {"remove": {"items": [{"group": "all"}]}}}, {}, image(),
    ),
    "an image's description": (
        "ec2:ModifyImageAttribute", {"imageId": IMAGE, "description": {"value": "x"}}, {}, image(),
    ),
    "an image that is disabled": (
        "ec2:DisableImage", {"DisableImageRequest": {"ImageId": IMAGE}}, {},
        image(ended="disabled"),
    ),
    "tags of an image and of something else": (
        "ec2:CreateTags",
        {"resourcesSet": {"items": [{"resourceId": IMAGE}, {"resourceId": "snap-01234567"}]},
         "tagSet": {"items": [{"key": "goldenami:status", "value": "approved"}, {"key": "a"}]}}, {},
        image(tagged="goldenami:status a"),
    ),
    "all tags of an image": (
        "ec2:DeleteTags", {"resourcesSet": {"items": [{"resourceId": IMAGE}]}, "tagSet": {}}, {},
        image(tagged="*"),
    ),
    "tags of nothing that has an image": (
        "ec2:CreateTags", {"resourcesSet": {"items": [{"resourceId": "vol-1"}]}}, {}, [],
    ),
    "a parameter": (
        "ssm:PutParameter", {"name": "/golden-ami/web"}, {"version": 2},
        named(Kind.PARAMETER, "/golden-ami/web"),
    ),
    "something else": ("ec2:CreateVpc", {}, {}, None),
}  # fmt: skip


@pytest.mark.parametrize(("call", "request_", "response", "names"), NAMES.values(), ids=NAMES)
def test_what_an_event_names(call: str, request_: Any, response: Any, names: Any) -> None:
    assert of(call, request_, response) == names


@pytest.mark.parametrize("state", ["pending", "running", "stopped", "terminated"])
def test_an_instance_is_judged_when_it_begins_to_run(state: str) -> None:
    detail = {"instance-id": INSTANCE, "state": state}
    kind = {**BRIDGED, "detail-type": "EC2 Instance State-change Notification", "detail": detail}
    [event] = events(kind)
    assert isinstance(event, Event)
    several = subjects.of_event(event) or ()
    begun = [INSTANCE] if state in ("pending", "running") else []
    assert [each.id for each in several] == begun


@pytest.mark.parametrize(
    ("state", "facts"),
    [("available", [{}]), ("deregistered", [{"ended": "deregistered"}]), ("failed", [])],
)
def test_an_image_is_judged_when_its_state_changes(state: str, facts: Any) -> None:
    detail = {"RequestId": "x", "ImageId": IMAGE, "State": state, "ErrorMessage": ""}
    [event] = events({**BRIDGED, "detail-type": "EC2 AMI State Change", "detail": detail})
    assert isinstance(event, Event)
    assert [each.facts for each in subjects.of_event(event) or ()] == facts


@pytest.mark.parametrize(
    ("call", "request_", "response"),
    [
        ("ec2:RunInstances", {"instancesSet": {"items": [{"imageId": IMAGE}]}}, None),
        ("ec2:RunInstances", None, {"omitted": True, "originalSize": 131072}),
        ("ec2:RunInstances", {}, {"items": [{"instanceId": "; rm -rf", "imageId": IMAGE}]}),
        ("ec2:RunInstances", {}, {"items": [{"instanceId": INSTANCE, "imageId": "x" * 999}]}),
        ("ec2:CreateImage", None, None),
        ("ec2:DeregisterImage", {"imageId": ["ami-1"]}, None),
        ("ec2:CreateFleet", [], 7),
        ("ec2:RequestSpotFleet", None, None),
        ("ec2:RequestSpotInstances", None, None),
        ("ec2:StartInstances", None, None),
        ("ec2:CreateLaunchTemplateVersion", None, {"launchTemplateId": "lt-1"}),
        ("autoscaling:CreateAutoScalingGroup", None, None),
        ("eks:CreateNodegroup", {"nodegroupName": {}}, None),
        ("ssm:PutParameter", None, None),
    ],
)
def test_what_does_not_tell_what_it_must_is_refused(
    call: str, request_: Any, response: Any
) -> None:
    with pytest.raises(subjects.UntoldError):
        of(call, request_, response)
