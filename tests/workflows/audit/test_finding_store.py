"""What is found is kept by place, in memory or not, and a full disk is one clear error."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.errors import GoldenamiError
from goldenami.workflows.audit import finding_store
from goldenami.workflows.audit.finding_store import FindingStore

ADDED = st.lists(st.tuples(st.integers(0, 4), st.lists(st.text(max_size=5), max_size=4)))


@given(ADDED, st.sampled_from([1, 1024 * 1024]))
def test_places_come_back_in_their_order_each_as_it_was_written(
    added: list[tuple[int, list[str]]], in_memory_bytes: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding_store, "IN_MEMORY_BYTES", in_memory_bytes)
        kept = FindingStore(str)
        for place, items in added:
            kept.add(place, items)
        by_place = [one for place in range(5) for number, items in added if number == place
                    for one in items]  # fmt: skip
        assert list(kept) == by_place
        assert list(kept) == by_place


@given(ADDED)
def test_lines_come_in_the_order_of_their_places_and_items_do_not_come_again(
    added: list[tuple[int, list[str]]],
) -> None:
    as_items, as_lines = FindingStore(str), FindingStore(str, "<{}>\n".format)
    for place, items in added:
        as_items.add(place, items)
        as_lines.add(place, items)
    assert "".join(as_lines.lines()) == "".join(f"<{item}>\n" for item in as_items)
    with pytest.raises(TypeError):
        list(as_lines)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_says_where_room_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = FindingStore(str)
    with Path("/dev/full").open("r+b", buffering=0) as full:
        monkeypatch.setattr(kept, "_file", full)
        with pytest.raises(GoldenamiError, match=r"cannot be kept in .*: No space left") as caught:
            kept.add(0, ["x"])
    assert "TMPDIR" in caught.value.fix
