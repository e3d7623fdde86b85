"""`goldenami approve`, and what goes on with a build that somebody has approved."""

import json
import shutil
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from goldenami import spec
from goldenami.aws import statuses
from goldenami.aws.action import ActionContext
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.status import Status
from goldenami.errors import BakeError, RefusedError
from goldenami.workflows import release as workflow
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from . import recorded
from .test_copies import COPIES, OTHER, role

REGIONS = ("us-east-1", "eu-west-1")
ALICE = "arn:aws:iam::123456789012:user/alice"
LAST = Fault(
    service="ec2", operation="DeleteTags", code="OperationNotPermitted", region="eu-west-1"
)
__all__ = ["role"]


@pytest.fixture(autouse=True)
def _at_once(sandbox: Sandbox) -> None:
    sandbox.pending_s = 0.0


@pytest.fixture
def proposed(cli: Any, write: Any, own_images: Any) -> tuple[Path, str]:
    """Bake a candidate; return the release file and the build."""
    release = write(approval="manual")
    assert cli("bake", release, "--yes").code == 0
    return release, build_of(own_images)


def build_of(own_images: Any) -> str:
    return tags.from_aws(own_images("us-east-1")[0]["Tags"])[tags.BUILD]


def written(own_images: Any, key: str, regions: tuple[str, ...] = REGIONS) -> list[str | None]:
    return [tags.from_aws(own_images(one)[0]["Tags"]).get(key) for one in regions]


def put(sandbox: Sandbox, own_images: Any, region: str, key: str, value: str) -> None:
    """Tag the image of a region by hand."""
    image = own_images(region)[0]["ImageId"]
    sandbox.client("ec2", region).create_tags(Resources=[image], Tags=tags.to_aws({key: value}))


def test_the_plan_has_the_steps_of_an_approval_and_their_permissions_alone(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any, managed: str
) -> None:
    release = write(approval="manual", share={"accounts": ["111122223333"]}, test={},
                    base__instance_profile=managed,
                    validate=[{"run": "true"}], lifecycle={"deprecate_after": "90d"})  # fmt: skip
    assert cli("bake", release, "--yes").code == 0
    before = mutating()
    ran = cli("approve", release, "--plan", "--format", "json")
    plan = json.loads(ran.out)
    assert plan["title"] == f"approve web-base-1.0, build {build_of(own_images)}"
    assert {one["id"].split(":")[0] for one in plan["actions"]} == {
        "complete", "record", "approve", "share", "shared", "publish", "published", "label",
        "manifest", "end",
    }  # fmt: skip
    allowed = {
        "ec2:ModifyImageAttribute",
        "ec2:CreateTags", "ec2:DeleteTags", "ec2:DescribeImages", "ec2:DescribeInstances",
        "ec2:DescribeImageAttribute", "ec2:DescribeRegions", "ec2:DescribeSnapshots",
        "iam:GetPolicy", "iam:GetRole",
        "iam:SimulatePrincipalPolicy", "ssm:DeleteParameter", "ssm:GetParameter",
        "ssm:GetParameterHistory", "ssm:LabelParameterVersion", "ssm:PutParameter",
        "ssm:UnlabelParameterVersion",
    }  # fmt: skip
    assert set(plan["permissions"]) <= allowed
    assert mutating() == before
    told = cli("approve", release, "--yes").err
    assert "done before" not in told


@pytest.mark.parametrize("approval", ["manual", None])
@pytest.mark.parametrize("command", [["bake", "--resume"], ["approve", "--build"]], ids=" ".join)
def test_a_whole_release_is_gone_on_with_and_nothing_is_changed(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any, tmp_path: Path,
    approval: str, command: list[str],
) -> None:  # fmt: skip
    release, kept = write(approval=approval), tmp_path / "manifest.json"
    assert cli("bake", release, "--yes").code == 0
    if approval == "manual":
        assert cli("approve", release, "--yes").code == 0
    before, build = mutating(), build_of(own_images)
    verb, option = command
    planned = cli(verb, release, option, build, "--plan", "--format", "json")
    assert [one["call"] for one in json.loads(planned.out)["actions"]] == ["write:manifest"]
    assert "ssm:PutParameter" not in planned.out
    ran = cli(verb, release, option, build, "--yes", "--manifest", kept, "--format", "json")
    assert ran.code == 0, ran.err
    assert {one["status"] for one in json.loads(ran.out)["items"]} == {"approved"}
    assert "web-base-1.0 is approved" in ran.err
    told = json.loads(kept.read_text())
    assert [told["approval"]["by"]] * 2 == written(own_images, tags.APPROVED_BY)
    assert mutating() == before


