"""The scan of an instance by Amazon Inspector, on the sandbox."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from msgspec import structs

from goldenami.aws import inspector, waits
from goldenami.aws.action import ActionContext
from goldenami.aws.session import Aws
from goldenami.domain import vulnerabilities
from goldenami.errors import AwsError, BakeError
from goldenami_sandbox import catalogue
from goldenami_sandbox.ec2.instance_state import SandboxInstanceState
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.vulnerabilities import Vulnerability

HOME = "us-east-1"
XZ = Vulnerability(
    id="CVE-2024-3094", severity="CRITICAL", package="xz", version="5.6.0-1.amzn2023",
    fixed_in="0:5.6.1-1.amzn2023",
)  # fmt: skip
CURL = Vulnerability(id="CVE-2026-1111", severity="HIGH", package="curl", version="8.0")
VIM = Vulnerability(id="CVE-2026-2222", severity="MEDIUM", package="vim", version="9.1")
NEW = Vulnerability(id="CVE-2026-3333", severity="UNTRIAGED", package="bash", version="5.2")
HIDDEN = Vulnerability(
    id="CVE-2026-4444", severity="CRITICAL", package="zlib", version="1", suppressed=True
)
Scanning = Callable[..., tuple[ActionContext, list[str]]]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "FIRST_POLL_S", 0.005)


@pytest.fixture
def scanning(sandbox: Sandbox) -> Scanning:
    """Launch an instance; make what its scan is performed with, and the progress it tells."""
    sandbox.pending_s = 0
    sandbox.client("inspector2").enable(resourceTypes=["EC2"])

    def make(tag: str = "", **parameters: Any) -> tuple[ActionContext, list[str]]:
        specification = {"ResourceType": "instance", "Tags": [{"Key": tag or "a", "Value": ""}]}
        launched = sandbox.client("ec2").run_instances(
            ImageId=catalogue.IMAGES[0].id_in(HOME), InstanceType="t3.micro",
            MinCount=1, MaxCount=1, TagSpecifications=[specification],
        )  # fmt: skip
        given = {"severity": "high", "ignore": [], "timeout_s": 5.0, "deadline": "x"} | parameters
        told: list[str] = []
        doing = ActionContext(
            regional=Aws(region=HOME).in_region(HOME),
            summary="scan it",
            parameters={"InstanceId": launched["Instances"][0]["InstanceId"], **given},
            cancelled=Event(),
            progress=told.append,
        )
        return doing, told

    return make


def test_an_account_that_inspector_scans_is_fine(sandbox: Sandbox) -> None:
    sandbox.client("inspector2").enable(resourceTypes=["EC2"])
    checked = inspector.check(Aws(region=HOME).in_region(HOME))
    assert checked.fine == ("Amazon Inspector scans instances in us-east-1",)
    (wrong,) = inspector.check(Aws(region=HOME).in_region("eu-west-1")).wrong
    assert "does not scan instances in eu-west-1 (DISABLED): enable it with" in wrong


def test_an_account_that_inspector_may_not_be_asked_about_is_a_problem(sandbox: Sandbox) -> None:
    with sandbox.fail(Fault(service="inspector2", operation="*", code="AccessDeniedException")):
        (wrong,) = inspector.check(Aws(region=HOME).in_region(HOME)).wrong
    assert wrong.startswith("test.scan: looking at Amazon Inspector in us-east-1: ")
    assert "AccessDeniedException" in wrong


def test_what_inspector_cannot_tell_of_an_account_is_told_with_its_reason(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Client:
        def batch_get_account_status(self, **_: Any) -> Any:
            return {"accounts": [], "failedAccounts": [{"errorMessage": "isolated"}]}

    aws = Aws(region=HOME)
    assert aws.account  # asked before the client is another one
    monkeypatch.setattr(aws, "client", lambda *_: Client())
    assert "(isolated)" in inspector.check(aws.in_region(HOME)).wrong[0]


def test_findings_below_the_limit_are_counted_and_the_worst_told_first(
    sandbox: Sandbox, scanning: Scanning
) -> None:
    doing, told = scanning(ignore=["CVE-2024-3094"])
    with sandbox.vulnerable(HOME, NEW, VIM, XZ, HIDDEN, VIM):
        assert inspector.scan(doing) == {"findings": {"medium": 2, "untriaged": 1}}
    assert told == []


def test_findings_of_the_limit_and_worse_fail_the_scan_and_are_listed(
    sandbox: Sandbox, scanning: Scanning
) -> None:
    doing, _ = scanning()
    with (
        sandbox.vulnerable(HOME, VIM, CURL, XZ),
        pytest.raises(BakeError, match="finds 2 vulnerabilities of severity high or wo") as failed,
    ):
        inspector.scan(doing)
    assert failed.value.notes == (
        "critical CVE-2024-3094 in xz 5.6.0-1.amzn2023 (fixed in 0:5.6.1-1.amzn2023): "
        "CVE-2024-3094 - xz",
        "high CVE-2026-1111 in curl 8.0: CVE-2026-1111 - curl",
    )
    assert "test.scan.ignore" in failed.value.fix


@pytest.mark.parametrize("severity", ["low", "medium", "critical"])
def test_the_limit_is_the_lowest_severity_that_fails(
    sandbox: Sandbox, scanning: Scanning, severity: str
) -> None:
    doing, _ = scanning(severity=severity)
    with sandbox.vulnerable(HOME, VIM):
        if severity == "critical":
            assert inspector.scan(doing) == {"findings": {"medium": 1}}
        else:
            with pytest.raises(BakeError, match="finds a vulnerability of severity"):
                inspector.scan(doing)


def test_of_many_findings_on_several_pages_the_worst_are_listed(
    sandbox: Sandbox, scanning: Scanning
) -> None:
    many = [
        Vulnerability(id=f"CVE-2026-{number}", severity="HIGH", package="p", version="1")
        for number in range(1000, 1150)
    ]
    doing, _ = scanning()
    with sandbox.vulnerable(HOME, *many, XZ), pytest.raises(BakeError) as failed:
        inspector.scan(doing)
    assert failed.value.message.endswith("finds 151 vulnerabilities of severity high or worse")
    assert len(failed.value.notes) == vulnerabilities.LISTED + 1
    assert failed.value.notes[0].startswith("critical CVE-2024-3094")
    assert failed.value.notes[-1] == "and 131 more, less or equally severe"


def test_a_scan_is_waited_for(scanning: Scanning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SandboxInstanceState, "scanned", False)
    doing, told = scanning()

    def tell(text: str) -> None:
        told.append(text)
        monkeypatch.setattr(SandboxInstanceState, "scanned", True)

    assert inspector.scan(structs.replace(doing, progress=tell)) == {"findings": {}}
    assert told == ["PENDING_INITIAL_SCAN"]


def test_a_deadline_that_passes_tells_how_far_the_scan_was(
    sandbox: Sandbox, scanning: Scanning
) -> None:
    sandbox.pending_s = 3600
    doing, _ = scanning(timeout_s=0.01)
    with pytest.raises(BakeError, match=r"the scan of i-\w+ not ready .*not known to Inspector"):
        inspector.scan(doing)


def test_an_instance_that_inspector_will_never_scan_fails_at_once(scanning: Scanning) -> None:
    doing, _ = scanning(tag="InspectorEc2Exclusion", timeout_s=3600)
    with pytest.raises(BakeError, match=r"does not scan i-\w+: EXCLUDED_BY_TAG"):
        inspector.scan(doing)


def test_findings_that_may_not_be_read_are_an_error(sandbox: Sandbox, scanning: Scanning) -> None:
    doing, _ = scanning()
    denied = Fault(service="inspector2", operation="ListFindings", code="AccessDeniedException")
    with sandbox.fail(denied), pytest.raises(AwsError, match="AccessDeniedException"):
        inspector.scan(doing)
