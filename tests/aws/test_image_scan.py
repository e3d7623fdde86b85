"""The scan of an image itself by Amazon Inspector, on the sandbox."""

import json
from datetime import timedelta

import pytest
from msgspec.structs import replace

from goldenami.aws import image_scan
from goldenami.aws.session import Aws, RegionalAws
from goldenami.errors import AwsError, UnreadableAnswerError
from goldenami_sandbox import catalogue
from goldenami_sandbox.calls import Call, Sent
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.vulnerabilities import ScanFailure, Vulnerability

HOME = "us-east-1"
NEW = Vulnerability(id="CVE-1", severity="UNTRIAGED", package="bash", version="5")
VIM = Vulnerability(id="CVE-2", severity="LOW", package="vim", version="9", fixed_in="9.1")
XZ = Vulnerability(id="CVE-3", severity="CRITICAL", package="xz", version="5")


@pytest.fixture
def regional(sandbox: Sandbox) -> RegionalAws:
    sandbox.pending_s = 0
    return Aws(region=HOME).in_region(HOME)


@pytest.fixture
def image_id(sandbox: Sandbox, regional: RegionalAws) -> str:
    ec2 = sandbox.client("ec2")
    launched = ec2.run_instances(
        ImageId=catalogue.IMAGES[0].id_in(HOME), InstanceType="t3.micro", MinCount=1, MaxCount=1
    )
    instance_id = launched["Instances"][0]["InstanceId"]
    return str(ec2.create_image(InstanceId=instance_id, Name="web")["ImageId"])


def test_a_scan_is_started_once_and_its_findings_come_the_worst_first(
    sandbox: Sandbox, regional: RegionalAws, image_id: str
) -> None:
    sandbox.pending_s = 60
    with sandbox.vulnerable(HOME, NEW, VIM, XZ):
        scan_id = image_scan.start(regional, image_id, "build-1")
    assert image_scan.start(regional, image_id, "build-1") == scan_id
    assert image_scan.status(regional, image_id, scan_id).scan_status == "IN_PROGRESS"
    assert image_scan.findings(regional, image_id) == []
    with pytest.raises(AwsError, match="ConflictException"):
        image_scan.start(regional, image_id, "build-2")
    sandbox.advance(timedelta(minutes=3))
    ended = image_scan.status(regional, image_id, scan_id)
    assert (ended.scan_status, ended.scan_status_reason) == ("SUCCESSFUL", "")
    assert ended.completed_at is not None
    found = [
        (each.severity_label, each.fix_available)
        for each in image_scan.findings(regional, image_id)
    ]
    assert found == [("critical", False), ("low", True), (None, False)]


def test_a_scan_that_fails_says_why(sandbox: Sandbox, regional: RegionalAws, image_id: str) -> None:
    with sandbox.unscannable(HOME, ScanFailure(reason="UNSUPPORTED_OS")):
        scan_id = image_scan.start(regional, image_id, "build-1")
    ended = image_scan.status(regional, image_id, scan_id)
    assert (ended.scan_status, ended.scan_status_reason) == ("FAILED", "UNSUPPORTED_OS")


@pytest.mark.parametrize("name", ["scanId", "resourceId"])
def test_another_scan_s_status_is_not_believed(
    sandbox: Sandbox, regional: RegionalAws, image_id: str, name: str
) -> None:
    def other(_: Call, sent: Sent) -> Sent:
        value = json.loads(sent.body)[name].encode()
        return replace(sent, body=sent.body.replace(value, b"0" * len(value)))

    scan_id = image_scan.start(regional, image_id, "build-1")
    fault = Fault(service="inspector2", operation="GetOnDemandScanStatus", damage=other)
    with sandbox.fail(fault), pytest.raises(UnreadableAnswerError, match="another scan"):
        image_scan.status(regional, image_id, scan_id)
