from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.vulnerabilities import ScanFailure, Vulnerability

HOME = "us-east-1"
NONE = "ami-0123456789abcdef0"
FIXED = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001  as the sandbox has times
CURL = Vulnerability(
    id="CVE-1", severity="CRITICAL", package="curl", version="8", fixed_in="9",
    fix_available_since=FIXED, paths=tuple(f"/usr/lib/{n}" for n in range(12)),
)  # fmt: skip
VIM = Vulnerability(id="CVE-2", severity="LOW", package="vim", version="9", fixed_in="9.1")
XZ = Vulnerability(id="CVE-3", severity="HIGH", package="xz", version="5")
NEW = Vulnerability(id="CVE-4", severity="UNTRIAGED", package="zlib", version="1")
Make = Callable[..., str]


@pytest.fixture
def inspector(sandbox: Sandbox) -> Any:
    sandbox.pending_s = 0
    return sandbox.client("inspector2")


def start(inspector: Any, image_id: str, **more: Any) -> str:
    wish = {"resourceId": image_id, "resourceType": "AMI", **more}
    return str(inspector.start_on_demand_scan(**wish)["scanId"])


def status(inspector: Any, image_id: str, scan_id: str) -> Any:
    return inspector.get_on_demand_scan_status(
        resourceId=image_id, scanId=scan_id, resourceType="AMI"
    )


def result(ec2: Any, image_id: str) -> Any:
    return ec2.describe_images(ImageIds=[image_id])["Images"][0].get("ScanResults")


