"""Watermarks: who attaches them, who inherits them, who sees them, and what they decide."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from msgspec.structs import replace

from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
CONSUMER, KEY = "444455556666", f"{ACCOUNT_ID}:golden"
SHARED = {"Add": [{"UserId": CONSUMER}]}


def only(client: Any, image_id: str) -> dict[str, Any]:
    (image,) = client.describe_images(ImageIds=[image_id])["Images"]
    return cast("dict[str, Any]", image)


def keys(client: Any, image_id: str) -> list[str]:
    return [mark["WatermarkKey"] for mark in only(client, image_id).get("ImageWatermarks", [])]


@pytest.fixture
def marked(ec2: Any, bake: Make) -> str:
    image_id = bake()
    answer = ec2.attach_image_watermark(ImageId=image_id, WatermarkName="golden")
    assert answer["WatermarkKey"] == KEY
    return image_id


def test_it_keeps_where_it_was_attached_first(
    sandbox: Sandbox, ec2: Any, ec2_away: Any, launch: Make, bake: Make, marked: str
) -> None:
    (mark,) = only(ec2, marked)["ImageWatermarks"]
    assert (mark["SourceImageId"], mark["SourceImageRegion"]) == (marked, "us-east-1")
    assert mark["SourceImageCreationTime"] <= mark["WatermarkCreationTime"]

    copy = ec2_away.copy_image(Name="copy", SourceImageId=marked, SourceRegion="us-east-1")
    running = launch(marked)
    ec2.deregister_image(ImageId=marked)
    child = bake("child", InstanceId=running)
    for client, image_id in ((ec2_away, copy["ImageId"]), (ec2, child)):
        assert only(client, image_id)["ImageWatermarks"] == [mark]

    wish = [{"Name": "instance-id", "Values": [running]}]
    (seen,) = ec2.describe_instance_image_metadata(Filters=wish)["InstanceImageMetadata"]
    assert seen["ImageMetadata"]["ImageWatermarks"] == [mark]


def test_consumers_see_it_and_what_they_make_has_it(
    sandbox: Sandbox, ec2: Any, marked: str, refused: Any
) -> None:
    ec2.modify_image_attribute(ImageId=marked, LaunchPermission=SHARED)
    consumer = sandbox.client("ec2", account=CONSUMER)
    assert keys(consumer, marked) == [KEY]
    answer = consumer.run_instances(ImageId=marked, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    instance_id = answer["Instances"][0]["InstanceId"]
    child = consumer.create_image(InstanceId=instance_id, Name="child")["ImageId"]
    consumer.attach_image_watermark(ImageId=child, WatermarkName="golden")
    assert keys(consumer, child) == [KEY, f"{CONSUMER}:golden"]
    with refused("AuthFailure"):
        consumer.attach_image_watermark(ImageId=marked, WatermarkName="own")
    with refused("AuthFailure"):
        consumer.detach_image_watermark(ImageId=marked, WatermarkKey=KEY)


def test_to_detach_it_leaves_those_made_of_the_image_alone(
    ec2: Any, launch: Make, bake: Make, marked: str
) -> None:
    child = bake("child", InstanceId=launch(marked))
    for _ in range(2):  # the second time it is not there
        assert ec2.detach_image_watermark(ImageId=marked, WatermarkKey=KEY)["Return"]
    assert keys(ec2, marked) == []
    assert keys(ec2, child) == [KEY]


def test_a_public_image_has_none(ec2: Any, marked: str, bake: Make, refused: Any) -> None:
    everybody = {"Add": [{"Group": "all"}]}
    ec2.disable_image_block_public_access()
    with refused("OperationNotPermitted"):
        ec2.modify_image_attribute(ImageId=marked, LaunchPermission=everybody)
    public = bake("public")
    ec2.modify_image_attribute(ImageId=public, LaunchPermission=everybody)
    with refused("OperationNotPermitted"):
        ec2.attach_image_watermark(ImageId=public, WatermarkName="golden")


def test_an_image_has_five_at_most(ec2: Any, marked: str, refused: Any) -> None:
    for number in range(4):
        ec2.attach_image_watermark(ImageId=marked, WatermarkName=f"more {number}")
    with refused("ResourceLimitExceeded", "limit of 5"):
        ec2.attach_image_watermark(ImageId=marked, WatermarkName="too many")


@pytest.mark.parametrize("name", ["a" * 129, "a:b", "a*b", "ä" * 3])
def test_a_name_that_is_none_is_refused(ec2: Any, bake: Make, refused: Any, name: str) -> None:
    image_id = bake()
    with refused("InvalidParameterValue"):
        ec2.attach_image_watermark(ImageId=image_id, WatermarkName=name)
    with refused("InvalidParameterValue"):
        ec2.detach_image_watermark(ImageId=image_id, WatermarkKey=f"{ACCOUNT_ID}:{name}")


def test_what_has_it_already_or_is_not_ready_is_refused(
    sandbox: Sandbox, ec2: Any, ec2_away: Any, marked: str, refused: Any
) -> None:
    with refused("InvalidParameterValue", "already"):
        ec2.attach_image_watermark(ImageId=marked, WatermarkName="golden")
    with refused("DryRunOperation"):
        ec2.attach_image_watermark(ImageId=marked, WatermarkName="tried", DryRun=True)
    assert keys(ec2, marked) == [KEY]
    sandbox.pending_s = 60
    copy = ec2_away.copy_image(Name="copy", SourceImageId=marked, SourceRegion="us-east-1")
    with refused("IncorrectState"):
        ec2_away.attach_image_watermark(ImageId=copy["ImageId"], WatermarkName="more")


def test_images_are_filtered_by_it(ec2: Any, marked: str, bake: Make) -> None:
    bake("plain")
    (mark,) = only(ec2, marked)["ImageWatermarks"]
    today = f"{mark['WatermarkCreationTime']:%Y-%m-%dT}*"
    for name, value in (
        ("watermark-key", f"{ACCOUNT_ID}:*"),
        ("source-image-id", marked),
        ("source-image-region", "us-east-1"),
        ("source-image-creation-time", today),
        ("watermark-creation-time", today),
    ):
        for wish, expected in ((value, [marked]), ("none", [])):
            filters = [{"Name": f"image-watermark.{name}", "Values": [wish]}]
            images = ec2.describe_images(Filters=filters)["Images"]
            assert [image["ImageId"] for image in images] == expected, name


@pytest.mark.parametrize(
    ("filters", "allowed"),
    [
        ([{"WatermarkKey": KEY}], True),
        ([{"WatermarkKey": f"{ACCOUNT_ID}:gold?n"}], True),
        ([{"WatermarkKey": "*", "SourceImageRegion": "us-*"}], True),
        ([{"WatermarkKey": f"{CONSUMER}:golden"}], False),
        ([{"WatermarkKey": KEY, "SourceImageRegion": "eu-*"}], False),
        ([{"WatermarkKey": f"{CONSUMER}:*"}, {"WatermarkKey": KEY}], True),
        ([{"MaximumDaysSinceWatermarkCreated": 2}], True),
        ([{"MaximumDaysSinceWatermarkCreated": 0}], False),
        ([{"MaximumDaysSinceSourceImageCreated": 10}], True),
        ([{"WatermarkKey": KEY, "MaximumDaysSinceSourceImageCreated": 9}], False),
    ],
    ids=str,
)
def test_allowed_images_ask_for_all_of_one_watermark(
    sandbox: Sandbox, ec2: Any, marked: str, refused: Any, filters: list[Any], allowed: bool
) -> None:
    image = cast(Ec2Store, ec2_backends[ACCOUNT_ID]["us-east-1"]).images[marked]
    (mark,) = image.watermarks
    created, image_created = (utcnow() - timedelta(days=days) for days in (1.5, 9.5))
    image.watermarks = (replace(mark, created=created, image_created=image_created),)
    ec2.modify_image_attribute(ImageId=marked, LaunchPermission=SHARED)
    consumer = sandbox.client("ec2", account=CONSUMER)
    consumer.replace_image_criteria_in_allowed_images_settings(
        ImageCriteria=[{"ImageWatermarks": filters}]
    )
    consumer.enable_allowed_images_settings(AllowedImagesSettingsState="enabled")
    launch = {"ImageId": marked, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    if allowed:
        assert only(consumer, marked)["ImageAllowed"]
        assert consumer.run_instances(**launch)
    else:
        with refused("InvalidAMIID.NotFound"):
            consumer.run_instances(**launch)
