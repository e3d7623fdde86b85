"""`goldenami judge` against the embedded AWS: events as CloudTrail and EventBridge send them."""

import gzip
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldenami.aws import lease
from goldenami.aws.session import Aws
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

from . import account, trail

Piped = Callable[..., None]
PUBLIC = {"launchPermission": {"add": {"items": [{"group": "all"}]}}}


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Piped:
    """Let these events be what is piped in."""

    def pipe(*events: Any) -> None:
        stream = io.TextIOWrapper(io.BytesIO(trail.lines(events)))
        monkeypatch.setattr(sys, "stdin", stream)

    return pipe


@pytest.fixture
def release(golden: str, write: Any) -> Path:
    """Return the release file of the golden image, which is shared with nobody."""
    path: Path = write(
        regions=["us-east-1"], enforce=None, audit={"regions": ["us-east-1"]},
        share={"accounts": ["444455556666"]},
    )  # fmt: skip
    return path


def verdicts(out: str) -> list[dict[str, Any]]:
    """Return what a document tells of each event."""
    return list(json.loads(out)["events"])


def broken(out: str) -> list[tuple[str, list[str]]]:
    """Return what became of each event, and the rules that were broken."""
    return [
        (each["outcome"], [finding["rule"] for finding in each.get("findings", ())])
        for each in verdicts(out)
    ]


def test_launches_are_judged_as_an_audit_judges_what_they_launched(
    cli: Any, sandbox: Sandbox, release: Path, golden: str, public: str, piped: Piped
) -> None:
    ec2 = sandbox.client("ec2")
    good, bad = account.launch(ec2, golden), account.launch(ec2, public)
    own = ec2.create_image(InstanceId=bad, Name="by-hand")["ImageId"]
    template = account.template(ec2, "web", public)
    spot = {"spotInstanceRequestId": "sir-8456a32b", "launchSpecification": {"imageId": golden}}
    made = {"launchTemplateId": template, "latestVersionNumber": 1, "defaultVersionNumber": 1}
    account.group(sandbox, "shop", LaunchTemplate={"LaunchTemplateId": template, "Version": "1"})
    state = "EC2 Instance State-change Notification"
    twice = trail.bridged(trail.run_instances({bad: public, good: golden}))
    piped(
        trail.run_instances({good: golden}),
        twice,
        twice,
        trail.of_group("i-0123456789abcdef0", own, "shop"),
        trail.told(state, **{"instance-id": bad, "state": "running"}),
        trail.told(state, **{"instance-id": "i-0123456789abcdef1", "state": "running"}),
        trail.record("StartInstances", {}, {"instancesSet": {"items": [{"instanceId": good}]}}),
        trail.record(
            "CreateAutoScalingGroup", {"autoScalingGroupName": "shop"}, None, service="autoscaling"
        ),
        trail.record("CreateLaunchTemplate", {}, {"CreateLaunchTemplateResponse": made}),
        trail.record("RequestSpotInstances", {}, {"spotInstanceRequestSet": {"items": [spot]}}),
        trail.record("DescribeImages", {}),
        trail.record("RunInstances", {}, None, errorCode="Client.UnauthorizedOperation"),
        trail.run_instances({good: golden}, region="eu-west-1"),
    )
    ran = cli("judge", release, "--format", "json")
    assert ran.code == 10, ran.err
    assert broken(ran.out) == [
        ("compliant", []),
        ("findings", ["foreign-owner"]),
        ("repeated", []),
        ("findings", ["unapproved-image"]),
        ("findings", ["foreign-owner"]),
        ("gone", []),
        ("compliant", []),
        ("findings", ["foreign-owner"]),
        ("findings", ["foreign-owner"]),
        ("compliant", []),
        ("failed-call", []),
        ("elsewhere", []),
    ]
    audited = json.loads(cli("audit", release, "--format", "json").out)["findings"]
    of_audit = {(one["subject"]["id"], one["rule"], one["reason"]) for one in audited}
    of_events = {
        (one["subject"]["id"], one["rule"], one["reason"])
        for each in verdicts(ran.out)
        for one in each.get("findings", ())
    }
    of_gone = {each for each in of_events if each[0] == "i-0123456789abcdef0"}
    assert len(of_gone) == 1  # the instance is not there any more, and was judged all the same
    assert of_events - of_gone == {
        each for each in of_audit if each[0] in (bad, "shop", f"{template}:1")
    }
    assert "1 not about launches or images (ec2:DescribeImages 1)" in ran.err


