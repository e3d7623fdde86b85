"""The waits, against fake clients at the session's seam: what AWS answers and the sandbox not."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami.aws import calls, compare, waits
from goldenami.aws.action import ActionContext
from goldenami.aws.session import Aws
from goldenami.errors import AwsError, BakeError, UnreadableAnswerError


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "FIRST_POLL_S", 0.001)
    monkeypatch.setattr(waits, "MOST_POLL_S", 0.002)


class Answers:
    """A client whose every operation answers with the next of the given answers."""

    def __init__(self, **answers: list[Any]) -> None:
        self._answers = {name: iter(given) for name, given in answers.items()}
        self._last: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        answers: Iterator[Any] = self._answers[name]

        def call(**_: Any) -> Any:
            answer = next(answers, self._last.get(name))
            self._last[name] = answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "says AWS"}}, "Operation")


Wait = Callable[..., tuple[ActionContext, list[str]]]


@pytest.fixture
def doing(monkeypatch: pytest.MonkeyPatch) -> Wait:
    """Make what a wait is performed with, and the list of the progress it tells."""

    def make(client: Answers, **parameters: Any) -> tuple[ActionContext, list[str]]:
        aws = Aws(region="us-east-1")
        monkeypatch.setattr(aws, "client", lambda *_: client)
        told: list[str] = []
        one = ActionContext(
            regional=aws.in_region("us-east-1"),
            summary="waiting",
            parameters={"timeout_s": 5.0, "deadline": "timeouts.some", **parameters},
            cancelled=Event(),
            progress=told.append,
        )
        return one, told

    return make


EBS = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": "snap-1"}}
IMAGE = {"ImageId": "ami-1", "OwnerId": "123456789012", "Public": False, "State": "available"}


def image(state: str, **more: Any) -> dict[str, Any]:
    return {"Images": [{**IMAGE, "State": state, **more}]}


def snapshot(**more: Any) -> dict[str, Any]:
    told = {"OwnerId": "123456789012", "VolumeSize": 8, "Encrypted": False}
    return {"SnapshotId": "snap-1", "State": "completed", **told, **more}


def instance(state: str, **more: Any) -> dict[str, Any]:
    row = {
        "InstanceId": "i-1", "ImageId": "ami-1", "InstanceType": "t3.micro",
        "LaunchTime": datetime(2026, 11, 24, tzinfo=UTC), "State": {"Name": state}, **more,
    }  # fmt: skip
    return {"Reservations": [{"OwnerId": "123456789012", "Instances": [row]}]}


def checks(status: str) -> dict[str, Any]:
    both = {"Status": status}
    return {"InstanceStatuses": [{"InstanceStatus": both, "SystemStatus": both}]}


def test_an_image_that_is_not_known_yet_is_waited_for(doing: Wait) -> None:
    mapping = {"BlockDeviceMappings": [EBS, {"DeviceName": "/dev/sdb", "VirtualName": "e0"}]}
    client = Answers(
        describe_images=[
            refused("InvalidAMIID.NotFound"),
            {"Images": []},
            refused("RequestLimitExceeded"),
            image("pending"),
            image("available", **mapping),
        ]
    )
    one, told = doing(client, ImageId="ami-1")
    assert waits.image(one) == {"snapshot_ids": ["snap-1"]}
    assert told == ["pending", "available"]


def test_a_pending_image_tells_how_much_of_its_snapshots_is_there(doing: Wait) -> None:
    mapping = {"BlockDeviceMappings": [EBS]}
    large = snapshot(Progress="40%", VolumeSize=30)
    small = snapshot(Progress="", VolumeSize=10)
    client = Answers(
        describe_images=[image("pending", **mapping)] * 2 + [image("available", **mapping)],
        describe_snapshots=[{"Snapshots": [large, small]}, refused("UnauthorizedOperation")],
    )
    one, told = doing(client, ImageId="ami-1")
    waits.image(one)
    assert told == ["pending, snapshots 30 %", "pending", "available"]


@pytest.mark.parametrize("state", ["failed", "invalid", "error", "deregistered"])
def test_an_image_that_fails_tells_the_reason_of_aws(doing: Wait, state: str) -> None:
    reason = {"StateReason": {"Message": "Client.InvalidKmsKey"}}
    one, _ = doing(Answers(describe_images=[image(state, **reason)]), ImageId="ami-1")
    with pytest.raises(BakeError, match=rf"ami-1 in us-east-1 is {state}: Client\.Invalid"):
        waits.image(one)


def test_a_deadline_that_passes_says_what_was_waited_for(doing: Wait) -> None:
    client = Answers(describe_images=[refused("InvalidAMIID.NotFound")])
    one, _ = doing(client, ImageId="ami-1", timeout_s=0.01)
    with pytest.raises(BakeError, match=r"ami-1 not ready after 0.01 s .*says AWS") as failed:
        waits.image(one)
    assert "timeouts" in failed.value.fix


def test_an_error_that_waiting_does_not_mend_ends_the_wait(doing: Wait) -> None:
    one, _ = doing(Answers(describe_images=[refused("UnauthorizedOperation")]), ImageId="ami-1")
    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        waits.image(one)


def test_a_cancelled_run_stops_waiting(doing: Wait) -> None:
    one, _ = doing(Answers(describe_images=[image("pending")]), ImageId="ami-1")
    one.cancelled.set()
    with pytest.raises(BakeError, match="stopped while waiting for ami-1"):
        waits.image(one)


def test_an_instance_is_ready_when_both_its_checks_pass(doing: Wait) -> None:
    client = Answers(
        describe_instances=[instance("pending"), instance("running")],
        describe_instance_status=[{"InstanceStatuses": []}, checks("initializing"), checks("ok")],
    )
    one, told = doing(client, InstanceId="i-1")
    assert waits.instance(one) == {}
    assert told == ["running, checks initializing", "running, checks ok"]


def test_an_instance_that_ends_while_it_starts_tells_why(doing: Wait) -> None:
    reason = {"StateReason": {"Message": "Client.VolumeLimitExceeded"}}
    client = Answers(describe_instances=[instance("terminated", **reason)])
    one, _ = doing(client, InstanceId="i-1")
    with pytest.raises(BakeError, match=r"i-1 in us-east-1 is terminated: Client\.Volume"):
        waits.instance(one)


def test_an_instance_whose_checks_fail_is_not_waited_for(doing: Wait) -> None:
    client = Answers(
        describe_instances=[instance("running")], describe_instance_status=[checks("impaired")]
    )
    one, _ = doing(client, InstanceId="i-1")
    with pytest.raises(BakeError, match="fails its status checks"):
        waits.instance(one)


def test_a_throttled_call_slows_down_until_it_is_answered(doing: Wait) -> None:
    throttled = [refused("RequestLimitExceeded")] * 20
    one, told = doing(Answers(create_image=[*throttled, {"ImageId": "x"}]))
    assert calls.call(one, "ec2:CreateImage", {"id": "ImageId"}) == {"id": "x"}
    assert told == ["throttled, slowing down"] * 20


@pytest.mark.parametrize("created", [True, False], ids=["just created", "there for long"])
def test_an_id_is_unknown_for_a_while_only_if_it_is_new(doing: Wait, created: bool) -> None:
    one, told = doing(Answers(create_image=[refused("InvalidAMIID.NotFound"), {"ImageId": "x"}]))
    if created:
        assert calls.call(one, "ec2:CreateImage", {"id": "ImageId"}, created=True) == {"id": "x"}
        assert told == ["not known everywhere yet"]
    else:
        with pytest.raises(AwsError, match="NotFound"):
            calls.call(one, "ec2:CreateImage", {"id": "ImageId"})


def test_a_patient_call_ends_when_the_run_is_stopped(doing: Wait) -> None:
    one, _ = doing(Answers(create_image=[refused("RequestLimitExceeded")]))
    one.cancelled.set()
    with pytest.raises(BakeError, match="stopped before it was done"):
        calls.call(one, "ec2:CreateImage", {})


def test_an_answer_that_cannot_be_read_is_waited_for_until_the_deadline(doing: Wait) -> None:
    client = Answers(describe_images=[{}] * 20 + [image("available")])
    one, _ = doing(client, ImageId="ami-1")
    assert waits.image(one) == {"snapshot_ids": []}
    one, _ = doing(Answers(describe_images=[{}]), ImageId="ami-1", timeout_s=0.01)
    with pytest.raises(BakeError, match=r"not ready after .*missing required field `Images`"):
        waits.image(one)


def test_a_change_whose_answer_cannot_be_read_is_made_again_and_then_an_error(
    doing: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, told = doing(Answers(create_image=[{}] * 20 + [{"ImageId": "x"}]))
    assert calls.call(one, "ec2:CreateImage", {"id": "ImageId"}) == {"id": "x"}
    assert set(told) == {"no readable answer, slowing down"}
    monkeypatch.setattr(waits, "UNREADABLE_S", 0.0)
    one, _ = doing(Answers(create_image=[{}]))
    with pytest.raises(UnreadableAnswerError, match="CreateImage: the answer cannot be read"):
        calls.call(one, "ec2:CreateImage", {})


def test_an_image_that_is_unknown_for_too_long_is_gone(
    doing: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "STALE_S", 0.0)
    one, _ = doing(
        Answers(describe_images=[refused("InvalidAMIID.NotFound")]), ImageId="ami-1", timeout_s=60
    )
    with pytest.raises(AwsError, match="NotFound"):
        waits.image(one)


SNAPSHOT = {"BlockDeviceMappings": [EBS]}
TAGGED = [{"Key": "Team", "Value": "platform"}]
WANTED = {
    "exactly": True,
    "watermark": "111122223333:web",
    "ImageId": "ami-1",
    "tags": {"Team": "platform", "goldenami:status": "building"},
    "attributes": {"imds_support": "v2.0"},
    "shares": [{"UserId": "111122223333"}],
    "snapshot_accounts": [],
    "deprecate_at": "2027-01-01T00:00:00+00:00",
    "timeout_s": 0.01,
}


@pytest.mark.parametrize(
    ("image", "snapshot_tags", "shares", "says"),
    [
        (None, TAGGED, [], ["ami-1 is not there"]),
        (
            {**SNAPSHOT, "Tags": []},
            [{"Key": "Team", "Value": "other"}],
            [],
            [
                "ami-1 has the tag Team=(none), not platform",
                "snap-1 has the tag Team=other, not platform",
                "ami-1 has imds_support (none), not v2.0",
                "ami-1 lacks the watermark 111122223333:web",
                "ami-1 is shared with [], not as wanted",
                "ami-1 has no deprecation on 2027-01-01",
            ],
        ),
        (
            {
                **SNAPSHOT,
                "Tags": TAGGED,
                "DeprecationTime": "2027-01-01T00:00:00.000Z",
                "ImdsSupport": "v2.0",
                "ImageWatermarks": [
                    {
                        "WatermarkKey": "111122223333:web",
                        "SourceImageId": "ami-1",
                        "SourceImageRegion": "us-east-1",
                    }
                ],
            },
            TAGGED,
            [{"UserId": "111122223333"}],
            [],
        ),
    ],
    ids=["gone", "all differs", "as wanted"],
)
def test_a_finished_image_is_compared_with_what_was_wanted(
    doing: Wait, image: Any, snapshot_tags: Any, shares: Any, says: list[str]
) -> None:
    client = Answers(
        describe_images=[{"Images": [IMAGE | image] if image else []}],
        describe_snapshots=[{"Snapshots": [snapshot(Tags=snapshot_tags)]}],
        describe_image_attribute=[{"LaunchPermissions": shares}],
    )
    one, _ = doing(client, **WANTED)
    if not says:
        assert compare.image(one) == {}
        return
    with pytest.raises(BakeError, match="the image not ready") as caught:
        compare.image(one)
    assert list(caught.value.notes) == says


def test_an_image_without_snapshots_is_compared_by_itself(doing: Wait) -> None:
    client = Answers(
        describe_images=[image("available")], describe_image_attribute=[{"LaunchPermissions": []}]
    )
    one, _ = doing(
        client,
        **WANTED
        | {"tags": {}, "attributes": {}, "shares": [], "deprecate_at": "", "watermark": ""},
    )
    assert compare.image(one) == {}


def test_snapshots_that_a_deregistration_leaves_are_told(doing: Wait) -> None:
    results = [
        {"SnapshotId": "snap-1", "ReturnCode": "success"},
        {"SnapshotId": "snap-2", "ReturnCode": "missing-permissions"},
    ]
    one, _ = doing(Answers(deregister_image=[{"DeleteSnapshotResults": results}]), ImageId="ami-1")
    with pytest.raises(AwsError, match=r"not snap-2 \(missing-permissions\)"):
        calls.deregister(one)


def test_an_instance_that_is_terminated_at_last(doing: Wait) -> None:
    client = Answers(describe_instances=[instance("shutting-down"), instance("terminated")])
    one, _ = doing(client, InstanceId="i-1", timeout_s=5)
    assert waits.terminated(one) == {}
