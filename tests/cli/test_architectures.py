"""A release of two architectures: one bake, one approval, one manifest, an image for each."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from goldenami.aws import quotas
from goldenami.domain import manifest, record, tags
from goldenami.domain.image import bake_of
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from .conftest import ARM, BOTH, PARAMETER

REGIONS = ("us-east-1", "eu-west-1")


@pytest.fixture(autouse=True)
def _at_once(sandbox: Sandbox) -> None:
    sandbox.pending_s = 0.0


def builds(own_images: Any, region: str = "us-east-1") -> dict[str, str]:
    """Return the build of each architecture's image in a region."""
    images = own_images(region)
    assert len(images) == len({one["Architecture"] for one in images})
    return {one["Architecture"]: tags.from_aws(one["Tags"])[tags.BUILD] for one in images}


def at_home(own_images: Any, name: str = "") -> dict[str, str]:
    """Return the image of each architecture in the build region, of those that are named so."""
    images = [one for one in own_images("us-east-1") if one["Name"].startswith(name)]
    return {one["Architecture"]: one["ImageId"] for one in images}


def statuses(own_images: Any) -> set[str]:
    every = [one for region in REGIONS for one in own_images(region)]
    return {tags.from_aws(one["Tags"])[tags.STATUS] for one in every}


def manifests(sandbox: Sandbox) -> list[manifest.Manifest]:
    ssm = sandbox.client("ssm")
    every = ssm.get_parameters_by_path(Path="/goldenami/manifest", Recursive=True)["Parameters"]
    return [read for one in every if (read := manifest.read(one["Value"]))]


def test_one_bake_makes_an_image_of_each_architecture_and_publishes_both(
    cli: Any, several: Any, sandbox: Sandbox, own_images: Any, living: Any, tmp_path: Path
) -> None:
    release, kept = several(), tmp_path / "manifest.json"
    planned = cli("bake", release, "--plan")
    assert planned.code == 0, planned.err
    assert "launch the base instance from" in planned.out
    assert "(x86_64)" in planned.out
    assert "(arm64)" in planned.out
    ran = cli("bake", release, "--yes", "--format", "json", "--manifest", kept)
    assert ran.code == 0, ran.err
    rows = json.loads(ran.out)["items"]
    assert {(one["region"], one["architecture"], one["name"]) for one in rows} == {
        (region, architecture, f"web-base-1.0-{architecture}")
        for region in REGIONS
        for architecture in BOTH
    }
    assert {one["status"] for one in rows} == {"approved"}
    assert living() == []
    (bake,) = {bake_of(build) for build in builds(own_images).values()}
    assert [path.stem for path in (tmp_path / "state").iterdir()] == [bake]
    for region in REGIONS:
        by_id = {one["ImageId"]: one["Architecture"] for one in own_images(region)}
        for architecture in BOTH:
            name = PARAMETER.replace("{arch}", architecture)
            published = sandbox.client("ssm", region).get_parameter(Name=name)["Parameter"]
            assert by_id[published["Value"]] == architecture
    (listed,) = manifests(sandbox)
    told = manifest.read(kept.read_text())
    assert told
    assert listed == structs.replace(told, timings=())
    assert (listed.build, listed.ami_name, listed.missing) == (bake, "web-base-1.0", ())
    assert {(one.architecture, one.region) for one in listed.images} == {
        (architecture, region) for region in REGIONS for architecture in BOTH
    }
    assert listed.architectures
    assert {one.base_instance.type for one in listed.architectures.values()} == {
        "t3.micro", "t4g.micro",
    }  # fmt: skip
    assert len({one.base_instance.id for one in listed.architectures.values()}) == 2
    again = cli("bake", release, "--resume", bake, "--plan", "--format", "json")
    assert [one["call"] for one in json.loads(again.out)["actions"]] == ["write:manifest"]
    for words, shown in {
        ("images",): "arm64",
        ("history", "web-base"): "approved",
        ("show", bake): "arm64 source",
        ("show", rows[0]["image_id"]): f"build           {bake}",
    }.items():
        assert shown in cli(*words, *(["--wide"] if words == ("images",) else [])).out, words
    assert cli("history", "web-base", "--format", "json").out.count('"version"') == 1


