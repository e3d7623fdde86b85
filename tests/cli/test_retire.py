"""`goldenami retire` against the embedded AWS: what uses an image keeps it; the rest goes."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from goldenami.domain import tags
from goldenami.workflows.lifecycle.uses import UseKind
from goldenami_sandbox import clock
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from . import account, users

OLD = ("retire", "web-base", "1.0", "--yes", "--launched-within", "0d")


@pytest.fixture
def retire(cli: Any) -> Any:
    """Retire the old version, and return how it went."""
    return lambda *more: cli(*OLD, *more)


@pytest.fixture
def old(cli: Any, write: Any, sandbox: Sandbox) -> str:
    """Bake two versions in one region, and return the image of the older one."""
    sandbox.pending_s = 0.0
    release = {"regions": ["us-east-1"], "enforce": None}
    assert cli("bake", write(**release), "--yes").code == 0
    (image,) = images(sandbox)
    assert cli("bake", write("next.yaml", version="2.0", **release), "--yes").code == 0
    return str(image["ImageId"])


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let days pass in the embedded AWS."""

    def days(count: int) -> None:
        monkeypatch.setattr(clock, "passed", clock.passed + timedelta(days=count))

    return days


def images(sandbox: Sandbox, region: str = "us-east-1") -> list[dict[str, Any]]:
    described = sandbox.client("ec2", region).describe_images(
        Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True
    )["Images"]
    return sorted(described, key=lambda image: str(image["Name"]))


def state(sandbox: Sandbox, image: str) -> tuple[str, str]:
    (there,) = sandbox.client("ec2").describe_images(ImageIds=[image], IncludeDisabled=True)[
        "Images"
    ]
    return there["State"], tags.from_aws(there["Tags"])[tags.STATUS]


def test_an_image_in_use_by_anything_that_an_audit_knows_is_never_retired(
    retire: Any, old: str, sandbox: Sandbox, mutating: Any
) -> None:
    users.use_by_all(sandbox, old)
    consumer = sandbox.client("ec2", account=users.CONSUMER)
    consumer.run_instances(ImageId=old, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    ec2 = sandbox.client("ec2")
    older = account.template(ec2, "older", old)
    data = {"ImageId": account.public_image(sandbox), "InstanceType": "t3.micro"}
    for number in (2, 3):
        ec2.create_launch_template_version(LaunchTemplateId=older, LaunchTemplateData=data)
        ec2.modify_launch_template(LaunchTemplateId=older, DefaultVersion=str(number))
    sandbox.client("ssm").put_parameter(Name="/mine", Value=old, Type="String")
    (image,) = sandbox.client("ec2").describe_images(ImageIds=[old])["Images"]
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    ec2.lock_snapshot(SnapshotId=snapshot, LockMode="governance", LockDuration=1)
    ec2.register_image(
        Name="mine too", RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}],
    )  # fmt: skip
    before = mutating()
    ran = retire("--now")
    assert ran.code == 4, ran.err
    for kind in UseKind:
        if kind is not UseKind.CONSUMER:
            assert f"{old} is used by {kind.value} " in ran.err, kind
    for reason in (
        f"{old} is used in account {users.CONSUMER}: 1 x ec2:Instance",
        f"launch-template/{older}, in one of its versions",
        f"{old} is named by arn:aws:ssm:us-east-1:123456789012:parameter/mine",
        f"{snapshot} is locked (governance)",
        f"{snapshot} is also ami-",
    ):
        assert reason in ran.err, ran.err
    assert mutating()[len(before) :] == ["CreateImageUsageReport"]
    assert state(sandbox, old) == ("available", "approved")


UNREADABLE = (
    "ec2:DescribeInstances", "ec2:DescribeImageReferences", "ec2:DescribeLockedSnapshots",
    "ec2:DescribeImageUsageReportEntries", "autoscaling:DescribeAutoScalingGroups",
    "eks:ListClusters",
)  # fmt: skip


def test_what_could_not_be_checked_refuses(
    retire: Any, old: str, sandbox: Sandbox, mutating: Any
) -> None:
    users.MAKERS[UseKind.CONSUMER](sandbox, old)
    for call in UNREADABLE:
        service, _, operation = call.partition(":")
        with sandbox.fail(Fault(service=service, operation=operation, code="AccessDenied")):
            ran = retire("--now")
        assert ran.code == 3, (call, ran.err)
        assert "could not check: " in ran.err
    assert {*mutating()} & {"DisableImage", "DeregisterImage", "EnableImageDeprecation"} == set()