def test_an_approval_that_failed_names_its_command_and_is_completed_as_it_was_recorded(
    cli: Any, proposed: tuple[Path, str], sandbox: Sandbox, own_images: Any
) -> None:
    release, build = proposed
    fails = Fault(service="ec2", operation="CreateTags", code="Refused", region="eu-west-1")
    with sandbox.fail(fails):
        ran = cli("approve", release, "--yes")
    assert ran.code == 1
    assert f"go on with goldenami approve {release} --build {build}" in ran.err
    assert "--resume" not in ran.err
    assert f"not published everywhere yet: {own_images('us-east-1')[0]['ImageId']}" in ran.err
    assert written(own_images, tags.STATUS) == ["approved", "candidate"]
    recorded.write(sandbox, approved_by=ALICE, approved_at="2026-01-02T03:04:05Z")
    put(sandbox, own_images, "us-east-1", tags.APPROVED_BY, ALICE)
    put(sandbox, own_images, "us-east-1", tags.APPROVED_AT, "2026-01-02T03:04:05Z")
    ran = cli("bake", release, "--resume", build, "--yes")
    assert ran.code == 0, ran.err
    assert written(own_images, tags.STATUS) == ["approved", "approved"]
    assert written(own_images, tags.APPROVED_BY) == [ALICE, ALICE]
    assert written(own_images, tags.APPROVED_AT) == ["2026-01-02T03:04:05Z"] * 2
    shown = json.loads(cli("show", build, "--format", "json").out)
    assert shown["approval"]["by"] == ALICE
    assert written(own_images, tags.UNPUBLISHED) == [None, None]


@pytest.mark.parametrize(
    ("verb", "option", "why"),
    [
        ("bake", "--resume", "and no such image is there any more"),
        ("approve", "--build", "is no candidate"),
    ],
)
def test_what_was_approved_and_is_gone_is_never_made_anew_under_that_approval(
    cli: Any, proposed: tuple[Path, str], sandbox: Sandbox, own_images: Any, mutating: Any,
    verb: str, option: str, why: str,
) -> None:  # fmt: skip
    release, build = proposed
    with sandbox.fail(Fault(service="ec2", operation="CreateTags", code="Refused")):
        assert cli("approve", release, "--yes").code == 1
    for region in ("us-east-1", "eu-west-1"):
        (image,) = own_images(region)
        sandbox.client("ec2", region).deregister_image(ImageId=image["ImageId"])
    before = mutating()
    ran = cli(verb, release, option, build, "--yes")
    assert ran.code == 4, ran.err
    assert why in ran.err
    assert mutating() == before


@pytest.mark.parametrize(
    "command", [["bake"], ["bake", "--resume"], ["approve"], ["approve", "--build"]], ids=" ".join
)
def test_what_is_not_published_everywhere_is_completed_by_any_command(
    cli: Any, proposed: tuple[Path, str], sandbox: Sandbox, own_images: Any, command: list[str]
) -> None:
    release, build = proposed
    with sandbox.fail(LAST):
        assert cli("approve", release, "--yes").code == 1
    verb, *option = command
    ran = cli(verb, release, *option, *([build] if option else []), "--yes")
    assert ran.code == 0, ran.err
    assert written(own_images, tags.STATUS) == ["approved", "approved"]
    assert written(own_images, tags.UNPUBLISHED) == [None, None]


def test_a_build_that_did_not_end_is_seen_in_the_lists(
    cli: Any, proposed: tuple[Path, str], sandbox: Sandbox
) -> None:
    release, build = proposed
    with sandbox.fail(LAST):
        assert cli("approve", release, "--yes").code == 1
    items = json.loads(cli("images", "--format", "json").out)["items"]
    assert [(one["region"], one["build"], one["unpublished"]) for one in items] == [
        ("eu-west-1", build, list(REGIONS)), ("us-east-1", build, []),
    ]  # fmt: skip
    assert build in cli("images").out
    (line,) = [one for one in cli("history", "web-base").out.splitlines() if build in one]
    assert "approved (us-east-1 eu-west-1 missing)" in line