def test_what_is_wrong_with_any_architecture_is_told_before_anything_is_changed(
    cli: Any, several: Any, sandbox: Sandbox, mutating: Any
) -> None:
    before = mutating()
    for code, limit in ((quotas.AMIS, 1), (quotas.VCPUS["acdhimrtz"], 3)):
        sandbox.set_quota(code, limit)
    ran = cli("bake", several(), "--yes")
    for told in (
        "images in us-east-1: 0 of 1 are used, and 2 more are needed",
        "images in eu-west-1: 0 of 1 are used, and 2 more are needed",
        "vCPUs for t3.micro and t4g.micro in us-east-1: 0 of 3 are used, and 4 more are needed",
    ):
        assert ran.err.count(told) == 1, ran.err
    swapped = {
        "x86_64": {**ARM, "instance_type": "t3.micro"},
        "arm64": {"source": ARM["source"], "instance_types": ["t3.micro"]},
    }
    ran = cli("bake", several(architectures=swapped), "--yes")
    assert ran.code == 1
    assert "architectures.x86_64.source: " in ran.err
    assert "is arm64: name an image that is x86_64" in ran.err
    assert "architectures.arm64: instance type t3.micro is" in ran.err
    assert "name a type that is arm64" in ran.err
    gone = {name: {**own, "source": {"ssm": f"/none/{name}"}} for name, own in BOTH.items()}
    ran = cli("bake", several(architectures=gone), "--yes")
    assert ran.code == 1
    assert "x86_64: base.source.ssm: there is no parameter /none/x86_64" in ran.err
    assert "arm64: base.source.ssm: there is no parameter /none/arm64" in ran.err
    ran = cli("bake", several(), "--instance", "i-0123456789abcdef0", "--yes")
    assert ran.code == 2
    assert "is of one architecture" in ran.err
    assert mutating() == before


def test_a_failure_says_of_which_architecture_and_resume_makes_that_one_alone(
    cli: Any, several: Any, sandbox: Sandbox, own_images: Any, living: Any
) -> None:
    release = several()
    dry_runs = 2
    fails = Fault(service="ec2", operation="RunInstances", code="Refused", skip=dry_runs, times=1)
    with sandbox.fail(fails):
        ran = cli("bake", release, "--yes")
    assert ran.code == 1
    ((built, _),) = builds(own_images).items()
    (failed,) = BOTH.keys() - {built}
    assert "launch the base instance from" in ran.err
    assert f"({failed}) in us-east-1: " in ran.err
    assert statuses(own_images) == {"building"}
    (kept,) = own_images("us-east-1")
    ran = cli("bake", release, "--yes")
    assert ran.code == 0, ran.err
    assert builds(own_images).keys() == BOTH.keys()
    assert kept["ImageId"] in [one["ImageId"] for one in own_images("us-east-1")]
    assert statuses(own_images) == {"approved"}
    assert living() == []


def records(sandbox: Sandbox) -> dict[str, record.Record]:
    """Return the record of each build, by architecture."""
    ssm = sandbox.client("ssm")
    every = ssm.get_parameters_by_path(Path="/goldenami/build", Recursive=True)["Parameters"]
    read = [record.read(one["Name"], one["Value"]) for one in every]
    return {one.as_build.architecture: one for one in read if one}


