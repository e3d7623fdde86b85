"""The states of a golden image."""

from hypothesis import given
from hypothesis import strategies as st

from goldenami.domain.status import STATES, Status, may_become, reached

LIFE = ("", "building", "candidate", "approved", "deprecated", "disabled", "retired")


def test_the_table_has_every_status_in_the_order_of_a_life() -> None:
    assert list(Status) == list(STATES) == list(LIFE[1:])
    assert [state.rank for state in STATES.values()] == list(range(len(STATES)))


def test_nothing_waits_for_an_approval_that_it_has_had() -> None:
    waiting = {status for status, state in STATES.items() if state.waits}
    assert waiting == {status for status in Status if not reached(status, Status.APPROVED)}


@given(st.sampled_from([*LIFE, "revoked", "Approved"]), st.sampled_from(Status))
def test_a_status_may_become_what_is_not_before_it(status: str, later: Status) -> None:
    known = status in LIFE
    assert may_become(status, later) is (known and LIFE.index(status) <= LIFE.index(later))
    assert reached(status, later) is (not known or LIFE.index(status) >= LIFE.index(later))
