"""What was made from what: over generations, regions, and in circles that EC2 cannot have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.domain import lineage
from goldenami.domain.image import Image
from goldenami.domain.lineage import ImageKey, Lineage

A, B, C, D = (("us-east-1", f"ami-{letter}") for letter in "abcd")
FAR: ImageKey = ("eu-west-1", "ami-a")


def image(key: ImageKey, source: ImageKey = ("", "")) -> Image:
    region, name = key
    return Image(
        region=region, id=name, name=name, owner="1", state="available", architecture="x86_64",
        source_image=source[1], source_region=source[0],
    )  # fmt: skip


CHAIN = lineage.of([(B, A), (C, B), (D, C), (FAR, D)])
CASES: list[tuple[Lineage, ImageKey, list[ImageKey], dict[ImageKey, ImageKey]]] = [
    (CHAIN, A, [], {B: A, C: B, D: C, FAR: D}),
    (CHAIN, C, [B, A], {D: C, FAR: D}),
    (CHAIN, FAR, [D, C, B, A], {}),
    (lineage.of([(C, A), (C, B)]), C, [A, B], {}),
    (lineage.of([(B, A)], [(B, A), (C, A)]), A, [], {B: A, C: A}),
    (lineage.of([(A, B), (B, A)]), A, [B], {B: A}),
    (Lineage(), A, [], {}),
]


@pytest.mark.parametrize(("known", "of", "ancestors", "descendants"), CASES)
def test_ancestors_come_nearest_first_and_descendants_with_what_they_were_made_from(
    known: Lineage, of: ImageKey, ancestors: list[ImageKey], descendants: dict[ImageKey, ImageKey]
) -> None:
    assert [*known.ancestors(of)] == ancestors
    assert known.descendants({of}) == descendants


def test_ec2_notes_the_region_of_a_source_only_where_it_is_another() -> None:
    noted = lineage.noted([image(A), image(B, ("", "ami-a")), image(C, FAR)])
    assert [*noted] == [(B, A), (C, FAR)]


KEYS = st.sampled_from([A, B, C, D, FAR])


@given(st.lists(st.tuples(KEYS, KEYS)), KEYS)
def test_whoever_descends_from_an_image_has_it_among_its_ancestors(
    pairs: list[tuple[ImageKey, ImageKey]], first: ImageKey
) -> None:
    known = lineage.of(pairs)
    descendants = known.descendants({first})
    assert {each for each in (A, B, C, D, FAR) if first in [*known.ancestors(each)]} == {
        *descendants
    }
    assert known.also(known) == known
