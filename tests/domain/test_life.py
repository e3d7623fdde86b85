"""What became of a release: kept in its record, said by tags."""

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from goldenami.domain import life, tags
from goldenami.domain.life import KEPT, Change
from goldenami.domain.status import Status, reached

changes = st.builds(
    Change,
    status=st.sampled_from(Status),
    by=st.text(max_size=300),
    at=st.just("2026-11-26T15:00:00Z"),
    why=st.text(max_size=life.WHY_LENGTH),
    successor=st.sampled_from(("", "2.0")),
)
REVOKED = Change(
    status=Status.REVOKED, by="arn:aws:iam::111122223333:user/ada", at="2026-11-26T15:00:00Z",
    why="CVE-2026-1", successor="2.0",
)  # fmt: skip


@given(changes)
def test_tags_say_what_is_recorded(change: Change) -> None:
    written = change.tags
    assert all(0 < len(value) <= tags.VALUE_LENGTH for value in written.values())
    read = life.of_tags(written)
    assert read == msgspec.structs.replace(change, by=change.by[: tags.VALUE_LENGTH])
    assert change.ends is (
        change.status is not Status.APPROVED and reached(change.status, Status.APPROVED)
    )


@given(st.lists(changes, max_size=20))
def test_a_life_grows_by_what_differs_and_keeps_the_newest(several: list[Change]) -> None:
    lived: tuple[Change, ...] = ()
    for change in several:
        before, lived = lived, life.later(lived, change)
        assert len(lived) <= KEPT
        assert lived[-1].status is change.status
        if before and before[-1].status is change.status:
            assert lived == before
    assert all(a.status is not b.status for a, b in pairwise(lived))


def test_a_change_is_said_in_words() -> None:
    assert REVOKED.words == (
        "revoked by arn:aws:iam::111122223333:user/ada at 2026-11-26T15:00:00Z: CVE-2026-1 (its "
        "successor is 2.0)"
    )
    assert Change(status=Status.REVOKED, by="", at="").words == "revoked"
    assert life.of_tags({tags.STATUS: "golden"}) is None
