"""`goldenami outdated` and `goldenami bake --if-outdated` against the embedded AWS."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from goldenami.domain import tags
from goldenami_sandbox.calls import Call, Sent
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from . import damages, recorded
from .conftest import ARM, X86

LAYER: dict[str, Any] = {"regions": ["us-east-1"], "enforce": None, "version": "auto"}
SOURCE = "/images/base"


@pytest.fixture(autouse=True)
def _at_once(sandbox: Sandbox) -> None:
    sandbox.pending_s = 0.0


@pytest.fixture(name="point_to")
def _point_to(sandbox: Sandbox, public: str) -> Any:
    """Make an image of the account's own, and let the parameter name it, in a second to come."""

    def point_to(name: str) -> str:
        next_second()
        copied = sandbox.client("ec2").copy_image(
            SourceImageId=public, SourceRegion="us-east-1", Name=name
        )
        sandbox.client("ssm").put_parameter(
            Name=SOURCE, Type="String", Value=copied["ImageId"], Overwrite=True
        )
        return str(copied["ImageId"])

    return point_to


def next_second() -> None:
    """Wait for one: two automatic versions of the same would be the same."""
    time.sleep(1 - time.time() % 1)


def judged(cli: Any, *arguments: object) -> tuple[int, dict[str, list[str]]]:
    """Return the exit code, and the rules by which each image is out of date."""
    ran = cli("outdated", *arguments, "--format", "json")
    document = json.loads(ran.out)
    assert document["schema"] == "goldenami.outdated/v1"
    for item in document["items"]:
        assert item["outdated"] is (bool(item["reasons"]) or (None if item["unread"] else False))
    return ran.code, {
        item["image"]: [reason["rule"] for reason in item["reasons"]] for item in document["items"]
    }


def scanned(_: Call, sent: Sent) -> Sent:
    """Return images as they are described once Inspector has scanned them."""
    results = "".join(
        f"<{name}>2020-10-0{day}T00:00:00.000Z</{name}>"
        for day, name in enumerate(
            ("findingScanDate", "criticalFixAvailableSince", "highFixAvailableSince",
             "lowFixAvailableSince"),
            1,
        )
    )  # fmt: skip
    known = f"<scanResults>{results}</scanResults><imageId>".encode()
    return damages.with_body(sent, sent.body.replace(b"<imageId>", known))


def layers(write: Any, *names: str, **changes: dict[str, Any]) -> Path:
    """Write release files, each baked from the one before; return their folder."""
    parent: dict[str, Any] | None = None
    for name in names:
        more = {"image": name, "publish": {"ssm_parameter": f"/golden-ami/{name}"}}
        if parent:
            more["base__source"] = parent
        path = write(f"{name}.yaml", **LAYER, **more, **changes.get(name, {}))
        parent = {"golden": name}
    return Path(path).parent


def test_a_release_is_out_of_date_until_it_is_baked_and_as_soon_as_something_moves(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any, point_to: Any
) -> None:
    ec2, first = sandbox.client("ec2"), point_to("first")
    release = write(**LAYER, base__source={"ssm": SOURCE})
    assert judged(cli, release) == (10, {"web-base": ["not-released"]})
    ran = cli("bake", release, "--if-outdated", "--yes", "--format", "json")
    assert ran.code == 0, ran.err
    assert "outdated: web-base: no approved version is in us-east-1" in ran.err
    [made] = json.loads(ran.out)["items"]
    before = mutating()
    assert judged(cli, release) == (0, {"web-base": []})
    for option in ("--yes", "--plan"):
        ran = cli("bake", release, "--if-outdated", option)
        assert (ran.code, ran.out) == (0, "")
        assert ran.err.endswith("is not out of date: nothing is baked\n")
    assert mutating() == before
    assert judged(cli, release, "--max-age", "0s") == (10, {"web-base": ["max-age"]})
    aged = write("aged.yaml", **LAYER, base__source={"ssm": SOURCE}, audit={"max_age": "0s"})
    assert judged(cli, aged) == (10, {"web-base": ["max-age"]})
    assert judged(cli, aged, "--max-age", "1d") == (0, {"web-base": []})
    other = write("other.yaml", **LAYER, base__source={"ssm": SOURCE}, tags={"Team": "other"})
    assert judged(cli, other) == (10, {"web-base": ["changed-release"]})
    second = point_to("second")
    assert judged(cli, release) == (10, {"web-base": ["newer-source"]})
    ran = cli("outdated", release)
    assert f"base.source is {second} (second)" in ran.out
    assert f"was baked from {first} (first)" in ran.out
    assert "1 of 1 releases are out of date" in ran.err
    ec2.disable_image(ImageId=first)
    assert judged(cli, release) == (10, {"web-base": ["newer-source", "unavailable-source"]})
    ec2.deregister_image(ImageId=first)
    assert judged(cli, release) == (10, {"web-base": ["newer-source", "gone-source"]})
    ran = cli("bake", release, "--if-outdated", "--plan", "--format", "json")
    assert (ran.code, json.loads(ran.out)["schema"]) == (0, "goldenami.plan/v1")
    assert cli("bake", release, "--if-outdated", "--yes").code == 0
    assert judged(cli, release) == (0, {"web-base": []})
    with sandbox.fail(Fault(service="ec2", operation="DescribeImages", damage=scanned)):
        ran = cli("outdated", release, "--format", "json")
        before = mutating()
        assert cli("bake", release, "--if-outdated", "--yes").code == 10
    assert mutating() == before
    [item] = json.loads(ran.out)["items"]
    assert (item["outdated"], item["to_bake"]) == (True, False)
    assert [(each["rule"], each["facts"]["fix_available_since"]) for each in item["reasons"]] == [
        (rule, f"2020-10-0{day}T00:00:00Z")
        for rule in ("vulnerable-image", "vulnerable-source")
        for day in (2, 3)
    ]
    assert made["image_id"] in [image["ImageId"] for image in own_images("us-east-1")]


