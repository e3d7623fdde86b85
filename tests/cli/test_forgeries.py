"""Whoever may do anything in EC2 but goldenami's own tags and parameters gets nothing approved.

Here even the tags are forged, as if nothing protected them: what EC2 and the record of a build say
decides all the same. What is forged is refused by its id, and left as it is.
"""

from collections.abc import Callable
from time import sleep
from typing import Any

import pytest

from goldenami.domain import tags
from goldenami.domain.prefixes import BUILDS
from goldenami.workflows.release import run
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from . import recorded
from .test_copies import COPIES, OTHER, role

__all__ = ["role"]
NAME = "web-base-1.0"
EAST, WEST = "us-east-1", "eu-west-1"


@pytest.fixture(autouse=True)
def _at_once(sandbox: Sandbox) -> None:
    sandbox.pending_s = 0.0


def tags_of(sandbox: Sandbox, image_id: str, region: str = EAST) -> dict[str, str]:
    (image,) = sandbox.client("ec2", region).describe_images(ImageIds=[image_id])["Images"]
    return tags.from_aws(image["Tags"])


def with_tags(kind: str, written: dict[str, str]) -> list[Any]:
    return [tags.specification(kind, written)]


def copied(sandbox: Sandbox, public: str, written: dict[str, str], **where: str) -> str:
    """Copy a public image under the tags of a build."""
    ec2 = sandbox.client("ec2", where.pop("region", EAST), **where)
    made = ec2.copy_image(
        Name=f"{NAME}-forged", SourceImageId=public, SourceRegion=EAST,
        TagSpecifications=with_tags("image", written),
    )  # fmt: skip
    return str(made["ImageId"])


def failed(cli: Any, release: Any, sandbox: Sandbox, operation: str, **more: Any) -> None:
    """Let a bake fail at an operation."""
    with sandbox.fail(Fault(service="ec2", operation=operation, code="Nope", **more)):
        assert cli("bake", release, "--yes").code == 1


def refused(cli: Any, release: Any, mutating: Any, forged: str, why: str, *how: str) -> None:
    """Let a command be refused for something forged, and change nothing."""
    before = mutating()
    ran = cli(*(how or ("bake",)), release, "--yes")
    assert ran.code == 4, ran.err
    assert forged in ran.err
    assert why in ran.err
    assert [one for one in mutating()[len(before) :] if one != "AssumeRole"] == []


def unpublished(written: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in written.items() if key != tags.STATUS} | {
        tags.UNPUBLISHED: EAST
    }


def test_a_copy_of_a_public_image_with_all_tags_of_a_build_is_refused(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, golden: str, public: str, mutating: Any
) -> None:
    release = write(regions=[EAST], enforce=None)
    forged = copied(sandbox, public, unpublished(tags_of(sandbox, golden)))
    refused(cli, release, mutating, forged, f"copied from {public} in {EAST}")
    (build,) = {tags_of(sandbox, golden)[tags.BUILD]}
    refused(cli, release, mutating, forged, "made by it", "bake", "--resume", build)
    refused(cli, release, mutating, forged, "made by it", "approve", "--build", build)
    swept = cli("sweep", "--yes", "--older-than", "0s")
    assert swept.code == 4
    assert f"left alone: {forged}" in swept.err
    assert {one["ImageId"] for one in own_images(EAST)} == {golden, forged}
    sandbox.client("ec2").deregister_image(ImageId=forged)
    assert cli("bake", write(version="1.1", regions=[EAST], enforce=None), "--yes").code == 0


def test_a_copy_with_the_tags_of_a_build_that_nobody_recorded_is_refused_and_not_swept(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, golden: str, public: str, mutating: Any
) -> None:
    build = "20260101T000000Z-abcdef"
    written = unpublished(tags_of(sandbox, golden)) | {tags.BUILD: build}
    forged = copied(sandbox, public, written)
    release = write(regions=[EAST], enforce=None)
    refused(cli, release, mutating, forged, f"build {build} has no record")
    assert cli("sweep", "--build", build, "--yes").code == 4
    assert {one["ImageId"] for one in own_images(EAST)} == {golden, forged}


