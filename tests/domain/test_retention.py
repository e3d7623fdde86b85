"""What older versions are due for: by their ages, and by what keeps them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from goldenami.domain.retention import RUNGS, AgedVersion, Due, RetentionRules, Rung, due
from goldenami.domain.status import Status

NOW = datetime(2026, 11, 26, tzinfo=UTC)
DAY = timedelta(days=1)
RULES = RetentionRules(
    keep=1, keep_for=10 * DAY, disable_after=20 * DAY, delete_after=40 * DAY,
    tags=(("Keep", "yes"),), shared_with=frozenset({"1"}), launched_within=5 * DAY,
)  # fmt: skip
NEWEST = AgedVersion(version="2.0", status=Status.APPROVED)
OLD = AgedVersion(
    version="1.0", status=Status.APPROVED, superseded=NOW - 50 * DAY, launched=NOW - 90 * DAY
)


def ages(days: int) -> dict[str, datetime]:
    return {"superseded": NOW - days * DAY}


@pytest.mark.parametrize(
    ("changes", "rung", "why"),
    [
        ({}, Rung.DEPRECATE, "superseded 2026-10-07"),
        ({"status": Status.DEPRECATED}, Rung.DISABLE, "superseded"),
        ({"status": Status.DISABLED}, Rung.DEREGISTER, "superseded"),
        ({"status": Status.REVOKED}, Rung.DEREGISTER, "superseded"),
        ({"status": Status.DEPRECATED, **ages(30)}, Rung.DISABLE, "superseded"),
        ({"status": Status.DISABLED, **ages(30)}, None, "not before 2026-12-06: deregister"),
        ({"status": Status.DISABLED, "changed": NOW - DAY / 2}, None, "for less than a day"),
        ({"status": Status.DISABLED, "changed": NOW - DAY}, Rung.DEREGISTER, "superseded"),
        (ages(12), None, "not before 2026-12-04: disable"),
        ({**ages(12), "deprecated": NOW}, Rung.DEPRECATE, "superseded"),
        ({**ages(12), "deprecated": NOW + DAY}, None, "not before 2026-11-27: deprecate"),
        (ages(9), None, "kept until 2026-11-27"),
        ({"superseded": None}, None, "not known, or no newer one"),
        ({"named_by": ("/p in us-east-1",)}, None, "named by /p in us-east-1"),
        ({"tags": frozenset({("Keep", "yes")})}, None, "it is tagged Keep=yes"),
        ({"shared_with": frozenset({"1", "2"})}, None, "it is shared with 1"),
        ({"launched": NOW - 4 * DAY}, None, "launched, or made, 2026-11-22"),
        ({"launched": None}, None, "launched last is not known"),
        ({"status": Status.CANDIDATE}, None, "it is candidate"),
        ({"status": Status.RETIRED}, None, "it is retired"),
        ({"status": None}, None, "it is of no status"),
    ],
)
def test_a_version_goes_a_step_when_its_time_has_come_and_nothing_keeps_it(
    changes: dict[str, object], rung: Rung | None, why: str
) -> None:
    newest, old = due(RULES, [NEWEST, structs.replace(OLD, **changes)], NOW)
    assert (newest.rung, newest.why) == (None, "it is the newest approved one")
    assert old.rung is rung
    assert why in old.why


def test_without_a_rule_nothing_goes() -> None:
    assert due(RetentionRules(), [NEWEST, OLD], NOW)[1].why == "no rule is for what is approved"
    by_ec2 = structs.replace(OLD, deprecated=NOW - DAY)
    assert due(RetentionRules(), [NEWEST, by_ec2], NOW)[1].rung is Rung.DEPRECATE


TIMES = st.none() | st.integers(-400, 400).map(lambda days: NOW - days * DAY)
AGES = st.none() | st.integers(0, 300).map(lambda days: days * DAY)
VERSIONS = st.builds(
    AgedVersion,
    version=st.just(""),
    status=st.none() | st.sampled_from([*Status]),
    superseded=TIMES, deprecated=TIMES, changed=TIMES, launched=TIMES,
    named_by=st.sampled_from([(), ("/p",)]),
    tags=st.sampled_from([frozenset(), frozenset({("a", "b")})]),
    shared_with=st.sampled_from([frozenset(), frozenset({"1"})]),
)  # fmt: skip
SOME_RULES = st.builds(
    RetentionRules,
    keep=st.integers(1, 4), keep_for=st.integers(0, 99).map(lambda days: days * DAY),
    deprecate_after=AGES, disable_after=AGES, delete_after=AGES,
    tags=st.sampled_from([(), (("a", "b"),)]), shared_with=st.just(frozenset({"1"})),
    launched_within=st.integers(0, 99).map(lambda days: days * DAY),
)  # fmt: skip


def named(several: list[AgedVersion]) -> list[AgedVersion]:
    return [structs.replace(each, version=str(number)) for number, each in enumerate(several)]


@given(SOME_RULES, st.lists(VERSIONS, max_size=8).map(named))
def test_what_is_to_stay_never_goes(rules: RetentionRules, versions: list[AgedVersion]) -> None:
    verdicts = due(rules, versions, NOW)
    assert [each.version for each in verdicts] == [each.version for each in versions]
    assert all(each.why for each in verdicts)
    going = {each.version for each in verdicts if each.rung}
    approved = [each.version for each in versions if each.status is Status.APPROVED]
    assert not going & {*approved[: rules.keep]}
    for each in versions:
        young = each.launched is None or each.launched > NOW - rules.launched_within
        stays = (
            each.named_by, each.shared_with, rules.launched_within and young,
            {*rules.tags} & each.tags, each.superseded is None,
            each.superseded and each.superseded > NOW - rules.keep_for,
            each.status in (None, Status.BUILDING, Status.CANDIDATE, Status.RETIRED),
        )  # fmt: skip
        if any(stays):
            assert each.version not in going


@given(SOME_RULES, st.lists(VERSIONS, max_size=8).map(named), st.integers(0, 300))
def test_what_goes_today_goes_later_too_and_no_step_is_left_out(
    rules: RetentionRules, versions: list[AgedVersion], days: int
) -> None:
    later = {each.version: each for each in due(rules, versions, NOW + days * DAY)}
    for each, version in zip(due(rules, versions, NOW), versions, strict=True):
        if each.rung:
            assert later[each.version] == Due(
                version=each.version, rung=each.rung, why=later[each.version].why
            )
            begin = {Status.APPROVED: 0, Status.DEPRECATED: 1}.get(
                version.status or Status.RETIRED, 2
            )
            assert each.rung is RUNGS[begin]