def test_what_is_compared_comes_from_the_record_and_what_is_unread_is_no_answer(
    cli: Any, write: Any, sandbox: Sandbox, point_to: Any
) -> None:
    first = point_to("first")
    release = write(**LAYER, base__source={"ssm": SOURCE})
    last_step = Fault(service="ec2", operation="DeleteTags", code="InternalError", status=400)
    with sandbox.fail(last_step):
        assert cli("bake", release, "--if-outdated", "--yes").code == 1
    assert judged(cli, release) == (10, {"web-base": ["unpublished"]})
    assert cli("bake", release, "--if-outdated", "--yes").code == 0
    assert len(recorded.names(sandbox)) == 1
    assert judged(cli, release) == (0, {"web-base": []})
    second, ec2, ssm = point_to("second"), sandbox.client("ec2"), sandbox.client("ssm")
    record = recorded.read(sandbox)
    for service, operation in (
        ("ec2", "DescribeImages"), ("ssm", "GetParameters"), ("ssm", "GetParameter"),
    ):  # fmt: skip
        denied = Fault(
            service=service, operation=operation, code="AccessDeniedException", status=400
        )
        with sandbox.fail(denied):
            assert judged(cli, release) == (3, {"web-base": []})
            assert cli("bake", release, "--if-outdated", "--yes").code == 3
    manifest = f"/goldenami/manifest/web-base/{record.build}"
    kept = ssm.get_parameter(Name=manifest)["Parameter"]["Value"]
    recorded.forget(sandbox)
    for name in (manifest, ""):  # then EC2 alone tells
        code, rules = judged(cli, release)
        assert (code, rules) == (10, {"web-base": ["newer-source"]})
        if name:
            ssm.delete_parameter(Name=name)
    assert first in kept
    recorded.write_back(sandbox, record)
    ec2.create_tags(
        Resources=[record.image_id], Tags=tags.to_aws({tags.SOURCE: second, tags.SPEC: "0" * 64})
    )
    assert judged(cli, release) == (10, {"web-base": ["not-released"]})


def test_each_architecture_is_judged_by_its_own_source(
    cli: Any, several: Any, sandbox: Sandbox, own_images: Any, point_to: Any
) -> None:
    point_to("first")
    both = {"x86_64": {**X86, "source": {"ssm": SOURCE}}, "arm64": ARM}
    release = several(version="auto", regions=["us-east-1"], architectures=both)
    assert cli("bake", release, "--if-outdated", "--yes").code == 0
    assert judged(cli, release) == (0, {"web-base": []})
    recorded.forget(sandbox)  # then the manifest of both tells
    assert judged(cli, release) == (0, {"web-base": []})
    second = point_to("second")
    ran = cli("outdated", release, "--format", "json")
    [item] = json.loads(ran.out)["items"]
    [reason] = item["reasons"]
    assert (reason["rule"], reason["architecture"]) == ("newer-source", "x86_64")
    assert reason["facts"]["current_source"] == second
    [gone] = [i["ImageId"] for i in own_images("us-east-1") if i["Name"].endswith("-arm64")]
    sandbox.client("ec2").disable_image(ImageId=gone)
    assert judged(cli, release) == (10, {"web-base": ["not-released", "newer-source"]})


