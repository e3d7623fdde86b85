"""A scan of the image itself in a bake: what it needs, and how it goes on."""

import json
import re
from typing import Any

import pytest

from goldenami_sandbox.ec2.image_scans import ImageScan
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.vulnerabilities import ScanFailure

SCAN = {"scan": {"on": "image"}}


def operations(sandbox: Sandbox) -> list[str]:
    return [each.operation for each in sandbox.calls]


def resumed(err: str) -> str:
    build = re.search(r"--resume (\S+)", err)
    assert build is not None, err
    return build[1]


def test_a_scan_that_is_slow_is_gone_on_with(
    cli: Any, write: Any, sandbox: Sandbox, own_images: Any, mutating: Any
) -> None:
    with pytest.MonkeyPatch.context() as slow:
        slow.setattr(ImageScan, "completed", None)
        ran = cli("bake", write(timeouts={"scan": "1s"}, test=SCAN), "--yes")
    assert ran.code == 1
    assert "fix: raise `timeouts.scan` in the release file" in ran.err
    (image,) = own_images("us-east-1")
    again = cli("bake", write(test=SCAN), "--resume", resumed(ran.err), "--yes")
    assert again.code == 0, again.err
    assert [each["ImageId"] for each in own_images("us-east-1")] == [image["ImageId"]]
    assert operations(sandbox).count("StartOnDemandScan") == 1
    assert not {"DeregisterImage"} & set(mutating())


def test_a_scan_that_failed_is_told_with_what_helps_and_begun_anew(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    with sandbox.unscannable("us-east-1", ScanFailure(reason="STORAGE_LIMIT_EXCEEDED")):
        ran = cli("bake", write(test=SCAN), "--yes")
    assert ran.code == 1
    assert re.search(r"Inspector cannot scan ami-\w+: STORAGE_LIMIT_EXCEEDED", ran.err)
    assert "fix: make the volumes of the image smaller" in ran.err
    assert "CopyImage" not in [
        each.operation for each in sandbox.calls if not each.parameters.get("DryRun")
    ]
    again = cli("bake", write(test=SCAN), "--resume", resumed(ran.err), "--yes")
    assert again.code == 0, again.err
    assert operations(sandbox).count("StartOnDemandScan") == 2


def test_a_bake_that_goes_on_after_its_scan_does_not_scan_again(
    cli: Any, write: Any, sandbox: Sandbox, living: Any, managed: str
) -> None:
    steps = {"steps": [{"run": "true"}], **SCAN}
    release = write(test=steps, base__instance_profile=managed)
    with sandbox.fail(Fault(service="ec2", operation="CopyImage", code="InternalError")):
        ran = cli("bake", release, "--yes")
    assert ran.code == 1
    named = operations(sandbox)
    assert named.index("GetImageFindings") < named.index("SendCommand")  # it is booted after that
    again = cli("bake", release, "--resume", resumed(ran.err), "--yes")
    assert again.code == 0, again.err
    assert operations(sandbox).count("ListOnDemandScans") == named.count("ListOnDemandScans")
    assert living() == []


def test_what_the_plans_name_is_enough_and_what_lacks_is_told_before_the_bake(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any, as_role: Any
) -> None:
    release = write(test=SCAN, regions=["us-east-1"])
    plan = json.loads(cli("bake", release, "--plan", "--format", "json").out)
    needed = plan["permissions"]
    assert {"inspector2:StartOnDemandScan", "ec2:GetImageFindings"} <= set(needed)
    assert not {"inspector2:BatchGetAccountStatus", "inspector2:ListFindings"} & set(needed)
    as_role("golden-ami-pipeline", [each for each in needed if each != "ec2:GetImageFindings"])
    ran = cli("bake", release, "--yes")
    assert ran.code == 1
    assert "test.scan: the caller may not ec2:GetImageFindings" in ran.err
    assert "RunInstances" not in mutating()
    as_role("golden-ami-pipeline", needed)
    ran = cli("bake", release, "--yes")
    assert ran.code == 0, ran.err
    as_role("admin", ["*"])
    plan = json.loads(cli("rescan", "web-base", "--plan", "--format", "json").out)
    as_role("golden-ami-scanner", plan["permissions"])
    ran = cli("rescan", "web-base")
    assert ran.code == 0, ran.err


def test_packer_and_architectures_have_the_same_gate(
    cli: Any, write: Any, several: Any, sandbox: Sandbox
) -> None:
    packer = json.loads(
        cli("bake", write(test=SCAN), "--method", "packer", "--plan", "--format", "json").out
    )
    (step,) = [each for each in packer["actions"] if each["call"] == "scan:image"]
    assert step["after"] == ["available:us-east-1"]
    assert "ec2:RunInstances" not in [
        each["call"] for each in packer["actions"] if each["id"].startswith("test-")
    ]
    ran = cli("bake", several(test=SCAN), "--yes")
    assert ran.code == 0, ran.err
    assert operations(sandbox).count("StartOnDemandScan") == 2
