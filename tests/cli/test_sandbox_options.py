"""What `goldenami sandbox` begins with, and what people can make it do."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from goldenami.cli import sandbox_fault
from goldenami_sandbox.server import Sandbox

OTHER = "444455556666"


class Process:
    """A sandbox in a process of its own, and the environments that it printed."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "goldenami", "sandbox", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "AWS_PROFILE": "the-user-s-own"},
        )  # fmt: skip
        self.own: dict[str, str] = {}
        self.other: dict[str, str] = {}
        assert self.process.stdout is not None
        while not self.other:
            line = self.process.stdout.readline()
            assert line, "it ended before it had printed its variables"
            before, _, exports = line.rpartition("export ")
            pairs = dict(pair.split("=", 1) for pair in exports.split())
            (self.other if before else self.own).update(pairs)

    def client(self, service: str, keys: dict[str, str]) -> Any:
        return boto3.client(
            service,
            region_name=self.own["AWS_REGION"],
            endpoint_url=self.own["AWS_ENDPOINT_URL"],
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}),
        )

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=60)[1]


@pytest.fixture
def process(write: Any) -> Iterator[Process]:
    release = write(
        regions=["eu-south-1"],
        base__key_name="ssh-key",
        approval="manual",
        audit={"accounts": [OTHER], "role": "audit"},
    )
    started = Process(
        *("--seed", str(release), "--account", OTHER, "--pending", "1m"),
        *("--fail", "ec2:RunInstances=InsufficientInstanceCapacity*1@eu-south-1"),
    )
    yield started
    started.process.kill()
    started.process.communicate(timeout=60)


@pytest.mark.sandbox
def test_it_begins_with_what_a_file_names_and_fails_what_it_is_told_to(process: Process) -> None:
    ec2 = process.client("ec2", process.own)
    assert process.own["AWS_REGION"] == "eu-south-1"
    assert [pair["KeyName"] for pair in ec2.describe_key_pairs()["KeyPairs"]] == ["ssh-key"]
    sts = process.client("sts", process.other)
    assert sts.get_caller_identity()["Account"] == OTHER
    launch = {"ImageId": "ami-1", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    launch["ImageId"] = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    with pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
        ec2.run_instances(**launch)
    assert ec2.run_instances(**launch)["Instances"][0]["State"]["Name"] == "pending"
    own = process.client("sts", process.own)
    session = {"RoleSessionName": "test", "RoleArn": f"arn:aws:iam::{OTHER}:role/audit"}
    assert own.assume_role(**session)["AssumedRoleUser"]
    with pytest.raises(ClientError, match="AccessDenied"):
        own.assume_role(**session | {"RoleArn": f"arn:aws:iam::{OTHER}:role/nobody"})
    err = process.stop()
    assert process.process.returncode == 0
    for seeded in ("seeded: groups: ec2-admin-group", "key pairs: ssh-key", f"audit of {OTHER}"):
        assert seeded in err
    assert {line.partition(":")[0] for line in err.splitlines()[:-2]} == {"seeded"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--region", "nowhere-1"], "AWS has no region nowhere-1"),
        (["--region", "us-eats-1"], "did you mean us-east-1?"),
        (["--region", "us-esat-1"], "did you mean us-east-1?"),
        (["--region", "ap-moon-1"], "such as us-east-1"),
        (["--pending", "soon"], "`soon` is no time"),
        (["--account", "12"], "`12` is no account id"),
        (["--seed", "nowhere.yaml"], "nowhere.yaml"),
        (["--fail", "ec2:RunInstances"], "is no fault"),
        (["--fail", "ec2:RunInstances=X*0"], "is no fault"),
        (["--fail", "ec2:RunInstance=X"], "did you mean RunInstances?"),
        (["--fail", "ec2:Ünknown=X"], "is no fault"),
        (["--fail", "ec2:Qq=X"], "ec2 has no operation Qq"),
        (["--fail", "ec3:RunInstances=X"], "AWS has no service ec3"),
        (["--fail", "ec2:*=X@moon-1"], "AWS has no region moon-1"),
    ],
)
def test_what_it_cannot_do_is_one_clear_error(cli: Any, options: list[str], words: str) -> None:
    ran = cli("sandbox", *options)
    assert ran.code == 2
    assert words in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ec2:RunInstances=InsufficientInstanceCapacity*2", ("RunInstances", 2, None, 400)),
        ("ssm:*=ThrottlingException@eu-west-1", ("*", None, "eu-west-1", 400)),
        ("ec2:CopyImage=Unavailable*3@cn-north-1", ("CopyImage", 3, "cn-north-1", 503)),
        ("ec2:DescribeImages=InternalError", ("DescribeImages", None, None, 500)),
        ("service-quotas:GetServiceQuota=X.Y", ("GetServiceQuota", None, None, 400)),
    ],
)
def test_a_fault_is_read(text: str, shown: tuple[Any, ...]) -> None:
    fault = sandbox_fault.parse(text)
    assert (fault.operation, fault.times, fault.region, fault.status) == shown
    assert fault.service == text.partition(":")[0]


def test_the_manager_gets_into_an_account_that_it_makes(sandbox: Sandbox) -> None:
    client = sandbox.client("organizations")
    client.create_organization()
    account = client.create_account(AccountName="shop", Email="shop@example.com")
    member = account["CreateAccountStatus"]["AccountId"]
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    session = sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="manager")
    keys = session["Credentials"]
    iam = sandbox.client(
        "iam",
        access_key_id=keys["AccessKeyId"],
        secret_access_key=keys["SecretAccessKey"],
        session_token=keys["SessionToken"],
    )
    assert iam.get_role(RoleName="OrganizationAccountAccessRole")["Role"]["Arn"] == role
