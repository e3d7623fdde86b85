"""What is needed comes first, and what cannot be put in order is told."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.domain.ordering import needed_first

CASES: dict[str, tuple[dict[str, list[str]], list[str], list[list[str]]]] = {
    "nothing": ({}, [], []),
    "what needs nothing, in its order": ({"b": [], "a": []}, ["b", "a"], []),
    "a chain": ({"app": ["web"], "web": ["os"], "os": []}, ["os", "web", "app"], []),
    "what is there already": ({"web": ["elsewhere"]}, ["web"], []),
    "two needs, one of them twice": (
        {"app": ["os", "jdk", "os"], "jdk": ["os"], "os": []}, ["os", "jdk", "app"], [],
    ),
    "what needs itself": ({"a": ["a"], "b": []}, ["a", "b"], [["a", "a"]]),
    "a cycle": ({"a": ["b"], "b": ["c"], "c": ["a"]}, ["a", "c", "b"], [["a", "c", "b", "a"]]),
    "two cycles": (
        {"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, ["a", "b", "c", "d"],
        [["a", "b", "a"], ["c", "d", "c"]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_names_come_in_this_order(case: str) -> None:
    needs, names, cycles = CASES[case]
    ordering = needed_first(needs)
    assert [sorted(cycle[1:]) for cycle in ordering.cycles] == [
        sorted(cycle[1:]) for cycle in cycles
    ]
    assert len(ordering.names) == len(names)
    if not cycles:
        assert [*ordering.names] == names


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefg"))))
def test_each_name_comes_once_and_follows_what_it_needs_unless_a_cycle_tells_why(
    needs: dict[str, Any],
) -> None:
    ordering = needed_first(needs)
    assert sorted(ordering.names) == sorted(needs)
    places = {name: place for place, name in enumerate(ordering.names)}
    cut = set()
    for cycle in ordering.cycles:
        assert cycle[0] == cycle[-1]
        for first, second in pairwise(cycle):
            assert first in needs[second]
        cut.add((cycle[1], cycle[0]))
    for name, needed in needs.items():
        for each in needed:
            assert each not in places or places[each] < places[name] or (name, each) in cut