def test_a_folder_is_judged_and_baked_parents_first(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    folder = layers(write, "zero-os", "app")
    ran = cli("bake", folder, "--if-outdated", "--yes", "--format", "json")
    assert ran.code == 0, ran.err
    base, app = own_images("us-east-1")
    assert (base["Name"].rpartition("-")[0], app["SourceImageId"]) == ("zero-os", base["ImageId"])
    (folder / "notes.yaml").write_text("schema: goldenami.enforce/v1\n")
    assert judged(cli, folder) == (0, {"zero-os": [], "app": []})
    revoked = tags.to_aws({tags.STATUS: "revoked"})
    sandbox.client("ec2").create_tags(Resources=[base["ImageId"]], Tags=revoked)
    next_second()
    late = {
        "zero-os": ["not-released"],
        "app": ["outdated-parent", "refused-source", "unresolved-source"],
    }
    assert judged(cli, folder) == (10, late)
    ran = cli("bake", folder, "--if-outdated", "--plan", "--format", "json")
    assert (ran.code, json.loads(ran.out)["title"].split("-")[0]) == (0, "bake zero")
    assert "app is left alone: its parent zero-os is to be baked first" in ran.err
    assert cli("bake", folder, "--if-outdated", "--yes").code == 0
    assert judged(cli, folder) == (0, {"zero-os": [], "app": []})
    assert cli("outdated", folder / "app.yaml").code == 0
    denied = Fault(service="ec2", operation="DescribeImages", code="AuthFailure", status=401)
    with sandbox.fail(denied):
        assert judged(cli, folder) == (3, {"zero-os": [], "app": []})


def test_a_failed_or_unapproved_parent_stops_what_is_baked_from_it_and_nothing_else(
    cli: Any, write: Any, own_images: Any
) -> None:
    folder = layers(write, "zero-os", "jdk", "app", jdk={"validate": [{"run": "exit 3"}]})
    write("other.yaml", **LAYER, image="other", approval="manual")
    write("child.yaml", **LAYER, image="child", base__source={"golden": "other"})
    ran = cli("bake", folder, "--if-outdated", "--yes")
    assert ran.code == 1
    assert "app is left alone: its parent jdk failed" in ran.err
    assert "child is left alone: its parent other waits for its approval" in ran.err
    names = {image["Name"].rpartition("-")[0] for image in own_images("us-east-1")}
    assert names == {"zero-os", "other"}
    before = len(own_images("us-east-1"))
    ran = cli("bake", folder / "other.yaml", "--if-outdated", "--yes")
    assert (ran.code, len(own_images("us-east-1"))) == (0, before)
    assert "waits for its approval: nothing is baked" in ran.err
    [item] = json.loads(cli("outdated", folder / "other.yaml", "--format", "json").out)["items"]
    assert item["candidate"]
    assert cli("approve", folder / "other.yaml", "--yes").code == 0
    assert judged(cli, folder / "child.yaml") == (10, {"child": ["not-released"]})
    assert judged(cli, folder / "other.yaml") == (0, {"other": []})


def test_what_cannot_be_used_is_told_before_anything_is_baked(
    cli: Any, write: Any, mutating: Any, tmp_path: Path
) -> None:
    folder = layers(write, "zero-os", "app")
    for option, value in (("--resume", "x"), ("--instance", "i-1"), ("--manifest", "m.json")):
        ran = cli("bake", folder, option, value, "--yes")
        assert ran.code == 2
        assert f"{option} does not go with a folder" in ran.err
    ran = cli("bake", folder / "app.yaml", "--if-outdated", "--resume", "x", "--yes")
    assert "--resume does not go with --if-outdated" in ran.err
    write("broken.yaml", colour="red", image=3)
    nowhere = write("nowhere.yaml", **{**LAYER, "regions": ["us-esat-1"]}, image="nowhere")
    ran = cli("outdated", folder, "--format", "json")
    assert ran.code == 3
    items = {item["path"]: item for item in json.loads(ran.out)["items"]}
    assert "colour" in items[f"{folder}/broken.yaml"]["unread"]
    assert "is no AWS region (fix: did you mean" in items[str(nowhere)]["unread"]
    assert items[f"{folder}/app.yaml"]["outdated"]
    ran = cli("bake", folder, "--if-outdated", "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert "not every release file can be used, and nothing was changed" in ran.err
    assert f"{folder}/broken.yaml:" in ran.err
    only = tmp_path / "only"
    only.mkdir()
    (folder / "broken.yaml").rename(only / "broken.yaml")
    assert cli("outdated", only).code == 3
    (only / "broken.yaml").unlink()
    ran = cli("bake", folder, "--if-outdated", "--plan")
    assert ran.code == 3
    assert f"{nowhere}: `us-esat-1` is no AWS region" in ran.err
    assert mutating() == []
