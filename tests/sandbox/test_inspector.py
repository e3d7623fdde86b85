from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec import structs

from goldenami_sandbox.ec2.instance_state import SandboxInstanceState
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.vulnerabilities import Vulnerability

HOME = "us-east-1"
FOUND = (
    Vulnerability(id="CVE-2026-1111", severity="HIGH", package="curl", version="8.0-1"),
    Vulnerability(id="CVE-2026-2222", severity="LOW", package="vim", version="9", fixed_in="9.1"),
)
Launch = Callable[..., str]


@pytest.fixture
def inspector(sandbox: Sandbox) -> Any:
    sandbox.client("inspector2").enable(resourceTypes=["EC2"])
    return sandbox.client("inspector2")


def equal(comparison: str = "EQUALS", **fields: str) -> dict[str, Any]:
    return {name: [{"comparison": comparison, "value": one}] for name, one in fields.items()}


def statuses(inspector: Any) -> list[tuple[str, str]]:
    told = inspector.list_coverage()["coveredResources"]
    return [(one["scanStatus"]["statusCode"], one["scanStatus"]["reason"]) for one in told]


def test_an_account_is_told_of_before_and_after_it_enables_scans(sandbox: Sandbox) -> None:
    client = sandbox.client("inspector2")
    before = client.batch_get_account_status()["accounts"]
    assert [one["accountId"] for one in before] == [ACCOUNT_ID]
    assert before[0]["resourceState"]["ec2"]["status"] == "DISABLED"
    client.enable(resourceTypes=["EC2"])
    for asked in ([], [ACCOUNT_ID], [ACCOUNT_ID, "999999999999"]):
        (after,) = client.batch_get_account_status(accountIds=asked)["accounts"]
        assert after["resourceState"]["ec2"]["status"] == "ENABLED"


def test_nothing_is_covered_where_scans_are_not_enabled(
    sandbox: Sandbox, ec2: Any, launch: Launch
) -> None:
    launch()
    client = sandbox.client("inspector2")
    assert client.list_coverage()["coveredResources"] == []
    client.enable(resourceTypes=["ECR"])
    with sandbox.vulnerable(HOME, *FOUND):
        assert client.list_findings()["findings"] == []


def test_an_instance_is_covered_as_it_lives(
    sandbox: Sandbox, ec2: Any, inspector: Any, launch: Launch
) -> None:
    excluded = {"ResourceType": "instance", "Tags": [{"Key": "InspectorEc2Exclusion", "Value": ""}]}
    launch(TagSpecifications=[excluded])
    assert statuses(inspector) == [("INACTIVE", "EXCLUDED_BY_TAG")]
    instance_id = launch()
    assert statuses(inspector)[1:] == [("ACTIVE", "SUCCESSFUL")]
    ec2.stop_instances(InstanceIds=[instance_id])
    assert statuses(inspector)[1:] == [("INACTIVE", "EC2_INSTANCE_STOPPED")]
    ec2.terminate_instances(InstanceIds=[instance_id])
    assert statuses(inspector)[1:] == [("INACTIVE", "RESOURCE_TERMINATED")]
    sandbox.pending_s = 3600
    launch()
    assert len(statuses(inspector)) == 2


def test_a_running_instance_waits_for_its_first_scan(
    sandbox: Sandbox, ec2: Any, inspector: Any, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SandboxInstanceState, "scanned", False)
    launch()
    (told,) = inspector.list_coverage()["coveredResources"]
    assert told["scanStatus"] == {"statusCode": "INACTIVE", "reason": "PENDING_INITIAL_SCAN"}
    assert "lastScannedAt" not in told
    with sandbox.vulnerable(HOME, *FOUND):
        assert inspector.list_findings()["findings"] == []


@pytest.mark.parametrize(
    ("criteria", "ids"),
    [
        ({}, ["CVE-2026-1111", "CVE-2026-2222"]),
        (equal(severity="HIGH"), ["CVE-2026-1111"]),
        (equal("NOT_EQUALS", severity="HIGH"), ["CVE-2026-2222"]),
        (equal("PREFIX", vulnerabilityId="CVE-2026-2"), ["CVE-2026-2222"]),
        (
            equal(findingStatus="ACTIVE", resourceType="AWS_EC2_INSTANCE"),
            ["CVE-2026-1111", "CVE-2026-2222"],
        ),
        (equal(findingStatus="SUPPRESSED"), []),
        (equal(resourceId="i-0123456789abcdef0"), []),
    ],
    ids=["none", "equal", "not equal", "a prefix", "two of them", "a status", "a resource"],
)
def test_findings_are_filtered(
    sandbox: Sandbox,
    ec2: Any,
    inspector: Any,
    launch: Launch,
    criteria: dict[str, Any],
    ids: list[str],
) -> None:
    launch()
    with sandbox.vulnerable(HOME, *FOUND):
        found = inspector.list_findings(filterCriteria=criteria)["findings"]
    assert [one["packageVulnerabilityDetails"]["vulnerabilityId"] for one in found] == ids
    assert inspector.list_findings()["findings"] == []


def test_findings_come_in_pages(sandbox: Sandbox, ec2: Any, inspector: Any, launch: Launch) -> None:
    launch()
    with sandbox.vulnerable(HOME, *FOUND):
        first = inspector.list_findings(maxResults=1)
        second = inspector.list_findings(maxResults=1, nextToken=first["nextToken"])
    (package,) = first["findings"][0]["packageVulnerabilityDetails"]["vulnerablePackages"]
    assert (package["version"], package["release"]) == ("8.0", "1")
    assert package["fixedInVersion"] == "NotAvailable"
    assert second["findings"][0]["fixAvailable"] == "YES"
    assert "nextToken" not in second


def test_an_instance_has_what_its_image_has(
    sandbox: Sandbox, inspector: Any, launch: Launch, source_id: str
) -> None:
    launch()
    by_name, by_id = FOUND
    by_name = structs.replace(by_name, images=("al2023-*",))
    for images, count in (((source_id,), 2), (("ami-0123456789abcdef0", "web"), 1)):
        with sandbox.vulnerable(HOME, by_name, structs.replace(by_id, images=images)):
            assert len(inspector.list_findings()["findings"]) == count


def test_what_is_not_emulated_is_said(inspector: Any) -> None:
    for asked in (
        {"filterCriteria": {"epssScore": [{"lowerInclusive": 0.5}]}},
        {"sortCriteria": {"field": "SEVERITY", "sortOrder": "DESC"}},
    ):
        with pytest.raises(ClientError, match="does not implement inspector2:ListFindings"):
            inspector.list_findings(**asked)


def test_a_call_is_recorded_and_refused_by_its_own_name(sandbox: Sandbox) -> None:
    unknown = sandbox.client("inspector2", access_key_id="AKIAUNKNOWN000000000")
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        unknown.list_coverage(maxResults=5)
    assert sandbox.calls[-1].name == "inspector2:ListCoverage"
    assert sandbox.calls[-1].parameters == {"maxResults": 5}
