"""What was made of an image, by whatever means, is found in every region."""

from typing import Any

from goldenami.aws import regions
from goldenami.aws.session import Aws
from goldenami.workflows.lifecycle.descendants import Descendant, OwnImages, read
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox


def own() -> OwnImages:
    aws = Aws(region="us-east-1")
    return read(aws, regions.places(aws))


def born(*image: str) -> list[Descendant]:
    """Return what was made of an image, by its region and id; everything can be read."""
    every = own()
    assert not every.unread
    region, image_id = image
    return every.descendants({(region, image_id)})


def test_every_descendant_is_found_by_what_ec2_and_records_say(
    cli: Any, write: Any, sandbox: Sandbox, silent: Fault
) -> None:
    sandbox.pending_s = 0.0
    assert cli("bake", write(), "--yes").code == 0
    home, far = sandbox.client("ec2"), sandbox.client("ec2", "eu-west-1")
    [golden] = home.describe_images(Owners=["self"])["Images"]
    child = write("shop.yaml", image="shop", regions=["us-east-1"], publish=None,
                  base__source={"golden": "web-base"})  # fmt: skip
    assert cli("bake", child, "--yes").code == 0
    shop = next(image["ImageId"] for image in home.describe_images(Owners=["self"])["Images"]
                if image["Name"] == "shop-1.0")  # fmt: skip
    hand = far.copy_image(SourceImageId=shop, SourceRegion="us-east-1", Name="by hand")["ImageId"]
    instance = far.run_instances(ImageId=hand, MinCount=1, MaxCount=1)["Instances"][0]
    again = far.create_image(InstanceId=instance["InstanceId"], Name="again")["ImageId"]
    found = born("us-east-1", golden["ImageId"])
    assert {each.origin[1] for each in found} == {golden["ImageId"]}
    assert [(each.place.region, each.image.id, each.source[1]) for each in found][-2:] == [
        ("eu-west-1", hand, shop), ("eu-west-1", again, hand),
    ]  # fmt: skip
    names = {"web-base-1.0", "shop-1.0", "by hand", "again"}
    assert {each.image.name for each in found} == names
    with sandbox.fail(silent):
        by_record = born("us-east-1", golden["ImageId"])
        by_instance = born("eu-west-1", hand)
    assert [each.image.id for each in by_record] == [shop]
    assert [each.image.id for each in by_instance] == [again]
    home.attach_image_watermark(ImageId=golden["ImageId"], WatermarkName="web-base")
    marked = far.copy_image(
        SourceImageId=golden["ImageId"], SourceRegion="us-east-1", Name="marked"
    )
    with sandbox.fail(silent):
        by_watermark = born("us-east-1", golden["ImageId"])
    assert [each.image.id for each in by_watermark] == [shop, marked["ImageId"]]


def test_a_place_that_cannot_be_read_is_noted(cli: Any, write: Any, sandbox: Sandbox) -> None:
    assert cli("bake", write(), "--yes").code == 0
    [golden] = sandbox.client("ec2").describe_images(Owners=["self"])["Images"]
    sandbox.fail(
        Fault(
            service="ec2",
            operation="DescribeImages",
            code="UnauthorizedOperation",
            region="eu-west-1",
        )
    )
    every = own()
    assert not every.descendants({("us-east-1", golden["ImageId"])})
    assert [place.region for place in every.unread] == ["eu-west-1"]
