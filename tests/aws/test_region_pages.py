"""Big regions are listed in partitions, side by side: each instance once, none missed."""

import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore, Lock
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.aws.big_region import ZONES, BigRegion, Call, Held

from goldenami.aws import inventory, region_pages
from goldenami.aws.instances_by_image import SomeInstances
from goldenami.aws.inventory import InstanceInventory, PageElsewhere, PageRequest, answered
from goldenami.aws.pacer import Pacer
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.subject import ImageSeen
from goldenami.errors import AwsError

ALIVE = ("pending", "running", "stopping", "stopped")
STATES = (*ALIVE, "shutting-down", "terminated")
PLACES = ("us-east-1a", "us-east-1b", "us-east-1-bos-1a")
SIZE = 5


class Seen:
    """Shows every image."""

    def of(self, ids: Any) -> Mapping[str, ImageSeen]:
        return {image: ImageSeen(id=image, state="available") for image in ids}


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_METADATA", "_RESERVATIONS"):
        smaller = structs.replace(getattr(inventory, name), size=SIZE)
        monkeypatch.setattr(inventory, name, smaller)
    monkeypatch.setattr(Pacer, "wait", lambda _: None)


def fleet(number: int, *, seed: int = 1, zones: Sequence[str] = PLACES) -> list[Held]:
    """Return instances in all states and zones."""
    chance = random.Random(seed)
    return [
        Held(f"i-{chance.getrandbits(68):017x}", chance.choice(zones), chance.choice(STATES))
        for _ in range(number)
    ]


def alive(several: Sequence[Held]) -> Counter[str]:
    return Counter(each.id for each in several if each.state in ALIVE)


def listed(aws: BigRegion, workers: int = 4) -> list[str]:
    with ThreadPoolExecutor(workers) as pool:
        return [each.id for some in _batches(aws, pool) for each in some.subjects]


def _batches(aws: BigRegion, pool: ThreadPoolExecutor) -> Any:
    return InstanceInventory(aws, pool).instances(Seen())  # type: ignore[arg-type]


class AnotherReader:
    """Reads all pages, and tells no more of them than their requests ask to be told."""

    def __init__(self, aws: BigRegion) -> None:
        self._aws = aws

    def page(self, _: AccountRegion, request: PageRequest) -> PageElsewhere:
        page = answered(self._aws, request)  # type: ignore[arg-type]
        ids = Future[list[str]]()
        ids.set_result(page.ids)
        return PageElsewhere(page.token, page.texts(request.elements), ids)


def partitions(aws: BigRegion) -> list[str]:
    """Return the values of the partitions that were listed, in order."""
    values = [
        value
        for call in aws.calls
        for name in ("instance-id", "availability-zone")
        for value in call.filters.get(name, ())
    ]
    return list(dict.fromkeys(values))


