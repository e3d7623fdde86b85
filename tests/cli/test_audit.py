"""`goldenami audit` from the command line against the embedded AWS."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from goldenami.report.audit import LINES
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.seed import seed, seed_compliant
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.world import RehearsalSeed


@pytest.fixture
def fleet(cli: Any, write: Any, sandbox: Sandbox, own_images: Any) -> Path:
    """A release in two regions with a fleet, compliant and not; the release file."""
    release: Path = write(enforce=None)
    assert cli("bake", release, "--yes").code == 0
    golden = {region: own_images(region)[0]["ImageId"] for region in ("us-east-1", "eu-west-1")}
    seed(sandbox, RehearsalSeed(regions=("us-east-1", "eu-west-1"), groups=("ec2-admin-group",)))
    seed_compliant(sandbox, golden)
    return release


def unreadable(region: str) -> Fault:
    return Fault(
        service="ec2", operation="*", region=region, code="UnauthorizedOperation", status=403,
        message="You are not authorized to perform this operation.",
    )  # fmt: skip


@pytest.mark.usefixtures("every_region")
def test_every_instance_is_judged_in_every_region(cli: Any, fleet: Path) -> None:
    ran = cli("audit", fleet, "--format", "json")
    assert ran.code == 10
    document = json.loads(ran.out)
    assert document["schema"] == "goldenami.audit/v1"
    assert document["complete"] is True
    found = {(one["subject"]["name"], one["subject"]["region"], one["rule"])
             for one in document["findings"]}  # fmt: skip
    assert found == {
        ("web-1", "us-east-1", "foreign-owner"),
        ("web-2", "us-east-1", "foreign-owner"),
        ("build-agent", "us-east-1", "foreign-owner"),
        ("legacy-batch", "us-east-1", "unapproved-image"),
        ("data-import", "us-east-1", "unapproved-image"),
        ("forgotten-report", "us-east-1", "deregistered-image"),
        ("web-1", "eu-west-1", "foreign-owner"),
        ("legacy-batch", "eu-west-1", "unapproved-image"),
        ("forgotten-report", "eu-west-1", "deregistered-image"),
    }
    assert all(one["reason"] and one["severity"] for one in document["findings"])
    assert {one["id"] for one in document["rules"]} == {rule for _, _, rule in found}
    regions = {one["region"]: one for one in document["places"]}
    assert len(regions) == 17
    assert regions["us-east-1"]["subjects"]["instance"] == 9
    assert regions["us-east-1"]["compliant"] == 4


def test_a_region_that_cannot_be_read_is_named_and_the_rest_reported(
    cli: Any, sandbox: Sandbox, fleet: Path
) -> None:
    with sandbox.fail(unreadable("eu-west-1")):
        ran = cli("audit", fleet)
    assert ran.code == 3
    assert "UNREAD eu-west-1" in ran.out
    assert "You are not authorized" in ran.err
    assert "legacy-batch" in ran.out
    assert "INCOMPLETE: not everything is known of eu-west-1" in ran.err


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_an_unread_region_is_in_every_format(
    cli: Any, sandbox: Sandbox, fleet: Path, form: str
) -> None:
    with sandbox.fail(unreadable("eu-west-1")):
        ran = cli("audit", fleet, "--format", form)
    assert ran.code == 3
    assert "eu-west-1" in ran.out
    assert "not authorized" in ran.out


def test_no_region_read_is_incomplete(cli: Any, sandbox: Sandbox) -> None:
    with sandbox.fail(unreadable("us-east-1")):
        ran = cli("audit", "--region", "us-east-1")
    assert ran.code == 3
    assert "us-east-1" in ran.err


def test_nothing_approved_is_refused_and_not_green(cli: Any, sandbox: Sandbox) -> None:
    seed(sandbox, RehearsalSeed(regions=("us-east-1",)))
    ran = cli("audit", "--region", "us-east-1")
    assert ran.code == 4
    assert "no approved image in us-east-1" in ran.err


def test_nothing_approved_in_what_could_be_read_is_incomplete(cli: Any, sandbox: Sandbox) -> None:
    with sandbox.fail(unreadable("eu-west-1")):
        ran = cli("audit", "--region", "us-east-1", "--region", "eu-west-1")
    assert ran.code == 3
    assert "not everything could be read" in ran.err


def test_an_empty_fleet_is_refused_unless_it_is_meant(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    release = write(regions=["us-east-1"], audit={"regions": ["us-east-1"]}, enforce=None)
    cli("bake", release, "--yes")
    assert cli("audit", release).code == 4
    ran = cli("audit", release, "--allow-empty")
    assert ran.code == 0
    assert "0 instances in 1 of 1 regions" in ran.err


def test_a_compliant_fleet_is_green(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    release = write(regions=["us-east-1"], audit={"regions": ["us-east-1"]}, enforce=None)
    cli("bake", release, "--yes")
    seed_compliant(sandbox, {"us-east-1": own_images("us-east-1")[0]["ImageId"]})
    ran = cli("audit", release)
    assert ran.code == 0, ran.err
    assert "3 compliant" in ran.err


def test_approved_ids_and_files_of_them_count(
    cli: Any, sandbox: Sandbox, fleet: Path, tmp_path: Path
) -> None:
    document = json.loads(cli("audit", fleet, "--format", "json").out)
    ids = sorted({
        one["subject"]["image"]["id"] for one in document["findings"]
        if one["rule"] != "deregistered-image"
    })  # fmt: skip
    listed = cli("audit", fleet, "--approved", ",".join(ids), "--format", "jsonl")
    assert listed.out.count('"line":"finding"') == 2
    file = tmp_path / "approved.txt"
    file.write_text("# reviewed\n" + "\n".join(f"{one}  # ok" for one in ids) + "\n")
    from_file = cli("audit", fleet, "--approved", file, "--format", "jsonl")
    assert from_file.out.count('"line":"finding"') == 2


def test_disabled_and_deprecated_images_are_findings(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    release = write(audit={"regions": ["us-east-1", "eu-west-1"]}, enforce=None)
    cli("bake", release, "--yes")
    golden = {region: own_images(region)[0]["ImageId"] for region in ("us-east-1", "eu-west-1")}
    seed_compliant(sandbox, golden)
    sandbox.client("ec2", "us-east-1").disable_image(ImageId=golden["us-east-1"])
    soon = datetime.now(UTC) + timedelta(minutes=2)
    sandbox.client("ec2", "eu-west-1").enable_image_deprecation(
        ImageId=golden["eu-west-1"], DeprecateAt=soon
    )
    ran = cli("audit", release, "--format", "jsonl")
    assert ran.code == 10
    assert ran.out.count('"rule":"disabled-image"') == 3
    assert ran.out.count('"rule":"stale-pointer"') == 1
    assert ran.out.count('"line":"finding"') == 4  # the deprecation is still to come


def test_waivers_cover_until_they_expire(
    cli: Any, write: Any, sandbox: Sandbox, fleet: Path, tmp_path: Path
) -> None:
    (tmp_path / "waivers.yaml").write_text(
        """\
