"""Nothing is baked, launched or resumed from a revoked image, nor from what was made of one."""

import json
from typing import Any

import pytest

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

WEB = "/golden-ami/web-base"
REVOKED = [
    {"Key": "goldenami:status", "Value": "revoked"},
    {"Key": "goldenami:status-by", "Value": "ann"},
    {"Key": "goldenami:status-why", "Value": "CVE-2026-1"},
    {"Key": "goldenami:successor", "Value": "2.0"},
]
SAID = "web-base 1.0, which is revoked by ann: CVE-2026-1 (its successor is 2.0)"


@pytest.fixture
def shop(cli: Any, write: Any, sandbox: Sandbox, golden: str, own_images: Any) -> str:
    """A golden child of the golden image; return its id."""
    file = write("shop.yaml", image="shop", regions=["us-east-1"], enforce=None, publish=None,
                 base__source={"golden": "web-base"})  # fmt: skip
    assert cli("bake", file, "--yes").code == 0
    return next(str(image["ImageId"]) for image in own_images("us-east-1")
                if image["Name"] == "shop-1.0")  # fmt: skip


def test_every_way_to_name_a_revoked_source_is_refused(
    cli: Any, write: Any, sandbox: Sandbox, golden: str, shop: str, mutating: Any
) -> None:
    ec2 = sandbox.client("ec2")
    account = sandbox.client("sts").get_caller_identity()["Account"]
    hand = ec2.copy_image(SourceImageId=shop, SourceRegion="us-east-1", Name="hand")["ImageId"]
    ec2.create_tags(Resources=[golden], Tags=REVOKED)
    before = mutating()
    sources = [
        {"golden": "web-base"}, {"ami": golden}, {"ssm": WEB},
        {"filter": {"name": "web-base-*", "owners": [account]}},
        {"golden": "shop"}, {"ami": shop}, {"ami": hand},
    ]  # fmt: skip
    for source in sources:
        file = write("app.yaml", image="app", regions=["us-east-1"], enforce=None,
                     publish=None, base__source=source)  # fmt: skip
        for command in (("bake", file, "--plan"), ("base", "launch", file, "--plan")):
            ran = cli(*command)
            assert ran.code == 4, (source, ran.err)
            assert SAID in ran.err
            assert "bake from its successor, 2.0" in ran.err
    assert mutating() == before


def test_a_build_does_not_go_on_once_its_source_is_revoked(
    cli: Any, write: Any, sandbox: Sandbox, golden: str, mutating: Any
) -> None:
    file = write("shop.yaml", image="shop", regions=["us-east-1"], enforce=None, publish=None,
                 approval="manual", base__source={"golden": "web-base"})  # fmt: skip
    ran = cli("bake", file, "--yes", "--format", "json")
    assert ran.code == 0, ran.err
    [build] = {item["build"] for item in json.loads(cli("images", "--image", "shop", "--format",
               "json").out)["items"]}  # fmt: skip
    sandbox.client("ec2").create_tags(Resources=[golden], Tags=REVOKED[:1])
    before = mutating()
    for command in (("bake", file, "--resume", build), ("approve", file, "--build", build)):
        ran = cli(*command, "--yes")
        assert ran.code == 4, ran.err
        assert "web-base 1.0, which is revoked" in ran.err
        assert "bake from another source" in ran.err
    assert mutating() == before


def test_one_revoked_source_of_several_architectures_refuses_the_bake(
    cli: Any, several: Any, sandbox: Sandbox, golden: str
) -> None:
    sandbox.client("ec2").create_tags(Resources=[golden], Tags=REVOKED)
    ran = cli("bake", several(image="app", architectures__x86_64__source={"ami": golden}), "--plan")
    assert ran.code == 4, ran.err
    assert f"x86_64: base.source: {golden} in us-east-1 is {SAID}" in ran.err


def test_a_source_whose_origin_cannot_be_read_is_not_taken_for_good(
    cli: Any, write: Any, sandbox: Sandbox, golden: str
) -> None:
    file = write("shop.yaml", image="shop", regions=["us-east-1"], enforce=None, publish=None,
                 base__source={"ami": golden})  # fmt: skip
    with sandbox.fail(Fault(service="ssm", operation="GetParameters", code="InternalServerError",
                            status=500)):  # fmt: skip
        assert cli("bake", file, "--plan").code == 1


def test_a_watermark_of_a_revoked_image_is_enough_to_refuse_a_source(
    cli: Any, write: Any, sandbox: Sandbox, golden: str, silent: Fault
) -> None:
    ec2 = sandbox.client("ec2")
    ec2.attach_image_watermark(ImageId=golden, WatermarkName="web-base")
    hand = ec2.copy_image(SourceImageId=golden, SourceRegion="us-east-1", Name="hand")["ImageId"]
    ec2.create_tags(Resources=[golden], Tags=REVOKED)
    file = write("app.yaml", image="app", regions=["us-east-1"], base__source={"ami": hand})
    with sandbox.fail(silent):
        ran = cli("bake", file, "--plan")
    assert (ran.code, SAID in ran.err) == (4, True), ran.err


def test_what_became_of_a_release_is_listed_with_where_by_whom_and_why(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    assert cli("bake", write(enforce=None), "--yes").code == 0
    [near], [far] = own_images("us-east-1"), own_images("eu-west-1")
    sandbox.client("ec2").create_tags(Resources=[near["ImageId"]], Tags=REVOKED)
    [release] = json.loads(cli("history", "web-base", "--format", "json").out)["items"]
    assert release["status"] == "approved in eu-west-1, revoked in us-east-1"
    assert release["statuses"] == {"eu-west-1": "approved", "us-east-1": "revoked"}
    assert [release[key] for key in ("changed_by", "why", "successor")] == [
        "ann", "CVE-2026-1", "2.0",
    ]  # fmt: skip
    items = json.loads(cli("images", "--format", "json").out)["items"]
    assert [(item["id"], item["status"], item["why"]) for item in items] == [
        (far["ImageId"], "approved", ""), (near["ImageId"], "revoked", "CVE-2026-1"),
    ]  # fmt: skip
    shown = cli("show", far["ImageId"]).out
    assert "revoked by ann: CVE-2026-1 (its successor is 2.0)" in shown
    rows = [line.split() for line in shown.splitlines() if "parameter" not in line]
    assert {row[2]: row[3] for row in rows if row[2:] and row[2].startswith("ami-")} == {
        near["ImageId"]: "revoked", far["ImageId"]: "approved",
    }  # fmt: skip
