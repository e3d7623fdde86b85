"""What the tags of images tell of the releases that made them, and what they cannot forge."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import UNSET, structs

from goldenami.domain.audit.approved import Approved, Builds, Known, produced
from goldenami.domain.identity import Recorded
from goldenami.domain.image import Image
from goldenami.domain.life import Change
from goldenami.domain.record import Record
from goldenami.domain.status import Status
from goldenami.domain.tags import ApprovalTag

NOTHING_ELSE = Builds()
BUILD = "20261001T050211Z-a1b2c3"
ARM_BUILD = f"{BUILD}-arm64"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
TAGS = {
    "goldenami:image": "web",
    "goldenami:version": "1.0",
    "goldenami:build": BUILD,
    "goldenami:status": "approved",
    "goldenami:source": "ami-0",
    "goldenami:spec": "0" * 64,
}
ARM: dict[str, Any] = {
    "name": "web-1.0-arm64", "architecture": "arm64",
    "tags": {**TAGS, "goldenami:build": ARM_BUILD},
}  # fmt: skip
"""What an image of one of several architectures differs in."""
IMAGE = Image(
    region="us-east-1",
    id="ami-1",
    name="web-1.0",
    owner="111122223333",
    state="available",
    architecture="x86_64",
    created=NOW,
    tags=TAGS,
)


def forged(builds: Builds = NOTHING_ELSE, **changes: Any) -> str:
    image = structs.replace(IMAGE, **changes)
    return produced([image], ApprovalTag(), builds)["ami-1"].forged


def approved_with(*images: str) -> Builds:
    """Return the record of a build of several architectures that somebody approved."""
    record = Record(
        build=ARM_BUILD, image="web", version="1.0", spec="0" * 64, source="ami-0",
        method="create-image", started="", nonce="n", image_id="ami-1", approved_by="ann",
        approved_images=images or UNSET,
    )  # fmt: skip
    recorded = Recorded(record=record, version=1, written=NOW)
    return Builds(records={ARM_BUILD: Known("us-east-1", recorded)})


def without(key: str) -> dict[str, str]:
    return {name: value for name, value in TAGS.items() if name != key}


FORGED: dict[str, tuple[dict[str, Any], str]] = {
    "what a release made": ({}, ""),
    "what a release made, and its manifest lists": (
        {"builds": Builds({BUILD: frozenset({"ami-1"})})}, "",
    ),
    "an image that the manifest of its build does not list": (
        {"builds": Builds({BUILD: frozenset({"ami-2"})})},
        f"the manifest of build {BUILD} does not list it",
    ),
    "a copy in another account, of a build that is known": (
        {"builds": Builds(known=frozenset({BUILD}))}, "",
    ),
    "an image in another account, of a build that nobody knows": (
        {"builds": Builds(known=frozenset())},
        f"the account of the releases knows no build {BUILD}",
    ),
    "an image with the approval tag alone": (
        {"tags": {"goldenami:status": "approved"}},
        "it lacks the tag goldenami:image, which every release writes",
    ),
    "an image without a build": (
        {"tags": without("goldenami:build")},
        "it lacks the tag goldenami:build, which every release writes",
    ),
    "a build that is none": (
        {"tags": {**TAGS, "goldenami:build": "mine"}},
        "its tag goldenami:build is no build: mine",
    ),
    "the tags of a release on another image": (
        {"name": "mine"},
        "a release of web 1.0 names its image otherwise",
    ),
    "an image of one of several architectures, in the manifest of their bake": (
        {**ARM, "builds": Builds({BUILD: frozenset({"ami-1"})})}, "",
    ),
    "an image of one of several architectures that the manifest of their bake does not list": (
        {**ARM, "builds": Builds({BUILD: frozenset({"ami-2"})})},
        f"the manifest of build {BUILD} does not list it",
    ),
    "an image of an architecture under the name of all": (
        {**ARM, "name": "web-1.0"},
        "a release of web 1.0 names its image otherwise",
    ),
    "an image of another architecture than its build's": (
        {**ARM, "architecture": "x86_64"},
        f"build {ARM_BUILD} makes images for arm64, and it is for x86_64",
    ),
    "an image of one of several architectures that was approved alone": (
        {**ARM, "builds": approved_with()},
        f"the record of build {ARM_BUILD} knows of no approval",
    ),
    "one that was approved with others only": (
        {**ARM, "builds": approved_with("ami-2", "ami-3")},
        f"the record of build {ARM_BUILD} knows of no approval",
    ),
    "one that was approved with the others": (
        {**ARM, "builds": approved_with("ami-1", "ami-2")}, "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "why"), FORGED.values(), ids=FORGED.keys())
def test_who_made_it(changes: dict[str, Any], why: str) -> None:
    assert forged(**changes) == why


def test_images_that_claim_nothing_are_left_out() -> None:
    assert produced([structs.replace(IMAGE, tags={"Name": "x"})], ApprovalTag(), NOTHING_ELSE) == {}


def test_a_candidate_is_not_approved() -> None:
    waiting = structs.replace(IMAGE, tags={**TAGS, "goldenami:status": "candidate"})
    made = produced([waiting], ApprovalTag(), NOTHING_ELSE)["ami-1"]
    assert (made.candidate, made.approved, made.golden) == (True, False, False)


def test_newer_versions_are_counted_as_far_as_they_can_be_launched() -> None:
    def version(number: int, **changes: Any) -> Image:
        own = {**TAGS, "goldenami:version": str(number)}
        return structs.replace(
            IMAGE,
            id=f"ami-{number}",
            name=f"web-{number}",
            tags=own,
            created=NOW + timedelta(days=number),
            **changes,
        )

    versions = [version(1), version(2), version(3, state="disabled"), version(4)]
    found = produced(versions, ApprovalTag(), NOTHING_ELSE)
    assert {image_id: one.newer for image_id, one in found.items()} == {
        "ami-4": 0, "ami-3": 1, "ami-2": 1, "ami-1": 2,
    }  # fmt: skip


def test_architectures_are_no_newer_than_each_other() -> None:
    def version(number: int, architecture: str) -> Image:
        own = {"goldenami:version": str(number), "goldenami:build": f"{BUILD}-{architecture}"}
        return structs.replace(
            IMAGE, id=f"{number}-{architecture}", name=f"web-{number}-{architecture}",
            tags={**TAGS, **own}, architecture=architecture, created=NOW + timedelta(days=number),
        )  # fmt: skip

    images = [version(number, kind) for number in (1, 2) for kind in ("x86_64", "arm64")]
    newer = {key: one.newer for key, one in produced(images, ApprovalTag(), NOTHING_ELSE).items()}
    assert newer == {"2-x86_64": 0, "2-arm64": 0, "1-x86_64": 1, "1-arm64": 1}


def test_another_accounts_images_of_a_region_are_added() -> None:
    made = produced([IMAGE], ApprovalTag(), NOTHING_ELSE)
    approved = Approved(produced={"us-east-1": {}}, account="111122223333", at=NOW)
    assert approved.empty
    assert not approved.also("us-east-1", made).empty
    assert approved.also("eu-west-1", made).produced["us-east-1"] == {}


@pytest.mark.parametrize("status", ["approved", "deprecated", "disabled", "revoked", "retired"])
def test_what_was_approved_before_there_were_records_stays_a_releases_own(status: str) -> None:
    tags = {**TAGS, "goldenami:status": status}
    assert forged(Builds(records={BUILD: None}), tags=tags) == ""


REVOKED = Change(status=Status.REVOKED, by="ann", at="2026-11-20", why="CVE-2026-1")
RECORD = Record(
    build=BUILD, image="web", version="1.0", spec="0" * 64, source="ami-0",
    method="create-image", started="", nonce="n", image_id="ami-1", approved_by="ann",
)  # fmt: skip


def became(image: Image, *life: Change) -> tuple[bool, str, bool, str]:
    """Return whether an image is golden, its status after, whether it was released, its source."""
    record = structs.replace(RECORD, life=life or UNSET)
    recorded = Recorded(record=record, version=1, written=NOW)
    builds = Builds(records={BUILD: Known("us-east-1", recorded)})
    [each] = produced([image], ApprovalTag(), builds).values()
    return each.golden, each.change.status if each.change else "", each.released, each.source


def tagged(status: str, **changes: Any) -> Image:
    return structs.replace(IMAGE, tags={**TAGS, "goldenami:status": status}, **changes)


FAR: dict[str, Any] = {
    "region": "eu-west-1", "id": "ami-2", "source_image": "ami-1", "source_region": "us-east-1",
}  # fmt: skip
LIVES: dict[str, tuple[Image, tuple[Change, ...], tuple[bool, str, bool, str]]] = {
    "approved": (IMAGE, (), (True, "", True, "ami-0")),
    "revoked by its record, whatever its tags still say": (
        IMAGE, (REVOKED,), (False, "revoked", True, "ami-0"),
    ),
    "revoked by hand": (tagged("revoked"), (), (False, "revoked", True, "ami-0")),
    "a copy, which has its source by EC2": (
        tagged("approved", **FAR), (REVOKED,), (False, "revoked", True, ""),
    ),
    "another one with the tags of a revoked build, and an approval of its own": (
        structs.replace(IMAGE, id="ami-3"), (REVOKED,), (False, "", False, ""),
    ),
    "another one with the tags of a revoked build": (
        tagged("revoked", id="ami-3"), (), (False, "revoked", False, ""),
    ),
    "no release's, which says that it is revoked": (
        structs.replace(IMAGE, tags={"goldenami:status": "revoked"}), (),
        (False, "revoked", False, ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("image", "life", "expected"), LIVES.values(), ids=LIVES.keys())
def test_what_became_of_a_release_is_known_of_its_own_images_alone(
    image: Image, life: tuple[Change, ...], expected: tuple[bool, str, bool, str]
) -> None:
    assert became(image, *life) == expected
