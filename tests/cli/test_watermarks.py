"""`watermark: true`: attached once, inherited by every copy, and compared there."""

import json
from typing import Any

import pytest

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

KEY = f"{ACCOUNT_ID}:web-base"


def keys(image: dict[str, Any]) -> list[str]:
    return [mark["WatermarkKey"] for mark in image.get("ImageWatermarks", [])]


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "the answer is lost"])
def test_every_image_of_a_release_carries_the_watermark_of_its_golden_image(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any, *, lost: bool
) -> None:
    fault = Fault(
        service="ec2", operation="AttachImageWatermark", code="InternalError", status=500,
        applied=True, times=1 if lost else 0,
    )  # fmt: skip
    with sandbox.fail(fault):
        ran = cli("bake", write(watermark=True), "--yes")
    assert ran.code == 0, ran.err
    for region in ("us-east-1", "eu-west-1"):
        assert [keys(image) for image in own_images(region)] == [[KEY]]
    assert mutating().count("AttachImageWatermark") == 1 + lost
    sandbox.pending_s = 0.0
    ec2 = sandbox.client("ec2")
    image = own_images("us-east-1")[0]["ImageId"]
    ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)
    audited = json.loads(cli("audit", "--region", "us-east-1", "--format", "json").out)
    assert audited["images"][0]["image"]["watermarks"] == [
        {"key": KEY, "region": "us-east-1", "image": image}
    ]
    again = write("next.yaml", watermark=True, version="2.0", regions=["us-east-1"],
                  base__source={"golden": "web-base"})  # fmt: skip
    assert cli("bake", again, "--yes").code == 0
    assert [keys(image) for image in own_images("us-east-1")] == [[KEY], [KEY]]
    assert mutating().count("AttachImageWatermark") == 1 + lost


def test_a_watermark_that_is_refused_fails_the_bake_before_any_copy(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any
) -> None:
    refusal = Fault(service="ec2", operation="AttachImageWatermark", code="OperationNotPermitted")
    with sandbox.fail(refusal):
        ran = cli("bake", write(watermark=True), "--yes")
    assert ran.code == 1
    assert "OperationNotPermitted" in ran.err
    assert "CopyImage" not in mutating()
    assert [keys(image) for image in own_images("us-east-1")] == [[]]


def test_a_copy_without_its_watermark_is_not_complete(
    cli: Any, write: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goldenami.bake.distribute.COMPARE_TIMEOUT_S", 0.2)
    monkeypatch.setattr(
        "goldenami.aws.answers.ec2.ImageAnswer.watermark_keys", property(lambda _: [])
    )
    ran = cli("bake", write(watermark=True), "--yes")
    assert ran.code == 1
    assert f"lacks the watermark {KEY}" in ran.err


def test_what_cannot_be_marked_is_refused_before_anything_is_changed(
    cli: Any, write: Any, sandbox: Sandbox, golden: str, mutating: Any
) -> None:
    ec2 = sandbox.client("ec2")
    for name in ("one", "two", "three", "four", "five"):
        ec2.attach_image_watermark(ImageId=golden, WatermarkName=name)
    before = mutating()
    full = write(watermark=True, image="shop", base__source={"golden": "web-base"})
    ran = cli("bake", full, "--plan")
    assert ran.code == 1
    assert f"{golden} has 5, as many as EC2 allows: leave `watermark` out" in ran.err
    ran = cli("bake", write(watermark=True, image="ab"), "--plan")
    assert ran.code == 2
    assert "EC2 takes a name of 3 to 128 characters, and not `ab`" in ran.err
    assert mutating() == before
