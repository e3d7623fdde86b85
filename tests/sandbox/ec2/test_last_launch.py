"""When an image was last launched: a day later, and to its owner."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends

from goldenami_sandbox.ec2.last_launch import REPORTED_AFTER, LaunchTimes
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
CONSUMER = "444455556666"


def launches(image_id: str) -> LaunchTimes:
    return cast(Ec2Store, ec2_backends[ACCOUNT_ID]["us-east-1"]).images[image_id].launches


def reported(client: Any, image_id: str) -> tuple[Any, Any]:
    (image,) = client.describe_images(ImageIds=[image_id])["Images"]
    answer = client.describe_image_attribute(ImageId=image_id, Attribute="lastLaunchedTime")
    return image.get("LastLaunchedTime"), answer["LastLaunchedTime"].get("Value")


def test_the_last_launch_that_is_a_day_ago_is_reported() -> None:
    now, some = utcnow(), LaunchTimes()
    assert some.last_reported is None
    for hours in (100, 24, 23, 50):
        some.add(now - timedelta(hours=hours))
    assert some.last_reported == now - REPORTED_AFTER


def test_its_owner_is_told_of_everybodys_launches_a_day_later(
    sandbox: Sandbox, ec2: Any, launch: Make, bake: Make, refused: Any
) -> None:
    image_id = bake()
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": CONSUMER}]})
    consumer = sandbox.client("ec2", account=CONSUMER)
    run = {"ImageId": image_id, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    with refused("DryRunOperation"):
        consumer.run_instances(**run, DryRun=True)
    assert launches(image_id)._times == []
    consumer.run_instances(**run)
    assert reported(ec2, image_id) == (None, None)

    (moment,) = launches(image_id)._times
    launches(image_id)._times[:] = [moment - REPORTED_AFTER]
    expected = f"{moment - REPORTED_AFTER:%Y-%m-%dT%H:%M:%SZ}"
    assert reported(ec2, image_id) == (expected, expected)
    assert datetime.fromisoformat(expected)
    (image,) = consumer.describe_images(ImageIds=[image_id])["Images"]
    assert "LastLaunchedTime" not in image
    with refused("AuthFailure"):
        reported(consumer, image_id)
    copy = ec2.copy_image(Name="copy", SourceImageId=image_id, SourceRegion="us-east-1")
    assert reported(ec2, copy["ImageId"]) == (None, None)
