from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
DAY = timedelta(days=1)


def only(ec2: Any, image_id: str, **parameters: Any) -> Any:
    (image,) = ec2.describe_images(ImageIds=[image_id], **parameters)["Images"]
    return image


class TestDeprecation:
    def test_a_time_is_set_to_the_minute_and_taken_away(self, ec2: Any, bake: Make) -> None:
        image_id = bake()
        ec2.enable_image_deprecation(ImageId=image_id, DeprecateAt="2030-01-01T10:20:40Z")
        assert only(ec2, image_id)["DeprecationTime"] == "2030-01-01T10:21:00.000Z"
        ec2.disable_image_deprecation(ImageId=image_id)
        assert "DeprecationTime" not in only(ec2, image_id)

    @pytest.mark.parametrize(
        "delay", [-DAY, 3700 * DAY], ids=["in the past", "in more than ten years"]
    )
    def test_an_impossible_time_is_refused(
        self, ec2: Any, bake: Make, refused: Any, delay: timedelta
    ) -> None:
        with refused("InvalidParameterValue"):
            ec2.enable_image_deprecation(ImageId=bake(), DeprecateAt=datetime.now(UTC) + delay)


class TestDisabled:
    def test_it_loses_its_launch_permissions_for_good(self, ec2: Any, bake: Make) -> None:
        image_id = bake()
        shared = {"Add": [{"UserId": "111122223333"}]}
        ec2.modify_image_attribute(ImageId=image_id, LaunchPermission=shared)
        ec2.disable_image(ImageId=image_id)
        ec2.enable_image(ImageId=image_id)
        assert only(ec2, image_id)["State"] == "available"
        answer = ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")
        assert answer["LaunchPermissions"] == []

    def test_it_is_hidden_unless_asked_for(self, ec2: Any, bake: Make) -> None:
        image_id = bake()
        ec2.disable_image(ImageId=image_id)
        assert ec2.describe_images(Owners=["self"])["Images"] == []
        assert only(ec2, image_id, IncludeDisabled=True)["State"] == "disabled"

    def test_it_cannot_be_shared(self, ec2: Any, bake: Make, refused: Any) -> None:
        image_id = bake()
        ec2.disable_image(ImageId=image_id)
        with refused("InvalidAMIID.Unavailable"):
            ec2.modify_image_attribute(
                ImageId=image_id, LaunchPermission={"Add": [{"UserId": "111122223333"}]}
            )


class TestDeregistered:
    def test_its_snapshots_stay_unless_told_otherwise(self, ec2: Any, bake: Make) -> None:
        answer = ec2.deregister_image(ImageId=bake())
        assert "DeleteSnapshotResults" not in answer
        assert len(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 1

    def test_its_snapshots_go_if_told_so(self, ec2: Any, bake: Make) -> None:
        answer = ec2.deregister_image(ImageId=bake(), DeleteAssociatedSnapshots=True)
        assert [one["ReturnCode"] for one in answer["DeleteSnapshotResults"]] == ["success"]
        assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []

    def test_a_snapshot_of_two_images_is_skipped(self, ec2: Any, bake: Make) -> None:
        image_id = bake()
        snapshot_id = only(ec2, image_id)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        ec2.register_image(
            Name="second",
            BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot_id}}],
        )
        answer = ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
        assert answer["DeleteSnapshotResults"] == [
            {"SnapshotId": snapshot_id, "ReturnCode": "skipped"}
        ]
        assert len(ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 1

    def test_a_listing_leaves_it_out_and_a_call_finds_it_unavailable(
        self, ec2: Any, bake: Make, refused: Any
    ) -> None:
        image_id, there = bake(), bake("there")
        ec2.deregister_image(ImageId=image_id)
        assert ec2.describe_images(ImageIds=[image_id])["Images"] == []
        (image,) = ec2.describe_images(ImageIds=[image_id, there])["Images"]
        assert image["ImageId"] == there
        with refused("InvalidAMIID.Unavailable", image_id):
            ec2.deregister_image(ImageId=image_id)

    @pytest.mark.parametrize(
        ("cooldown", "refused_after"),
        [(False, False), (True, True)],
        ids=["at once", "a day later with a cooldown"],
    )
    def test_protection_ends(
        self,
        sandbox: Sandbox,
        ec2: Any,
        bake: Make,
        refused: Any,
        cooldown: bool,
        refused_after: bool,
    ) -> None:
        image_id = bake()
        ec2.enable_image_deregistration_protection(ImageId=image_id, WithCooldown=cooldown)
        with refused("OperationNotPermitted"):
            ec2.deregister_image(ImageId=image_id)
        ec2.disable_image_deregistration_protection(ImageId=image_id)
        if refused_after:
            with refused("OperationNotPermitted"):
                ec2.deregister_image(ImageId=image_id)
            sandbox.advance(DAY)
        assert ec2.deregister_image(ImageId=image_id)["Return"]


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("enable_image_deprecation", {"DeprecateAt": "2030-01-01T00:00:00Z"}),
    ("disable_image_deprecation", {}),
    ("disable_image", {}),
    ("enable_image", {}),
    ("enable_image_deregistration_protection", {}),
    ("disable_image_deregistration_protection", {}),
    ("deregister_image", {}),
    ("modify_image_attribute", {"Description": {"Value": "new"}}),
]


@pytest.mark.parametrize(("call", "parameters"), CALLS, ids=[call for call, _ in CALLS])
def test_a_dry_run_changes_nothing(
    ec2: Any, bake: Make, refused: Any, call: str, parameters: dict[str, Any]
) -> None:
    image_id = bake()
    before = only(ec2, image_id)
    with refused("DryRunOperation"):
        getattr(ec2, call)(ImageId=image_id, DryRun=True, **parameters)
    assert only(ec2, image_id) == before


@pytest.mark.parametrize(("call", "parameters"), CALLS, ids=[call for call, _ in CALLS])
def test_only_the_owner_may(
    ec2: Any, refused: Any, source_id: str, call: str, parameters: dict[str, Any]
) -> None:
    with refused("AuthFailure", source_id):
        getattr(ec2, call)(ImageId=source_id, **parameters)


@pytest.mark.parametrize(("call", "parameters"), CALLS, ids=[call for call, _ in CALLS])
def test_an_unknown_image_is_refused_even_in_a_dry_run(
    ec2: Any, refused: Any, call: str, parameters: dict[str, Any]
) -> None:
    with refused("InvalidAMIID.NotFound"):
        getattr(ec2, call)(ImageId="ami-0123456789abcdef0", DryRun=True, **parameters)


def test_a_dry_run_answers_412(ec2: Any, bake: Make) -> None:
    try:
        ec2.disable_image(ImageId=bake(), DryRun=True)
    except ec2.exceptions.ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status == 412
