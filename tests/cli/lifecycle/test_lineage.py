"""`goldenami lineage` against the embedded AWS."""

import json
from typing import Any

import pytest

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox


@pytest.fixture
def family(cli: Any, write: Any, sandbox: Sandbox, golden: str, own_images: Any) -> dict[str, str]:
    """A golden image, a golden child, and copies of that by hand; their ids by name."""
    file = write("shop.yaml", image="shop", regions=["us-east-1"], enforce=None, publish=None,
                 base__source={"golden": "web-base"})  # fmt: skip
    assert cli("bake", file, "--yes").code == 0
    names = {image["Name"]: str(image["ImageId"]) for image in own_images("us-east-1")}
    far = sandbox.client("ec2", "eu-west-1")
    names["hand"] = far.copy_image(
        SourceImageId=names["shop-1.0"], SourceRegion="us-east-1", Name="hand"
    )["ImageId"]
    return names


def test_a_lineage_goes_up_to_the_public_source_and_down_to_every_copy(
    cli: Any, sandbox: Sandbox, family: dict[str, str]
) -> None:
    shop, web, hand = family["shop-1.0"], family["web-base-1.0"], family["hand"]
    ran = cli("lineage", shop, "--format", "json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert (document["schema"], document["unread"]) == ("goldenami.lineage/v1", {})
    items = document["items"]
    assert [(item["generation"], item["id"], item["region"]) for item in items][1:] == [
        (-1, web, "us-east-1"), (0, shop, "us-east-1"), (1, hand, "eu-west-1"),
    ]  # fmt: skip
    public = items[0]
    assert (public["generation"], public["owner"], public["source"]) == (-2, "amazon", "")
    assert [item["source"] for item in items[1:]] == [public["id"], web, shop]
    assert [item["golden"] for item in items] == ["", "web-base 1.0", "shop 1.0", ""]
    lines = cli("lineage", shop).out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [item["id"] for item in items]
    assert lines[3].startswith(f"    {shop} *")
    assert [item["generation"] for item in json.loads(
        cli("lineage", public["id"], "--format", "json").out)["items"]] == [0, 1, 2, 3]  # fmt: skip


def test_an_ancestor_that_is_gone_keeps_its_place(
    cli: Any, sandbox: Sandbox, family: dict[str, str]
) -> None:
    sandbox.client("ec2").deregister_image(ImageId=family["shop-1.0"])
    items = json.loads(cli("lineage", family["hand"], "--format", "json").out)["items"]
    assert [item["state"] for item in items[-3:]] == ["available", "not-visible", "available"]
    assert [item["id"] for item in items[-3:]] == [
        family["web-base-1.0"], family["shop-1.0"], family["hand"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "region"),
    [("DescribeImages", "eu-west-1"), ("GetImageAncestry", None)],
)
def test_what_could_not_be_read_is_told(
    cli: Any, sandbox: Sandbox, family: dict[str, str], operation: str, region: str | None
) -> None:
    with sandbox.fail(Fault(service="ec2", operation=operation, code="UnauthorizedOperation",
                            status=403, region=region)):  # fmt: skip
        ran = cli("lineage", family["shop-1.0"], "--format", "json")
    assert ran.code == 3
    assert [*json.loads(ran.out)["unread"]]
    assert "so there may be more" in ran.err


def test_what_is_no_image_is_said(cli: Any, sandbox: Sandbox) -> None:
    assert cli("lineage", "web-base").code == 2
    ran = cli("lineage", "ami-0123456789abcdef0")
    assert (ran.code, "there is no such image in 2 regions" in ran.err) == (2, True)
    with sandbox.fail(Fault(service="ec2", operation="DescribeImages", region="eu-west-1",
                            code="UnauthorizedOperation", status=403)):  # fmt: skip
        assert cli("lineage", "ami-0123456789abcdef0").code == 3
