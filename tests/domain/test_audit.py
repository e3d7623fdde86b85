"""The audit's document adds up its regions."""

from datetime import UTC, datetime

from goldenami.domain.audit import Audit, RegionRead

READ = RegionRead(region="us-east-1", instances=5, compliant=3, approved_images=("ami-1",))
EMPTY = RegionRead(region="eu-west-1", instances=2, compliant=2)
UNREAD = RegionRead(region="ap-south-1", unread="UnauthorizedOperation")


def test_an_audit_counts_over_its_regions_and_names_those_it_knows_nothing_of() -> None:
    audit = Audit(
        tool="goldenami 1",
        at=datetime(2026, 11, 23, tzinfo=UTC),
        account="111122223333",
        complete=False,
        regions=(READ, EMPTY, UNREAD),
        approved_by_list=(),
        findings=(),
    )
    assert (audit.instances, audit.compliant, audit.unread) == (7, 5, (UNREAD,))
    assert audit.schema == "goldenami.audit/v1"
