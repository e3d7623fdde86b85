"""What was made from what: over generations, regions, and in circles that EC2 cannot have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.domain import lineage
from goldenami.domain.image import Image, Watermark
from goldenami.domain.lineage import ImageKey, Lineage

A, B, C, D = (("us-east-1", f"ami-{letter}") for letter in "abcd")
FAR: ImageKey = ("eu-west-1", "ami-a")


def image(key: ImageKey, source: ImageKey = ("", ""), *marks: ImageKey) -> Image:
    region, name = key
    return Image(
        region=region, id=name, name=name, owner="1", state="available", architecture="x86_64",
        source_image=source[1], source_region=source[0],
        watermarks=tuple(Watermark(key="1:web", region=each[0], image=each[1]) for each in marks),
    )  # fmt: skip


CHAIN = lineage.of([(B, A), (C, B), (D, C), (FAR, D)])
CASES: list[tuple[Lineage, ImageKey, list[ImageKey], dict[ImageKey, ImageKey]]] = [
    (CHAIN, A, [], {B: A, C: B, D: C, FAR: D}),
    (CHAIN, C, [B, A], {D: C, FAR: D}),
    (CHAIN, FAR, [D, C, B, A], {}),
    (lineage.of([(C, A), (C, B)]), C, [A, B], {}),
    (lineage.of([(B, A)], [(B, A), (C, A)]), A, [], {B: A, C: A}),
    (lineage.of([(A, B), (B, A)]), A, [B], {B: A}),
    (lineage.of([(C, B)], marks=[(C, A), (D, A)]), A, [], {C: A, D: A}),
    (lineage.of([(C, B), (B, A)], marks=[(C, A)]), A, [], {B: A, C: B}),
    (lineage.of([(C, B)], marks=[(C, A)]), C, [B, A], {}),
    (lineage.of([(D, C)], marks=[(C, A)]), A, [], {C: A, D: C}),
    (lineage.of([(B, A)], marks=[(C, B)]), C, [B, A], {}),
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


def test_a_watermark_says_nothing_of_the_image_that_it_was_attached_to() -> None:
    assert [*lineage.marked([image(A, ("", ""), A), image(B, ("", ""), A)])] == [(B, A)]


KEYS = st.sampled_from([A, B, C, D, FAR])


@given(st.lists(st.tuples(KEYS, KEYS)), st.lists(st.tuples(KEYS, KEYS)), KEYS)
def test_whoever_descends_from_an_image_has_it_among_its_ancestors(
    pairs: list[tuple[ImageKey, ImageKey]],
    marks: list[tuple[ImageKey, ImageKey]],
    first: ImageKey,
) -> None:
    known = lineage.of(pairs, marks=marks)
    descendants = known.descendants({first})
    assert {each for each in (A, B, C, D, FAR) if first in [*known.ancestors(each)]} == {
        *descendants
    }
    assert known.also(known) == known
