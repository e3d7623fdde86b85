"""Which findings fail an image, whichever scan has told of them."""

from collections.abc import Mapping

import pytest

from goldenami.domain.vulnerabilities import (
    LISTED,
    SEVERITIES,
    ScanLimits,
    VulnerabilityFinding,
)


def finding(severity: str, vulnerability: str = "CVE-1", text: str = "a") -> VulnerabilityFinding:
    return VulnerabilityFinding(severity=severity, id=vulnerability, text=text)


@pytest.mark.parametrize("limit", SEVERITIES[:4])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_a_finding_fails_from_the_limit_on_unless_it_is_ignored(severity: str, limit: str) -> None:
    limits = ScanLimits(severity=limit)
    fails = SEVERITIES.index(severity) <= SEVERITIES.index(limit)
    assert bool(limits.judge([finding(severity)]).failing) is fails
    ignoring = ScanLimits(severity=limit, ignore=("CVE-1",))
    assert ignoring.judge([finding(severity)]) == ignoring.judge([])


JUDGED: Mapping[str, tuple[list[VulnerabilityFinding], tuple[str, ...], list[str], dict[str, int]]]
JUDGED = {
    "nothing": ([], (), [], {}),
    "the worst first, then by their ids": (
        [finding("low"), finding("high", "CVE-2"), finding("critical", "CVE-9"),
         finding("high", "CVE-1")],
        (), ["CVE-9", "CVE-1", "CVE-2"], {"critical": 1, "high": 2, "low": 1},
    ),
    "what is ignored is not counted either": (
        [finding("critical", "CVE-2"), finding("untriaged")], ("CVE-2",), [], {"untriaged": 1},
    ),
    "an id that only begins so is another one": (
        [finding("critical", "CVE-21")], ("CVE-2",), ["CVE-21"], {"critical": 1},
    ),
    "what has no id is never ignored": ([finding("high", "")], ("CVE-1",), [""], {"high": 1}),
}  # fmt: skip


@pytest.mark.parametrize("case", JUDGED)
def test_judges(case: str) -> None:
    findings, ignore, failing, counts = JUDGED[case]
    verdict = ScanLimits(ignore=ignore).judge(findings)
    assert [each.id for each in verdict.failing] == failing
    assert list(verdict.counts.items()) == list(counts.items())


def test_of_many_findings_the_worst_are_listed() -> None:
    findings = [finding("high", text=f"{number:03}") for number in range(LISTED + 2)]
    listed = ScanLimits().judge([*findings, finding("critical", text="x")]).listed
    assert listed[0] == "critical x"
    assert listed[-1] == "and 3 more, less or equally severe"
    assert len(listed) == LISTED + 1
