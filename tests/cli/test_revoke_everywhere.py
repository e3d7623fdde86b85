"""A revocation from end to end: two regions, two accounts, shared, a fleet, a descendant.

The AWS CLI, which knows nothing of goldenami, looks at each effect.
"""

import json
import os
import subprocess
from typing import Any

import pytest

from goldenami.domain import tags
from goldenami_sandbox import accounts
from goldenami_sandbox.server import Sandbox

from . import account

OTHER = "444455556666"
CONSUMER = "111122223333"
ROLE = "golden-ami-copies"
COPIES = [{"account": OTHER, "role": ROLE, "regions": ["eu-west-1"]}]
HOME = "us-east-1"
AWAY = "eu-west-1"


@pytest.fixture
def aws(sandbox: Sandbox, aws_cli: str) -> Any:
    """Run the AWS CLI in a region of an account, and return what it prints."""

    def run(region: str, *arguments: str, owner: str = "") -> Any:
        environment = {**os.environ, "PYTHONWARNINGS": "ignore", "AWS_DEFAULT_REGION": region}
        if owner:
            environment["AWS_ACCESS_KEY_ID"] = accounts.root_of(owner, region)
        ran = subprocess.run(
            [aws_cli, *arguments, "--output", "json"], capture_output=True, text=True, check=False,
            env=environment,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return run


@pytest.fixture
def world(cli: Any, write: Any, sandbox: Sandbox) -> None:
    """Two versions with a copy in another account, a release made from the second, and a fleet."""
    iam = sandbox.client("iam", account=OTHER)
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=account.trust({"AWS": "*"}))
    iam.attach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    share = {"accounts": [CONSUMER]}
    for version, child in (("1.0", "0.9"), ("2.0", "1.0")):
        ran = cli("bake", write(version=version, copies=COPIES, share=share), "--yes")
        assert ran.code == 0, ran.err
        made_from_it = write(
            "app.yaml", image="app", version=child, regions=[HOME],
            base__source={"golden": "web-base"}, publish={"ssm_parameter": "/golden-ami/app"},
        )  # fmt: skip
        assert cli("bake", made_from_it, "--yes").code == 0
    ec2 = sandbox.client("ec2", HOME)
    bad = ami(sandbox, HOME, "2.0")
    template = ec2.create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": bad, "InstanceType": "t3.micro"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    sandbox.client("autoscaling", HOME).create_auto_scaling_group(
        AutoScalingGroupName="web", AvailabilityZones=["us-east-1a"], MinSize=2, MaxSize=2,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
    )  # fmt: skip
    sandbox.client("ec2", AWAY).run_instances(
        ImageId=ami(sandbox, AWAY, "2.0"), MinCount=1, MaxCount=1, InstanceType="t3.micro"
    )


def ami(sandbox: Sandbox, region: str, version: str) -> str:
    (image,) = sandbox.client("ec2", region).describe_images(
        Owners=["self"], Filters=[{"Name": "name", "Values": [f"web-base-{version}"]}]
    )["Images"]
    return str(image["ImageId"])


def named(aws: Any, region: str, name: str, owner: str = "") -> tuple[Any, dict[str, str]]:
    """Return an image as the AWS CLI sees it, and its tags."""
    (image,) = aws(
        region, "ec2", "describe-images", "--owners", "self", "--include-disabled",
        "--include-deprecated", "--filters", f"Name=name,Values={name}", owner=owner,
    )["Images"]  # fmt: skip
    return image, tags.from_aws(image["Tags"])


@pytest.mark.usefixtures("world")
def test_a_revoked_version_is_out_of_use_in_every_region_and_account(
    cli: Any, sandbox: Sandbox, aws: Any
) -> None:
    order = ("revoke", "web-base", "2.0", "--why", "CVE-2026-1")
    planned = cli(*order, "--plan")
    assert planned.code == 0, planned.err
    shown = planned.out + planned.err
    assert "1 auto-scaling-group" in shown
    assert "app 1.0 was made from it" in shown
    assert named(aws, HOME, "web-base-2.0")[1][tags.STATUS] == "approved"

    refused = cli(*order, "--hard", "--yes")
    assert refused.code == 4, refused.err
    assert "pass --refresh too" in refused.err
    assert named(aws, HOME, "web-base-2.0")[0]["State"] == "available"

    ran = cli(*order, "--hard", "--refresh", "--yes")
    assert ran.code == 10, ran.err
    assert "1 things still use it" in ran.err
    for region, owner in ((HOME, ""), (AWAY, ""), (AWAY, OTHER)):
        image, own = named(aws, region, "web-base-2.0", owner)
        good, _ = named(aws, region, "web-base-1.0", owner)
        assert (image["State"], own[tags.STATUS], own[tags.STATUS_WHY], own[tags.SUCCESSOR]) == (
            "disabled", "revoked", "CVE-2026-1", "1.0",
        )  # fmt: skip
        parameter = aws(
            region, "ssm", "get-parameter", "--name", "/golden-ami/web-base", owner=owner
        )["Parameter"]
        assert parameter["Value"] == good["ImageId"]
    (group,) = aws(
        HOME, "autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", "web"
    )["AutoScalingGroups"]
    running = [each["InstanceId"] for each in group["Instances"]]
    assert len(running) == 2
    reservations = aws(HOME, "ec2", "describe-instances", "--instance-ids", *running)
    launched = [
        each["ImageId"]
        for reservation in reservations["Reservations"]
        for each in reservation["Instances"]
    ]
    assert set(launched) == {named(aws, HOME, "web-base-1.0")[0]["ImageId"]}
    child, own = named(aws, HOME, "app-1.0")
    assert own[tags.STATUS] == "revoked"
    assert own[tags.STATUS_WHY] == "made from web-base 2.0: CVE-2026-1"
    assert child["State"] == "disabled"