def test_what_cloudtrail_left_out_of_a_long_answer_is_looked_up(
    cli: Any, sandbox: Sandbox, release: Path, write: Any, public: str, piped: Piped
) -> None:
    launched = account.launch(sandbox.client("ec2"), public, ClientToken="of-this-launch")
    account.launch(sandbox.client("ec2"), public, ClientToken="of-another-launch")
    piped(trail.record("RunInstances", {"clientToken": "of-this-launch"}, None))
    [verdict] = verdicts(cli("judge", release, "--format", "json").out)
    assert verdict["resources"] == [f"{ACCOUNT_ID}/us-east-1/instance/{launched}"]
    assert [one["rule"] for one in verdict["findings"]] == ["foreign-owner"]

    waiver = {"owner": "ann", "reason": "a trial", "expires": "2100-01-01", "instance": launched}
    waivers = {"schema": "goldenami.waivers/v1", "waivers": [waiver]}
    (release.parent / "waivers.yaml").write_text(json.dumps(waivers))
    audit = {"regions": ["us-east-1"], "waivers": "waivers.yaml"}
    piped(trail.run_instances({launched: public}))
    ran = cli("judge", write(regions=["us-east-1"], enforce=None, audit=audit))
    assert ran.code == 0, ran.err
    assert "(waived by ann until 2100-01-01)" in ran.out


def test_changes_of_images_are_judged_by_what_they_leave(
    cli: Any, sandbox: Sandbox, release: Path, golden: str, public: str, piped: Piped
) -> None:
    ec2 = sandbox.client("ec2")
    instance = account.launch(ec2, public)
    own = ec2.create_image(InstanceId=instance, Name="by-hand")["ImageId"]
    shared = trail.record(
        "ModifyImageAttribute",
        {"imageId": golden, "launchPermission": {"add": {"items": [{"userId": "444455556666"}]}}},
    )
    exposed = [
        trail.record("ModifyImageAttribute", {"imageId": image, **PUBLIC})
        for image in (golden, own)
    ]
    ec2.create_tags(Resources=[own], Tags=[{"Key": "goldenami:status", "Value": "approved"}])
    piped(
        trail.record("CreateImage", {"instanceId": instance}, {"imageId": own}),
        shared,
        *exposed,
        _tagged("CreateTags", own),
        _tagged("CreateTags", golden),
        trail.record("DeregisterImage", {"imageId": golden}),
    )
    assert broken(cli("judge", release, "--format", "json").out) == [
        ("findings", ["spoofed-approval"]),
        ("compliant", []),
        ("findings", ["exposed-image"]),
        ("findings", ["spoofed-approval", "exposed-image"]),
        ("findings", ["spoofed-approval"]),
        ("compliant", []),
        ("compliant", []),  # it is still there
    ]
    piped(shared)
    assert cli("judge", "--region", "us-east-1").code == 0  # nobody says for whom it is meant

    ec2.delete_tags(Resources=[golden], Tags=[{"Key": "goldenami:status"}])
    piped(_tagged("DeleteTags", golden))
    assert broken(cli("judge", release, "--approved", own, "--format", "json").out) == [
        ("findings", ["lost-approval"])
    ]
    ec2.create_tags(Resources=[golden], Tags=[{"Key": "goldenami:status", "Value": "approved"}])
    ec2.disable_image(ImageId=golden)
    piped(trail.record("DisableImage", {"DisableImageRequest": {"ImageId": golden}}))
    ran = cli("judge", release, "--approved", own)
    assert ran.code == 10
    assert "high lost-image" in ran.out
    assert "it is the image of web-base 1.0, and was disabled although its release" in ran.out


def _tagged(call: str, image: str) -> dict[str, Any]:
    tags = {"items": [{"key": "goldenami:status", "value": "approved"}]}
    return trail.record(call, {"resourcesSet": {"items": [{"resourceId": image}]}, "tagSet": tags})


