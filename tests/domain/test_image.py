"""Images and builds."""

from datetime import UTC, datetime

from msgspec import structs

from goldenami.domain import names
from goldenami.domain.image import Build, Image, build_id, new_nonce
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


def test_build_ids_sort_by_time() -> None:
    ids = [
        build_id(datetime(2026, month, day, 1, 2, 3, tzinfo=UTC), "ffffff")
        for month, day in ((1, 9), (1, 10), (12, 1))
    ]
    assert ids[0] == "20260109T010203Z-ffffff"
    assert ids == sorted(ids)