def launched(sandbox: Sandbox, image: str, written: dict[str, str], **more: str) -> str:
    instance = sandbox.client("ec2").run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1,
        TagSpecifications=with_tags("instance", written), **more,
    )["Instances"][0]  # fmt: skip
    return str(instance["InstanceId"])


def base_tags(written: dict[str, str]) -> dict[str, str]:
    return {key: one for key, one in written.items() if key != tags.STATUS} | {tags.ROLE: "base"}


def test_an_instance_with_the_tags_of_a_base_instance_is_refused_told_and_left_running(
    cli: Any, write: Any, sandbox: Sandbox, living: Any, golden: str, mutating: Any
) -> None:
    release = write(regions=[EAST], enforce=None)
    forged = launched(sandbox, golden, base_tags(tags_of(sandbox, golden)))
    refused(cli, release, mutating, forged, "launched with another client token")
    assert cli("sweep", "--yes", "--older-than", "0s").code == 4
    assert [one["InstanceId"] for one in living()] == [forged]
    audited = cli("audit", release, "--region", EAST, "--only", "instances")
    assert audited.code == 10
    assert "forged-build" in audited.out
    assert forged in "".join(audited.out.split())
    sandbox.client("ec2").terminate_instances(InstanceIds=[forged])
    assert cli("bake", write(version="1.1", regions=[EAST], enforce=None), "--yes").code == 0


def image_of(sandbox: Sandbox, instance: str) -> Callable[[], None]:
    """Make an image of an instance under the name and the tags that the pipeline is about to use.

    Without one, of the base instance itself.
    """

    def attack() -> None:
        ec2 = sandbox.client("ec2")
        is_base = {"Name": f"tag:{tags.ROLE}", "Values": ["base"]}
        (base,) = ec2.describe_instances(Filters=[is_base])["Reservations"][0]["Instances"]
        written = tags.from_aws(base["Tags"]) | {tags.STATUS: "building"}
        written = {key: one for key, one in written.items() if key != tags.ROLE}
        ec2.create_image(
            InstanceId=instance or base["InstanceId"], Name=NAME,
            TagSpecifications=with_tags("image", written),
        )  # fmt: skip

    return attack


@pytest.mark.parametrize("theirs", [True, False], ids=["their own", "the base instance, too early"])
def test_an_image_that_takes_the_name_in_a_race_is_never_adopted(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, public: str, monkeypatch: Any,
    theirs: bool, managed: str,
) -> None:  # fmt: skip
    other = launched(sandbox, public, {"Name": "other"}) if theirs else ""
    run_command: Callable[..., Any] = run.HANDLERS["ssm:RunCommand"]

    def validate(doing: Any) -> Any:
        if not own_images(EAST):
            image_of(sandbox, other)()
            sleep(2.1)  # EC2 tells when it was made in whole seconds
        return run_command(doing)

    release = write(
        regions=[EAST], enforce=None, validate=[{"run": "true"}], base__instance_profile=managed
    )
    with monkeypatch.context() as patched:
        patched.setitem(run.HANDLERS, "ssm:RunCommand", validate)
        ran = cli("bake", release, "--yes")
    assert ran.code == 4, ran.err
    (forged,) = own_images(EAST)
    assert f"the name is taken by {forged['ImageId']}, which this build did not make" in ran.err
    assert f"made from {other}" in ran.err if theirs else "had passed its validation" in ran.err
    assert tags.from_aws(forged["Tags"])[tags.STATUS] == "building"
    sandbox.client("ec2").deregister_image(ImageId=forged["ImageId"])
    again = cli("bake", release, "--yes")
    assert again.code == 0, again.err


@pytest.mark.usefixtures("role")
@pytest.mark.parametrize("account", ["", OTHER], ids=["another region", "another account"])
def test_a_forged_copy_is_refused_wherever_it_is(
    cli: Any,
    write: Any,
    sandbox: Sandbox,
    own_images: Any,
    public: str,
    mutating: Any,
    account: str,
) -> None:
    release = write(enforce=None, approval="manual", copies=COPIES, share_candidates=True)
    failed(cli, release, sandbox, "CopyImage", skip=2)
    written = tags_of(sandbox, own_images(EAST)[0]["ImageId"])
    where = {"account": account} if account else {}
    forged = copied(sandbox, public, written, region=WEST, **where)
    refused(cli, release, mutating, forged, f"copied from {public}")


