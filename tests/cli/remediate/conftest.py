"""What the tests of `goldenami remediate` have in common."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from goldenami.domain.audit import audit_file
from goldenami.domain.audit.document import Audit, Document
from goldenami.report.audit import as_json
from goldenami_sandbox.server import Sandbox

REFRESH = ("--action", "refresh", "--image", "web-base")


@pytest.fixture
def golden(as_released: str) -> str:
    """Return an image that was not baked: what is asked here is who uses it."""
    return as_released


@pytest.fixture
def audited(cli: Any, tmp_path: Path) -> Any:
    """Audit the region, and return the file."""

    def audited(*arguments: object) -> Path:
        path = tmp_path / "audit.json"
        ran = cli(
            "audit", *arguments, "--region", "us-east-1", "--format", "json", "--output", path
        )
        assert ran.code == 10, ran.err
        return path

    return audited


@pytest.fixture
def remediate(cli: Any) -> Any:
    """Run it, and return the results by id."""

    def remediate(*arguments: object, code: int = 0) -> dict[str, tuple[str, str]]:
        ran = cli("remediate", *arguments, "--yes", "--per-minute", "60000", "--format", "json")
        assert ran.code == code, ran.err
        items = json.loads(ran.out)["items"]
        return {one["id"]: (one["result"], one["detail"]) for one in items}

    return remediate


@pytest.fixture
def template(sandbox: Sandbox) -> Any:
    """Make a launch template, and return its id."""

    def template(name: str, *images: str, **data: Any) -> str:
        ec2, made = sandbox.client("ec2"), ""
        for image in images:
            wanted = {"ImageId": image, "InstanceType": "t3.micro", **data}
            if made:
                ec2.create_launch_template_version(LaunchTemplateId=made, LaunchTemplateData=wanted)
            else:
                told = ec2.create_launch_template(
                    LaunchTemplateName=name, LaunchTemplateData=wanted
                )
                made = told["LaunchTemplate"]["LaunchTemplateId"]
        return made

    return template


@pytest.fixture
def group(sandbox: Sandbox) -> Any:
    """Make an Auto Scaling group of one instance, and return how it is told."""

    def group(name: str, **launch: Any) -> Any:
        sandbox.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name, AvailabilityZones=["us-east-1a"], MinSize=1, MaxSize=1,
            **launch,
        )  # fmt: skip
        return told_of(sandbox, name)

    return group


def run(sandbox: Sandbox, image_id: str, **more: Any) -> str:
    launched = sandbox.client("ec2").run_instances(
        ImageId=image_id, MinCount=1, MaxCount=1, InstanceType="t3.micro", **more
    )
    return str(launched["Instances"][0]["InstanceId"])


def now(sandbox: Sandbox, instance_id: str) -> dict[str, Any]:
    told = sandbox.client("ec2").describe_instances(InstanceIds=[instance_id])
    found: dict[str, Any] = told["Reservations"][0]["Instances"][0]
    return found


def told_of(sandbox: Sandbox, name: str) -> Any:
    [told] = sandbox.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[name]
    )["AutoScalingGroups"]
    return told


def of(template: str, version: str = "$Default") -> dict[str, str]:
    return {"LaunchTemplateId": template, "Version": version}


def images_of(sandbox: Sandbox, template: str) -> list[str]:
    """The images of a template's versions, in their order."""
    told = sandbox.client("ec2").describe_launch_template_versions(LaunchTemplateId=template)
    versions = sorted(told["LaunchTemplateVersions"], key=lambda one: int(one["VersionNumber"]))
    return [one["LaunchTemplateData"]["ImageId"] for one in versions]


@pytest.fixture
def rewrite() -> Any:
    """Write an audit's file as somebody else could: changed, and whole by its digest."""

    def rewrite(path: Path, **changes: Any) -> None:
        before = structs.replace(audit_file.load(path), **changes)
        head = Audit(**{name: getattr(before, name) for name in Audit.__struct_fields__})
        with path.open("w") as out:
            as_json.write(Document(head, before.findings, before.waived), out)

    return rewrite