@given(
    st.lists(
        st.builds(
            Held,
            st.integers(0, 16**17 - 1).map(lambda number: f"i-{number:017x}"),
            st.sampled_from(PLACES), st.sampled_from(STATES),
        ),
        max_size=200, unique_by=lambda held: held.id,
    ),
    st.booleans(), st.booleans(), st.booleans(),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_each_instance_of_any_fleet_comes_once_whatever_the_endpoint_heeds(
    several: list[Held], wildcards: bool, old: bool, heeded: bool
) -> None:
    heeds = ("instance-state-name", "instance-id", "availability-zone") if heeded else ()
    aws = BigRegion(several, zones=PLACES, heeds=heeds, wildcards=wildcards, old=old)
    assert Counter(listed(aws)) == alive(several)


@pytest.mark.parametrize("size", [4, 30, 900])
@pytest.mark.parametrize("wildcards", [True, False], ids=["ids", "zones"])
@pytest.mark.parametrize("heeds", [(), ("instance-state-name", "instance-id", "availability-zone")])
def test_pages_that_are_read_elsewhere_are_proved_by_what_is_told_of_them(
    size: int, wildcards: bool, heeds: Sequence[str]
) -> None:
    aws = BigRegion(several := fleet(size), zones=PLACES, heeds=heeds, wildcards=wildcards)
    with ThreadPoolExecutor(4) as pool:
        inventory = InstanceInventory(aws, pool, others=AnotherReader(aws))  # type: ignore[arg-type]
        pages = [some.elsewhere for some in inventory.instances(Seen())]  # type: ignore[arg-type]
    ids = Counter(each for page in pages if page for each in page.result())
    assert ids == (alive(several) if heeds else Counter(each.id for each in several))


@pytest.mark.parametrize("old", [False, True], ids=["metadata", "instances"])
def test_a_big_region_is_listed_by_the_last_digit_of_the_ids(old: bool) -> None:
    several = fleet(900)
    aws = BigRegion(several, old=old)
    assert Counter(listed(aws)) == alive(several)
    probe, *digits = partitions(aws)
    assert len(probe) == 3
    assert sorted(digits) == [f"*{digit}" for digit in "0123456789abcdef"]
    again = SIZE + sum(each.endswith(probe[1:]) for each in alive(several))
    assert aws.served == alive(several).total() + again  # the first page, and the probe
    assert ZONES not in {call.name for call in aws.calls}


def test_a_region_of_few_pages_is_listed_in_sequence() -> None:
    aws = BigRegion(several := fleet(30))
    assert Counter(listed(aws)) == alive(several)
    assert len(partitions(aws)) == 1
    assert len(aws.calls) == -(-alive(several).total() // SIZE) + 1


def test_a_region_of_one_page_takes_one_call() -> None:
    aws = BigRegion(several := [Held(f"i-{number}") for number in range(SIZE)])
    assert Counter(listed(aws)) == alive(several)
    assert len(aws.calls) == 1


def test_instances_that_are_asked_for_by_id_are_not_divided() -> None:
    aws = BigRegion(several := fleet(100))
    with ThreadPoolExecutor(1) as pool:
        ids = list(alive(several))
        inventory = InstanceInventory(aws, pool, ids)  # type: ignore[arg-type]
        some = inventory.instances(Seen())  # type: ignore[arg-type]
        rows = [subject.id for each in some for subject in each.subjects]
    assert sorted(rows) == sorted(ids)
    assert partitions(aws) == sorted(ids)


def test_where_ids_know_no_wildcards_all_zones_are_listed_those_first_that_have_most() -> None:
    first = [Held(f"i-{n:017x}", zone) for n, zone in enumerate([*PLACES, *PLACES[1:2] * 2])]
    several = [*first, *fleet(200)]
    zones = ("us-east-1-wl1-bos-wlz-1", *PLACES)
    aws = BigRegion(several, zones=zones, wildcards=False)
    assert Counter(listed(aws)) == alive(several)
    assert set(partitions(aws)[1:]) == set(zones)
    assert partitions(aws)[1] == "us-east-1b"


def denied(call: Call) -> None:
    if call.name == ZONES:
        raise AwsError("no", code="UnauthorizedOperation")


def odd(call: Call) -> None:
    if any("*" in value for value in call.ids):
        raise AwsError("no", code="InvalidInstanceID.Malformed")


def no_zones(call: Call) -> None:
    odd(call)
    if "availability-zone" in call.filters:
        raise AwsError("no", code="InvalidParameterValue")


@pytest.mark.parametrize(
    "how",
    [
        {"zones": PLACES[:2], "wildcards": False},
        {"zones": PLACES, "wildcards": False, "fleet": fleet(200, zones=PLACES[:1])},
        {"heeds": ["instance-state-name"], "zones": PLACES},
        {"wildcards": False, "zones": PLACES, "before": denied},
        {"before": odd, "zones": PLACES[:2]},
        {"before": no_zones, "zones": PLACES},
    ],
    ids=[
        "a zone that is not listed", "one zone", "no filter is heeded", "zones are denied",
        "patterns are refused", "every partition is refused",
    ],
)  # fmt: skip
def test_where_partitions_prove_nothing_the_region_is_listed_in_sequence(
    how: Mapping[str, Any],
) -> None:
    several = how.get("fleet", [Held("i-00000000000000001", PLACES[2]), *fleet(199)])
    aws = BigRegion(**{"fleet": several, **how})
    assert Counter(listed(aws)) == alive(several)
    following = [call for call in aws.calls if call.token]
    whole = [call for call in following if not call.ids and "availability-zone" not in call.filters]
    assert len(whole) == -(-alive(several).total() // SIZE) - 1
    assert len(following) - len(whole) <= 1  # asked for while the page before it was looked at


@pytest.mark.parametrize("zones", [True, False], ids=["zones", "nothing"])
def test_ids_that_end_in_no_digits_are_no_partitions(zones: bool) -> None:
    class Unzoned(BigRegion):
        """Tells the zone of no instance."""

        def _page(self, call: Call, size: int) -> dict[str, Any]:
            answer = super()._page(call, size)
            answer["InstanceImageMetadata"].texts = lambda element: (
                [row["InstanceId"] for row in answer["InstanceImageMetadata"]]
                if element == "instanceId"
                else []
            )
            return answer

    several = [structs.replace(each, id=f"{each.id}-x") for each in fleet(200)]
    aws = (BigRegion if zones else Unzoned)(several, zones=PLACES)
    assert Counter(listed(aws)) == alive(several)
    assert set(partitions(aws)) == (set(PLACES) if zones else set())


def test_an_endpoint_that_filters_page_by_page_is_listed_in_sequence() -> None:
    class PageByPage(BigRegion):
        """Applies filters to what a page has."""

        def _page(self, call: Call, size: int) -> dict[str, Any]:
            filters = {"instance-state-name": call.filters["instance-state-name"]}
            answer = super()._page(structs.replace(call, filters=filters), size)
            rows = answer["InstanceImageMetadata"]
            kept = [each for each in rows._several if self._matches(each, call.filters)]
            ids = {each.id for each in kept}
            answer["InstanceImageMetadata"] = type(rows)(
                [row for row in rows if row["InstanceId"] in ids], kept
            )
            return answer

    several = fleet(200)
    aws = PageByPage(several)
    assert Counter(listed(aws)) == alive(several)
    assert len(partitions(aws)) == 1


@pytest.mark.parametrize("zones", [False, True], ids=["ids", "zones"])
def test_a_partition_that_lacks_an_instance_is_an_error(zones: bool) -> None:
    several = [structs.replace(each, state="running") for each in fleet(1_000)]
    lacking = max(several[:SIZE], key=lambda each: each.id)

    class Lacking(BigRegion):
        """Forgets one instance where a partition is asked for."""

        def _matches(self, held: Held, filters: Mapping[str, Sequence[str]]) -> bool:
            pattern = "availability-zone" if zones else "instance-id"
            divided = pattern in filters and len(filters[pattern][0]) < 17
            return super()._matches(held, filters) and not (divided and held is lacking)

    aws = Lacking(several, zones=PLACES, wildcards=not zones)
    with pytest.raises(AwsError, match="does not list all that fits it") as caught:
        listed(aws)
    assert caught.value.code == "UnreadableAnswer"


def test_a_page_that_does_not_fit_its_partition_is_an_error_once_others_came() -> None:
    several = fleet(1_200)
    stranger = Held("i-0000000000000000f")

    class Mixing(BigRegion):
        """Lists one instance in each page of a partition but the first one's."""

        def _matches(self, held: Held, filters: Mapping[str, Sequence[str]]) -> bool:
            return (
                held is stranger and filters["instance-id"] == ["*7"]
                if (held is stranger and "instance-id" in filters)
                else super()._matches(held, filters)
            )

    with pytest.raises(AwsError, match="does not fit it"):
        listed(Mixing([*several, stranger]))


def test_instances_that_change_while_they_are_listed_are_counted_once_or_are_gone() -> None:
    several = fleet(1_000)
    first = [each for each in several if each.state in ALIVE][:SIZE]
    stopped = [each for each in several if each.state in ("running", "pending")]
    lock, begun = Lock(), list[Call]()

    def change(call: Call) -> None:
        with lock:
            if len(call.ids) == 1 and len(call.ids[0]) == 2 and not begun:
                begun.append(call)
                first[0].state = "terminated"
                for each in stopped:
                    if each is not first[0]:
                        each.state = "stopped"

    aws = BigRegion(several, before=change)
    assert Counter(listed(aws)) == alive(several)
    assert begun
    assert first[0].id not in alive(several)


def test_a_page_of_a_partition_that_fails_is_an_error_after_what_came_before() -> None:
    several = fleet(1_200)

    def fail(call: Call) -> None:
        if call.token and call.ids == ["*7"]:
            raise AwsError("the page is broken", code="InternalError")

    rows: list[SomeInstances] = []
    with ThreadPoolExecutor(4) as pool, pytest.raises(AwsError, match="the page is broken"):
        rows.extend(_batches(BigRegion(several, before=fail), pool))
    assert max(Counter(each.id for some in rows for each in some.subjects).values()) == 1


def test_no_answer_to_the_first_question_about_partitions_is_no_sequence_either() -> None:
    def fail(call: Call) -> None:
        if call.ids:
            raise AwsError("slow down", code="RequestLimitExceeded")

    with pytest.raises(AwsError, match="slow down"):
        listed(BigRegion(fleet(200), before=fail))


def test_the_order_is_the_same_however_long_pages_take() -> None:
    several = fleet(900)

    def dawdle(_: Call) -> None:
        time.sleep(random.random() / 500)

    orders = {tuple(listed(BigRegion(several, before=dawdle), workers)) for workers in (1, 8, 20)}
    assert len(orders) == 1


@pytest.mark.parametrize("most", [0, 1, 6])
def test_few_pages_wait_whoever_reads_them(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    semaphore = BoundedSemaphore(most) if most else BoundedSemaphore(1)
    if not most:
        semaphore.acquire()
    monkeypatch.setattr(region_pages, "_ahead", semaphore)
    several = fleet(900)
    lock, sent, most_waiting = Lock(), Counter[str](), 0

    def note(call: Call) -> None:
        with lock:
            sent["pages"] += bool(call.ids and len(call.ids[0]) == 2)

    aws = BigRegion(several, before=note)
    with ThreadPoolExecutor(16) as pool:
        rows: list[str] = []
        pages = region_pages.every(_source(aws, pool), _source(aws, pool).ask([]).result())
        for page in pages:
            time.sleep(0.001)
            rows += page.ids
            sent["read"] += 1
            most_waiting = max(most_waiting, sent["pages"] - sent["read"])
    assert Counter(rows) == alive(several)
    assert most_waiting <= most
    assert semaphore.acquire(blocking=False) == bool(most)  # what was taken was given back


def _source(aws: BigRegion, pool: ThreadPoolExecutor) -> Any:
    return inventory._Source(inventory._METADATA, aws, pool, ())  # type: ignore[arg-type]


def test_a_listing_that_is_given_up_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(region_pages, "_ahead", semaphore := BoundedSemaphore(3))
    with ThreadPoolExecutor(4) as pool:
        pages = _batches(BigRegion(fleet(1_500)), pool)
        next(pages)
        pages.close()
    assert all(semaphore.acquire(blocking=False) for _ in range(3))


@pytest.mark.parametrize("name", ["_METADATA", "_RESERVATIONS"])
def test_both_listings_name_themselves_in_errors(name: str) -> None:
    listing = getattr(inventory, name)
    with ThreadPoolExecutor(1) as pool:
        source: Any = inventory._Source(listing, BigRegion([]), pool, ())  # type: ignore[arg-type]
    message = source.unfit("a reason").message
    assert listing.call.partition(":")[2] in message
    assert "us-east-1" in message