def test_a_version_is_approved_with_all_its_architectures_by_the_ids_of_their_images(
    cli: Any, several: Any, sandbox: Sandbox, own_images: Any
) -> None:
    release = several(approval="manual")
    assert cli("bake", release, "--yes").code == 0
    assert statuses(own_images) == {"candidate"}
    images = at_home(own_images)
    (bake,) = {bake_of(build) for build in builds(own_images).values()}
    arm = [one["ImageId"] for one in own_images("eu-west-1") if one["Architecture"] == "arm64"]
    ireland = sandbox.client("ec2", "eu-west-1")
    ireland.create_tags(Resources=arm, Tags=tags.to_aws({tags.STATUS: "building"}))
    ran = cli("approve", release, "--build", f"{bake}-x86_64", "--yes")
    assert ran.code == 4
    assert f"{bake} cannot be approved: not finished yet is arm64 in eu-west-1" in ran.err
    assert f"`goldenami bake {release} --resume {bake}`" in ran.err
    assert {one.approved_by for one in records(sandbox).values()} == {""}
    assert cli("bake", release, "--resume", bake, "--yes").code == 0
    second = Fault(service="ssm", operation="PutParameter", code="Refused", skip=2, times=1)
    with sandbox.fail(second):  # the lease, a record, and not the other
        ran = cli("approve", release, "--yes")
    assert ran.code == 1
    assert statuses(own_images) == {"candidate"}
    decided = {one.approved_by for one in records(sandbox).values()}
    assert len(decided) == 2
    ran = cli("bake", release, "--yes")
    assert ran.code == 0, ran.err
    assert statuses(own_images) == {"approved"}
    for each in records(sandbox).values():
        assert each.approver
        assert set(each.approved_images or ()) == set(images.values())
    assert len({one.approved_at for one in records(sandbox).values()}) == 1
    (listed,) = manifests(sandbox)
    assert listed.status == "approved"


def test_an_image_that_was_not_there_when_the_others_were_approved_is_none_of_them(
    cli: Any, several: Any, sandbox: Sandbox, own_images: Any
) -> None:
    release = several(approval="manual", regions=["us-east-1"])
    assert cli("bake", release, "--yes").code == 0
    with sandbox.fail(Fault(service="ec2", operation="CreateTags", code="Refused")):
        assert cli("approve", release, "--yes").code == 1
    ec2 = sandbox.client("ec2")
    arm = at_home(own_images)["arm64"]
    ec2.deregister_image(ImageId=arm)
    ran = cli("bake", release, "--yes")
    assert ran.code == 4, ran.err
    assert "no such image is there of arm64" in ran.err
    assert "nobody has approved" in ran.err
    assert [one["Architecture"] for one in own_images("us-east-1")] == ["x86_64"]
    assert statuses(own_images) == {"candidate"}
    for changed in ({"approved_images": ()}, {"approved_images": (arm,)}):
        own = structs.replace(records(sandbox)["x86_64"], approved_by="arn", **changed)
        assert own.approver == ""
        assert own.approval is None


def test_both_are_golden_to_an_enforcement_and_an_audit_and_neither_makes_the_other_old(
    cli: Any, several: Any, write: Any, sandbox: Sandbox, own_images: Any, admins: str
) -> None:
    enforced = {"groups": [admins], "profile": "guardrail"}
    release = several(enforce=enforced, regions=["us-east-1"], audit={"newest": 1})
    assert cli("bake", release, "--yes").code == 0
    assert cli("enforce", release, "--yes").code == 0
    later = several(
        "later.yaml", version="2.0", enforce=enforced, regions=["us-east-1"], audit={"newest": 1}
    )
    ran = cli("bake", later, "--yes")
    assert ran.code == 0, ran.err
    arn = "arn:aws:iam::123456789012:policy/goldenami-guardrail"
    policy = str(sandbox.client("iam").get_policy_version(PolicyArn=arn, VersionId="v2"))
    every = own_images("us-east-1")
    assert len(every) == 4
    for one in every:
        assert one["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"] in policy
    ec2 = sandbox.client("ec2")
    launched = {}
    for one in every:
        kind = BOTH[one["Architecture"]]["instance_type"]
        told = ec2.run_instances(ImageId=one["ImageId"], InstanceType=kind, MinCount=1, MaxCount=1)
        launched[told["Instances"][0]["InstanceId"]] = one["Name"]
    ran = cli("audit", later, "--region", "us-east-1", "--format", "json")
    findings = {
        (launched[one["subject"]["id"]], one["rule"])
        for one in json.loads(ran.out)["findings"]
        if one["subject"]["id"] in launched
    }
    assert findings == {(f"web-base-1.0-{name}", "outdated-image") for name in BOTH}
    golden = at_home(own_images, "web-base-2.0")
    sources = {name: {**own, "source": {"golden": "web-base"}} for name, own in BOTH.items()}
    on_both = several("both.yaml", image="app", regions=["us-east-1"], architectures=sources)
    ran = cli("bake", on_both, "--plan")
    assert all(f"launch the base instance from {image} ({name})" in ran.out
               for name, image in golden.items()), ran.err  # fmt: skip
    on_arm = write(image="app", base=sources["arm64"], publish=None, regions=["us-east-1"])
    assert f"launch the base instance from {golden['arm64']}" in cli("bake", on_arm, "--plan").out