def code(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_a_scan_of_an_image_ends_in_what_ec2_tells_of_it(
    sandbox: Sandbox, inspector: Any, ec2: Any, bake: Make
) -> None:
    image_id = bake()
    assert result(ec2, image_id) is None
    assert ec2.get_image_findings(ImageId=image_id)["ImageFindings"] == []
    with sandbox.vulnerable(HOME, VIM, CURL, XZ, NEW):
        scan_id = start(inspector, image_id)
    told = status(inspector, image_id, scan_id)
    assert (told["scanStatus"], told["resourceType"]) == ("SUCCESSFUL", "AMI")
    assert told["completedAt"] >= told["startedAt"]
    assert "scanStatusReason" not in told
    scanned = result(ec2, image_id)
    assert scanned["HighestFindingSeverityLabel"] == "critical"
    assert scanned["CriticalFixAvailableSince"] == FIXED.replace(tzinfo=UTC)
    assert scanned["LowFixAvailableSince"] == scanned["FindingScanDate"]
    assert scanned.keys().isdisjoint({"HighFixAvailableSince", "MediumFixAvailableSince"})
    vim, curl, xz, new = ec2.get_image_findings(ImageId=image_id)["ImageFindings"]
    (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
    assert curl["SnapshotId"] == image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert (curl["Title"], curl["SeverityLabel"]) == ("CVE-1 - curl", "critical")
    assert (curl["FixAvailable"], xz["FixAvailable"]) == (True, False)
    assert (curl["Score"], len(curl["Paths"])) == (9.8, 10)
    assert new.keys().isdisjoint({"SeverityLabel", "Score"})
    assert vim["FirstObservedAt"] == vim["UpdatedAt"] == scanned["FindingScanDate"]
    pages = ec2.get_paginator("get_image_findings").paginate(
        ImageId=image_id, PaginationConfig={"PageSize": 3}
    )
    assert [len(page["ImageFindings"]) for page in pages] == [3, 1]
    assert sandbox.client("inspector2").list_findings()["findings"] == []


def test_a_later_scan_replaces_what_was_found_and_keeps_since_when(
    sandbox: Sandbox, inspector: Any, ec2: Any, bake: Make
) -> None:
    image_id = bake()
    with sandbox.vulnerable(HOME, VIM, XZ):
        start(inspector, image_id)
    first = result(ec2, image_id)["FindingScanDate"]
    sandbox.advance(timedelta(days=3))
    with sandbox.vulnerable(HOME, VIM):
        start(inspector, image_id)
    scanned = result(ec2, image_id)
    assert scanned["HighestFindingSeverityLabel"] == "low"
    assert scanned["LowFixAvailableSince"] == first
    assert scanned["FindingScanDate"] - first >= timedelta(days=3)
    (finding,) = ec2.get_image_findings(ImageId=image_id)["ImageFindings"]
    assert finding["FirstObservedAt"] == first
    start(inspector, image_id)
    assert result(ec2, image_id).keys() == {"FindingScanDate"}


def test_a_scan_takes_its_time_and_an_image_has_one_at_a_time(
    sandbox: Sandbox, inspector: Any, ec2: Any, bake: Make
) -> None:
    image_id = bake()
    sandbox.pending_s = 60
    scan_id = start(inspector, image_id, clientToken="once")
    assert start(inspector, image_id, clientToken="once") == scan_id
    told = status(inspector, image_id, scan_id)
    assert told["scanStatus"] == "IN_PROGRESS"
    assert "completedAt" not in told
    assert result(ec2, image_id) is None
    with pytest.raises(ClientError) as caught:
        start(inspector, image_id)
    assert caught.value.response["Error"]["Code"] == "ConflictException"
    assert (caught.value.response["resourceId"], caught.value.response["resourceType"]) == (  # type: ignore[typeddict-item]
        image_id,
        "AMI",
    )
    sandbox.advance(timedelta(seconds=180))
    told = status(inspector, image_id, scan_id)
    assert told["completedAt"] - told["startedAt"] == timedelta(seconds=180)
    assert start(inspector, image_id) != scan_id


def test_an_image_that_cannot_be_scanned_says_why(
    sandbox: Sandbox, inspector: Any, ec2: Any, bake: Make
) -> None:
    image_id, other_id = bake(), bake("db-1")
    with sandbox.unscannable(HOME, ScanFailure(reason="UNSUPPORTED_OS", images=("web-*",))):
        told = status(inspector, image_id, start(inspector, image_id))
        assert (told["scanStatus"], told["scanStatusReason"]) == ("FAILED", "UNSUPPORTED_OS")
        assert result(ec2, image_id) is None
        other = status(inspector, other_id, start(inspector, other_id))
        assert other["scanStatus"] == "SUCCESSFUL"


def test_a_scan_of_an_image_that_goes_meanwhile_fails(
    sandbox: Sandbox, inspector: Any, ec2: Any, bake: Make
) -> None:
    image_id = bake()
    earlier = start(inspector, image_id)
    sandbox.pending_s = 3600
    scan_id = start(inspector, image_id)
    ec2.deregister_image(ImageId=image_id)
    told = status(inspector, image_id, scan_id)
    assert (told["scanStatus"], told["scanStatusReason"]) == ("FAILED", "RESOURCE_TERMINATED")
    assert status(inspector, image_id, earlier)["scanStatus"] == "SUCCESSFUL"


def test_scans_are_listed_the_latest_first_and_forgotten_after_a_month(
    sandbox: Sandbox, inspector: Any, bake: Make
) -> None:
    image_id = bake()
    ids = [start(inspector, image_id) for _ in range(3)]
    wish = {"resourceId": image_id, "resourceType": "AMI"}
    first = inspector.list_on_demand_scans(**wish, maxResults=2)
    rest = inspector.list_on_demand_scans(**wish, nextToken=first["nextToken"])
    listed = [scan["scanId"] for scan in first["items"] + rest["items"]]
    assert listed == ids[::-1]
    assert code(lambda: inspector.list_on_demand_scans(**wish, nextToken="x")) == (
        "ValidationException"
    )
    sandbox.advance(timedelta(days=30))
    assert inspector.list_on_demand_scans(**wish)["items"] == []
    assert code(lambda: status(inspector, image_id, ids[0])) == "ResourceNotFoundException"


def test_what_cannot_be_scanned_is_refused(
    sandbox: Sandbox, inspector: Any, ec2: Any, bake: Make, source_id: str
) -> None:
    image_id = bake()
    ec2.disable_image(ImageId=image_id)
    for resource, refusal in (
        (source_id, "AccessDeniedException"),
        (NONE, "AccessDeniedException"),
        (image_id, "ValidationException"),
        ("i-0123456789abcdef0", "ValidationException"),
    ):
        assert code(lambda resource=resource: start(inspector, resource)) == refusal  # type: ignore[misc]
    wish = {"resourceId": image_id, "resourceType": "SNAPSHOT"}
    assert code(lambda: inspector.start_on_demand_scan(**wish)) == "ValidationException"
    assert code(lambda: status(inspector, NONE, "0" * 32)) == "ResourceNotFoundException"
    assert code(lambda: ec2.get_image_findings(ImageId=NONE)) == "InvalidAMIID.NotFound"


def test_a_copy_is_not_scanned_and_who_it_is_shared_with_sees_the_result(
    sandbox: Sandbox, inspector: Any, ec2: Any, bake: Make
) -> None:
    image_id = bake()
    with sandbox.vulnerable(HOME, XZ):
        start(inspector, image_id)
    copy = {"SourceImageId": image_id, "SourceRegion": HOME, "Name": "copy"}
    assert result(ec2, ec2.copy_image(**copy)["ImageId"]) is None
    shared = {"LaunchPermission": {"Add": [{"UserId": "111122223333"}]}}
    ec2.modify_image_attribute(ImageId=image_id, **shared)
    consumer = sandbox.client("ec2", account="111122223333")
    assert result(consumer, image_id)["HighestFindingSeverityLabel"] == "high"
    assert len(consumer.get_image_findings(ImageId=image_id)["ImageFindings"]) == 1


def test_images_are_filtered_by_what_scans_have_found(
    sandbox: Sandbox, ec2: Any, source_id: str, bake: Make
) -> None:
    bake()
    with sandbox.vulnerable(HOME, CURL, VIM):
        sandbox.scan(HOME, source_id)
    when = result(ec2, source_id)["FindingScanDate"].strftime("%Y-%m-%dT*")

    def listed(name: str, value: str) -> list[str]:
        wish = [{"Name": f"scan-result.{name}", "Values": [value]}]
        return [image["ImageId"] for image in ec2.describe_images(Filters=wish)["Images"]]

    for name, value in (
        ("highest-finding-severity-label", "critical"),
        ("critical-fix-available-since", "2026-01-02T03:04:05.000Z"),
        ("finding-scan-date", when),
        ("low-fix-available-since", when),
    ):
        assert listed(name, value) == [source_id]
        assert listed(name, "none") == []
    assert listed("high-fix-available-since", "*") == []


@pytest.mark.parametrize(
    ("condition", "passes"),
    [
        ({"MaximumSeverityLabel": "critical"}, True),
        ({"MaximumSeverityLabel": "high"}, False),
        ({"MaxDaysSinceLastFindingScan": 2}, True),
        ({"MaxDaysSinceLastFindingScan": 1}, False),
        ({"MaxDaysSinceHighFixAvailable": 0}, True),
        ({"MaxDaysSinceLowFixAvailable": 2}, True),
        ({"MaxDaysSinceLowFixAvailable": 1}, False),
        ({"MaxDaysSinceCriticalFixAvailable": 30}, False),
        ({"MaxDaysSinceCriticalFixAvailable": 9999, "MaxDaysSinceMediumFixAvailable": 0}, True),
    ],
)
def test_allowed_images_are_decided_by_their_scans(
    sandbox: Sandbox, ec2: Any, launch: Make, source_id: str, condition: Any, passes: bool,
    refused: Any,
) -> None:  # fmt: skip
    setting = [{"ScanResultCondition": condition}]
    ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=setting)
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="enabled")
    with refused("InvalidAMIID.NotFound"):
        launch()
    with refused("InvalidAMIID.NotFound"):
        ec2.get_image_findings(ImageId=source_id)
    with sandbox.vulnerable(HOME, CURL, VIM):
        sandbox.scan(HOME, source_id)
    sandbox.advance(timedelta(days=1, hours=12))
    if passes:
        assert launch()
    else:
        with refused("InvalidAMIID.NotFound"):
            launch()


def test_an_image_without_findings_satisfies_every_severity(
    sandbox: Sandbox, ec2: Any, launch: Make, source_id: str
) -> None:
    setting = [{"ScanResultCondition": {"MaximumSeverityLabel": "informational"}}]
    ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=setting)
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="enabled")
    sandbox.scan(HOME, source_id)
    assert launch()
