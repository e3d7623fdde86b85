"""When something had an image, as far as looks tell."""

from datetime import UTC, datetime, timedelta

from goldenami.domain.audit.stay import Look, Stays
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject

ACCOUNT, IMAGE = "111122223333", "ami-0123456789abcdef0"
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
INSTANCES = frozenset({Kind.INSTANCE})


def hour(number: float) -> datetime:
    return BEGIN + timedelta(hours=number)


def instance(name: str = "i-1", launched: float | None = None) -> Subject:
    at = None if launched is None else hour(launched)
    return Subject(
        kind=Kind.INSTANCE, account=ACCOUNT, region="us-east-1", id=name,
        image=ImageSeen(id=IMAGE), launched=at,
    )  # fmt: skip


Looks = tuple[tuple[float, list[Subject], bool], ...]


def stays(*looks: tuple[float, list[Subject], bool]) -> list[tuple[str, str, str]]:
    """Return what stayed from when to when, after looks at these hours; in each, what was there."""
    several = Stays()
    for number, there, read in looks:
        looked = {(ACCOUNT, "us-east-1"): INSTANCES} if read else {}
        several.add(Look(at=hour(number), there=tuple(there), looked=looked))
    return [(stay.id, stay.began, stay.ended) for stay in several.all]


def test_a_beginning_is_a_launch_or_lies_between_two_looks() -> None:
    assert stays((0, [], True), (1, [instance(launched=0.5), instance("i-2")], True)) == [
        ("i-1", "2026-03-01T00:30:00Z", "still at 2026-03-01T01:00:00Z"),
        ("i-2", "2026-03-01T00:00:00Z … 2026-03-01T01:00:00Z", "still at 2026-03-01T01:00:00Z"),
    ]
    assert stays((1, [instance()], True))[0][1] == "before 2026-03-01T01:00:00Z"


def test_a_start_after_the_first_look_is_no_beginning() -> None:
    assert stays((1, [instance(launched=5)], True))[0][1] == "before 2026-03-01T01:00:00Z"


def test_an_end_lies_between_two_looks() -> None:
    assert stays((0, [instance()], True), (1, [instance()], True), (2, [], True)) == [
        (
            "i-1",
            "before 2026-03-01T00:00:00Z",
            "2026-03-01T01:00:00Z … 2026-03-01T02:00:00Z",
        )
    ]


def test_where_nobody_looked_nothing_ended() -> None:
    looks: Looks = ((0, [instance()], True), (1, [], False), (2, [instance()], True))
    assert [end for _, _, end in stays(*looks)] == ["still at 2026-03-01T02:00:00Z"]
    unread: Looks = ((0, [], True), (1, [], False), (2, [instance()], True))
    assert stays(*unread)[0][1] == "2026-03-01T00:00:00Z … 2026-03-01T02:00:00Z"


def test_what_comes_back_has_two_stays() -> None:
    looks: Looks = ((0, [instance()], True), (1, [], True), (2, [instance()], True))
    assert len(stays(*looks)) == 2


def test_the_longest_time_between_two_looks_is_known() -> None:
    several = Stays()
    for number in (0, 1, 30, 31):
        several.add(Look(at=hour(number), there=(), looked={}))
    assert several.longest is not None
    assert (several.longest.begin, several.longest.end) == (hour(1), hour(30))
