"""The pattern of a policy against the plainest matcher there is."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from goldenami.iam.evaluator.text import PolicyText, like


def plainly(pattern: str, text: str) -> bool:
    """Match by the definition: `ends` are the ends of the text that are still to be matched."""
    ends = {text}
    for sign in pattern:
        if sign == "*":
            ends = {end[start:] for end in ends for start in range(len(end) + 1)}
        else:
            ends = {end[1:] for end in ends if end and sign in ("?", end[0])}
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
    parsed = [PolicyText.parse(pattern, variables=False).widest for pattern in patterns]
    assert like(parsed)(text) is any(plainly(pattern, text) for pattern in patterns)
