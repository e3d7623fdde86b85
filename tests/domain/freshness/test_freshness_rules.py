"""The rules of freshness, as cases: what there is of a release, and what is held against it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from goldenami.domain.freshness.rules import RULES, brings_another_image, reasons
from goldenami.domain.freshness.rules.interface import ReleaseState, SourceState
from goldenami.domain.image import Image, ImageScan

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SPEC, OTHER_SPEC = "a" * 64, "b" * 64


def image(image_id: str, **changes: Any) -> Image:
    usual = Image(
        region="us-east-1", id=image_id, name=image_id.removeprefix("ami-"), owner="111122223333",
        state="available", architecture="x86_64", created=NOW - timedelta(days=40),
    )  # fmt: skip
    return structs.replace(usual, **changes)


RELEASED, SOURCE, NEWER = image("ami-web"), image("ami-base"), image("ami-newer")


def source(**changes: Any) -> SourceState:
    usual = SourceState(image=RELEASED, recorded=SOURCE.id, source=SOURCE, current=SOURCE)
    return structs.replace(usual, **changes)


def state(*sources: SourceState, **changes: Any) -> ReleaseState:
    usual = ReleaseState(
        at=NOW, region="us-east-1", version="1.0", spec=SPEC, recorded_specs=frozenset({SPEC}),
        sources=sources or (source(),),
    )  # fmt: skip
    return structs.replace(usual, **changes)


def scanned(of: Image, **found: datetime) -> Image:
    return structs.replace(of, scan=ImageScan(scanned=NOW, **found))


DAYS = {days: NOW - timedelta(days=days) for days in (1, 12)}
BOTH = (source(architecture="x86_64"), source(architecture="arm64", current=NEWER))

CASES: dict[str, tuple[ReleaseState, dict[str, str]]] = {
    "what is as it should be": (state(), {}),
    "nothing at all": (
        state(source(image=None, recorded="", source=None), version="", recorded_specs=frozenset()),
        {"not-released": "no approved version is in us-east-1"},
    ),
    "candidates alone": (
        state(source(image=None, recorded="", source=None), version="", others=2),
        {"not-released": "no approved version is in us-east-1 (2 of another status)"},
    ),
    "a version without one of its architectures": (
        state(BOTH[0], source(architecture="arm64", image=None, recorded="", source=None)),
        {"not-released": "version 1.0 has no approved image for arm64"},
    ),
    "a release that did not come to its end": (
        state(unpublished=("eu-west-1", "444455556666/eu-west-1")),
        {"unpublished": "1.0 is not published yet in eu-west-1, 444455556666/eu-west-1"},
    ),
    "a parent that is outdated": (
        state(parents={"base-os": True}),
        {"outdated-parent": "it is baked from base-os, which is outdated"},
    ),
    "a newer source": (
        state(source(current=NEWER)),
        {"newer-source": "base.source is ami-newer (newer) of 2026-10-17 now, and 1.0 was baked"
                         " from ami-base (base)"},
    ),
    "a newer source, of one of two architectures": (
        state(*BOTH), {"newer-source": "ami-newer"},
    ),
    "another source than one that is gone": (
        state(source(source=None, current=structs.replace(NEWER, created=None, name=""))),
        {"newer-source": "base.source is ami-newer now, and 1.0 was baked from ami-base",
         "gone-source": "its source ami-base is gone"},
    ),
    "a source that was revoked": (
        state(source(source=structs.replace(SOURCE, tags={"goldenami:status": "revoked"}),
                     refused="its status is revoked")),
        {"refused-source": "ami-base (base) is no approved image: its status is revoked"},
    ),
    "a source that is disabled, so that nothing is named any more": (
        state(source(source=structs.replace(SOURCE, state="disabled"), current=None,
                     unresolved="base.source: ami-base in us-east-1 is disabled")),
        {"unavailable-source": "ami-base (base) is disabled",
         "unresolved-source": "ami-base in us-east-1 is disabled"},
    ),
    "a source that was deprecated yesterday": (
        state(source(source=structs.replace(SOURCE, deprecated_at=DAYS[1]))),
        {"deprecated-source": "its source ami-base (base) is deprecated since 2026-11-25"},
    ),
    "a source that will be deprecated": (
        state(source(source=structs.replace(SOURCE, deprecated_at=NOW + timedelta(seconds=1)))), {},
    ),
    "a newest image that is deprecated": (
        state(source(image=structs.replace(RELEASED, deprecated_at=NOW))),
        {"deprecated-image": "the newest image ami-web (web) is deprecated since 2026-11-26"},
    ),
    "a fix for a critical finding": (
        state(source(image=scanned(RELEASED, critical_fix_since=DAYS[12]))),
        {"vulnerable-image": "a critical vulnerability with a fix since 2026-11-14 (12 days ago)"},
    ),
    "a fix for a finding of high severity in the source": (
        state(source(source=scanned(SOURCE, high_fix_since=DAYS[1]))),
        {"vulnerable-source": "its source ami-base (base) has a high vulnerability with a fix "
                              "since 2026-11-25 (1 day ago)"},
    ),
    "scans that found nothing with a fix": (
        state(source(image=scanned(RELEASED), source=scanned(SOURCE))), {},
    ),
    "a changed release file": (
        state(recorded_specs=frozenset({OTHER_SPEC})),
        {"changed-release": "the release file has changed since 1.0 was baked"},
    ),
    "a changed template": (
        state(template="1", recorded_template="2"),
        {"changed-release": "the Packer template has changed since 1.0 was baked"},
    ),
    "a template of which nothing was recorded": (state(template="1"), {}),
    "a template that is not used any more": (state(recorded_template="1"), {}),
    "an image of the very age": (state(max_age=timedelta(days=40)), {}),
    "an image that is too old": (
        state(max_age=timedelta(days=30)),
        {"max-age": "ami-web was made on 2026-10-17 (40 days ago), and may be 30 days old"},
    ),
    "an image that is too old by hours": (
        state(max_age=timedelta(hours=12)), {"max-age": "may be 12:00:00 old"},
    ),
    "an image without a date": (
        state(source(image=structs.replace(RELEASED, created=None)), max_age=timedelta()), {},
    ),
    "a version of which nothing was recorded": (
        state(source(recorded="", source=None)),
        {"unrecorded-source": "neither a record nor a manifest tells what ami-web was baked from"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_release_is_outdated_for_these_reasons(case: str) -> None:
    release, expected = CASES[case]
    told = reasons(release)
    assert {reason.rule for reason in told} == expected.keys()
    assert len(told) == len(expected)
    for reason in told:
        assert expected[reason.rule] in reason.words


def test_every_rule_has_an_id_of_its_own_and_a_case_that_it_holds_something_against() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert set().union(*(expected for _, expected in CASES.values())) == set(ids)


def test_reasons_name_their_architecture_and_the_ids_that_a_program_needs() -> None:
    [reason] = reasons(state(*BOTH))
    assert reason.architecture == "arm64"
    assert reason.facts == {
        "image": "ami-web", "source": "ami-base", "current_source": "ami-newer",
        "current_source_created": "2026-10-17T00:00:00Z",
    }  # fmt: skip


def test_only_what_another_image_mends_concerns_what_is_baked_from_it() -> None:
    assert brings_another_image(reasons(state(parents={"base-os": True})))
    assert not brings_another_image(reasons(state(unpublished=("eu-west-1",))))


OLD_FIX, NEW_FIX = NOW - timedelta(days=41), NOW - timedelta(days=39)
MENDED: dict[str, tuple[ReleaseState, set[str]]] = {
    "what the same source has still": (
        state(source(source=structs.replace(SOURCE, deprecated_at=NOW, state="disabled"),
                     refused="its status is deprecated")),
        set(),
    ),
    "what another source may not have": (
        state(source(source=structs.replace(SOURCE, deprecated_at=NOW, state="disabled"),
                     refused="its status is deprecated", current=NEWER)),
        {"newer-source", "deprecated-source", "unavailable-source", "refused-source"},
    ),
    "a source that is gone, with nothing in its place": (
        state(source(source=None, current=None, unresolved="gone")), set(),
    ),
    "fixes that were there before the image": (
        state(source(image=scanned(RELEASED, critical_fix_since=OLD_FIX),
                     source=scanned(SOURCE, high_fix_since=OLD_FIX))),
        set(),
    ),
    "fixes that came after the image": (
        state(source(image=scanned(RELEASED, critical_fix_since=NEW_FIX),
                     source=scanned(SOURCE, high_fix_since=NEW_FIX))),
        {"vulnerable-image", "vulnerable-source"},
    ),
    "a fix that was there before the image, and another source": (
        state(source(image=scanned(RELEASED, critical_fix_since=OLD_FIX), current=NEWER)),
        {"vulnerable-image", "newer-source"},
    ),
    "parents": (state(parents={"old": False}), set()),
    "a parent that is baked": (state(parents={"old": False, "os": True}), {"outdated-parent"}),
    "a newest image that is deprecated, or too old": (
        state(source(image=structs.replace(RELEASED, deprecated_at=NOW)), max_age=timedelta()),
        {"deprecated-image", "max-age"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MENDED)
def test_only_what_a_bake_can_mend_is_a_reason_for_one(case: str) -> None:
    release, expected = MENDED[case]
    told = reasons(release)
    assert told
    assert {reason.rule for reason in told if reason.bake_mends} == expected