def test_what_goldenami_does_itself_is_no_finding(
    cli: Any, sandbox: Sandbox, release: Path, golden: str, piped: Piped
) -> None:
    [reservation] = sandbox.client("ec2").describe_instances()["Reservations"]
    [base] = reservation["Instances"]  # it is terminated by now, and its launch is read only now
    tags = {tag["Key"]: tag["Value"] for tag in base["Tags"]}
    piped(
        trail.run_instances({base["InstanceId"]: base["ImageId"]}, tags=tags),
        trail.run_instances(
            {"i-0123456789abcdef0": base["ImageId"]}, tags=tags
        ),  # no base instance
    )
    assert broken(cli("judge", release, "--format", "json").out) == [
        ("baking", []), ("findings", ["foreign-owner"]),
    ]  # fmt: skip
    disabled = trail.record("DisableImage", {"imageId": golden})
    with lease.Lease(Aws(region="us-east-1").in_region("us-east-1"), "web-base", "somebody"):
        sandbox.client("ec2").disable_image(ImageId=golden)
        piped(disabled, _tagged("CreateTags", golden))
        ran = cli("judge", release, "--format", "json")
    assert [each["outcome"] for each in verdicts(ran.out)] == ["baking", "baking"]
    assert ran.code == 0
    sandbox.client("ec2").enable_image(ImageId=golden)
    assert cli("deprecate", "web-base", "1.0", "--why", "old", "--yes").code == 0
    piped(_tagged("CreateTags", golden))
    ran = cli("judge", release, "--approved", golden, "--format", "json")
    assert [each["outcome"] for each in verdicts(ran.out)] == ["compliant"]


def test_no_change_of_a_whole_life_is_a_finding_when_its_events_are_read(
    cli: Any, sandbox: Sandbox, write: Any, own_images: Any, piped: Piped
) -> None:
    sandbox.pending_s = 0.0
    parts = {"enforce": None, "share": {"accounts": ["444455556666"], "snapshots": True}}
    for version in ("1.0", "2.0"):
        release = write(version=version, **parts)
        assert cli("bake", release, "--yes").code == 0
    events = _changes(sandbox)
    for region in ("us-east-1", "eu-west-1"):
        for image in own_images(region):
            answer = {"imageId": image["ImageId"]}
            events.append(trail.record("CreateImage", {}, answer, region=region))
    piped(*events)
    baked = cli("judge", release, "--format", "json")
    assert {each["outcome"] for each in verdicts(baked.out)} == {"compliant", "gone"}, baked.out

    before = len(sandbox.calls)
    assert cli("retire", "web-base", "1.0", "--now", "--launched-within", "0d", "--yes").code == 0
    changes = _changes(sandbox, before)
    assert {"DisableImage", "DeregisterImage", "CreateTags"} <= {
        each["eventName"] for each in changes
    }
    piped(*changes, *events)
    retired = cli("judge", release, "--format", "json")
    assert {each["outcome"] for each in verdicts(retired.out)} == {"compliant", "gone"}, retired.out


def _changes(sandbox: Sandbox, before: int = 0) -> list[dict[str, Any]]:
    """Return the records of the changes that were called for, failed ones left out."""
    several = (
        trail.of_call(call.name, call.region, call.parameters)
        for call in sandbox.calls[before:]
        if not call.parameters.get("DryRun")
    )
    return [each for each in several if each]


def test_a_parameter_is_judged_if_a_release_is_published_as_it(
    cli: Any, sandbox: Sandbox, release: Path, golden: str, public: str, piped: Piped
) -> None:
    name = "/golden-ami/web-base"
    put, other = (
        trail.record("PutParameter", {"name": each, "value": "HIDDEN_DUE_TO_SECURITY_REASONS"},
                     {"version": 2, "tier": "Standard"}, service="ssm")
        for each in (name, "/app/settings")
    )  # fmt: skip
    piped(put, other)
    assert broken(cli("judge", release, "--format", "json").out) == [
        ("compliant", []), ("gone", []),
    ]  # fmt: skip
    sandbox.client("ssm").put_parameter(Name=name, Value=public, Type="String", Overwrite=True)
    piped(put)
    ran = cli("judge", release)
    assert ran.code == 10
    assert "high stale-pointer /golden-ami/web-base: it names" in ran.out


