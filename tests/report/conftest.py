"""What the reports are made of in these tests, and a terminal without settings of the caller."""

import io
from datetime import UTC, date, datetime

import pytest
from msgspec import structs

from goldenami.domain.audit.document import (
    Audit,
    Document,
    ImageUse,
    PlaceRead,
    RuleBroken,
    Since,
)
from goldenami.domain.audit.finding import Finding, Severity
from goldenami.domain.audit.rules import BY_ID
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.domain.audit.waivers import Waived, Waiver

ACCOUNT = "111122223333"


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
        rule="foreign-owner",
        severity=Severity.HIGH,
        subject=Subject(
            kind=Kind.INSTANCE,
            region="us-east-1",
            id="i-0000000000000002a",
            state="running",
            account=ACCOUNT,
            name="=1+1[red]\x1b[31m</script>|",
            image=ImageSeen(
                id="ami-1",
                name="theirs",
                owner="999988887777",
                state="available",
                created=datetime(2026, 11, 1, tzinfo=UTC),
            ),
            launched=datetime(2026, 11, 1, tzinfo=UTC),
            tags={"Name": "=1+1"},
        ),
        reason="the image belongs to 999988887777",
        change="new",
    )


@pytest.fixture
def document(finding: Finding) -> Document:
    """An audit of two regions and one that could not be read."""
    lesser = structs.replace(
        finding,
        rule="deprecated-image",
        severity=Severity.MEDIUM,
        subject=structs.replace(finding.subject, id="i-1", name="web"),
        reason="the image is deprecated since 2026-11-01",
        change="open",
    )
    waiver = Waiver(owner="network", reason="contract", expires=date(2026, 12, 31), instance="i-3")
    waived = structs.replace(finding, subject=structs.replace(finding.subject, id="i-3"), change="")
    audit = Audit(
        tool="goldenami 0.1.0",
        at=datetime(2026, 11, 23, 12, tzinfo=UTC),
        account=ACCOUNT,
        source="live",
        complete=False,
        places=(
            PlaceRead(
                account=ACCOUNT,
                region="us-east-1",
                subjects={"instance": 4},
                compliant=1,
                instances_compliant=1,
                findings=2,
                approved_images=("ami-0", "ami-9"),
            ),
            PlaceRead(
                account=ACCOUNT,
                region="eu-west-1",
                subjects={"instance": 1, "launch-template": 2},
                compliant=2,
                instances_compliant=1,
            ),
            PlaceRead(
                account=ACCOUNT,
                region="ap-south-1",
                unread=("instances: UnauthorizedOperation: \x1b]0;you\x07 :key: [b] <i>",),
            ),
        ),
        images=(
            ImageUse(
                region="us-east-1",
                image=finding.subject.image,
                subjects=3,
                instances=3,
                findings={"foreign-owner": 2, "deprecated-image": 1},
                worst=Severity.HIGH,
            ),
            ImageUse(
                region="eu-west-1",
                image=ImageSeen(id="ami-0", name="web-1", owner=ACCOUNT, state="available"),
                golden="web 1",
                subjects=4,
                instances=2,
                compliant=4,
            ),
        ),
        rules=tuple(_broken(rule) for rule in ("foreign-owner", "deprecated-image")),
        rules_asked=("foreign-owner", "deprecated-image", "unresolved-image", "guardrail-changed"),
        approved_by_list=("ami-9",),
        open_findings=2,
        waived_findings=1,
        waivers_expired=(structs.replace(waiver, expires=date(2026, 1, 31)),),
        waivers_unused=(structs.replace(waiver, instance=None, tag="Role=bastion"),),
        since=Since(
            at=datetime(2026, 11, 22, 12, tzinfo=UTC),
            new=1,
            open=1,
            fixed=1,
            unknown=2,
            fixed_findings=(f"{ACCOUNT}/us-east-1/instance/i-9/foreign-owner",),
            read_again=("444455556666/*",),
        ),
    )
    return Document(audit, (lesser, finding), (Waived(finding=waived, waiver=waiver),))


@pytest.fixture
def clean_document(document: Document) -> Document:
    """The same, read completely and without any finding."""
    audit = structs.replace(
        document.audit,
        complete=True,
        places=document.audit.places[1:2],
        images=document.audit.images[1:],
        rules=(),
        open_findings=0,
        waived_findings=0,
        waivers_expired=(),
        waivers_unused=(),
        since=None,
    )
    return Document(audit, (), ())


def _broken(rule_id: str) -> RuleBroken:
    rule = BY_ID[rule_id]
    return RuleBroken(
        id=rule.id,
        title=rule.title,
        severity=rule.severity,
        explanation=rule.explanation,
        fix=rule.fix,
        controls=rule.controls,
        findings=1,
    )
