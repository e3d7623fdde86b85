from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from moto.ec2.models import ec2_backends

from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.identity import ACCOUNT_ID

Make = Callable[..., str]


def names(answer: Any) -> list[str]:
    return sorted(image["Name"] for image in answer["Images"])


@pytest.fixture
def three(ec2: Any, launch: Make, bake: Make) -> dict[str, str]:
    """Images web-1 and web-2 of team a and b, and db-1 without a tag."""
    instance_id = launch()

    def tagged(team: str) -> Any:
        return [{"ResourceType": "image", "Tags": [{"Key": "Team", "Value": team}]}]

    return {
        "web-1": bake("web-1", InstanceId=instance_id, TagSpecifications=tagged("a")),
        "web-2": bake("web-2", InstanceId=instance_id, TagSpecifications=tagged("b")),
        "db-1": bake("db-1", Description="a database"),
    }


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"name": ["web-*"]}, ["web-1", "web-2"]),
        ({"name": ["WEB-1"]}, []),
        ({"name": ["web-?", "db-1"]}, ["db-1", "web-1", "web-2"]),
        ({"name": ["web.1"]}, []),
        ({"tag:Team": ["a"]}, ["web-1"]),
        ({"tag:Team": ["*"]}, ["web-1", "web-2"]),
        ({"tag:team": ["a"]}, []),
        ({"tag-key": ["Team"]}, ["web-1", "web-2"]),
        ({"tag:Team": ["a", "b"], "name": ["*-2"]}, ["web-2"]),
        ({"state": ["available"]}, ["db-1", "web-1", "web-2"]),
        ({"state": ["pending"]}, []),
        ({"description": ["a database"]}, ["db-1"]),
        ({"is-public": ["true"]}, []),
        ({"is-public": ["false"], "architecture": ["x86_64"]}, ["db-1", "web-1", "web-2"]),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_filters(
    ec2: Any, three: dict[str, str], filters: dict[str, list[str]], expected: list[str]
) -> None:
    wish = [{"Name": name, "Values": values} for name, values in filters.items()]
    assert names(ec2.describe_images(Owners=["self"], Filters=wish)) == expected


def test_images_are_found_by_their_source_instance(ec2: Any, three: dict[str, str]) -> None:
    (image,) = ec2.describe_images(ImageIds=[three["db-1"]])["Images"]
    wish = [{"Name": "source-instance-id", "Values": [image["SourceInstanceId"]]}]
    assert names(ec2.describe_images(Filters=wish)) == ["db-1"]
    wish = [{"Name": "image-id", "Values": [three["web-1"]]}]
    assert names(ec2.describe_images(Filters=wish)) == ["web-1"]


def test_an_image_without_a_description_has_an_empty_one(ec2: Any, three: dict[str, str]) -> None:
    (image,) = ec2.describe_images(ImageIds=[three["web-1"]])["Images"]
    assert image["Description"] == ""


def test_an_unknown_filter_is_refused(ec2: Any, refused: Any) -> None:
    with refused("InvalidParameterValue", "colour"):
        ec2.describe_images(Filters=[{"Name": "colour", "Values": ["red"]}])


@pytest.mark.parametrize(
    ("owners", "found"),
    [
        (["self"], True),
        ([ACCOUNT_ID], True),
        (["amazon", "self"], True),
        (["amazon"], False),
        (["999988887777"], False),
        ([], True),
    ],
)
def test_owners(ec2: Any, three: dict[str, str], owners: list[str], found: bool) -> None:
    assert ("db-1" in names(ec2.describe_images(Owners=owners))) == found


def test_others_do_not_find_a_deprecated_image_unless_they_ask(
    ec2: Any, three: dict[str, str]
) -> None:
    store = cast(Ec2Store, ec2_backends[ACCOUNT_ID]["us-east-1"])
    yesterday = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
    store.images[three["web-1"]].deprecation_time = yesterday
    store.images[three["web-2"]].deprecation_time = yesterday
    store.images[three["web-2"]].owner_id = "999988887777"
    assert names(ec2.describe_images(Owners=["self"])) == ["db-1", "web-1"]
    other = {"Owners": ["999988887777"]}
    assert names(ec2.describe_images(**other)) == []
    assert names(ec2.describe_images(**other, IncludeDeprecated=True)) == ["web-2"]
    assert names(ec2.describe_images(ImageIds=[three["web-2"]])) == ["web-2"]


def test_pages_hold_every_image_once(ec2: Any, three: dict[str, str]) -> None:
    pages = ec2.get_paginator("describe_images").paginate(
        Owners=["self"], PaginationConfig={"PageSize": 2}
    )
    found = [page["Images"] for page in pages]
    assert [len(images) for images in found] == [2, 1]
    assert {image["ImageId"] for images in found for image in images} == {*three.values()}


def test_a_token_that_no_page_gave_is_refused(ec2: Any, refused: Any) -> None:
    with refused("InvalidParameterValue", "nextToken"):
        ec2.describe_images(NextToken="abc")


@pytest.mark.parametrize(
    ("image_id", "code"),
    [
        ("ami-0123456789abcdef0", "InvalidAMIID.NotFound"),
        ("web-1", "InvalidAMIID.Malformed"),
    ],
    ids=["an unknown id", "no id at all"],
)
def test_an_id_that_is_none_is_refused(
    ec2: Any, three: dict[str, str], refused: Any, image_id: str, code: str
) -> None:
    with refused(code, image_id):
        ec2.describe_images(ImageIds=[three["web-1"], image_id])


def test_executable_users_are_those_it_is_shared_with(ec2: Any, three: dict[str, str]) -> None:
    ec2.modify_image_attribute(
        ImageId=three["web-1"], LaunchPermission={"Add": [{"UserId": "111122223333"}]}
    )
    ec2.disable_image_block_public_access()
    ec2.modify_image_attribute(ImageId=three["db-1"], LaunchPermission={"Add": [{"Group": "all"}]})
    own = {"Owners": ["self"]}
    assert names(ec2.describe_images(**own, ExecutableUsers=["111122223333"])) == ["web-1"]
    assert names(ec2.describe_images(**own, ExecutableUsers=["all"])) == ["db-1"]