@pytest.mark.parametrize("status", ["deprecated", "disabled", "retired", "revoked"])
@pytest.mark.parametrize("region", REGIONS)
def test_a_build_that_is_past_its_approval_is_never_gone_on_with(
    cli: Any, proposed: tuple[Path, str], sandbox: Sandbox, own_images: Any, mutating: Any,
    region: str, status: str,
) -> None:  # fmt: skip
    release, build = proposed
    put(sandbox, own_images, region, tags.STATUS, status)
    before = mutating()
    for command in (("bake", "--resume"), ("approve", "--build")):
        for last in ("--yes", "--plan"):
            ran = cli(command[0], release, command[1], build, last)
            assert ran.code == 4, ran.err
            assert f"in {region} is {status}" in ran.err
    assert mutating() == before


def test_an_approved_image_that_was_disabled_is_never_removed_to_be_made_anew(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any
) -> None:
    release = write()
    assert cli("bake", release, "--yes").code == 0
    build, image = build_of(own_images), own_images("eu-west-1")[0]["ImageId"]
    sandbox.client("ec2", "eu-west-1").disable_image(ImageId=image)
    before = mutating()
    ran = cli("bake", release, "--resume", build, "--yes")
    assert (ran.code, mutating()) == (4, before)
    assert f"{image} in eu-west-1 is disabled, and its status approved" in ran.err


def test_who_was_slower_than_the_approver_completes_the_approval(
    cli: Any, proposed: tuple[Path, str], sandbox: Sandbox, own_images: Any
) -> None:
    release, build = proposed
    slow = workflow.prepare(Aws(region="us-east-1"), spec.load(release), resume=build)
    assert slow.proposes
    assert cli("approve", release, "--yes").code == 0
    released = workflow.bake(slow)
    assert {one.status for one in released.images} == {"approved"}
    assert written(own_images, tags.STATUS) == ["approved", "approved"]
    assert written(own_images, tags.UNPUBLISHED) == [None, None]


def doing(
    sandbox: Sandbox, image: dict[str, Any], wanted: dict[str, str], **more: Any
) -> ActionContext:
    snapshots = [one["Ebs"]["SnapshotId"] for one in image["BlockDeviceMappings"]]
    cancelled = Event()
    cancelled.set()  # nothing is tried again
    parameters = {"ImageId": image["ImageId"], "SnapshotIds": snapshots, "Tags": wanted, **more}
    return ActionContext(
        regional=Aws(region="us-east-1", endpoint_url=sandbox.endpoint_url).in_region("us-east-1"),
        summary="write the status", parameters=parameters, cancelled=cancelled,
        progress=lambda _: None,
    )  # fmt: skip


@pytest.mark.parametrize("there", Status)
@pytest.mark.parametrize("wanted", [Status.CANDIDATE, Status.APPROVED])
def test_a_status_is_written_at_the_moment_of_the_call_or_refused(
    sandbox: Sandbox, golden: str, own_images: Any, mutating: Any, there: Status, wanted: Status
) -> None:
    put(sandbox, own_images, "us-east-1", tags.STATUS, there.value)
    (image,) = own_images("us-east-1")
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    ec2 = sandbox.client("ec2")
    ec2.create_tags(Resources=[snapshot], Tags=tags.to_aws({tags.STATUS: there.value}))
    before = mutating()
    order = list(Status)
    if order.index(there) > order.index(wanted):
        with pytest.raises(
            RefusedError, match=rf"ami-\w+ is \w+, .*and that does not become {wanted}"
        ):
            statuses.write(doing(sandbox, image, {tags.STATUS: wanted.value}))
        assert mutating() == before
        return
    statuses.write(doing(sandbox, image, {tags.STATUS: wanted.value}))
    assert len(mutating()) - len(before) == (there != wanted)
    assert written(own_images, tags.STATUS, ("us-east-1",)) == [wanted.value]


