"""`goldenami sweep` against the embedded AWS."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import structs

from goldenami.aws import ask
from goldenami.aws.lease_holder import LeaseHolder, this_process
from goldenami.domain import tags
from goldenami.domain.prefixes import LEASES
from goldenami.domain.record import Record, text
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

BUILD = "20260101T000000Z-aaaaaa"
RECORD = f"/goldenami/build/web-base/{BUILD}"
MINE = {
    tags.IMAGE: "web-base",
    tags.VERSION: "1.0",
    tags.BUILD: BUILD,
    tags.SOURCE: "ami-0123456789abcdef0",
    tags.SPEC: "0" * 64,
    tags.STATUS: "building",
}


def base_image(ec2: Any) -> str:
    found = ec2.describe_images(
        Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
    )["Images"]
    return str(found[0]["ImageId"])


def tagged(kind: str, **more: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tags.to_aws(MINE | more)}]


def put_lease(
    sandbox: Sandbox, region: str = "us-east-1", *, build: str = BUILD, dead: bool = False
) -> None:
    """Let a build be under way, or have died on this machine."""
    process = this_process()
    assert process
    by = "arn:aws:iam::123456789012:user/dora"
    holder = LeaseHolder(
        build=build, by=by, host="elsewhere", pid=process.pid,
        process=structs.replace(process, started=1) if dead else None,
    )  # fmt: skip
    sandbox.client("ssm", region).put_parameter(
        Name=LEASES + "web-base", Value=msgspec.json.encode(holder).decode(), Type="String"
    )


def put_record(sandbox: Sandbox, instance_id: str, there: Any, copy: str) -> None:
    """Record the build, whose image is what the copy was made from."""
    (image,) = there.describe_images(ImageIds=[copy])["Images"]
    record = Record(
        build=BUILD, image="web-base", version="1.0", spec="0" * 64, source=MINE[tags.SOURCE],
        method="packer", started="2026-01-01T00:00:00Z", nonce="1", instance_id=instance_id,
        image_id=image["SourceImageId"], gates={"validated": "2026-01-01T00:01:00Z"},
    )  # fmt: skip
    sandbox.client("ssm").put_parameter(Name=RECORD, Value=text(record), Type="String")


@pytest.fixture
def litter(sandbox: Sandbox) -> dict[str, str]:
    """Everything that a build can leave, in us-east-1; a copy that is not approved in eu-west-1."""
    ec2 = sandbox.client("ec2")
    ec2.create_key_pair(KeyName="packer_1")
    ec2.create_key_pair(KeyName="tagged", TagSpecifications=tagged("key-pair"))
    group = ec2.create_security_group(GroupName="packer_2", Description="temporary")["GroupId"]
    other = ec2.create_security_group(
        GroupName="tagged", Description="x", TagSpecifications=tagged("security-group")
    )["GroupId"]
    (instance,) = ec2.run_instances(
        ImageId=base_image(ec2), InstanceType="t3.micro", MinCount=1, MaxCount=1,
        KeyName="packer_1", SecurityGroupIds=[group],
        TagSpecifications=tagged("instance", **{tags.ROLE: "base"}),
    )["Instances"]  # fmt: skip
    volume = ec2.create_volume(
        Size=1, AvailabilityZone="us-east-1a", TagSpecifications=tagged("volume")
    )["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume, TagSpecifications=tagged("snapshot"))
    west, built = sandbox.client("ec2", "eu-west-1"), "ap-southeast-2"
    copy = west.copy_image(
        Name="web-base-1.0", SourceRegion=built,
        SourceImageId=base_image(sandbox.client("ec2", built)),
        TagSpecifications=tagged("image") + tagged("snapshot"),
    )["ImageId"]  # fmt: skip
    put_record(sandbox, instance["InstanceId"], west, copy)
    return {
        instance["InstanceId"]: "instance", "packer_1": "key-pair", "tagged": "key-pair",
        group: "security-group", other: "security-group", volume: "volume",
        snapshot["SnapshotId"]: "snapshot", copy: "image",
    }  # fmt: skip


def test_everything_that_a_build_has_left_anywhere_is_removed(
    cli: Any, sandbox: Sandbox, litter: dict[str, str]
) -> None:
    put_lease(sandbox, dead=True)
    ran = cli("sweep", "--yes", "--format", "json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert document["schema"] == "goldenami.sweep/v1"
    removed = {one["id"]: one["kind"] for one in document["items"]}
    assert removed == litter | {"/goldenami/bake/web-base": "lease", RECORD: "record"}
    assert {one["build"] for one in document["items"]} == {BUILD}
    again = cli("sweep", "--yes")
    assert (again.code, "none found" in again.err) == (0, True)
    ec2 = sandbox.client("ec2")
    assert ec2.describe_key_pairs()["KeyPairs"] == []
    assert ec2.describe_volumes(Filters=[{"Name": "status", "Values": ["available"]}])[
        "Volumes"
    ] == []  # fmt: skip


def test_the_plan_of_a_sweep_removes_nothing(
    cli: Any, sandbox: Sandbox, litter: dict[str, str], mutating: Any
) -> None:
    before = mutating()
    ran = cli("sweep", "--plan")
    assert ran.code == 0
    assert f"remove {len(litter) + 1} things that 1 unfinished builds have left" in ran.out
    for one in (*litter, RECORD):
        assert one in "".join(ran.out.split())
    assert mutating() == before


def test_young_builds_and_those_under_way_are_left_alone(
    cli: Any, sandbox: Sandbox, litter: dict[str, str]
) -> None:
    assert "none found" in cli("sweep", "--older-than", "36500d", "--yes").err
    put_lease(sandbox)  # of another machine, seen just now
    assert "none found" in cli("sweep", "--yes").err
    assert "none found" in cli("sweep", "--build", BUILD, "--yes").err


def test_what_was_approved_or_launched_on_its_own_is_left_alone(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, living: Any
) -> None:
    assert cli("bake", write(), "--yes").code == 0
    assert cli("base", "launch", write(), "--yes").code == 0
    assert "none found" in cli("sweep", "--older-than", "0s", "--yes").err
    assert (len(own_images("us-east-1")), len(living())) == (1, 1)


def test_one_build_is_swept_whatever_its_age(
    cli: Any, write: Any, sandbox: Sandbox, tmp_path: Any, own_images: Any
) -> None:
    with sandbox.fail(Fault(service="ec2", operation="EnableImageDeprecation", code="Nope")):
        assert cli("bake", write(lifecycle={"deprecate_after": "90d"}), "--yes").code == 1
    (lines,) = (tmp_path / "state").iterdir()
    assert "none found" in cli("sweep", "--yes").err
    ran = cli("sweep", "--build", lines.stem, "--yes")
    assert ran.code == 0, ran.err
    assert own_images("us-east-1") + own_images("eu-west-1") == []


def test_a_region_that_cannot_be_read_is_named_after_the_others_are_swept(
    cli: Any, sandbox: Sandbox, litter: dict[str, str], own_images: Any
) -> None:
    fault = Fault(service="ec2", operation="DescribeVolumes", region="us-east-1", code="Nope")
    with sandbox.fail(fault):
        ran = cli("sweep", "--yes", "--region", "us-east-1", "--region", "eu-west-1")
    assert ran.code == 3
    assert "us-east-1: " in ran.err
    assert own_images("eu-west-1") == []


def test_what_cannot_be_removed_is_told(cli: Any, sandbox: Sandbox, litter: dict[str, str]) -> None:
    fault = Fault(service="ec2", operation="DeleteVolume", code="VolumeInUse", message="busy")
    with sandbox.fail(fault):
        ran = cli("sweep", "--yes")
    assert ran.code == 1
    assert "VolumeInUse: busy" in ran.err
    assert cli("sweep", "--yes", "--format", "json").code == 0


def test_an_age_that_is_no_time_is_refused(cli: Any, sandbox: Sandbox) -> None:
    ran = cli("sweep", "--older-than", "long")
    assert ran.code == 2
    assert "--older-than: `long` is no time" in ran.err


@pytest.mark.parametrize(
    ("elsewhere", "code"), [(True, 4), (False, 0)], ids=["under way", "dead on this machine"]
)
def test_a_second_bake_of_an_image_is_refused_with_whose_build_it_is(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any, elsewhere: bool, code: int
) -> None:
    put_lease(sandbox, dead=not elsewhere)
    before = mutating()
    ran = cli("bake", write(regions=["us-east-1"]), "--yes")
    assert ran.code == code, ran.err
    if elsewhere:
        assert f"build {BUILD} by arn:aws:iam::123456789012:user/dora on elsewhere" in ran.err
        assert set(mutating()[len(before) :]) == {"PutParameter"}


def test_a_parameter_that_is_no_lease_is_not_overwritten(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    sandbox.client("ssm").put_parameter(Name="/goldenami/bake/web-base", Value="x", Type="String")
    ran = cli("bake", write(regions=["us-east-1"]), "--yes")
    assert ran.code == 1
    assert "/goldenami/bake/web-base in us-east-1 is not goldenami's" in ran.err


UNREAD: dict[str, Any] = {"service": "ssm", "operation": "GetParametersByPath"}


def test_no_build_is_removed_whose_leases_could_not_be_read(
    cli: Any, sandbox: Sandbox, litter: dict[str, str], mutating: Any
) -> None:
    put_lease(sandbox)
    before = mutating()
    with sandbox.fail(Fault(**UNREAD, region="us-east-1", code="Nope")):
        ran = cli("sweep", "--yes", "--format", "json")
    assert ran.code == 3
    for one, kind in litter.items():
        region = "eu-west-1" if kind == "image" else "us-east-1"
        assert f"left alone: {kind} {one} in {region}: whether its build {BUILD} is" in ran.err
    assert mutating() == before


@pytest.mark.usefixtures("every_region")
def test_a_cut_listing_of_leases_is_no_empty_one(
    cli: Any, sandbox: Sandbox, litter: dict[str, str], mutating: Any, monkeypatch: Any
) -> None:
    put_lease(sandbox)
    before = mutating()
    raw = ask.Asking.raw
    monkeypatch.setattr(ask, "DELAYS_S", (0.0,))
    monkeypatch.setattr(
        ask.Asking,
        "raw",
        lambda *call: {} if call[1] == "ssm:GetParametersByPath" else raw(*call),
    )  # as botocore reads it
    ran = cli("sweep", "--yes", "--build", BUILD)
    assert ran.code == 3
    assert mutating() == before


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "ap-southeast-2"])
@pytest.mark.usefixtures("every_region")
def test_a_region_that_was_not_asked_for_is_looked_at_for_leases(
    cli: Any, sandbox: Sandbox, litter: dict[str, str], mutating: Any, region: str
) -> None:
    put_lease(sandbox, region)
    before = mutating()
    for place in ("us-east-1", "eu-west-1"):
        ran = cli("sweep", "--yes", "--region", place)
        assert (ran.code, "none found" in ran.err) == (0, True), ran.err
    assert mutating() == before


@pytest.mark.usefixtures("every_region")
def test_a_snapshot_alone_is_removed_only_when_the_leases_of_all_regions_were_read(
    cli: Any, sandbox: Sandbox, litter: dict[str, str]
) -> None:
    (snapshot,) = (one for one, kind in litter.items() if kind == "snapshot")
    with sandbox.fail(Fault(**UNREAD, region="ap-southeast-2", code="Nope")):
        ran = cli("sweep", "--yes", "--region", "us-east-1")
    assert ran.code == 3
    assert ran.err.count("left alone: ") == 1
    assert f"left alone: snapshot {snapshot} in us-east-1" in ran.err
    assert "ap-southeast-2: " in ran.err
    assert cli("sweep", "--yes", "--region", "us-east-1").code == 0


@pytest.mark.usefixtures("every_region")
def test_what_could_not_be_read_elsewhere_does_not_matter_if_nothing_depends_on_it(
    cli: Any, sandbox: Sandbox
) -> None:
    with sandbox.fail(Fault(**UNREAD, region="ap-southeast-2", code="Nope")):
        assert cli("sweep", "--yes", "--region", "us-east-1").code == 0
        assert cli("sweep", "--yes").code == 3


def test_a_parameter_that_is_no_lease_makes_its_region_unread(
    cli: Any, sandbox: Sandbox, litter: dict[str, str]
) -> None:
    sandbox.client("ssm").put_parameter(Name="/goldenami/bake/x", Value="x", Type="String")
    ran = cli("sweep", "--yes", "--region", "us-east-1")
    assert ran.code == 3
    assert "/goldenami/bake/x in us-east-1 is not goldenami's" in ran.err
