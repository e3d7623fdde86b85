"""What is judged together: as much as EC2 takes for a filter, and no thing twice."""

from collections.abc import Mapping
from datetime import UTC, datetime

from goldenami.aws.images import FILTER_VALUES
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.domain.events.event import Event
from goldenami.workflows.judge.rounds import AboutThese, Rounds

HERE = AccountRegion("111122223333", "us-east-1")
THERE = AccountRegion("111122223333", "eu-west-1")
EVENT = Event(
    id="", service="ec2", name="X", at=datetime(2026, 1, 1, tzinfo=UTC), account=HERE.account,
    region=HERE.region,
)  # fmt: skip


def subject(
    name: str, image: str = "", place: AccountRegion = HERE, facts: Mapping[str, str] = {}
) -> Subject:
    return Subject(
        kind=Kind.INSTANCE, account=place.account, region=place.region, id=name,
        image=ImageSeen(id=image), facts=facts,
    )  # fmt: skip


def rounds(*subjects: Subject) -> Rounds:
    several = Rounds()
    for each in subjects:
        place = HERE if each.region == HERE.region else THERE
        several.add(AboutThese(EVENT, place, [each]))
    return several


def test_the_same_thing_is_judged_once_and_what_differs_by_itself() -> None:
    plain, shared = subject("i-1", "ami-1"), subject("i-1", "ami-1", facts={"shared-with": "all"})
    several = rounds(plain, shared, plain)
    assert [len(each) for each in several.subjects.values()] == [1, 1]
    assert several.of(plain) != several.of(shared)


def test_each_place_is_judged_by_itself() -> None:
    several = rounds(subject("i-1", "ami-1"), subject("i-1", "ami-1", THERE))
    assert {each.place for each in several.subjects} == {HERE, THERE}


def test_no_more_are_looked_up_at_once_than_a_filter_takes() -> None:
    looked_up = [subject(f"i-{number}") for number in range(FILTER_VALUES + 1)]
    told = [subject(f"i-x{number}", "ami-1") for number in range(FILTER_VALUES + 1)]
    sizes = [len(each) for each in rounds(*told, *looked_up).subjects.values()]
    assert sizes == [2 * FILTER_VALUES + 1, 1]