def test_only_what_is_missing_is_written_and_only_where(
    sandbox: Sandbox, golden: str, own_images: Any, mutating: Any
) -> None:
    (image,) = own_images("us-east-1")
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    ec2 = sandbox.client("ec2")
    ec2.delete_tags(Resources=[snapshot], Tags=[{"Key": tags.STATUS}])
    wanted = {
        tags.STATUS: "approved", "Golden": "yes", tags.APPROVED_BY: ALICE, tags.UNPUBLISHED: "x",
    }  # fmt: skip
    before = len(mutating())
    statuses.write(doing(sandbox, image, wanted))
    calls = [one for one in sandbox.calls if one.operation == "CreateTags"][-2:]
    assert len(mutating()) - before == 2
    assert [
        (one.parameters["Resources"], sorted(tags.from_aws(one.parameters["Tags"])))
        for one in calls
    ] == [
        ([golden], ["Golden"]),
        ([snapshot], ["Golden", tags.STATUS, tags.UNPUBLISHED]),
    ]


def test_a_status_is_not_written_to_what_is_not_there(
    sandbox: Sandbox, golden: str, own_images: Any, mutating: Any
) -> None:
    (image,) = own_images("us-east-1")
    before = mutating()
    gone = doing(sandbox, image, {tags.STATUS: "approved"}, ImageId="ami-0123456789abcdef0")
    with pytest.raises(BakeError, match="stopped before it was done"):  # it would be tried again
        statuses.write(gone)
    assert mutating() == before
    statuses.write(doing(sandbox, image, {tags.STATUS: "approved"}, SnapshotIds=[]))


@pytest.mark.usefixtures("role")
@pytest.mark.parametrize("operation", ["CreateTags", "DeleteTags"])
def test_a_copy_in_another_account_is_approved_and_completed_with_the_others(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, operation: str
) -> None:
    release = write(approval="manual", copies=COPIES)
    assert cli("bake", release, "--yes").code == 0
    build = build_of(own_images)
    theirs = sandbox.client("ec2", "eu-west-1", account=OTHER)

    def copy() -> dict[str, str]:
        (image,) = theirs.describe_images(Owners=["self"])["Images"]
        return tags.from_aws(image["Tags"])

    assert theirs.describe_images(Owners=["self"])["Images"] == []
    refused = [
        sandbox.fail(Fault(service="ec2", operation=operation, region=region, code="Refused"))
        for region in REGIONS
    ]
    assert cli("approve", release, "--yes").code == 1
    for one in refused:
        one.disarm()
    # The caller's own images may be whole already, and only the copy is not.
    if operation == "DeleteTags":
        for region in REGIONS:
            sandbox.client("ec2", region).delete_tags(
                Resources=[own_images(region)[0]["ImageId"]], Tags=[{"Key": tags.UNPUBLISHED}]
            )
        assert tags.UNPUBLISHED in copy()
    ran = cli("approve", release, "--yes")
    assert ran.code == 0, ran.err
    assert f"build {build}" in ran.err
    assert (copy()[tags.STATUS], copy().get(tags.UNPUBLISHED)) == ("approved", None)
    assert written(own_images, tags.STATUS) == ["approved", "approved"]
    assert copy()[tags.APPROVED_AT] == written(own_images, tags.APPROVED_AT)[0]


def test_a_journal_that_cannot_be_read_bars_no_resume_that_the_tags_allow(
    cli: Any, write: Any, sandbox: Sandbox, tmp_path: Path, own_images: Any
) -> None:
    release = write()
    with sandbox.fail(Fault(service="ec2", operation="CopyImage", code="InternalError")):
        assert cli("bake", release, "--yes").code == 1
    (path,) = (tmp_path / "state").iterdir()
    path.write_text("torn")
    ran = cli("bake", release, "--resume", path.stem, "--yes")
    assert ran.code == 0, ran.err
    assert written(own_images, tags.STATUS) == ["approved", "approved"]
    assert path.with_name(f"{path.name}.torn").read_text() == "torn"
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    (path.parent / "20260101T000000Z-ffffff.jsonl").write_text("torn")
    ran = cli("bake", release, "--resume", "20260101T000000Z-ffffff", "--yes")
    assert ran.code == 2
    assert "not a journal of goldenami" in ran.err
