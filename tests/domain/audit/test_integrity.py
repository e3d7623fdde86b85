"""Only a document that an audit can have written is acted on."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from goldenami.domain.audit import audit_file
from goldenami.domain.audit.document import Audit, Document, PlaceRead, RuleBroken
from goldenami.domain.audit.finding import Finding, Severity
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.domain.audit.waivers import Waived, Waiver
from goldenami.errors import SpecError
from goldenami.report.audit import as_json

ACCOUNT = "111122223333"
FINDING = Finding(
    rule="foreign-owner",
    severity=Severity.HIGH,
    subject=Subject(
        kind=Kind.INSTANCE,
        account=ACCOUNT,
        region="us-east-1",
        id="i-0123456789abcdef0",
        image=ImageSeen(id="ami-1", created=datetime(2026, 11, 1, 12, 0, 0, 5, tzinfo=UTC)),
        tags={"b": "é\u2028", "a": "2"},
    ),
    reason="the image belongs to 999988887777",
)
WAIVER = Waiver(owner="me", reason="r", expires=date(2026, 12, 31), account=ACCOUNT)
AUDIT = Audit(
    tool="goldenami 0.1.0",
    at=datetime(2026, 11, 23, tzinfo=UTC),
    account=ACCOUNT,
    source="live",
    complete=True,
    places=(
        PlaceRead(
            account=ACCOUNT, region="us-east-1", subjects={"z": 1, "instance": 2}, findings=1
        ),
    ),
    rules=(
        RuleBroken(
            id="foreign-owner", title="t", severity=Severity.HIGH, explanation="e", fix="f",
            controls=(), findings=1,
        ),
    ),
    open_findings=1,
    waived_findings=1,
)  # fmt: skip


def of_kind(kind: Kind, subject_id: str) -> Finding:
    subject = structs.replace(FINDING.subject, kind=kind, id=subject_id)
    return structs.replace(FINDING, subject=subject)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a document as an audit does."""

    def write(finding: Finding = FINDING, **changes: Any) -> Path:
        path = tmp_path / "audit.json"
        waived = (Waived(finding=FINDING, waiver=WAIVER),)
        with path.open("w") as out:
            as_json.write(Document(structs.replace(AUDIT, **changes), (finding,), waived), out)
        return path

    return write


def test_what_an_audit_wrote_is_taken_whatever_its_white_space_and_order_of_keys(
    write: Any,
) -> None:
    path = write()
    assert audit_file.load_whole(path).findings == (FINDING,)
    data = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(data.items())), indent=7, sort_keys=True))
    assert audit_file.load_whole(path).findings == (FINDING,)


def leaves(data: Any, *at: Any) -> list[tuple[Any, ...]]:
    if isinstance(data, dict | list):
        items = data.items() if isinstance(data, dict) else enumerate(data)
        return [leaf for key, value in items for leaf in leaves(value, *at, key)]
    return [at]


def other(value: Any) -> Any:
    """Another value of the same type; None for what has only the one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return f"{value[:-1]}{'1' if value[-1:] == '0' else '0'}" if value else "x"


def test_a_document_of_which_anything_was_changed_is_refused(write: Any) -> None:
    """Every single value of it, wherever it stands."""
    path = write()
    whole = path.read_text()
    places = leaves(json.loads(whole))
    assert len(places) > 40
    for *parents, last in places:
        data = part = json.loads(whole)
        for parent in parents:
            part = part[parent]
        if part[last] is None:
            continue
        part[last] = other(part[last])
        path.write_text(json.dumps(data))
        with pytest.raises(SpecError):
            audit_file.load_whole(path)


IDS = {
    Kind.INSTANCE: ("i-0123456789abcdef0", "i-0123456789abcdef"),
    Kind.LAUNCH_TEMPLATE: ("lt-0123456789abcdef0:12", "lt-0123456789abcdef0"),
    Kind.LAUNCH_CONFIGURATION: ("web", ""),
    Kind.AUTO_SCALING_GROUP: ("web servers/1#2", "x" * 300),
    Kind.FLEET: ("fleet-01234567-0123-0123-0123-0123456789ab#2", "fleet-1"),
    Kind.SPOT_FLEET: ("sfr-01234567-0123-0123-0123-0123456789ab", "sfr-"),
    Kind.NODE_GROUP: ("cluster/group", "cluster"),
    Kind.SETTING: ("allowed-amis", "; rm"),
    Kind.GUARDRAIL: ("arn:aws:iam::111122223333:policy/guardrail", ""),
    Kind.PARAMETER: ("/golden-ami/web", "; rm"),
    Kind.IMAGE: ("ami-0123456789abcdef0", "ami-1"),
    Kind.SPOT_REQUEST: ("sir-8456a32b", "sir-"),
}


@pytest.mark.parametrize("kind", Kind)
def test_an_id_has_the_form_of_its_kind(write: Any, kind: Kind) -> None:
    good, bad = IDS[kind]
    assert audit_file.load_whole(write(of_kind(kind, good))).findings[0].subject.id == good
    with pytest.raises(SpecError, match=f"is no id of a thing of the kind {kind.value}"):
        audit_file.load_whole(write(of_kind(kind, bad)))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"places": (structs.replace(AUDIT.places[0], region="eu-west-1"),)}, "did not look"),
        (
            {"places": (*AUDIT.places, PlaceRead(account="12", region="us-east-1"))},
            "`12/us-east-1` is no region of an account",
        ),
        (
            {"places": (*AUDIT.places, PlaceRead(account=ACCOUNT, region="a.b/c"))},
            "a.b/c` is no region of an account",
        ),
        ({"open_findings": 2}, "it counts other findings than it lists"),
        ({"waived_findings": 0}, "it counts other findings than it lists"),
        ({"places": (structs.replace(AUDIT.places[0], findings=2),)}, "of its places and rules"),
        ({"rules": ()}, "of its places and rules"),
    ],
)
def test_a_document_whose_parts_do_not_fit_is_refused_though_its_digest_does(
    write: Any, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(SpecError, match=says) as error:
        audit_file.load_whole(write(**changes))
    assert "audit again" in error.value.fix


def test_a_document_without_a_digest_can_be_compared_with_and_not_acted_on(write: Any) -> None:
    path = write()
    data = json.loads(path.read_text())
    del data["digest"]
    path.write_text(json.dumps(data))
    assert audit_file.load(path).findings == (FINDING,)
    with pytest.raises(SpecError, match="it has no digest"):
        audit_file.load_whole(path)
