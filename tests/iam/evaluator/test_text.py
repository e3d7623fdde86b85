"""The pattern of a policy against the plainest matcher there is."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from goldenami.iam.evaluator.text import PolicyText, like


def plainly(pattern: str, text: str) -> bool:
    """Match by the definition: `ends` are the ends of the text that are still to be matched."""
    ends = {text}
    for sign in pattern:
        if sign == "*":
            ends = {one[start:] for one in ends for start in range(len(one) + 1)}
        else:
            ends = {one[1:] for one in ends if one and sign in ("?", one[0])}
    return "" in ends


@settings(max_examples=500)
@given(st.lists(st.text("ab**?", max_size=7), max_size=2), st.text("ab\n", max_size=7))
@example(["*a*b*"], "aba")  # the first place is taken, not the last
@example(["*a*b"], "aabab")  # the last piece ends the text
@example(["*ab*ba"], "aba")  # two pieces may not share a letter
@example(["a*", "*b.|"], "b.|")  # what is special in a regular expression is not
def test_a_text_is_like_the_patterns_that_it_matches_by_definition(
    patterns: list[str], text: str
) -> None:
    parsed = [PolicyText.parse(one, variables=False).resolve({}) or () for one in patterns]
    assert like(parsed)(text) is any(plainly(one, text) for one in patterns)