def test_a_broken_record_stops_no_other_and_files_are_read_as_cloudtrail_leaves_them(
    cli: Any, sandbox: Sandbox, release: Path, golden: str, tmp_path: Path
) -> None:
    good = trail.run_instances({account.launch(sandbox.client("ec2"), golden): golden})
    folder = tmp_path / "AWSLogs" / "2026"
    folder.mkdir(parents=True)
    log = {"Records": [{"eventName": 7}, good, trail.record("RunInstances", None, None)]}
    (folder / "trail.json.gz").write_bytes(gzip.compress(json.dumps(log).encode()))
    (tmp_path / "pretty.json").write_text(json.dumps(trail.bridged(good), indent=2))
    (tmp_path / "lines.jsonl").write_bytes(b"{\n" + trail.lines([good]))
    ran = cli(
        "judge", release, "--events", tmp_path / "AWSLogs", "--events", tmp_path / "pretty.json",
        "--events", tmp_path / "lines.jsonl", "--format", "jsonl",
    )  # fmt: skip
    assert ran.code == 3
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line.get("outcome") for line in lines] == [
        "broken", "compliant", "unread", "repeated", "broken", "repeated", None,
    ]  # fmt: skip
    assert lines[-1]["broken"] == 2
    assert "trail.json.gz: ec2:RunInstances: CloudTrail left out what was launched" in ran.err
    assert f"{tmp_path / 'lines.jsonl'}:1: no event: it ends too soon" in ran.err
    (folder / "trail.json.gz").write_bytes(gzip.compress(b"{}" * 100)[:20])
    cut = cli("judge", release, "--events", tmp_path / "AWSLogs")
    assert (cut.code, "is no whole gzip file" in cut.err) == (2, True)


def test_other_accounts_are_read_by_their_role_and_one_without_is_not_judged(
    cli: Any, sandbox: Sandbox, release: Path, golden: str, piped: Piped
) -> None:
    other = account.member(sandbox)
    ec2 = sandbox.client("ec2", account=other)
    [reservation] = ec2.describe_instances()["Reservations"]
    instance, image = (reservation["Instances"][0][key] for key in ("InstanceId", "ImageId"))
    foreign = trail.run_instances({instance: image}, account=other)
    own = trail.run_instances({"i-0123456789abcdef0": golden})
    piped(foreign, own)
    ran = cli("judge", release, "--format", "json")
    assert ran.code == 3
    assert [each["outcome"] for each in verdicts(ran.out)] == ["unread", "compliant"]
    assert f"it is of account {other}, and by which role? pass --role" in ran.err
    piped(foreign, own)
    ran = cli("judge", release, "--role", account.READER, "--format", "json")
    assert broken(ran.out) == [("findings", ["foreign-owner"]), ("compliant", [])]
    piped(foreign, own)
    ran = cli("judge", release, "--role", "nobody", "--format", "json")
    assert [each["outcome"] for each in verdicts(ran.out)] == ["unread", "compliant"]


@pytest.fixture
def queue(sandbox: Sandbox) -> tuple[str, str]:
    """Make a queue whose messages come again at once, and its dead-letter queue; their URLs."""
    sqs = sandbox.client("sqs")
    dead = sqs.create_queue(QueueName="events-dead")["QueueUrl"]
    redrive = {
        "deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:events-dead",
        "maxReceiveCount": "3",
    }
    attributes = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "0"}
    url = sqs.create_queue(QueueName="events", Attributes=attributes)["QueueUrl"]
    return str(url), str(dead)


def _waiting(sandbox: Sandbox, url: str) -> int:
    asked = {"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]}
    attributes = sandbox.client("sqs").get_queue_attributes(**asked)["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"])


def test_messages_are_deleted_once_they_are_judged_and_the_others_reach_the_dead_letter_queue(
    cli: Any, sandbox: Sandbox, release: Path, golden: str, public: str, queue: tuple[str, str]
) -> None:
    url, dead = queue
    ec2, sqs = sandbox.client("ec2"), sandbox.client("sqs")
    launches = [{account.launch(ec2, image): image} for image in (golden, public)]
    events = [trail.bridged(trail.run_instances(launch)) for launch in launches]
    bodies = [*map(json.dumps, [*events, events[0], trail.record("DescribeImages")]), "{broken"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    judged = cli("judge", release, "--queue", url, "--messages", "2", "--format", "jsonl")
    assert len(judged.out.splitlines()) == 3
    assert _waiting(sandbox, url) == 3

    with sandbox.fail(Fault(service="ec2", operation="DescribeImages", code="InternalError")):
        ran = cli("judge", release, "--queue", url)  # nothing can be judged: nothing is deleted
    assert ran.code == 3
    ran = cli("judge", release, "--queue", url, "--for", "1s")
    assert ran.code == 3
    assert "no event: " in ran.err
    assert (_waiting(sandbox, url), _waiting(sandbox, dead)) == (0, 1)
