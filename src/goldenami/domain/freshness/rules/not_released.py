"""There is no version that could be out of date."""

from collections.abc import Iterator

from goldenami.domain.freshness.rules.interface import Evidence, FreshnessRule, ReleaseState


def _test(state: ReleaseState) -> Iterator[Evidence]:
    if not state.version:
        others = f" ({state.others} of another status)" if state.others else ""
        yield Evidence(f"no approved version is in {state.region}{others}")
        return
    for each in state.sources:
        if not each.image:
            words = f"version {state.version} has no approved image for {each.architecture}"
            yield Evidence(words, architecture=each.architecture)


RULE = FreshnessRule(id="not-released", title="Nothing is released", test=_test)