def test_what_a_dead_bake_has_left_is_swept_by_the_id_of_the_bake_or_of_a_build(
    cli: Any, several: Any, sandbox: Sandbox, own_images: Any, living: Any
) -> None:
    release = several(regions=["us-east-1"])
    with sandbox.fail(Fault(service="ec2", operation="CreateTags", code="Refused")):
        assert cli("bake", release, "--yes").code == 1
    first, second = builds(own_images).values()
    assert cli("sweep", "--build", first, "--yes").code == 0
    assert list(builds(own_images).values()) == [second]
    ran = cli("sweep", "--build", bake_of(second), "--yes")
    assert ran.code == 0, ran.err
    assert own_images("us-east-1") == []
    assert records(sandbox) == {}


def test_a_base_instance_is_launched_of_the_architecture_that_is_named(
    cli: Any, several: Any, write: Any
) -> None:
    for words, told in {
        (): "it is none of x86_64, arm64",
        ("--architecture", "i386"): "it is none of x86_64, arm64",
    }.items():
        ran = cli("base", "launch", several(), *words, "--plan")
        assert ran.code == 2
        assert told in ran.err
    ran = cli("base", "launch", write(), "--architecture", "arm64", "--plan")
    assert ran.code == 2
    assert "the file names none" in ran.err
    ran = cli("base", "launch", several(), "--architecture", "arm64", "--plan")
    assert ran.code == 0, ran.err
    assert "kernel-6.1-arm64" in ran.out


def test_an_architecture_alone_is_approved_as_several_are(
    cli: Any, several: Any, sandbox: Sandbox, own_images: Any
) -> None:
    release = several(architectures={"arm64": ARM}, regions=["us-east-1"])
    ran = cli("bake", release, "--yes")
    assert ran.code == 0, ran.err
    assert [one["Name"] for one in own_images("us-east-1")] == ["web-base-1.0-arm64"]
    own = records(sandbox)["arm64"]
    assert own.approved_images == tuple(at_home(own_images).values())
    assert own.approver


def test_an_image_under_the_name_of_another_architecture_is_refused_by_its_id(
    cli: Any, several: Any, sandbox: Sandbox, own_images: Any, public: str
) -> None:
    release = several(approval="manual", regions=["us-east-1"])
    assert cli("bake", release, "--yes").code == 0
    ec2 = sandbox.client("ec2")
    (arm,) = [one for one in own_images("us-east-1") if one["Architecture"] == "arm64"]
    ec2.deregister_image(ImageId=arm["ImageId"])
    evil = ec2.run_instances(
        ImageId=public, InstanceType="t3.micro", MinCount=1, MaxCount=1
    )["Instances"][0]["InstanceId"]  # fmt: skip
    forged = ec2.create_image(
        InstanceId=evil, Name=arm["Name"],
        TagSpecifications=[{"ResourceType": "image", "Tags": arm["Tags"]}],
    )["ImageId"]  # fmt: skip
    for words in (("approve",), ("bake",)):
        ran = cli(*words, release, "--yes")
        assert ran.code == 4, ran.err
        assert forged in ran.err
    assert {one.approved_by for one in records(sandbox).values()} == {""}
