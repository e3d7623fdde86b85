"""The rules, as cases: a subject and what is approved, and the rules it breaks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from goldenami.domain.audit.approved import Approved, Produced
from goldenami.domain.audit.finding import Severity
from goldenami.domain.audit.rules import RULES, Judge
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.domain.image import ImageWatermark
from goldenami.domain.life import Change
from goldenami.domain.status import Status

HERE, TRUSTED, STRANGER = "111122223333", "222233334444", "999988887777"
GOLDEN, LISTED, OTHER = "ami-0000000a", "ami-0000000b", "ami-0000000c"
FORGED, CANDIDATE, OLD = "ami-0000000d", "ami-0000000e", "ami-0000000f"
REVOKED, DEPRECATED, RETIRED = "ami-00000010", "ami-00000011", "ami-00000012"
BY_HAND = "ami-00000013"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def made(image_id: str, **changes: Any) -> Produced:
    usual = Produced(
        id=image_id, image="web", version="1", created=NOW, approved=True, candidate=False
    )
    return structs.replace(usual, **changes)


def became(image_id: str, status: Status, **changes: Any) -> Produced:
    change = Change(status=status, by="ann", at="2026-11-20", why="CVE-2026-1", successor="2")
    return made(image_id, approved=False, change=change, **changes)


MARK = ImageWatermark(key=f"{HERE}:web", region="us-east-1", image=GOLDEN)
PRODUCED = {
    REVOKED: became(REVOKED, Status.REVOKED),
    DEPRECATED: became(DEPRECATED, Status.DEPRECATED),
    RETIRED: became(RETIRED, Status.RETIRED),
    BY_HAND: became(BY_HAND, Status.REVOKED, image="", forged="it lacks the tag goldenami:image"),
    GOLDEN: made(GOLDEN),
    FORGED: made(FORGED, forged="it lacks the tag goldenami:build"),
    CANDIDATE: made(CANDIDATE, approved=False, candidate=True),
    OLD: made(OLD, newer=3, created=NOW - timedelta(days=100)),
}
INSTANCE = Subject(
    kind=Kind.INSTANCE,
    region="us-east-1",
    id="i-1",
    state="running",
    account=HERE,
    image=ImageSeen(id=GOLDEN, owner=HERE, state="available"),
)
APPROVED = Approved(
    produced={"us-east-1": PRODUCED, "eu-west-1": {}},
    listed={"": frozenset({LISTED}), "eu-west-1": frozenset({OTHER})},
    owners=frozenset({HERE, TRUSTED}),
    account=HERE,
    at=NOW,
)


def subject(
    *, facts: dict[str, str] | None = None, region: str = "us-east-1", **image: Any
) -> Subject:
    seen = structs.replace(INSTANCE.image, **image)
    return structs.replace(INSTANCE, image=seen, region=region, facts=facts or {})


def parameter(**image: Any) -> Subject:
    named = structs.replace(subject(**image), kind=Kind.PARAMETER, id="/golden-ami/web")
    return structs.replace(named, facts={"written": "ann wrote it"})


def event(facts: dict[str, str] | None = None, **image: Any) -> Subject:
    about = subject(facts=facts, **image)
    return structs.replace(about, kind=Kind.IMAGE, id=about.image.id)


ENDED = {"ended": "deregistered", "release": "web 1"}
UNTAGGED = {"tagged": "goldenami:status", "release": "web 1"}
GONE: dict[str, Any] = {"id": OTHER, "owner": "", "state": "deregistered"}
CASES: dict[str, tuple[Subject, dict[str, Any], list[str]]] = {
    "an approved image": (subject(), {}, []),
    "an image that was just made by hand": (event(id=OTHER), {}, []),
    "an image that was just made of a revoked one": (
        event(id=OTHER, revoked_ancestor=REVOKED), {}, ["revoked-source"],
    ),
    "an approval that was just forged": (event(id=FORGED), {}, ["spoofed-approval"]),
    "an image that was made public": (event({"shared-with": "all"}), {}, ["exposed-image"]),
    "an image that was shared with a stranger": (
        event({"shared-with": STRANGER}), {}, ["exposed-image"],
    ),
    "a golden image that was deregistered": (
        event(ENDED, owner="", state="not-visible"), {}, ["lost-image"],
    ),
    "one that is back already": (event(ENDED), {}, []),
    "one whose release had ended before": (
        event(ENDED, id=RETIRED, owner="", state="not-visible"), {}, [],
    ),
    "an image of no release that was deregistered": (
        event({"ended": "deregistered"}, id=OTHER, owner="", state="not-visible"), {}, [],
    ),
    "a golden image that was disabled": (
        event(ENDED | {"ended": "disabled"}, state="disabled"), {}, ["lost-image"],
    ),
    "a golden image whose approval tag was taken": (
        event(UNTAGGED, id=CANDIDATE), {}, ["lost-approval"],
    ),
    "one that does not look like its build's any more": (
        event(UNTAGGED, id=FORGED, state="available"), {"produced": {"us-east-1": {
            FORGED: made(FORGED, approved=False, forged="it lacks the tag goldenami:status"),
            GOLDEN: made(GOLDEN),
        }}}, ["lost-approval"],
    ),
    "one whose tags were all taken": (event(UNTAGGED, id=OTHER), {}, ["lost-approval"]),
    "one that was tagged, and keeps its approval": (event(UNTAGGED), {}, []),
    "one that is deprecated by its release": (event(UNTAGGED, id=DEPRECATED), {}, []),
    "an approved image, but of another region": (
        subject(region="eu-west-1"), {}, ["unapproved-image"],
    ),
    "an approved image, but of a region that was not read": (
        subject(region="eu-north-1"), {}, ["unapproved-image"],
    ),
    "an image of the list": (subject(id=LISTED), {}, []),
    "an image of the list, whoever owns it": (subject(id=LISTED, owner=STRANGER), {}, []),
    "an image of the list of its region": (subject(id=OTHER, region="eu-west-1"), {}, []),
    "an image of the list of another region": (subject(id=OTHER), {}, ["unapproved-image"]),
    "an own image with a listed name": (
        subject(id=OTHER, name="vendor-1"), {"named": ("vendor-*",)}, [],
    ),
    "a trusted account's image with a listed name": (
        subject(id=OTHER, name="vendor-1", owner=TRUSTED), {"named": ("vendor-*",)}, [],
    ),
    "a stranger's image with a listed name": (
        subject(id=OTHER, name="vendor-1", owner=STRANGER), {"named": ("vendor-*",)},
        ["foreign-owner"],
    ),
    "any image of a trusted account": (subject(id=OTHER, owner=TRUSTED), {}, []),
    "the account's own image that nobody approved": (subject(id=OTHER), {}, ["unapproved-image"]),
    "an image of a stranger": (subject(id=OTHER, owner=STRANGER), {}, ["foreign-owner"]),
    "an image of a stranger that is disabled": (
        subject(id=OTHER, owner=STRANGER, state="disabled"), {},
        ["foreign-owner", "disabled-image"],
    ),
    "an image with a forged approval": (subject(id=FORGED), {}, ["spoofed-approval"]),
    "an image with a forged approval that the list approves": (
        subject(id=FORGED), {"listed": {"": frozenset({FORGED})}}, [],
    ),
    "an instance that no build has launched": (
        structs.replace(subject(), facts={"forged-build": "EC2 knows better"}), {},
        ["forged-build"],
    ),
    "a candidate": (subject(id=CANDIDATE), {}, ["candidate-image"]),
    "an image made from a golden one": (
        subject(id=OTHER, golden_ancestor=GOLDEN), {}, ["derived-image"],
    ),
    "an image made from a golden one, where that is allowed": (
        subject(id=OTHER, golden_ancestor=GOLDEN), {"derived": True}, [],
    ),
    "a forged image made from a golden one": (
        subject(id=FORGED, golden_ancestor=GOLDEN), {}, ["spoofed-approval"],
    ),
    "an image that is gone": (subject(**GONE), {}, ["deregistered-image"]),
    "an image that is gone and whose owner is known": (
        subject(id=OTHER, state="deregistered"), {}, ["deregistered-image"],
    ),
    "an image of the list that is gone": (
        subject(**{**GONE, "id": LISTED}), {}, ["deregistered-image"],
    ),
    "an image nobody can describe": (
        subject(id=OTHER, owner="", state=""), {}, ["deregistered-image"],
    ),
    "an approved image that is disabled": (subject(state="disabled"), {}, ["disabled-image"]),
    "an approved image that is deprecated this moment": (
        subject(deprecated_at=NOW), {}, ["deprecated-image"],
    ),
    "an approved image that will be deprecated": (
        subject(deprecated_at=NOW + timedelta(seconds=1)), {}, [],
    ),
    "a deprecated image that is not approved has the worse finding alone": (
        subject(id=OTHER, deprecated_at=NOW), {}, ["unapproved-image"],
    ),
    "an old version where all are current": (subject(id=OLD), {}, []),
    "an old version": (subject(id=OLD), {"newest": 3}, ["outdated-image"]),
    "the last version that is current": (subject(id=OLD), {"newest": 4}, []),
    "an image that is too old": (
        subject(id=OLD), {"max_age": timedelta(days=99)}, ["outdated-image"],
    ),
    "an image that is just young enough": (subject(id=OLD), {"max_age": timedelta(days=100)}, []),
    "an image of a trusted account that is too old": (
        subject(id=OTHER, owner=TRUSTED, created=NOW - timedelta(days=91)),
        {"max_age": timedelta(days=90)}, ["outdated-image"],
    ),
    "an image whose age nobody knows": (
        subject(id=OTHER, owner=TRUSTED), {"max_age": timedelta(days=90)}, [],
    ),
    "a root volume of another snapshot": (
        subject(facts={"root-snapshot": "snap-2", "image-snapshots": "snap-0 snap-1"}), {},
        ["replaced-root"],
    ),
    "a root volume of no snapshot": (
        subject(facts={"root-snapshot": "", "image-snapshots": "snap-1"}), {}, ["replaced-root"],
    ),
    "a root volume of the image": (
        subject(facts={"root-snapshot": "snap-1", "image-snapshots": "snap-0 snap-1"}), {}, [],
    ),
    "a template whose parameter is missing": (
        structs.replace(
            INSTANCE, kind=Kind.LAUNCH_TEMPLATE, image=ImageSeen(), facts={"unresolved": "gone"}
        ),
        {}, ["unresolved-image"],
    ),
    "a template that names no image": (
        structs.replace(INSTANCE, kind=Kind.LAUNCH_TEMPLATE, image=ImageSeen()), {}, [],
    ),
    "Allowed AMIs in audit-mode": (
        structs.replace(
            INSTANCE, kind=Kind.SETTING, image=ImageSeen(), facts={"allowed-amis": "audit-mode"}
        ),
        {}, ["allowed-amis-off"],
    ),
    "Allowed AMIs that is on": (
        structs.replace(
            INSTANCE, kind=Kind.SETTING, image=ImageSeen(), facts={"allowed-amis": "enabled"}
        ),
        {}, [],
    ),
    "a revoked image": (subject(id=REVOKED), {}, ["revoked-image"]),
    "a revoked image that is disabled": (
        subject(id=REVOKED, state="disabled"), {}, ["revoked-image", "disabled-image"],
    ),
    "a revoked image that is deprecated by EC2, too": (
        subject(id=REVOKED, deprecated_at=NOW), {}, ["revoked-image"],
    ),
    "a revoked image on the list": (
        subject(id=REVOKED), {"listed": {"": frozenset({REVOKED})}}, ["revoked-image"],
    ),
    "an image of no release that says it is revoked": (
        subject(id=BY_HAND), {}, ["revoked-image", "unapproved-image"],
    ),
    "a copy of a revoked image": (
        subject(id=OTHER, golden_ancestor=REVOKED, revoked_ancestor=REVOKED), {},
        ["revoked-source", "derived-image"],
    ),
    "a copy of a revoked image, where copies of golden ones are golden": (
        subject(id=OTHER, golden_ancestor=REVOKED, revoked_ancestor=REVOKED), {"derived": True},
        ["revoked-source", "derived-image"],
    ),
    "a copy of a golden image that comes of a revoked one": (
        subject(id=OTHER, golden_ancestor=GOLDEN, revoked_ancestor=REVOKED), {"derived": True},
        ["revoked-source", "derived-image"],
    ),
    "a golden image of a revoked source": (
        subject(revoked_ancestor=REVOKED), {}, ["revoked-source"],
    ),
    "a golden image of a revoked source that nothing more is known of": (
        subject(revoked_ancestor="ami-0"), {}, ["revoked-source"],
    ),
    "a revoked image of a revoked source": (
        subject(id=REVOKED, revoked_ancestor=REVOKED), {}, ["revoked-image"],
    ),
    "a stranger's image with a watermark of the golden account": (
        subject(id=OTHER, owner=STRANGER, watermarks=(MARK,)), {"derived": True},
        ["foreign-owner", "derived-image"],
    ),
    "a stranger's image with a watermark of his own": (
        subject(
            id=OTHER, owner=STRANGER,
            watermarks=(structs.replace(MARK, key=f"{STRANGER}:web"),),
        ),
        {}, ["foreign-owner"],
    ),
    "an own image with a watermark and nothing else": (
        subject(id=OTHER, watermarks=(MARK,)), {"derived": True},
        ["unapproved-image", "derived-image"],
    ),
    "a golden image with its watermark": (subject(watermarks=(MARK,)), {}, []),
    "a deprecated release": (subject(id=DEPRECATED), {}, ["deprecated-image"]),
    "a copy of a deprecated release": (
        subject(id=OTHER, golden_ancestor=DEPRECATED), {"derived": True}, ["derived-image"],
    ),
    "a retired release": (subject(id=RETIRED), {}, ["disabled-image"]),
    "a parameter that names a golden image": (parameter(), {}, []),
    "a parameter that names an image of the list": (parameter(id=LISTED), {}, []),
    "a parameter that names no image": (parameter(id="", owner=""), {}, ["stale-pointer"]),
    "a parameter whose image is gone": (parameter(**GONE), {}, ["stale-pointer"]),
    "a parameter whose image is revoked": (parameter(id=REVOKED), {}, ["stale-pointer"]),
    "a parameter whose image is no release's": (parameter(id=OTHER), {}, ["stale-pointer"]),
    "a parameter whose image is a stranger's": (
        parameter(id=OTHER, owner=STRANGER), {}, ["stale-pointer"],
    ),
    "a parameter whose golden image is disabled": (
        parameter(state="disabled"), {}, ["stale-pointer"],
    ),
    "a parameter whose golden image is deprecated": (
        parameter(deprecated_at=NOW), {}, ["stale-pointer"],
    ),
    "a guardrail that was changed": (
        structs.replace(
            INSTANCE, kind=Kind.GUARDRAIL, image=ImageSeen(), facts={"difference": "it is missing"}
        ),
        {}, ["guardrail-changed"],
    ),
    "a guardrail that lists what is no longer golden": (
        structs.replace(
            INSTANCE, kind=Kind.GUARDRAIL, image=ImageSeen(), facts={"stale": "it lacks 1"}
        ),
        {}, ["stale-guardrail"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("judged", "changes", "rules"), CASES.values(), ids=CASES.keys())
def test_judge(judged: Subject, changes: dict[str, Any], rules: list[str]) -> None:
    findings = Judge(structs.replace(APPROVED, **changes))(judged)
    assert [one.rule for one in findings] == rules
    assert all(one.subject is judged and one.reason for one in findings)


@pytest.mark.parametrize(("judged", "changes", "rules"), CASES.values(), ids=CASES.keys())
def test_a_verdict_is_the_same_for_all_that_are_alike(
    judged: Subject, changes: dict[str, Any], rules: list[str]
) -> None:
    """So what instances with one image have in common is enough to judge them by."""
    bare = structs.replace(judged, id="", arn="", name="", state="", launched=None, tags={})
    others = structs.replace(
        judged, id="x", name="x", state="stopped", launched=NOW, tags={"Name": "x", "a": "b"}
    )
    approved = structs.replace(APPROVED, **changes)
    verdicts = [
        [(one.rule, one.reason) for one in Judge(approved)(each)] for each in (bare, others)
    ]
    assert verdicts[0] == verdicts[1]
    assert [rule for rule, _ in verdicts[0]] == rules


def test_no_rule_is_shown_what_differs_between_those_that_are_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Subject] = []
    spy = structs.replace(RULES[0], test=lambda judged, _: seen.append(judged))
    monkeypatch.setattr("goldenami.domain.audit.rules.RULES", (spy,))
    facts = {"root-snapshot": "snap-1"}
    for each in (INSTANCE, structs.replace(INSTANCE, facts=facts)):
        Judge(APPROVED)(structs.replace(each, name="a", launched=NOW, tags={"a": "b"}))
    alike = structs.replace(INSTANCE, id="", state="")
    assert seen == [alike, structs.replace(alike, facts=facts)]


def test_every_rule_has_a_case_that_breaks_it() -> None:
    assert {rule for _, _, rules in CASES.values() for rule in rules} == {one.id for one in RULES}


REASONS: dict[str, tuple[Subject, dict[str, Any], str]] = {
    "a stranger is named": (
        subject(id=OTHER, owner=STRANGER),
        {},
        f"the image belongs to {STRANGER}, which is no owner of golden images",
    ),
    "an id on the list does not vouch for an image that is gone": (
        subject(id=LISTED, state="deregistered"),
        {},
        "the image no longer exists, so nobody can tell what it held "
        "(its id is on the approved list)",
    ),
    "the day of deprecation": (
        subject(deprecated_at=NOW - timedelta(days=22)),
        {},
        "the image is deprecated since 2026-11-01",
    ),
    "how many versions are newer": (
        subject(id=OLD),
        {"newest": 2},
        "3 newer versions of web are approved, and the newest 2 are current",
    ),
    "by whom, when and why it was revoked, and what follows": (
        subject(id=REVOKED),
        {},
        "the image, web 1, is revoked by ann at 2026-11-20: CVE-2026-1 (its successor is 2)",
    ),
    "from which revoked image it was made": (
        subject(revoked_ancestor=REVOKED),
        {},
        f"the image was made from the revoked image {REVOKED}, web 1, which is revoked by ann at "
        "2026-11-20: CVE-2026-1 (its successor is 2)",
    ),
    "that a status is not carried out": (
        subject(id=RETIRED),
        {},
        "the image, web 1, is retired by ann at 2026-11-20: CVE-2026-1 (its successor is 2), "
        "though EC2 still launches it",
    ),
    "who wrote a parameter last": (
        parameter(id=OTHER),
        {},
        f"it names {OTHER}, which is not approved; ann wrote it",
    ),
    "how old it is": (
        subject(id=OLD),
        {"max_age": timedelta(days=90)},
        "the image is 100 days old, more than 90",
    ),
    "which snapshot the root is of": (
        subject(facts={"root-snapshot": "snap-2", "image-snapshots": "snap-1"}),
        {},
        "the root volume was made from snapshot snap-2, the image has snap-1",
    ),
}


@pytest.mark.parametrize(("judged", "changes", "reason"), REASONS.values(), ids=REASONS.keys())
def test_a_finding_says_why(judged: Subject, changes: dict[str, Any], reason: str) -> None:
    assert Judge(structs.replace(APPROVED, **changes))(judged)[0].reason == reason


_ANY_SUBJECT = st.builds(
    subject,
    region=st.sampled_from(["us-east-1", "eu-west-1", "eu-north-1"]),
    id=st.sampled_from([GOLDEN, LISTED, OTHER, *PRODUCED]),
    owner=st.sampled_from(["", HERE, TRUSTED, STRANGER]),
    state=st.sampled_from(["", "available", "disabled", "deregistered"]),
    deprecated_at=st.sampled_from([None, NOW, NOW + timedelta(days=1)]),
    golden_ancestor=st.sampled_from(["", GOLDEN, DEPRECATED]),
    revoked_ancestor=st.sampled_from(["", REVOKED]),
)
_ORIGIN = {
    "foreign-owner", "unapproved-image", "deregistered-image", "spoofed-approval", "forged-build",
    "candidate-image", "derived-image", "revoked-image", "deprecated-image", "disabled-image",
}  # fmt: skip


@given(_ANY_SUBJECT)
def test_what_is_not_golden_is_never_compliant(judged: Subject) -> None:
    found = {one.rule for one in Judge(APPROVED)(judged)}
    assert found & _ORIGIN or APPROVED.golden(judged)


@given(_ANY_SUBJECT)
def test_nothing_is_compliant_where_nothing_is_approved(judged: Subject) -> None:
    nothing = Approved(produced={}, owners=frozenset({HERE}), account=HERE, at=NOW)
    assert nothing.empty
    assert Judge(nothing)(judged)


APPROVING: dict[str, dict[str, Any]] = {
    "an image that was produced": {"produced": {"us-east-1": {GOLDEN: PRODUCED[GOLDEN]}}},
    "an image of the list": {"listed": {"": frozenset({LISTED})}},
    "a name of the list": {"named": ("web-*",)},
    "another account": {"owners": frozenset({HERE, TRUSTED})},
}


@pytest.mark.parametrize("changes", APPROVING.values(), ids=APPROVING.keys())
def test_is_something_to_approve_by(changes: dict[str, Any]) -> None:
    forged = {"us-east-1": {FORGED: PRODUCED[FORGED], CANDIDATE: PRODUCED[CANDIDATE]}}
    nothing = Approved(produced=forged, owners=frozenset({HERE}), account=HERE, at=NOW)
    assert nothing.empty
    assert not structs.replace(nothing, **changes).empty


def test_the_rules_are_told_apart_and_each_says_why_and_what_to_do() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.title and rule.explanation and rule.fix and rule.controls for rule in RULES)


def test_severities_are_listed_worst_first() -> None:
    assert sorted(Severity, key=lambda one: one.rank) == list(Severity)
    assert Severity.HIGH.reaches(Severity.MEDIUM)
    assert not Severity.LOW.reaches(Severity.MEDIUM)


@pytest.mark.parametrize(
    ("mark", "revoked"),
    [
        (structs.replace(MARK, image=REVOKED), REVOKED),
        (structs.replace(MARK, image=REVOKED, key=f"{STRANGER}:web"), ""),
        (MARK, ""),
        (structs.replace(MARK, image=REVOKED, region="eu-west-1"), ""),
        (structs.replace(MARK, image=OTHER), ""),
    ],
)
def test_a_watermark_leads_to_the_revoked_image_that_it_was_attached_to(
    mark: ImageWatermark, revoked: str
) -> None:
    image = ImageSeen(id="ami-1", owner=STRANGER, state="available", watermarks=(mark,))
    claim = APPROVED.revoked_ancestor("us-east-1", image)
    assert (claim.id if claim else "") == revoked