schema: goldenami.waivers/v1
waivers:
  - {tag: Name=legacy-batch, owner: ops, reason: moves in spring, expires: 2999-01-01}
  - {tag: Name=web-1, owner: ops, reason: too late, expires: 2020-01-01}
  - {tag: Name=nobody, owner: ops, reason: typing error, expires: 2999-01-01}
"""
    )
    ran = cli("audit", write(audit={"waivers": "waivers.yaml"}, enforce=None), "--format", "json")
    document = json.loads(ran.out)
    assert len(document["findings"]) == 7
    assert len(document["waived"]) == 2
    assert "waiver expired on 2020-01-01" in ran.err
    assert "waiver covers nothing: tag Name=nobody" in ran.err


def test_the_output_file_is_written_whole_and_private(
    cli: Any, fleet: Path, tmp_path: Path
) -> None:
    target = tmp_path / "audit.csv"
    ran = cli("audit", fleet, "--format", "csv", "--output", target)
    assert ran.code == 10
    assert ran.out == ""
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert len(rows) == 9
    assert (target.stat().st_mode & 0o777) == 0o600
    assert sorted(one.name for one in tmp_path.iterdir() if one.name.startswith(".")) == []


@pytest.mark.parametrize("form", LINES)
def test_findings_that_are_kept_as_lines_are_those_that_are_read_again(
    cli: Any, fleet: Path, tmp_path: Path, form: str
) -> None:
    """Where one report of lines is all that is made of an audit, its findings are kept as these."""
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    more = ("--also", f"json={tmp_path / 'audit.json'}")
    for path, further in ((alone, ()), (beside, more)):
        assert cli("audit", fleet, "--format", form, "--output", path, *further).code == 10
    assert _but_time(alone) == _but_time(beside)
    assert len(_but_time(alone)) >= 9


def _but_time(path: Path) -> list[str]:
    return [re.sub(r'"at":"[^"]*"', "", line) for line in path.read_text().splitlines()]


def test_without_the_new_listing_the_old_one_answers_the_same(
    cli: Any, sandbox: Sandbox, fleet: Path
) -> None:
    new = json.loads(cli("audit", fleet, "--format", "json").out)
    missing = Fault(
        service="ec2", operation="DescribeInstanceImageMetadata", code="InvalidAction",
        message="The action DescribeInstanceImageMetadata is not valid for this web service.",
    )  # fmt: skip
    with sandbox.fail(missing):
        ran = cli("audit", fleet, "--format", "json")
    assert ran.code == 10
    old = json.loads(ran.out)

    def facts(document: dict[str, Any]) -> list[tuple[str, str, str]]:
        found = [(one["subject"]["id"], one["rule"], one["reason"]) for one in document["findings"]]
        # The old one cannot tell an image that is gone from one that is only hidden.
        return sorted(
            (thing, rule, "" if rule == "deregistered-image" else why) for thing, rule, why in found
        )

    assert facts(old) == facts(new)
    assert old["places"] == new["places"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--region", "us-east-1", "--all-regions"], "do not go together"),
        (["--region", "us-esat-1"], "`us-esat-1` is no AWS region"),
        (["--approved", "ami-1,ami-2"], "`ami-1` is no image id"),
        (["--approved", "/no/such/file"], "/no/such/file: cannot be read"),
        (["--approved", "/dev/null"], "/dev/null: cannot be read: it is a device"),
        (["--output", "/no/such/folder/audit.json"], "there is no folder /no/such/folder"),
        (["--format", "xml"], "xml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_options_are_one_clear_error(
    cli: Any, sandbox: Sandbox, arguments: list[str], says: str
) -> None:
    ran = cli("audit", *arguments)
    assert ran.code == 2
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_a_list_of_approved_images_that_is_empty_is_an_error(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("# none yet\n")
    ran = cli("audit", "--approved", tmp_path / "list")
    assert ran.code == 2
    assert "list: nothing is listed in it" in ran.err
