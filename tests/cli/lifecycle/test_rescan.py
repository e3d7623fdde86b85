"""`goldenami rescan` against the embedded AWS."""

import json
from typing import Any

import pytest

from goldenami.aws.session import Aws
from goldenami.domain.plan import Plan
from goldenami.errors import IncompleteError, InterruptedRunError
from goldenami.workflows.execution import Execution
from goldenami.workflows.lifecycle import rescan
from goldenami.workflows.lifecycle.rescan import Rescan, Rescanned, RescanOrder
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.vulnerabilities import ScanFailure, Vulnerability

HOME = "us-east-1"
XZ = Vulnerability(
    id="CVE-2024-3094", severity="CRITICAL", package="xz", version="5.6.0", fixed_in="5.6.1",
    images=("web-base-1.0",),
)  # fmt: skip
VIM = Vulnerability(id="CVE-2026-2222", severity="MEDIUM", package="vim", version="9.1")


def test_released_versions_are_scanned_again_in_one_place_and_judged(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    file = write(version="1.0", test={"scan": {"on": "image"}})
    for version in ("1.0", "2.0", "3.0"):
        assert cli("bake", write(version=version, name=f"{version}.yaml"), "--yes").code == 0
    assert cli("deprecate", "web-base", "3.0", "--yes").code == 0
    with sandbox.vulnerable(HOME, XZ, VIM):
        planned = cli("rescan", "web-base", "--plan")
        assert planned.code == 0, planned.err
        assert "inspector2:StartOnDemandScan" in planned.out
        assert "StartOnDemandScan" not in [each.operation for each in sandbox.calls]
        ran = cli("rescan", "web-base", "--format", "json")
        assert ran.code == 10, ran.err
        again = cli("rescan", "web-base", "1.0", "--severity", "medium")
        ignored = cli("rescan", "web-base", "--release", file, "--ignore", XZ.id, "--all")
    assert "its copies have the same content" in ran.err
    assert "web-base: an image has vulnerabilities of severity high or worse" in ran.err
    assert "  - 1.0: critical CVE-2024-3094 - xz (a fix is available)" in ran.err
    assert "`goldenami revoke web-base 1.0 --why CVE-2024-3094` takes it out of use" in ran.err
    document = json.loads(ran.out)
    assert document["schema"] == "goldenami.rescan/v1"
    rows = {row["version"]: row for row in document["items"]}
    assert rows.keys() == {"1.0", "2.0"}
    assert {row["region"] for row in rows.values()} == {HOME}
    assert (rows["1.0"]["passes"], rows["1.0"]["worst"]) == (False, XZ.id)
    assert [each["id"] for each in rows["1.0"]["findings"]] == [XZ.id]
    assert (rows["2.0"]["passes"], rows["2.0"]["counts"]) == (True, {"medium": 1})
    assert again.code == 10
    assert "and 1 more" in again.err
    assert ignored.code == 0, ignored.err
    assert ignored.out.count("passes") == 3
    started = [each for each in sandbox.calls if each.operation == "StartOnDemandScan"]
    assert len(started) == 3  # what was scanned just now was not scanned again


def test_what_could_not_be_scanned_wins_over_what_does_not_pass(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any
) -> None:
    for version in ("1.0", "2.0", "3.0"):
        assert cli("bake", write(version=version), "--yes").code == 0
    ids = {image["Name"]: image["ImageId"] for image in own_images(HOME)}
    ids |= {image["Name"] + "/eu": image["ImageId"] for image in own_images("eu-west-1")}
    for region, name in ((HOME, "web-base-3.0"), ("eu-west-1", "web-base-3.0/eu")):
        sandbox.client("ec2", region).disable_image(ImageId=ids[name])
    failure = ScanFailure(reason="UNSUPPORTED_OS", images=("web-base-2.0",))
    with sandbox.vulnerable(HOME, XZ), sandbox.unscannable(HOME, failure):
        ran = cli("rescan", "web-base")
    assert ran.code == 3, ran.err
    assert "web-base: not everything was scanned (2 problems)" in ran.err
    assert f"  - 2.0: scan {ids['web-base-2.0']} of web-base 2.0 in us-east-1: Inspec" in ran.err
    assert "UNSUPPORTED_OS (fix: " in ran.err
    assert "  - 3.0: no image of it in this account is available" in ran.err
    assert "  - 1.0: critical CVE-2024-3094" in ran.err
    assert "run `goldenami rescan web-base` again" in ran.err
    sandbox.client("ec2", HOME).deregister_image(ImageId=ids["web-base-2.0"])
    elsewhere = cli("rescan", "web-base", "2.0", "--format", "json")
    assert elsewhere.code == 0, elsewhere.err
    (row,) = json.loads(elsewhere.out)["items"]
    assert (row["region"], row["id"]) == ("eu-west-1", ids["web-base-2.0/eu"])


def test_what_is_no_version_or_of_another_image_is_refused(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    assert cli("rescan", "web-base").code == 2
    assert cli("bake", write(), "--yes").code == 0
    assert cli("rescan", "web-base", "9").code == 2
    other = cli("rescan", "web-base", "--release", write(image="other", name="other.yaml"))
    assert other.code == 2
    assert "it is of other, not of web-base" in other.err
    assert cli("rescan", "web-base", "--ignore", "heartbleed").code == 2


def test_a_version_of_which_nothing_came_is_not_scanned_and_does_not_pass(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    with sandbox.fail(Fault(service="ec2", operation="CreateImage", code="InternalError")):
        assert cli("bake", write(), "--yes").code == 1
    ran = cli("rescan", "web-base", "1.0", "--format", "json")
    assert ran.code == 3, ran.err
    (row,) = json.loads(ran.out)["items"]
    assert (row["passes"], row["id"]) == (None, "")
    assert cli("rescan", "web-base").code == 2


def test_an_interrupted_rescan_goes_on_with_the_same_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = RescanOrder(image="web-base", command="goldenami rescan web-base")
    plan = Plan(title="", actions=())
    prepared = Rescan(aws=Aws(region=HOME), order=order, images=(), plan=plan, unread={})

    def attempt(*_: Any) -> None:
        raise InterruptedRunError("interrupted")

    monkeypatch.setattr(Execution, "attempt", attempt)
    with pytest.raises(InterruptedRunError) as interrupted:
        rescan.carry_out(prepared)
    assert interrupted.value.fix.startswith("run `goldenami rescan web-base` again: it goes on")


def test_places_that_could_not_be_read_are_told_by_name() -> None:
    order = RescanOrder(image="web-base", command="goldenami rescan web-base")
    rescanned = Rescanned(order=order, images=(), unread={"123456789012/eu-west-1": "denied"})
    with pytest.raises(IncompleteError) as incomplete:
        rescanned.refuse()
    assert incomplete.value.notes == ("123456789012/eu-west-1: denied",)
