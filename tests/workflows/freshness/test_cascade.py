"""What fails, or waits, stops what is baked from it, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.errors import (
    BakeError,
    FindingsError,
    GoldenamiError,
    IncompleteError,
    InterruptedRunError,
)
from goldenami.spec import ReleaseFile
from goldenami.spec.enforce import EnforceFile
from goldenami.spec.enforcement import Enforce
from goldenami.spec.folder import Folder
from goldenami.spec.model import Architecture, Base, BaseSource, Release
from goldenami.workflows.freshness import BakeOutcome, parents_first


def file(image: str, parents: list[str]) -> ReleaseFile:
    """Return a release file whose architectures are baked from these."""
    several = {
        name: Architecture(source=BaseSource(golden=parent))
        for name, parent in zip(("x86_64", "arm64", "i386"), parents, strict=False)
    }
    path = Path(f"{image}.yaml")
    return ReleaseFile(
        path=path, sha256="", spec="", user_data=None, warnings=(),
        release=Release(
            schema="goldenami/v1", image=image, regions=("us-east-1",), base=Base(),
            architectures=several,
        ),
        enforcement=EnforceFile(path=path, enforce=Enforce(), name=""),
    )  # fmt: skip


LAYERS = Folder(
    tuple(
        file(image, parents)
        for image, parents in {
            "os": [], "jdk": ["os"], "web": ["os"], "app": ["jdk", "web"], "alone": [],
        }.items()
    )
)  # fmt: skip


def run(fates: dict[str, Any], folder: Folder = LAYERS) -> tuple[Any, list[str], list[str]]:
    """Bake with these fates; return the cascade, which were tried, and what was told."""
    tried: list[str] = []
    told: list[str] = []

    def bake(release: ReleaseFile) -> BakeOutcome:
        image = release.release.image
        tried.append(image)
        fate = fates.get(image, BakeOutcome.BAKED)
        if isinstance(fate, GoldenamiError):
            raise fate
        return BakeOutcome(fate)

    return parents_first(folder, bake, told.append), tried, told


LEFT = "app is left alone: its parent web was left alone"
CASES: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "all is baked": ({}, ["os", "jdk", "web", "app", "alone"], []),
    "what is current lets its children go on": (
        {"os": BakeOutcome.CURRENT}, ["os", "jdk", "web", "app", "alone"], [],
    ),
    "a failed parent": (
        {"web": BakeError("no")},
        ["os", "jdk", "web", "alone"],
        ["web.yaml: no", "app is left alone: its parent web failed"],
    ),
    "a failed grandparent": (
        {"os": BakeError("no")},
        ["os", "alone"],
        ["os.yaml: no", "jdk is left alone: its parent os failed",
         "web is left alone: its parent os failed",
         "app is left alone: its parent jdk was left alone"],
    ),
    "a parent that is out of date, and that no bake mends": (
        {"os": FindingsError("old")},
        ["os", "jdk", "web", "app", "alone"],
        ["os.yaml: old"],
    ),
    "a parent that waits": (
        {"jdk": BakeOutcome.WAITS},
        ["os", "jdk", "web", "alone"],
        ["app is left alone: its parent jdk waits for its approval"],
    ),
    "a parent that is only planned": (
        {"jdk": BakeOutcome.PLANNED},
        ["os", "jdk", "web", "alone"],
        ["app is left alone: its parent jdk is to be baked first, and what comes of it is not "
         "known before"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_release_is_baked_if_its_parents_let_it(case: str) -> None:
    fates, expected, words = CASES[case]
    cascade, tried, told = run(fates)
    assert (tried, told) == (expected, words)
    assert cascade.outcomes.keys() == {"os", "jdk", "web", "app", "alone"}


def test_the_exit_code_is_the_one_that_all_failures_have() -> None:
    run({})[0].complete()
    only = BakeError("only one")
    with pytest.raises(BakeError) as raised:
        run({"app": only})[0].complete()
    assert raised.value is only
    for failures, code in (
        ((IncompleteError("a"), IncompleteError("b", fix="c")), 3),
        ((IncompleteError("a"), BakeError("b", fix="c")), 1),
        ((FindingsError("a"), IncompleteError("b", fix="c")), 3),
        ((FindingsError("a"), FindingsError("b", fix="c")), 10),
    ):
        with pytest.raises(BakeError) as raised:
            run(dict(zip(("app", "alone"), failures, strict=True)))[0].complete()
        assert raised.value.exit_code == code
        assert raised.value.message == "2 of 5 releases are not as they should be"
        assert raised.value.notes == ("app.yaml: a", "alone.yaml: b (fix: c)")


def test_an_interrupted_bake_begins_no_other() -> None:
    with pytest.raises(InterruptedRunError):
        run({"jdk": InterruptedRunError("Ctrl-C")})


@given(
    st.lists(st.lists(st.integers(0, 6), max_size=3), max_size=7),
    st.lists(st.sampled_from([*BakeOutcome]), min_size=7, max_size=7),
)
def test_nothing_is_baked_before_its_parents_nor_after_one_that_stops_it(
    parents: list[list[int]], fates: list[BakeOutcome]
) -> None:
    edges = {n: [each for each in several if each < n] for n, several in enumerate(parents)}
    folder = Folder(
        tuple(file(f"image-{n}", [f"image-{each}" for each in edges[n]]) for n in edges)
    )
    cascade, tried, _ = run({f"image-{n}": fate for n, fate in enumerate(fates)}, folder)
    for n, several in edges.items():
        free = all(cascade.outcomes[f"image-{each}"].lets_go_on for each in several)
        assert (f"image-{n}" in tried) == free
        assert cascade.outcomes[f"image-{n}"] == (fates[n] if free else BakeOutcome.LEFT)
