"""Places are read side by side: one that fails, a bug or Ctrl-C leaves none of them hanging."""

import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import pytest

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved, Produced
from goldenami.domain.audit.document import Document
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.domain.choices import AuditPart
from goldenami.errors import AwsError, InterruptedRunError
from goldenami.workflows.audit import auditing
from goldenami.workflows.audit.account_regions import AuditedPlaces
from goldenami.workflows.audit.judging import AuditProgress
from goldenami.workflows.audit.question import AuditQuestion, AuditScope
from goldenami.workflows.audit.sources import Batch, Batches, GoldenImages

ACCOUNT = "111122223333"
MAIN = threading.main_thread().ident or 0
ENDLESS = 1_000_000
REGIONS = ("us-east-1", "us-east-2", "eu-west-1", "eu-west-2")
GOLDEN = Produced(
    id="ami-1", image="web", version="1", created=None, approved=True, candidate=False
)  # fmt: skip


class Fake:
    """A source with one endless listing a region, or with one that ends in an error."""

    name = "fake"
    account = ACCOUNT
    scope = AuditScope(frozenset({AuditPart.INSTANCES}))

    def __init__(self, *, error: Exception | None = None, interrupt: bool = False) -> None:
        self._error = error
        self._interrupt = interrupt
        self.open: set[AccountRegion] = set()

    def places(self) -> AuditedPlaces:
        return AuditedPlaces(tuple(AccountRegion(ACCOUNT, region) for region in REGIONS))

    def goldens(self, places: Sequence[AccountRegion]) -> GoldenImages:
        return GoldenImages({place: {"ami-1": GOLDEN} for place in places})

    def listed(self, region: str) -> Mapping[str, str]:
        return {}

    def parts(self, place: AccountRegion, approved: Approved) -> Iterator[tuple[str, Batches]]:
        yield "instances", self._batches(place)
        yield "the rest", (batch for batch in [Batch(subjects=[subject(place, 99)])])

    def _batches(self, place: AccountRegion) -> Batches:
        self.open.add(place)
        try:
            number = 0
            while number < (3 if self._error else ENDLESS):
                yield Batch(subjects=[subject(place, number)])
                number += 1
                if self._interrupt and len(self.open) == len(REGIONS):
                    self._interrupt = False
                    signal.pthread_kill(MAIN, signal.SIGINT)
            raise self._error or AssertionError("nobody stopped it")
        finally:
            self.open.discard(place)


def subject(place: AccountRegion, number: int) -> Subject:
    image = ImageSeen(id="ami-1", owner=ACCOUNT, state="available")
    return Subject(
        kind=Kind.INSTANCE,
        account=place.account,
        region=place.region,
        id=f"i-{number}",
        image=image,
    )


def test_a_part_that_fails_leaves_what_came_before_and_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = Fake(error=AwsError("the third page is broken"))
    progress = AuditProgress()
    assert progress.text == "looking for golden images"
    document = audited(monkeypatch, source, progress)
    assert [one.subjects for one in document.audit.places] == [{"instance": 4}] * 4
    assert {one.unread for one in document.audit.places} == {
        ("instances: the third page is broken",)
    }
    assert "foreign-owner" in document.audit.rules_asked
    assert not {"guardrail-changed", "outdated-image"} & set(document.audit.rules_asked)
    assert progress.text == "4 of 4 places read, 16 instances and launches"


def test_ctrl_c_stops_every_listing_and_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Fake(interrupt=True)
    with pytest.raises(InterruptedRunError, match="nothing is written"):
        audited(monkeypatch, source, AuditProgress())
    assert eventually_closed(source)


def test_a_bug_in_one_place_ends_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Fake(error=ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        audited(monkeypatch, source, AuditProgress())
    assert source.open == set()


def eventually_closed(source: Fake) -> bool:
    """A thread that Ctrl-C meets while it starts is not waited for; it ends all the same."""
    for _ in range(1_000):
        if not source.open:
            return True
        time.sleep(0.01)
    return False


def audited(monkeypatch: pytest.MonkeyPatch, source: Fake, progress: AuditProgress) -> Document:
    monkeypatch.setattr(auditing, "_source", lambda *_: source)
    return auditing.audit(None, AuditQuestion(), progress=progress)
