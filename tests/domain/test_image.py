"""Images and builds."""

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given
from msgspec import structs

from goldenami.domain import names
from goldenami.domain.image import Build, Image, build_id, new_nonce, started
from goldenami.domain.status import Status

BUILD = Build(id="20261123T140509Z-a1b2c3", image="web", version="1.0", spec="abc", nonce="1")


def image(**with_tags: str) -> Image:
    return Image(
        region="us-east-1",
        id="ami-1",
        name="web-1.0",
        owner="111122223333",
        state="available",
        architecture="x86_64",
        tags={f"goldenami:{key}": value for key, value in with_tags.items()},
    )


def test_an_image_is_known_by_its_tags() -> None:
    one = image(image="web", version="1.0", status="approved")
    assert (one.image, one.version, one.status) == ("web", "1.0", "approved")


def test_an_image_of_others_has_no_place_in_the_registry() -> None:
    assert (image().image, image().version, image().status) == ("", "", "")


def test_a_build_tags_what_it_makes() -> None:
    assert BUILD.tags({"Team": "web"}, source="ami-0", status=Status.BUILDING) == {
        "Team": "web",
        "goldenami:image": "web",
        "goldenami:version": "1.0",
        "goldenami:build": BUILD.id,
        "goldenami:status": "building",
        "goldenami:source": "ami-0",
        "goldenami:spec": "abc",
    }


def test_no_tag_of_the_user_replaces_one_of_goldenami() -> None:
    mine = BUILD.tags({}, source="ami-0", status=Status.BUILDING)
    forged = dict.fromkeys(mine, "forged")
    assert BUILD.tags(forged, source="ami-0", status=Status.BUILDING) == mine


def test_a_builds_ami_has_a_name_that_aws_takes() -> None:
    assert BUILD.ami_name == "web-1.0"
    assert names.AMI_NAME.fullmatch(BUILD.ami_name)


def test_a_token_is_the_same_for_the_same_action_of_the_same_build_alone() -> None:
    other = structs.replace(BUILD, nonce=new_nonce())
    assert BUILD.token("launch") == BUILD.token("launch")
    assert len({BUILD.token("launch"), BUILD.token("copy:x"), other.token("launch")}) == 3
    assert len(BUILD.token("launch")) == 64


@given(st.lists(st.datetimes(timezones=st.just(UTC)), max_size=5), st.integers(0, 4095))
def test_build_ids_sort_by_time(moments: list[datetime], random: int) -> None:
    # What is a millisecond apart is told apart, whatever the random digits.
    each = {moment.replace(microsecond=moment.microsecond // 1000 * 1000) for moment in moments}
    oldest_first = sorted(moment for moment in each if moment.year >= 1000)
    ids = [build_id(moment, random ^ (i % 2 * 4095)) for i, moment in enumerate(oldest_first)]
    assert ids == sorted(ids)
    assert [started(build) for build in ids] == [
        moment.replace(microsecond=0) for moment in oldest_first
    ]


def test_images_of_one_second_are_as_old_as_their_builds() -> None:
    moment = datetime(2026, 1, 9, 1, 2, 3, tzinfo=UTC)
    builds = [build_id(moment.replace(microsecond=micro), 0) for micro in (0, 1_000, 999_999)]
    assert builds[0] == "20260109T010203Z-000000"
    assert builds[2] == "20260109T010203Z-fff000"
    several = [structs.replace(image(build=build), created=moment) for build in builds]
    several.append(structs.replace(several[0], created=moment + timedelta(seconds=1)))
    several.insert(0, image(build=builds[2]))  # the oldest public images have no time at all
    shuffled = [several[i] for i in (3, 1, 4, 0, 2)]
    assert sorted(shuffled, key=lambda one: one.age) == several