def test_a_version_goes_step_by_step_and_its_shares_are_kept(
    cli: Any, retire: Any, old: str, sandbox: Sandbox, mutating: Any
) -> None:
    users.MAKERS[UseKind.CONSUMER](sandbox, old)
    for status, now in (("deprecated", "available"), ("disabled", "disabled")):
        ran = retire("--grace", "0d", "--format", "json")
        assert ran.code == 0, ran.err
        assert {item["status"] for item in json.loads(ran.out)["items"]} == {status}
        assert state(sandbox, old) == (now, status)
    waiting = retire()
    assert "deregister: not before" in waiting.err
    assert "0 steps" in waiting.err
    manifest = json.loads(cli("show", old, "--format", "json").out)
    assert manifest["images"][0]["shared_with"] == [users.CONSUMER]
    ran = retire("--grace", "0d")
    assert ran.code == 0, ran.err
    assert "no rule of the Recycle Bin keeps it" in ran.err
    assert [image["Name"] for image in images(sandbox)] == ["web-base-2.0"]
    assert len(sandbox.client("ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 1
    assert "retired" in cli("history", "web-base").out + json.dumps(manifest_of(sandbox, "1.0"))
    again = retire("--now")
    assert again.code == 0
    assert "0 steps" in again.err


def manifest_of(sandbox: Sandbox, version: str) -> dict[str, Any]:
    found = sandbox.client("ssm").get_parameters_by_path(
        Path="/goldenami/manifest/web-base", Recursive=True
    )["Parameters"]
    every = [json.loads(each["Value"]) for each in found]
    (manifest,) = [each for each in every if each["version"] == version]
    return dict(manifest)


def test_all_steps_at_once_end_in_the_recycle_bin_which_is_told_and_recorded(
    retire: Any, old: str, sandbox: Sandbox
) -> None:
    rbin = sandbox.client("rbin")
    for kind, count in (("EC2_IMAGE", 14), ("EBS_SNAPSHOT", 30)):
        rbin.create_rule(
            ResourceType=kind,
            RetentionPeriod={"RetentionPeriodValue": count, "RetentionPeriodUnit": "DAYS"},
        )
    ran = retire("--now")
    assert ran.code == 0, ran.err
    assert f"the Recycle Bin in 123456789012/us-east-1 keeps {old} until 20" in ran.err
    manifest = manifest_of(sandbox, "1.0")
    assert [change["status"] for change in manifest["life"]] == [
        "deprecated", "disabled", "retired",
    ]  # fmt: skip
    (kept,) = sandbox.client("ec2").list_images_in_recycle_bin()["Images"]
    assert kept["ImageId"] == old
    assert manifest["recycle_bin"] == {old: f"{kept['RecycleBinExitTime']:%Y-%m-%dT%H:%M:%SZ}"}


def test_a_protection_with_a_cooldown_is_taken_off_and_waited_for(
    retire: Any, old: str, sandbox: Sandbox, days: Any
) -> None:
    ec2 = sandbox.client("ec2")
    ec2.enable_image_deregistration_protection(ImageId=old, WithCooldown=True)
    ran = retire("--now")
    assert ran.code == 0, ran.err
    assert "has a cooldown" in ran.err
    assert state(sandbox, old) == ("disabled", "disabled")
    ran = retire("--now")
    assert ran.code == 4
    assert "OperationNotPermitted" in ran.err
    days(1)
    assert retire("--now").code == 0
    assert [image["Name"] for image in images(sandbox)] == ["web-base-2.0"]


def test_the_last_version_is_unpublished_first_and_no_other_while_it_is_named(
    cli: Any, retire: Any, old: str, sandbox: Sandbox
) -> None:
    ssm = sandbox.client("ssm")
    ssm.put_parameter(Name=users.PARAMETER, Value=old, Type="String", Overwrite=True)
    ran = retire()
    assert ran.code == 4
    assert f"is used by ssm-parameter {users.PARAMETER}" in ran.err
    assert cli("revoke", "web-base", "2.0", "--why", "CVE-2026-1", "--yes").code in (0, 10)
    assert retire("--now").code == 0
    assert not ssm.get_parameters(Names=[users.PARAMETER])["Parameters"]
    left = cli("retire", "web-base", "2.0", "--launched-within", "0d", "--grace", "0d", "--yes")
    assert left.code == 0, left.err
    assert images(sandbox) == []


def test_a_candidate_cannot_be_retired(cli: Any, write: Any, sandbox: Sandbox) -> None:
    sandbox.pending_s = 0.0
    release = write(approval="manual", regions=["us-east-1"], enforce=None)
    assert cli("bake", release, "--yes").code == 0
    ran = cli(*OLD)
    assert ran.code == 4
    assert "it was never released" in ran.err
    assert cli(*OLD[:-1], "soon").code == 2
