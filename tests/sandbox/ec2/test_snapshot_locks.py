"""Locked snapshots: who may still change a lock, and what cannot be deleted."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from moto.ec2.models import ec2_backends
from msgspec.structs import replace

from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def store() -> Ec2Store:
    return cast(Ec2Store, ec2_backends[ACCOUNT_ID]["us-east-1"])


@pytest.fixture
def image_id(bake: Make) -> str:
    return bake()


@pytest.fixture
def snapshot_id(ec2: Any, image_id: str) -> str:
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    return str(image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])


def lock(ec2: Any, snapshot_id: str, mode: str = "governance", **parameters: Any) -> Any:
    parameters = parameters or {"LockDuration": 1}
    return ec2.lock_snapshot(SnapshotId=snapshot_id, LockMode=mode, **parameters)


def state(ec2: Any, snapshot_id: str) -> str | None:
    described = ec2.describe_locked_snapshots(SnapshotIds=[snapshot_id])["Snapshots"]
    return described[0]["LockState"] if described else None


def age(snapshot_id: str, passed: timedelta) -> None:
    """Let a lock be as old as if this time had passed."""
    before = store().locks[snapshot_id]
    store().locks[snapshot_id] = replace(
        before,
        created=before.created - passed,
        expires=before.expires - passed,
        cooled=before.cooled and before.cooled - passed,
    )


def test_a_locked_snapshot_is_not_deleted_until_it_is_unlocked(
    ec2: Any, image_id: str, snapshot_id: str, refused: Any
) -> None:
    lock(ec2, snapshot_id)
    (result,) = ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)[
        "DeleteSnapshotResults"
    ]
    assert result == {"SnapshotId": snapshot_id, "ReturnCode": "client-error"}
    with refused("OperationNotPermitted", "is locked"):
        ec2.delete_snapshot(SnapshotId=snapshot_id)
    assert ec2.unlock_snapshot(SnapshotId=snapshot_id)["SnapshotId"] == snapshot_id
    ec2.delete_snapshot(SnapshotId=snapshot_id)
    assert ec2.describe_locked_snapshots()["Snapshots"] == []


@pytest.mark.parametrize("alone", [True, False], ids=["by itself", "with its image"])
def test_a_lock_that_has_expired_holds_nothing(
    ec2: Any, image_id: str, snapshot_id: str, refused: Any, alone: bool
) -> None:
    lock(ec2, snapshot_id, "compliance")
    age(snapshot_id, DAY)
    assert state(ec2, snapshot_id) == "expired"
    with refused("IncorrectState"):
        ec2.unlock_snapshot(SnapshotId=snapshot_id)
    answer = ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=not alone)
    if alone:
        ec2.delete_snapshot(SnapshotId=snapshot_id)
    else:
        assert answer["DeleteSnapshotResults"][0]["ReturnCode"] == "success"
    assert ec2.describe_locked_snapshots()["Snapshots"] == []


def test_it_is_described_as_it_was_asked_for(ec2: Any, snapshot_id: str, bake: Make) -> None:
    answer = lock(ec2, snapshot_id, "compliance", LockDuration=30, CoolOffPeriod=24)
    created = answer["LockCreatedOn"]
    assert answer["LockExpiresOn"] == created + 30 * DAY
    assert answer["CoolOffPeriodExpiresOn"] == created + 24 * HOUR
    assert (answer["LockDuration"], answer["CoolOffPeriod"]) == (30, 24)
    assert (answer["LockState"], answer["LockDurationStartTime"]) == ("compliance-cooloff", created)
    bake("other")
    (described,) = ec2.describe_locked_snapshots()["Snapshots"]
    assert described == {
        "OwnerId": ACCOUNT_ID,
        **{key: value for key, value in answer.items() if key != "ResponseMetadata"},
    }
    for wish, number in (("compliance-cooloff", 1), ("governance", 0)):
        filters = [{"Name": "lock-state", "Values": [wish]}]
        assert len(ec2.describe_locked_snapshots(Filters=filters)["Snapshots"]) == number


def test_the_time_of_a_pending_snapshot_has_not_begun(
    sandbox: Sandbox, ec2: Any, launch: Make
) -> None:
    running = launch()
    sandbox.pending_s = 60
    ec2.create_image(InstanceId=running, Name="pending")
    (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    answer = lock(ec2, snapshot["SnapshotId"])
    assert "LockCreatedOn" in answer
    assert not {"LockDurationStartTime", "LockExpiresOn"} & answer.keys()


@pytest.mark.parametrize("cooling", [False, True], ids=["governance", "compliance-cooloff"])
def test_what_is_not_final_is_changed_at_will(ec2: Any, snapshot_id: str, cooling: bool) -> None:
    if cooling:
        lock(ec2, snapshot_id, "compliance", LockDuration=30, CoolOffPeriod=1)
    else:
        lock(ec2, snapshot_id, LockDuration=30)
    end = datetime.now(UTC).replace(microsecond=0) + 3 * DAY
    answer = lock(ec2, snapshot_id, "governance", ExpirationDate=end)
    assert answer["LockExpiresOn"] == end
    assert state(ec2, snapshot_id) == "governance"
    lock(ec2, snapshot_id, "compliance", LockDuration=1)
    assert state(ec2, snapshot_id) == "compliance"


@pytest.mark.parametrize("hours", [None, 1], ids=["at once", "an hour later"])
def test_what_is_final_is_made_longer_and_no_more(
    ec2: Any, snapshot_id: str, refused: Any, hours: int | None
) -> None:
    lock(
        ec2, snapshot_id, "compliance",
        LockDuration=30, **({"CoolOffPeriod": hours} if hours else {}),
    )  # fmt: skip
    age(snapshot_id, HOUR)
    assert state(ec2, snapshot_id) == "compliance"
    changes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("governance", {"LockDuration": 60}),
        ("compliance", {"LockDuration": 29}),
        ("compliance", {"LockDuration": 60, "CoolOffPeriod": 1}),
    )
    for mode, change in changes:
        with refused("OperationNotPermitted"):
            lock(ec2, snapshot_id, mode, **change)
    with refused("OperationNotPermitted"):
        ec2.unlock_snapshot(SnapshotId=snapshot_id)
    assert lock(ec2, snapshot_id, "compliance", LockDuration=31)["LockDuration"] == 31


@pytest.mark.parametrize(
    ("mode", "parameters", "code"),
    [
        ("hard", {"LockDuration": 1}, "InvalidParameterValue"),
        ("governance", {"CoolOffPeriod": 1}, "InvalidParameterCombination"),
        (
            "governance",
            {"LockDuration": 1, "ExpirationDate": "2040-01-01T00:00:00Z"},
            "InvalidParameterCombination",
        ),
        ("governance", {"LockDuration": 1, "CoolOffPeriod": 1}, "InvalidParameterCombination"),
        ("governance", {"LockDuration": 36_501}, "InvalidParameterValue"),
        ("compliance", {"LockDuration": 1, "CoolOffPeriod": 73}, "InvalidParameterValue"),
        ("governance", {"ExpirationDate": "2020-01-01T00:00:00Z"}, "InvalidParameterValue"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(
    ec2: Any, snapshot_id: str, refused: Any, mode: str, parameters: Any, code: str
) -> None:
    with refused(code):
        lock(ec2, snapshot_id, mode, **parameters)
    with refused("IncorrectState"):
        ec2.unlock_snapshot(SnapshotId=snapshot_id)
    assert state(ec2, snapshot_id) is None


def test_what_is_not_the_accounts_is_not_locked(
    sandbox: Sandbox, ec2: Any, snapshot_id: str, refused: Any
) -> None:
    other = sandbox.client("ec2", account="444455556666")
    with refused("InvalidSnapshot.NotFound"):
        lock(other, snapshot_id)
    with refused("InvalidSnapshot.NotFound"):
        other.describe_locked_snapshots(SnapshotIds=[snapshot_id])
