"""Other clients than boto3 are held to the policies too: the AWS CLI and Packer."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from goldenami.bake.packer import PERMISSIONS, PackerBuild, PackerRun
from goldenami.bake.packer_cli import find_packer
from goldenami.errors import BakeError
from goldenami.iam.profiles import profile_named
from goldenami.iam.render import render
from goldenami.iam.values import Values
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

AWS = os.environ.get("GOLDENAMI_AWSCLI", "")
HOME = "us-east-1"
TAGS = [{"Key": "goldenami:status", "Value": "approved"}]
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
Environment = dict[str, str]


@pytest.fixture
def golden(ec2: Any, bake: Callable[..., str]) -> str:
    kinds = ("image", "snapshot")
    return bake(TagSpecifications=[{"ResourceType": kind, "Tags": TAGS} for kind in kinds])


@pytest.fixture
def environment(sandbox: Sandbox, iam: Any) -> Callable[..., Environment]:
    """Make a user with these statements; get the environment of his clients."""

    def of_user(*statements: Mapping[str, Any]) -> Environment:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.create_user(UserName="bob")
        iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=document)
        key = iam.create_access_key(UserName="bob")["AccessKey"]
        return sandbox.environment(HOME, os.environ) | {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    return of_user


@pytest.fixture
def guarded(environment: Any, ec2: Any, iam: Any, golden: str) -> Environment:
    """The environment of an administrator under the guardrail."""
    (image,) = ec2.describe_images(ImageIds=[golden])["Images"]
    snapshots = tuple(one["Ebs"]["SnapshotId"] for one in image["BlockDeviceMappings"])
    values = Values(account=ACCOUNT_ID, snapshots=snapshots)
    (document,) = render(profile_named("guardrail"), values)
    told: Environment = environment(EVERYTHING)
    made = iam.create_policy(
        PolicyName="goldenami-guardrail", PolicyDocument=document.json(minify=True)
    )
    iam.attach_user_policy(UserName="bob", PolicyArn=made["Policy"]["Arn"])
    return told


def instances(ec2: Any) -> list[str]:
    reservations = ec2.describe_instances()["Reservations"]
    return [one["ImageId"] for told in reservations for one in told["Instances"]]


def aws(environment: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [AWS, *arguments, "--output", "json"], capture_output=True, text=True, check=False,
        env=environment | {"PYTHONWARNINGS": "ignore"},
    )  # fmt: skip


def run_instances(environment: Environment, image: str) -> subprocess.CompletedProcess[str]:
    return aws(
        environment, "ec2", "run-instances", "--image-id", image, "--instance-type", "t3.micro"
    )


@pytest.mark.usefixtures("aws_cli")
def test_the_aws_cli_launches_the_golden_image(guarded: Environment, golden: str) -> None:
    ran = run_instances(guarded, golden)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["Instances"][0]["ImageId"] == golden


@pytest.mark.usefixtures("aws_cli")
def test_the_aws_cli_is_refused_another_image_and_can_read_why(
    guarded: Environment, ec2: Any, source_id: str
) -> None:
    before = instances(ec2)
    ran = run_instances(guarded, source_id)
    assert ran.returncode in (254, 255)  # of version 2, and of version 1
    assert "(UnauthorizedOperation) when calling the RunInstances operation" in ran.stderr
    assert "You are not authorized to perform this operation." in ran.stderr
    assert f"arn:aws:iam::{ACCOUNT_ID}:policy/goldenami-guardrail" in ran.stderr
    assert instances(ec2) == before
    encoded = ran.stderr.strip().rpartition(" ")[2]
    told = aws(guarded, "sts", "decode-authorization-message", "--encoded-message", encoded)
    assert told.returncode == 0, told.stderr
    matched = json.loads(json.loads(told.stdout)["DecodedMessage"])["matchedStatements"]["items"]
    assert {one["statementId"] for one in matched} == {
        "DenyLaunchWithoutApprovalTag",
        "DenyLaunchOfOtherOwnersImage",
    }


@pytest.mark.usefixtures("aws_cli")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("iam", "list-users"), "AccessDenied"),
        (("ssm", "describe-parameters"), "AccessDeniedException"),
        (("organizations", "describe-organization"), "AccessDeniedException"),
    ],
    ids=["IAM", "Systems Manager", "Organizations"],
)
def test_the_aws_cli_reads_the_refusals_of_other_services(
    environment: Any, arguments: tuple[str, ...], code: str
) -> None:
    ran = aws(environment({**EVERYTHING, "Action": "ec2:*"}), *arguments)
    assert ran.returncode in (254, 255)  # of version 2, and of version 1
    assert f"({code})" in ran.stderr


@pytest.fixture
def _packer() -> None:
    if shutil.which("packer") is None:
        if os.environ.get("CI"):
            pytest.fail("no packer on PATH, and this is CI")
        pytest.skip("no packer on PATH (Debian: apt-get install packer)")


def packer(sandbox: Sandbox, environment: Environment, source: str) -> str:
    sandbox.pending_s = 0
    wish = PackerBuild(
        values={
            "region": HOME,
            "source_ami": source,
            "ami_name": "web-2",
            "instance_type": "t3.micro",
            "endpoint_url": sandbox.endpoint_url,
        },
        variables={"communicator": "none"},
    )
    (image,) = PackerRun(find_packer(), environment).build(wish)
    return image.image_id


@pytest.mark.usefixtures("_packer")
def test_packer_is_refused_a_source_that_is_not_golden(
    sandbox: Sandbox, guarded: Environment, ec2: Any, source_id: str
) -> None:
    before = instances(ec2)
    with pytest.raises(BakeError, match="`packer build` failed") as caught:
        packer(sandbox, guarded, source_id)
    told = str(caught.value)
    assert "UnauthorizedOperation: You are not authorized to perform this operation." in told
    assert "ec2:RunInstances" in told
    assert instances(ec2) == before


@pytest.mark.usefixtures("_packer")
def test_packer_builds_from_the_golden_image(
    sandbox: Sandbox, guarded: Environment, ec2: Any, golden: str
) -> None:
    built = packer(sandbox, guarded, golden)
    (image,) = ec2.describe_images(ImageIds=[built])["Images"]
    assert image["Name"] == "web-2"


@pytest.mark.usefixtures("_packer")
def test_packer_builds_with_no_more_than_its_permissions(
    sandbox: Sandbox, environment: Any, ec2: Any, source_id: str
) -> None:
    allowed = environment({**EVERYTHING, "Action": list(PERMISSIONS)})
    assert packer(sandbox, allowed, source_id).startswith("ami-")
