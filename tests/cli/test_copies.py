"""Copies of a release in another account, made by a role of that account."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldenami.domain import tags
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

OTHER = "444455556666"
ROLE = "golden-ami-copies"
COPIES = [{"account": OTHER, "role": ROLE, "regions": ["eu-west-1"]}]
ALLOWED = [
    "ec2:DescribeRegions", "ec2:DescribeImages", "ec2:DescribeSnapshots", "ec2:DescribeInstances",
    "ec2:DescribeImageAttribute", "ec2:CopyImage", "ec2:CreateTags", "ec2:DeleteTags",
    "ec2:EnableImageDeprecation", "ec2:DeregisterImage", "ec2:DeleteSnapshot",
    "ssm:GetParameter", "ssm:PutParameter", "ssm:LabelParameterVersion",
]  # fmt: skip


@pytest.fixture
def role(sandbox: Sandbox) -> None:
    """A role of the other account that the sandbox's own account may assume."""
    iam = sandbox.client("iam", account=OTHER)
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=document(trust))
    allowed = {"Effect": "Allow", "Action": ALLOWED, "Resource": "*"}
    iam.put_role_policy(RoleName=ROLE, PolicyName="copies", PolicyDocument=document(allowed))


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.usefixtures("role")
def test_the_other_account_has_a_published_copy_of_its_own(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    release = write(copies=COPIES, lifecycle={"deprecate_after": "90d"})
    ran = cli("bake", release, "--yes", "--format", "json")
    assert ran.code == 0, ran.err
    items = json.loads(ran.out)["items"]
    assert [(one["account"], one["region"]) for one in items] == [
        (ACCOUNT_ID, "us-east-1"), (ACCOUNT_ID, "eu-west-1"), (OTHER, "eu-west-1"),
    ]  # fmt: skip
    theirs = sandbox.client("ec2", "eu-west-1", account=OTHER)
    (copy,) = theirs.describe_images(Owners=["self"])["Images"]
    (own,) = own_images("eu-west-1")
    assert (copy["ImageId"], copy["OwnerId"]) == (items[2]["image_id"], OTHER)
    assert copy["SourceImageId"] == own["ImageId"]
    assert copy["DeprecationTime"] == own["DeprecationTime"]
    assert tags.from_aws(copy["Tags"]) == tags.from_aws(own["Tags"])
    (snapshot,) = theirs.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert tags.from_aws(snapshot["Tags"]) == tags.from_aws(own["Tags"])
    told = sandbox.client("ssm", "eu-west-1", account=OTHER).get_parameter(
        Name="/golden-ami/web-base"
    )
    assert told["Parameter"]["Value"] == copy["ImageId"]


@pytest.mark.usefixtures("role")
def test_a_copy_that_fails_is_marked_as_missing_and_made_by_the_same_command(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    release = write(copies=COPIES)
    refused = Fault(
        service="ec2", operation="CopyImage", region="eu-west-1", code="ResourceLimitExceeded",
        skip=3, times=1,
    )  # fmt: skip
    with sandbox.fail(refused):
        ran = cli("bake", release, "--yes")
    assert ran.code == 1
    assert f"{OTHER}/eu-west-1 missing, the rest published" in ran.err
    for region in ("us-east-1", "eu-west-1"):
        (image,) = own_images(region)
        assert tags.from_aws(image["Tags"])[tags.UNPUBLISHED] == f"{OTHER}/eu-west-1"
    theirs = sandbox.client("ec2", "eu-west-1", account=OTHER)
    assert theirs.describe_images(Owners=["self"])["Images"] == []
    assert cli("bake", release, "--yes").code == 0
    (copy,) = theirs.describe_images(Owners=["self"])["Images"]
    (image,) = own_images("eu-west-1")
    for one in (copy, image):
        assert tags.UNPUBLISHED not in tags.from_aws(one["Tags"])
        assert tags.from_aws(one["Tags"])[tags.STATUS] == "approved"


def test_a_role_that_cannot_be_assumed_is_told_before_anything_is_done(
    cli: Any, write: Any, own_images: Any
) -> None:
    ran = cli("bake", write(copies=COPIES), "--yes")
    assert ran.code == 1
    assert f"copies into account {OTHER}" in ran.err
    assert "AccessDenied" in ran.err
    assert own_images("us-east-1") == []


@pytest.mark.usefixtures("role")
def test_the_plan_tries_the_copy_as_the_role(cli: Any, write: Any, sandbox: Sandbox) -> None:
    release = write(copies=COPIES)
    shown = cli("bake", release, "--plan")
    assert shown.code == 0, shown.err
    assert f"a copy into {OTHER}/eu-west-1 was tried (DryRun)" in shown.out
    assert f"permissions needed by arn:aws:iam::{OTHER}:role/{ROLE}: ec2:CopyImage" in shown.out
    assert "sts:AssumeRole" in shown.out.split("permissions needed:")[1]
    iam = sandbox.client("iam", account=OTHER)
    denied = {"Effect": "Deny", "Action": "ec2:CopyImage", "Resource": "*"}
    iam.put_role_policy(RoleName=ROLE, PolicyName="no-copies", PolicyDocument=document(denied))
    refused = cli("bake", release, "--plan")
    assert refused.code == 1
    assert f"trying the copy (DryRun) in {OTHER}/eu-west-1: CopyImage" in refused.err


def test_consumers_that_copy_may_read_the_snapshots(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    share = {"accounts": [OTHER], "snapshots": True}
    release = write(regions=["us-east-1"], share=share)
    assert cli("bake", release, "--yes").code == 0
    (image,) = own_images("us-east-1")
    theirs = sandbox.client("ec2", "us-east-1", account=OTHER)
    (seen,) = theirs.describe_images(ImageIds=[image["ImageId"]])["Images"]
    assert "Tags" not in seen
    copied = theirs.copy_image(
        Name="of their own", SourceRegion="us-east-1", SourceImageId=image["ImageId"]
    )
    assert copied["ImageId"].startswith("ami-")


def test_who_may_launch_may_not_copy(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    release = write(regions=["us-east-1"], share={"accounts": [OTHER]})
    assert cli("bake", release, "--yes").code == 0
    (image,) = own_images("us-east-1")
    theirs = sandbox.client("ec2", "us-east-1", account=OTHER)
    with pytest.raises(theirs.exceptions.ClientError, match="access the storage of this ami"):
        theirs.copy_image(
            Name="of their own", SourceRegion="us-east-1", SourceImageId=image["ImageId"]
        )


def test_an_approved_image_is_protected_from_deregistration_everywhere(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    assert cli("bake", write(lifecycle={"protect": True}), "--yes").code == 0
    for region in ("us-east-1", "eu-west-1"):
        (image,) = own_images(region)
        ec2 = sandbox.client("ec2", region)
        with pytest.raises(ec2.exceptions.ClientError, match="DeregisterImage"):
            ec2.deregister_image(ImageId=image["ImageId"])


@pytest.mark.usefixtures("role")
def test_what_is_left_in_the_other_account_is_told_and_swept_as_the_role(
    cli: Any, write: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    iam = sandbox.client("iam", account=OTHER)
    more = {
        "Effect": "Allow",
        "Action": ["ec2:DescribeVolumes", "ec2:DescribeKeyPairs", "ec2:DescribeSecurityGroups",
                   "ssm:GetParametersByPath"],
        "Resource": "*",
    }  # fmt: skip
    iam.put_role_policy(RoleName=ROLE, PolicyName="sweeps", PolicyDocument=document(more))
    arn = f"arn:aws:iam::{OTHER}:role/{ROLE}"
    release = write(
        approval="manual", share_candidates=True, copies=COPIES, timeouts={"copy": "1s"}
    )
    refused = Fault(
        service="ec2", operation="DescribeImageAttribute", code="UnauthorizedOperation", status=403,
        times=50,
    )  # fmt: skip
    with sandbox.fail(refused):
        ran = cli("bake", release, "--yes")
    assert ran.code == 1
    assert f"--role {arn}" in ran.err
    sweep = (
        "sweep", "--role", arn, "--older-than", "0s", "--region", "eu-west-1", "--yes",
        "--format", "json",
    )  # fmt: skip
    ssm, (journal,) = sandbox.client("ssm"), (tmp_path / "state").iterdir()
    holder = {"build": journal.stem, "by": "arn", "host": "elsewhere", "pid": 1}
    ssm.put_parameter(Name="/goldenami/bake/web-base", Value=json.dumps(holder), Type="String")
    assert json.loads(cli(*sweep).out)["items"] == []  # it is under way in the account that bakes
    ssm.delete_parameter(Name="/goldenami/bake/web-base")
    with sandbox.fail(Fault(service="ssm", operation="*", region="us-east-1", code="Nope")):
        unread = cli(*sweep)
    assert unread.code == 3
    assert "left alone: image" in unread.err
    swept = cli(*sweep)
    assert swept.code == 0, swept.err
    assert [one["kind"] for one in json.loads(swept.out)["items"]] == ["image"]
    theirs = sandbox.client("ec2", "eu-west-1", account=OTHER)
    assert theirs.describe_images(Owners=["self"])["Images"] == []
