"""`--manifest`, `goldenami show` and `goldenami history` against the embedded AWS."""

import hashlib
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from goldenami.domain import manifest, tags
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox


def test_a_release_leaves_its_manifest_and_either_id_shows_it(
    cli: Any, write: Any, sandbox: Sandbox, tmp_path: Path, own_images: Any, managed: str
) -> None:
    (tmp_path / "setup.sh").write_text("#!/bin/bash\ntoken=s3cret\n")
    base = {"base__user_data": "setup.sh", "base__instance_profile": managed}
    release = write(**base, share={"accounts": ["111122223333"]})
    file = tmp_path / "manifest.json"
    ran = cli("bake", release, "--yes", "--manifest", file)
    assert ran.code == 0, ran.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "s3cret" not in file.read_text()
    told = json.loads(file.read_text())
    (first,), (second,) = own_images("us-east-1"), own_images("eu-west-1")
    build = tags.from_aws(first["Tags"])[tags.BUILD]
    assert (told["schema"], told["build"], told["status"]) == (
        "goldenami.manifest/v1", build, "approved",
    )  # fmt: skip
    assert told["inputs"]["release_sha256"] == hashlib.sha256(release.read_bytes()).hexdigest()
    assert (
        told["inputs"]["user_data_sha256"]
        == hashlib.sha256((tmp_path / "setup.sh").read_bytes()).hexdigest()
    )
    assert told["source"]["owner"] == "137112412989"
    assert told["base_instance"] == {"id": first["SourceInstanceId"], "type": "t3.micro"}
    assert told["approval"]["by"] == f"arn:aws:iam::{ACCOUNT_ID}:root"
    assert [(one["region"], one["image_id"], one["shared_with"]) for one in told["images"]] == [
        ("us-east-1", first["ImageId"], ["111122223333"]),
        ("eu-west-1", second["ImageId"], ["111122223333"]),
    ]
    assert told["images"][1]["snapshots"] == [second["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]]
    assert {"launch", "image:us-east-1", "copy:eu-west-1"} <= {
        one["action"] for one in told["timings"]
    }
    for name in (build, second["ImageId"]):
        shown = cli("show", name, "--format", "json")
        assert shown.code == 0, shown.err
        assert json.loads(shown.out) == told
    people = cli("show", build).out
    for word in (build, first["ImageId"], "137112412989", f"/goldenami/manifest/web-base/{build}"):
        assert word in people


def test_without_a_manifest_the_tags_tell_what_they_know(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    parameter = {"ssm_parameter": "/golden-ami/web-base", "manifest": False}
    assert cli("bake", write(publish=parameter), "--yes").code == 0
    (image,) = own_images("eu-west-1")
    ssm = sandbox.client("ssm", "us-east-1")
    kept = ssm.get_parameters_by_path(Path="/goldenami/manifest", Recursive=True)
    assert kept["Parameters"] == []
    shown = cli("show", image["ImageId"], "--format", "json")
    assert shown.code == 0, shown.err
    told = json.loads(shown.out)
    assert [one["region"] for one in told["images"]] == ["eu-west-1", "us-east-1"]
    assert told["timings"] == []
    assert "there is no manifest" in cli("show", told["build"]).out


def test_a_partial_release_names_what_is_missing_until_it_is_complete(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, tmp_path: Path
) -> None:
    release, file = write(), tmp_path / "manifest.json"
    failing = Fault(
        service="ec2", operation="CopyImage", region="eu-west-1", code="ResourceLimitExceeded",
        skip=1, times=1,
    )  # fmt: skip
    with sandbox.fail(failing):
        assert cli("bake", release, "--yes", "--manifest", file).code == 1
    told = json.loads(file.read_text())
    assert (told["missing"], len(told["images"])) == (["eu-west-1"], 1)
    listed = cli("history", "web-base")
    assert "approved (eu-west-1 missing)" in listed.out
    assert cli("bake", release, "--yes", "--manifest", file).code == 0
    told = json.loads(file.read_text())
    assert (told["missing"], len(told["images"])) == ([], 2)
    assert json.loads(cli("show", told["build"], "--format", "json").out) == told


def test_a_candidate_gets_its_manifest_kept_when_it_is_approved(
    cli: Any, write: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    release, file = write(approval="manual"), tmp_path / "manifest.json"
    assert cli("bake", release, "--yes", "--manifest", file).code == 0
    told = json.loads(file.read_text())
    assert (told["status"], told["approval"]["by"]) == ("candidate", "")
    assert cli("approve", release, "--yes", "--manifest", file).code == 0
    assert json.loads(file.read_text())["status"] == "approved"


def test_the_history_lists_releases_the_newest_first(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    for version in ("1.0", "1.1"):
        assert cli("bake", write(version=version), "--yes").code == 0
    listed = json.loads(cli("history", "web-base", "--format", "json").out)
    assert listed["schema"] == "goldenami.history/v1"
    assert sorted(one["version"] for one in listed["items"]) == ["1.0", "1.1"]
    builds = [one["build"] for one in listed["items"]]
    assert builds == sorted(builds, reverse=True)
    assert listed["items"][0]["regions"] == ["eu-west-1", "us-east-1"]


@pytest.mark.usefixtures("every_region")
def test_an_unread_region_is_never_called_nothing(cli: Any, write: Any, sandbox: Sandbox) -> None:
    assert cli("bake", write(), "--yes").code == 0
    sandbox.fail(
        Fault(service="ec2", operation="DescribeImages", region="ap-south-1", code="Denied")
    )
    listed = cli("history", "web-base")
    assert (listed.code, "1.0" in listed.out) == (3, True)
    assert cli("show", "20261124T101025Z-2c78de").code == 3


def test_what_goldenami_did_not_make_is_one_clear_error(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    for name in ("ami-0123456789abcdef0", "20261124T101025Z-2c78de"):
        ran = cli("show", name, "--region", "us-east-1")
        assert ran.code == 2
        assert re.search(f"there is no (build|image of a build) `{name}`", ran.err)


def test_a_manifest_that_is_too_long_for_a_parameter_goes_without_its_timings() -> None:
    timings = tuple(manifest.Timing(action=f"copy:{n}", seconds=1.0) for n in range(200))
    whole = manifest.Manifest(
        build="b", image="i", version="1", ami_name="i-1", status="approved", started="",
        inputs=manifest.Inputs(release="r", release_sha256="0"),
        source=manifest.ManifestSource(id="ami-1"),
        images=(), timings=timings,
    )  # fmt: skip
    short = manifest.compact(whole)
    assert len(short) < manifest.PARAMETER_LENGTH
    kept = manifest.read(short)
    assert kept
    assert (kept.build, kept.timings) == ("b", ())
    assert manifest.read("no manifest") is None
