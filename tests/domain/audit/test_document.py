"""The audit's document adds up its places, and is read back from a file."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from goldenami.domain.audit import audit_file
from goldenami.domain.audit.document import Audit, PlaceRead
from goldenami.errors import SpecError

ACCOUNT = "111122223333"
READ = PlaceRead(
    account=ACCOUNT,
    region="us-east-1",
    subjects={"instance": 5, "launch-template": 2},
    compliant=4,
    instances_compliant=3,
)
OTHER = PlaceRead(
    account="444455556666",
    region="eu-west-1",
    subjects={"instance": 2},
    compliant=2,
    instances_compliant=2,
)
UNREAD = PlaceRead(account=ACCOUNT, region="ap-south-1", unread=("UnauthorizedOperation",))


def test_an_audit_counts_over_its_places_and_names_those_it_knows_nothing_of() -> None:
    audit = Audit(
        tool="goldenami 1",
        at=datetime(2026, 11, 23, tzinfo=UTC),
        account=ACCOUNT,
        source="live",
        complete=False,
        places=(READ, OTHER, UNREAD),
    )
    assert (audit.instances, audit.subjects, audit.compliant) == (7, 9, 5)
    assert audit.unread == (UNREAD,)
    assert audit.accounts == (ACCOUNT, "444455556666")
    assert audit.by_severity == {}
    assert audit.schema == "goldenami.audit/v1"


def test_a_file_that_is_no_audit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    path.write_text('{"schema": "goldenami.audit/v9"}')
    with pytest.raises(SpecError, match="is no audit"):
        audit_file.load(path)
