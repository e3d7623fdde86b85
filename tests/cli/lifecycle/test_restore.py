"""`goldenami restore` against the embedded AWS: from each status, and out of the Recycle Bin."""

import json
from typing import Any

import pytest

from goldenami.domain import tags
from goldenami_sandbox.server import Sandbox

WHY = ("--why", "a false alarm", "--yes")
REGIONS = ("us-east-1", "eu-west-1")
CONSUMER = "111122223333"


@pytest.fixture
def release(cli: Any, write: Any, sandbox: Sandbox) -> Any:
    """Two versions, of which the first is not published any more."""
    for version in ("1.0", "2.0"):
        file = write(version=version, share={"accounts": [CONSUMER]})
        assert cli("bake", file, "--yes").code == 0
    return file


def images(sandbox: Sandbox, region: str) -> dict[str, dict[str, Any]]:
    described = sandbox.client("ec2", region).describe_images(
        Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True
    )["Images"]
    return {image["Name"].removeprefix("web-base-"): image for image in described}


def consumers(sandbox: Sandbox, region: str, image: str) -> list[str]:
    answer = sandbox.client("ec2", region).describe_image_attribute(
        ImageId=image, Attribute="launchPermission"
    )
    return [each["UserId"] for each in answer["LaunchPermissions"]]


def check_as_released(sandbox: Sandbox) -> None:
    for region in REGIONS:
        image = images(sandbox, region)["1.0"]
        own = tags.from_aws(image["Tags"])
        assert (image["State"], own[tags.STATUS]) == ("available", "approved")
        assert own[tags.STATUS_WHY] == "a false alarm"
        assert tags.SUCCESSOR not in own
        assert "DeprecationTime" not in image
        assert consumers(sandbox, region, image["ImageId"]) == [CONSUMER]


@pytest.mark.usefixtures("release")
@pytest.mark.parametrize("hard", [(), ("--hard",)], ids=["", "hard"])
def test_a_revoked_version_comes_back_with_its_shares(
    cli: Any, sandbox: Sandbox, hard: tuple[str, ...]
) -> None:
    assert cli("revoke", "web-base", "1.0", "--why", "CVE-2026-1", "--yes", *hard).code == 0
    assert cli("restore", "web-base", "1.0", "--yes").code == 2
    ran = cli("restore", "web-base", "1.0", *WHY, "--format", "json")
    assert ran.code == 0, ran.err
    assert {item["status"] for item in json.loads(ran.out)["items"]} == {"approved"}
    check_as_released(sandbox)
    manifest = json.loads(
        cli("show", images(sandbox, "us-east-1")["1.0"]["ImageId"], "--format", "json").out
    )
    assert [each["status"] for each in manifest["life"]] == ["revoked", "approved"]
    again = cli("restore", "web-base", "1.0", *WHY)
    assert again.code == 0
    assert "0 steps" in again.err


@pytest.mark.usefixtures("release")
def test_a_deprecated_version_comes_back(cli: Any, sandbox: Sandbox) -> None:
    assert cli("deprecate", "web-base", "1.0", "--why", "old", "--yes").code == 0
    ran = cli("restore", "web-base", "1.0", *WHY)
    assert ran.code == 0, ran.err
    check_as_released(sandbox)


@pytest.mark.usefixtures("release")
def test_a_retired_version_comes_out_of_the_bin_and_is_approved_again(
    cli: Any, sandbox: Sandbox
) -> None:
    for region in REGIONS:
        for kind in ("EBS_SNAPSHOT", "EC2_IMAGE"):
            period = {"RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS"}
            sandbox.client("rbin", region).create_rule(ResourceType=kind, RetentionPeriod=period)
    ran = cli("retire", "web-base", "1.0", "--why", "old", "--now", "--yes")
    assert ran.code == 0, ran.err
    assert "1.0" not in images(sandbox, "us-east-1")
    ran = cli("restore", "web-base", "1.0", *WHY)
    assert ran.code == 0, ran.err
    check_as_released(sandbox)


@pytest.mark.usefixtures("release")
def test_a_version_that_is_gone_for_good_is_said_to_be(cli: Any, sandbox: Sandbox) -> None:
    assert cli("retire", "web-base", "1.0", "--why", "old", "--now", "--yes").code == 0
    ran = cli("restore", "web-base", "1.0", *WHY)
    assert ran.code == 4
    assert "gone for good" in ran.err