@pytest.mark.parametrize("content", ["", "{}", '{"schema": "goldenami.build/v1"}', "other"])
def test_a_record_that_is_gone_or_garbled_proves_nothing(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any, content: str
) -> None:
    release = write(enforce=None, lifecycle={"deprecate_after": "90d"})
    failed(cli, release, sandbox, "EnableImageDeprecation")
    ssm, (name,) = sandbox.client("ssm"), recorded.names(sandbox)
    if content == "other":
        content = recorded.text(recorded.read(sandbox), build="20260101T000000Z-abcdef")
    if content:
        ssm.put_parameter(Name=name, Value=content, Type="String", Overwrite=True)
    else:
        ssm.delete_parameter(Name=name)
    says = "is no record of that build" if content else "has no record"
    refused(cli, release, mutating, name.removeprefix(BUILDS).split("/")[1], says)
    assert cli("sweep", "--yes", "--older-than", "0s").code == (3 if content else 4)
    assert [len(own_images(one)) for one in (EAST, WEST)] == [1, 1]


def test_a_status_that_is_gone_is_no_gate_that_was_passed(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any
) -> None:
    release = write(enforce=None)
    failed(cli, release, sandbox, "CopyImage")
    image = own_images(EAST)[0]["ImageId"]
    sandbox.client("ec2").delete_tags(Resources=[image], Tags=[{"Key": tags.STATUS}])
    refused(cli, release, mutating, image, f"it lacks the tag {tags.STATUS}")


def test_a_gate_that_is_not_recorded_is_passed_anew_whatever_the_status_says(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any
) -> None:
    release = write(regions=[EAST], enforce=None, approval="manual", test={})
    assert cli("bake", release, "--yes").code == 0
    recorded.write(sandbox, gates={"validated": "2026-01-01T00:00:00Z"})
    before = len(mutating())
    assert cli("approve", release, "--yes").code == 0
    assert "RunInstances" in mutating()[before:]
    assert recorded.read(sandbox).passed(["validated", "tested"])


@pytest.mark.parametrize(
    "written",
    [
        {tags.APPROVED_BY: "arn:aws:iam::123456789012:user/mallory", tags.APPROVED_AT: "2026"},
        {tags.STATUS: "approved", tags.UNPUBLISHED: EAST},
    ],
    ids=["who approved", "the status"],
)
def test_an_approval_that_was_not_recorded_is_none(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any, written: dict[str, str]
) -> None:
    release = write(regions=[EAST], enforce=None, approval="manual")
    assert cli("bake", release, "--yes").code == 0
    image = own_images(EAST)[0]["ImageId"]
    build = tags_of(sandbox, image)[tags.BUILD]
    sandbox.client("ec2").create_tags(Resources=[image], Tags=tags.to_aws(written))
    for how in (("bake", "--resume", build), ("approve", "--build", build)):
        refused(cli, release, mutating, image, "was never recorded", *how)


def test_an_image_with_the_tags_of_a_build_is_told_by_the_audit(
    cli: Any, write: Any, sandbox: Sandbox, golden: str, public: str
) -> None:
    written = tags_of(sandbox, golden)
    candidate = {**written, tags.STATUS: "candidate"}
    ec2 = sandbox.client("ec2")
    ec2.deregister_image(ImageId=copied(sandbox, public, written))  # the name is free again
    forged = {}
    for rule, made in (("forged-build", candidate), ("spoofed-approval", written)):
        image = ec2.copy_image(
            Name=rule, SourceImageId=public, SourceRegion=EAST,
            TagSpecifications=with_tags("image", made),
        )["ImageId"]  # fmt: skip
        forged[launched(sandbox, image, {"Name": rule})] = rule
    release = write(regions=[EAST], enforce=None)
    options = ("--region", EAST, "--only", "instances", "--format", "csv")
    rows = cli("audit", release, *options).out.splitlines()
    for instance, rule in forged.items():
        assert [row for row in rows if instance in row and rule in row], rows
