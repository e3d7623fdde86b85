"""Which image a refresh may bring: one that the audit itself holds nothing against."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec import structs

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved, Produced
from goldenami.domain.choices import RemediationKind
from goldenami.domain.image import Image
from goldenami.errors import LeftAloneError
from goldenami.workflows.audit.question import AuditQuestion
from goldenami.workflows.audit.reassessment import Judgement
from goldenami.workflows.audit.sources import GoldenImages
from goldenami.workflows.remediate.interface import RemediationRequest
from goldenami.workflows.remediate.refresh import usable
from goldenami.workflows.remediate.verdicts import Verdicts

ACCOUNT, REGION = "111122223333", "us-east-1"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
GOLDEN = Produced(
    id="ami-1", image="web", version="1", created=NOW, approved=True, candidate=False
)  # fmt: skip
IMAGE = Image(
    region=REGION, id="ami-1", name="web-1", owner=ACCOUNT, state="available",
    architecture="x86_64", created=NOW - timedelta(days=100),
)  # fmt: skip


def court(golden: Produced) -> Verdicts:
    approved = Approved(
        produced={REGION: {golden.id: golden}},
        owners=frozenset({ACCOUNT}),
        account=ACCOUNT,
        at=NOW,
        max_age=timedelta(days=90),
    )
    judgement = Judgement(
        approved=approved, goldens=GoldenImages({}), subjects={}, open={}, waived={},
        baking=frozenset(), unread={}, rules=frozenset(),
    )  # fmt: skip
    regional = SimpleNamespace(region=REGION)
    aws = cast(Any, SimpleNamespace(account=ACCOUNT, in_region=lambda _: regional))
    request = RemediationRequest(kind=RemediationKind.REFRESH)
    return Verdicts(aws, AuditQuestion(), request, judgement, AccountRegion(ACCOUNT, REGION))


def test_the_newest_golden_image_may_be_old() -> None:
    assert usable(court(GOLDEN), IMAGE) == IMAGE


@pytest.mark.parametrize(
    ("golden", "image", "says"),
    [
        (GOLDEN, None, "there is no approved image in this region"),
        (
            GOLDEN,
            structs.replace(IMAGE, deprecated_at=NOW - timedelta(days=1)),
            "ami-1 cannot take its place: the image is deprecated since 2026-11-22",
        ),
        (
            structs.replace(GOLDEN, forged="it lacks a tag"),
            IMAGE,
            "ami-1 cannot take its place: ",
        ),
        (structs.replace(GOLDEN, approved=False), IMAGE, "ami-1 cannot take its place: "),
    ],
)
def test_an_image_that_the_audit_holds_something_against_takes_no_ones_place(
    golden: Produced, image: Image | None, says: str
) -> None:
    with pytest.raises(LeftAloneError, match=says):
        usable(court(golden), image)
