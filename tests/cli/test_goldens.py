"""Which image is golden: the audit, a refresh and `base.source` give the same answer."""

from collections.abc import Callable
from typing import Any

import pytest

from goldenami.aws.session import Aws
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import GoldenamiError
from goldenami.spec.model import BaseSource
from goldenami.workflows import goldens
from goldenami_sandbox.server import Sandbox

CUSTOM = ApprovalTag(key="Golden", value="yes")
STATUS = ApprovalTag()


def untag(key: str) -> Callable[[Any, str], None]:
    return lambda ec2, image_id: ec2.delete_tags(Resources=[image_id], Tags=[{"Key": key}])


def copied(ec2: Any, image_id: str) -> None:
    """Another image with the same tags and a version that is newer."""
    [image] = ec2.describe_images(ImageIds=[image_id])["Images"]
    made = ec2.copy_image(SourceImageId=image_id, SourceRegion="us-east-1", Name="web-base-1.1")
    own = {tag["Key"]: tag["Value"] for tag in image["Tags"]} | {"goldenami:version": "1.1"}
    ec2.create_tags(
        Resources=[made["ImageId"]],
        Tags=[{"Key": key, "Value": value} for key, value in own.items()],
    )


CASES: dict[str, tuple[ApprovalTag, Callable[[Any, str], Any], bool]] = {
    "what a release made and approved": (STATUS, lambda *_: None, True),
    "another one of the same tags, which no manifest lists": (STATUS, copied, True),
    "one whose approval was taken away": (STATUS, untag("goldenami:status"), False),
    "one that lacks what every release writes": (STATUS, untag("goldenami:build"), False),
    "one with the status alone, where another tag approves": (CUSTOM, lambda *_: None, False),
    "one that is disabled": (
        STATUS, lambda ec2, image_id: ec2.disable_image(ImageId=image_id), False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_same_image_is_golden_to_refresh_and_base_source(
    sandbox: Sandbox, golden: str, case: str
) -> None:
    approval, change, is_golden = CASES[case]
    change(sandbox.client("ec2"), golden)
    aws = Aws(region="us-east-1")
    found = goldens.versions(aws.in_region("us-east-1"), "web-base", approval)
    assert [one.id for one in found] == ([golden] if is_golden else [])
    if is_golden:
        source = goldens.base_image(
            aws.in_region("us-east-1"), BaseSource(golden="web-base"), approval
        )
        assert source.id == golden
    else:
        with pytest.raises(GoldenamiError, match="no approved image `web-base` in us-east-1"):
            goldens.base_image(aws.in_region("us-east-1"), BaseSource(golden="web-base"), approval)


def test_a_bake_from_a_golden_image_is_never_made_from_a_forged_one(
    cli: Any, write: Any, sandbox: Sandbox, golden: str
) -> None:
    copied(sandbox.client("ec2"), golden)
    release = write(image="shop", regions=["us-east-1"], base__source={"golden": "web-base"})
    ran = cli("bake", release, "--plan")
    assert golden in ran.out, ran.err
