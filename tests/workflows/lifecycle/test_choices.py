"""Which image a parameter has to name, and which version a channel goes back to."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Produced
from goldenami.domain.channels import Publication
from goldenami.domain.image import Image
from goldenami.workflows.lifecycle import pointers, rollback
from goldenami.workflows.lifecycle.pointers import Pointer
from goldenami.workflows.lifecycle.releases import ReleaseImage, Version

START = datetime(2026, 11, 26, tzinfo=UTC)
PLACES = [
    AccountRegion("111122223333", "us-east-1"),
    AccountRegion("111122223333", "eu-west-1"),
    AccountRegion("444455556666", "eu-west-1", "arn:aws:iam::444455556666:role/copies"),
]
ARCHITECTURES = ("", "x86_64", "arm64")
VERSIONS = ("4.0", "3.0", "2.0", "1.0")


def release_image(place: AccountRegion, architecture: str) -> ReleaseImage:
    name = f"ami-{place.account}-{place.region}-{architecture}"
    image = Image(
        region=place.region, id=name, name=name, owner=place.account, state="available",
        architecture=architecture,
    )  # fmt: skip
    produced = Produced(
        id=name, image="web", version="1.0", created=START, approved=True, candidate=False
    )
    return ReleaseImage(place=place, image=image, produced=produced)


@given(
    there=st.sets(st.tuples(st.sampled_from(PLACES), st.sampled_from(ARCHITECTURES[1:]))),
    named=st.sets(st.tuples(st.sampled_from(PLACES), st.sampled_from(ARCHITECTURES))),
)
def test_each_parameter_gets_an_image_of_its_place_and_architecture_or_is_told(
    there: set[tuple[AccountRegion, str]], named: set[tuple[AccountRegion, str]]
) -> None:
    images = tuple(release_image(*each) for each in there)
    version = Version(image="web", version="1.0", images=images, builds={}, manifests=())
    chosen = [
        Pointer(  # however the place is reached now
            place=AccountRegion(place.account, place.region), name="/a", architecture=architecture
        )
        for place, architecture in named
    ]
    choice = pointers.choose(chosen, version)
    assert {*choice.without} | {move.pointer for move in choice.moves} == {*chosen}
    for move in choice.moves:
        assert str(move.image.place) == str(move.pointer.place)
        assert move.pointer.architecture in ("", move.image.image.architecture)
    for pointer in choice.without:
        fits = {
            architecture for place, architecture in there if str(place) == str(pointer.place)
        }  # fmt: skip
        assert pointer.architecture not in fits
        assert pointer.architecture or not fits


def history(names: str) -> list[tuple[datetime, str]]:
    """Return what a place has named, from its first to its last, as its parameter tells it."""
    several = [name if name != "-" else "" for name in names.split()]
    return [(START + timedelta(days=day), name) for day, name in enumerate(several)][::-1]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["1.0 2.0"], ["1.0"]),
        (["1.0 2.0 3.0"], ["2.0", "1.0"]),
        (["1.0 2.0 3.0 2.0"], ["1.0"]),  # it goes further back, not forward again
        (["1.0 2.0 1.0"], []),
        (["1.0 3.0 2.0 4.0"], ["2.0", "3.0", "1.0"]),  # as they were named, not as released
        (["1.0 2.0 1.0", "1.0 2.0"], ["1.0"]),  # one place has gone back already
        (["1.0 2.0 3.0", "1.0 2.0"], ["2.0", "1.0"]),  # one place has gone on already
        (["1.0 2.0", "2.0"], ["1.0"]),  # a place that came later
        (["1.0 2.0 -"], ["2.0", "1.0"]),  # by hand
        (["- 1.0 2.0"], ["1.0"]),
        (["2.0"], []),
        ([""], []),
        ([], []),
    ],
)
def test_a_channel_goes_back_to_what_it_named_before(
    places: Sequence[str], expected: list[str]
) -> None:
    assert rollback.before(map(history, places), VERSIONS) == expected


@given(named=st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=9))
def test_rollbacks_one_after_the_other_never_come_back_to_what_they_left(
    named: list[str],
) -> None:
    left = set[str]()
    while earlier := rollback.before([history(" ".join(named))], VERSIONS):
        left.add(named[-1])
        assert not left & {*earlier}
        assert earlier[0] in named
        named.append(earlier[0])
    assert len(left) < len(VERSIONS)


CHANNELS = Publication(
    ssm_parameter="/golden/{image}/{channel}/{arch}", channels=("dev", "prod"), restricted=("prod",)
)


def test_a_name_is_filled_as_far_as_is_known() -> None:
    assert CHANNELS.parameter("web", "dev", "arm64") == "/golden/web/dev/arm64"
    assert CHANNELS.parameter("web", "") == "/golden/web/{channel}/{arch}"
    assert (CHANNELS.first, Publication(ssm_parameter="/a").first) == ("dev", "")
    assert [CHANNELS.before(each) for each in CHANNELS.channels] == ["", "dev"]
