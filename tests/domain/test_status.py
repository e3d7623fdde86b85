"""The states of a golden image: what may follow what, however commands come and are cut off."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from goldenami.domain.status import STATES, Status, may_become, may_return, reached, state

LIFE = ("building", "candidate", "approved", "deprecated", "disabled", "revoked", "retired")
DOCS = Path(__file__).parents[2] / "docs" / "lifecycle.md"
AHEAD = {
    ("building", "candidate"), ("building", "approved"), ("candidate", "approved"),
    ("candidate", "revoked"), ("approved", "deprecated"), ("approved", "revoked"),
    ("deprecated", "disabled"), ("deprecated", "revoked"), ("disabled", "retired"),
    ("disabled", "revoked"), ("revoked", "retired"),
}  # fmt: skip
BACK = {
    ("deprecated", "approved"), ("disabled", "approved"), ("revoked", "candidate"),
    ("revoked", "approved"), ("retired", "disabled"), ("retired", "revoked"),
}  # fmt: skip
statuses = st.sampled_from(Status)


def test_the_table_has_every_status_in_the_order_of_a_life() -> None:
    assert list(Status) == list(STATES) == list(LIFE)
    assert [each.rank for each in STATES.values()] == list(range(len(STATES)))


def test_what_may_follow_what_is_this_and_nothing_else() -> None:
    assert {(a, b) for a in Status for b in Status if a != b and may_become(a, b)} == AHEAD
    assert {(a, b) for a in Status for b in Status if a != b and may_return(a, b)} == BACK


def test_the_table_is_drawn_in_the_docs() -> None:
    arrow = re.compile(r"^ +(\w+) -->\|(restore|[^|]*)\| (\w+)$", re.MULTILINE)
    drawn = {(a, how == "restore", b) for a, how, b in arrow.findall(DOCS.read_text())}
    assert drawn == {(a, False, b) for a, b in AHEAD} | {(a, True, b) for a, b in BACK}


def test_nothing_waits_for_an_approval_that_it_has_had() -> None:
    waiting = {status for status, state in STATES.items() if state.waits}
    assert waiting == {status for status in Status if not reached(status, Status.APPROVED)}


@given(statuses, statuses)
def test_a_status_goes_ahead_by_itself_and_back_only_by_a_restoration(
    status: Status, later: Status
) -> None:
    if may_become(status, later):
        assert state(status).rank <= state(later).rank
    if may_return(status, later):
        assert status is later or state(status).rank > state(later).rank
    assert reached(status, later) is (state(status).rank >= state(later).rank)


@given(statuses, st.lists(st.tuples(st.booleans(), statuses), max_size=30))
def test_no_sequence_of_commands_gets_around_the_table(
    first: Status, commands: list[tuple[bool, Status]]
) -> None:
    now = first
    for restoring, wanted in commands:
        may = may_return if restoring else may_become
        if may(now, wanted):
            assert now is wanted or (now.value, wanted.value) in (BACK if restoring else AHEAD)
            now = wanted
    if first is Status.REVOKED and not any(restoring for restoring, _ in commands):
        assert now in (Status.REVOKED, Status.RETIRED)


@given(st.text().filter(lambda text: text not in (*LIFE, "")), statuses)
def test_a_status_that_is_not_known_is_beyond_all_that_are(status: str, later: Status) -> None:
    assert not may_become(status, later)
    assert not may_return(status, later)
    assert reached(status, later)


def test_what_has_no_status_may_begin() -> None:
    assert {each for each in Status if may_become("", each)} == {
        Status.BUILDING, Status.CANDIDATE, Status.APPROVED,
    }  # fmt: skip
