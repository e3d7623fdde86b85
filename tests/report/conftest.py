"""What the reports are made of in these tests, and a terminal without settings of the caller."""

import io
from datetime import UTC, date, datetime

import pytest
from msgspec import structs

from goldenami.domain.audit import Audit, RegionRead
from goldenami.domain.verdict import Finding, Instance, Severity
from goldenami.domain.waivers import Waived, Waiver


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def finding() -> Finding:
    """A finding with an awkward name: a formula, markup, an escape code."""
    return Finding(
        rule="wrong-owner",
        severity=Severity.HIGH,
        instance=Instance(
            region="us-east-1",
            id="i-2",
            state="running",
            account="111122223333",
            image_id="ami-1",
            name="=1+1[red]\x1b[31m",
            image_name="theirs",
            image_owner="999988887777",
            image_state="available",
            launched=datetime(2026, 11, 1, tzinfo=UTC),
            tags={"Name": "=1+1"},
        ),
        reason="the image belongs to 999988887777",
        fix="replace it",
    )


@pytest.fixture
def document(finding: Finding) -> Audit:
    """An audit of two regions and one that could not be read."""
    lesser = structs.replace(
        finding,
        rule="deprecated-image",
        severity=Severity.MEDIUM,
        instance=structs.replace(finding.instance, id="i-1", name="web"),
        reason="the image is deprecated since 2026-11-01",
    )
    waiver = Waiver(owner="network", reason="contract", expires=date(2026, 12, 31), instance="i-3")
    return Audit(
        tool="goldenami 0.1.0",
        at=datetime(2026, 11, 23, 12, tzinfo=UTC),
        account="111122223333",
        complete=False,
        regions=(
            RegionRead(
                region="us-east-1", instances=4, compliant=1, approved_images=("ami-0", "ami-9")
            ),
            RegionRead(region="eu-west-1", instances=1, compliant=1),
            RegionRead(
                region="ap-south-1", unread="UnauthorizedOperation: \x1b]0;you\x07 :key: [b]"
            ),
        ),
        approved_by_list=("ami-9",),
        findings=(lesser, finding),
        waived=(Waived(finding=finding, waiver=waiver),),
        waivers_expired=(structs.replace(waiver, expires=date(2026, 1, 31)),),
        waivers_unused=(structs.replace(waiver, instance=None, tag="Role=bastion"),),
    )


@pytest.fixture
def clean_document(document: Audit) -> Audit:
    """The same, read completely and without any finding."""
    return structs.replace(
        document,
        complete=True,
        regions=document.regions[1:2],
        findings=(),
        waived=(),
        waivers_expired=(),
        waivers_unused=(),
    )
