"""The release file's model: what is derived from what stands there."""

from typing import Any

import pytest
from msgspec import structs

from goldenami.constraints import exactly_one
from goldenami.spec.model import (
    Base,
    BaseSource,
    Distribution,
    ImageFilter,
    Release,
    Share,
    Timeouts,
)

RELEASE = Release(
    schema="goldenami/v1",
    image="web",
    regions=("us-east-1", "eu-west-1", "ap-south-1"),
    base=Base(source=BaseSource(golden="base-os")),
    distribute={"eu-west-1": Distribution(kms_key="alias/golden"), "ap-south-1": Distribution()},
)

GIVEN: dict[str, tuple[BaseSource, tuple[str, ...]]] = {
    "nothing": (BaseSource(), ()),
    "one": (BaseSource(ami="ami-1"), ("ami",)),
    "two": (BaseSource(golden="a", ssm="/b"), ("ssm", "golden")),
    "a filter": (BaseSource(filter=ImageFilter(name="a", owners=("self",))), ("filter",)),
    "an empty name, which is nothing": (BaseSource(ami=""), ()),
}


@pytest.mark.parametrize(("source", "given"), GIVEN.values(), ids=GIVEN.keys())
def test_a_source_is_given_once(source: BaseSource, given: tuple[str, ...]) -> None:
    problems = [words for _, words in exactly_one(*BaseSource.__struct_fields__)(source)]
    assert bool(problems) is (len(given) != 1)
    assert all(f"(given: {', '.join(given) or 'none'})" in words for words in problems)


def test_the_first_region_builds_and_the_others_receive() -> None:
    assert RELEASE.build_region == "us-east-1"
    assert RELEASE.destinations == ("eu-west-1", "ap-south-1")


@pytest.mark.parametrize(
    ("region", "key"), [("eu-west-1", "alias/golden"), ("ap-south-1", None), ("us-east-1", None)]
)
def test_the_key_of_a_copy(region: str, key: str | None) -> None:
    assert RELEASE.kms_key(region) == key


def test_every_share_is_one_launch_permission() -> None:
    share = Share(accounts=("1", "2"), organizations=("o",), organizational_units=("u",))
    assert (share.targets, Share().targets) == (4, 0)


def test_timeouts_are_read_as_seconds() -> None:
    assert Timeouts(instance="90s").seconds("instance") == 90
    assert Timeouts().seconds("copy") == 4 * 3600


def test_a_timeout_that_the_checks_refuse_is_no_time_at_all() -> None:
    assert Timeouts(image="soon").seconds("image") == 0


@pytest.mark.parametrize("name", structs.asdict(Timeouts()))
def test_every_timeout_has_a_default_that_is_a_time(name: str) -> None:
    assert Timeouts().seconds(name) > 0


def test_a_release_cannot_be_changed() -> None:
    frozen: Any = RELEASE
    with pytest.raises(AttributeError):
        frozen.image = "other"
