"""`goldenami sweep` finds what Packer has made and nobody could tag: by record, and by EC2."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from goldenami.domain.record import Record, parameter, text
from goldenami_sandbox.server import Sandbox

START = datetime.now(UTC) - timedelta(seconds=30)
BUILD = f"{START:%Y%m%dT%H%M%SZ}-aaaaaa"
OTHER = f"{START:%Y%m%dT%H%M%SZ}-bbbbbb"


def record_of(build: str, source: str, *, version: str = "1.0", **known: Any) -> Record:
    return Record(
        build=build, image="web-base", version=version, spec="0" * 64, source=source,
        method="packer", started=f"{START:%Y-%m-%dT%H:%M:%SZ}", nonce="1", **known,
    )  # fmt: skip


@pytest.fixture
def bare(sandbox: Sandbox) -> dict[str, str]:
    """An instance, an image of it and a copy, all without tags; a stranger's of the build's name.

    The records of two builds: that of the instance, and one that knows of nothing but its name.
    """
    sandbox.pending_s = 0.0
    ec2, there = sandbox.client("ec2"), sandbox.client("ec2", "eu-west-1")
    source = ec2.describe_images(
        Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
    )["Images"][0]["ImageId"]

    def launch() -> str:
        launched = ec2.run_instances(
            ImageId=source, InstanceType="t3.micro", MinCount=1, MaxCount=1
        )
        return str(launched["Instances"][0]["InstanceId"])

    instance, stranger = launch(), launch()
    image = ec2.create_image(InstanceId=instance, Name="named by the template")["ImageId"]
    copy = there.copy_image(SourceImageId=image, SourceRegion="us-east-1", Name="copy")["ImageId"]
    named = ec2.create_image(InstanceId=stranger, Name="web-base-2.0")["ImageId"]
    for record in (
        record_of(BUILD, source, instance_id=instance),
        record_of(OTHER, source, version="2.0"),
    ):
        sandbox.client("ssm").put_parameter(
            Name=parameter(record.image, record.build), Value=text(record), Type="String"
        )
    return {
        "instance": instance, "stranger": stranger, "image": image, "copy": copy, "named": named,
    }  # fmt: skip


def test_what_nobody_could_tag_is_swept_if_the_record_proves_it_and_else_told(
    cli: Any, sandbox: Sandbox, bare: dict[str, str], own_images: Any, living: Any
) -> None:
    ran = cli("sweep", "--build", BUILD, "--yes")
    assert ran.code == 0, ran.err
    assert [each["ImageId"] for each in own_images("us-east-1")] == [bare["named"]]
    assert own_images("eu-west-1") == []
    assert [each["InstanceId"] for each in living()] == [bare["stranger"]]
    ran = cli("sweep", "--build", OTHER, "--yes")
    assert ran.code == 4
    assert bare["named"] in ran.err
    assert [each["ImageId"] for each in own_images("us-east-1")] == [bare["named"]]
    assert cli("sweep", "--build", BUILD, "--yes").code == 2  # of what is gone there is no trace
