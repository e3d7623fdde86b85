"""The scan of an image itself: what AWS answers from its beginning to the findings."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from goldenami.aws import image_scans, policy_simulator
from goldenami.aws.session import Aws
from goldenami.domain.vulnerabilities import VulnerabilityFinding
from goldenami.errors import AwsError, BakeError, GateError

from .test_waits import IMAGE, Answers, Wait, _quick, doing, refused

__all__ = ["_quick", "doing"]

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=2)
JUDGING = {"ImageId": "ami-1", "severity": "high", "ignore": []}
XZ = {"Title": "CVE-2024-3094 - xz", "SeverityLabel": "critical", "FixAvailable": True,
      "Paths": ["/a", "/b", "/c"]}  # fmt: skip
VIM = {"Title": "CVE-2026-2222 - vim", "SeverityLabel": "medium", "FixAvailable": False,
       "Paths": ["/usr/bin/vim"]}  # fmt: skip
NEW = {"Title": "CVE-2026-3333 - bash"}
STARTED = {"start_on_demand_scan": [{"scanId": "new"}]}
NEVER: dict[str, list[Any]] = {"list_on_demand_scans": [{"items": []}]}


def row(scan: str, status: str, when: datetime = NOW, **more: Any) -> dict[str, Any]:
    return {"scanId": scan, "scanStatus": status, "startedAt": when, **more}


def status(status: str, **more: Any) -> dict[str, Any]:
    whose = {"scanId": "new", "resourceId": "ami-1"}
    return {"scanStatus": status, "startedAt": NOW, **whose, **more}


def scanned(when: datetime | None = NOW, worst: str = "") -> dict[str, Any]:
    results: dict[str, Any] = {"FindingScanDate": when} if when else {}
    results |= {"HighestFindingSeverityLabel": worst} if worst else {}
    return {"Images": [IMAGE | {"ScanResults": results}]}


def found(*findings: Any) -> dict[str, Any]:
    return {"ImageFindings": list(findings)}


DONE = {"get_on_demand_scan_status": [status("SUCCESSFUL")]}
CLEAN = {**DONE, "describe_images": [scanned()], "get_image_findings": [found()]}


def test_a_scan_is_begun_waited_for_and_its_findings_are_counted(doing: Wait) -> None:
    client = Answers(
        **NEVER, **STARTED,
        get_on_demand_scan_status=[
            refused("ResourceNotFoundException"), status("IN_PROGRESS"), status("SUCCESSFUL"),
        ],
        describe_images=[
            {"Images": []},  # not known everywhere
            {"Images": [IMAGE]},  # never scanned, as far as EC2 knows
            scanned(OLD, "critical"),  # the scan before
            scanned(worst="medium"),
        ],
        get_image_findings=[found(), found(VIM, NEW)],  # not all of it yet
    )  # fmt: skip
    context, told = doing(client, **JUDGING)
    assert image_scans.scan(context) == {"findings": {"medium": 1, "untriaged": 1}}
    assert told == [
        "not known everywhere yet", "in progress",
        *["done, EC2 does not tell the findings yet"] * 3,
        "done, EC2 does not tell all findings yet",
    ]  # fmt: skip


def test_findings_that_fail_are_told_with_what_is_known_of_them(doing: Wait) -> None:
    client = Answers(
        **NEVER, **STARTED, **DONE,
        describe_images=[scanned(worst="critical")], get_image_findings=[found(VIM, XZ)],
    )  # fmt: skip
    context, _ = doing(client, **JUDGING | {"severity": "medium"})
    with pytest.raises(GateError, match="finds 2 vulnerabilities of severity medium or") as failed:
        image_scans.scan(context)
    assert failed.value.notes == (
        "critical CVE-2024-3094 - xz (a fix is available) in /a and 2 more",
        "medium CVE-2026-2222 - vim in /usr/bin/vim",
    )
    context, _ = doing(client, **JUDGING | {"ignore": ["CVE-2024-3094"]})
    assert image_scans.scan(context) == {"findings": {"medium": 1}}


def test_a_finding_without_a_title_is_one(doing: Wait) -> None:
    findings = found({"SeverityLabel": "high"})
    client = Answers(
        **NEVER, **STARTED, **DONE, describe_images=[scanned(worst="high")],
        get_image_findings=[findings],
    )  # fmt: skip
    context, _ = doing(client, **JUDGING)
    text = "a vulnerability without a title"
    assert image_scans.findings(context, "") == [
        VulnerabilityFinding(severity="high", id="", text=text)
    ]


EARLIER = {
    "one that is under way": (row("old", "IN_PROGRESS"), True),
    "one that was done just now": (row("old", "SUCCESSFUL", completedAt=NOW), True),
    "one that was done by a clock ahead of ours": (
        row("old", "SUCCESSFUL", completedAt=NOW + timedelta(minutes=9)), True,
    ),
    "one that was done long ago": (row("old", "SUCCESSFUL", completedAt=OLD), False),
    "one whose end is not told": (row("old", "SUCCESSFUL"), False),
    "one that failed": (row("old", "FAILED", completedAt=NOW), False),
}  # fmt: skip


@pytest.mark.parametrize("case", EARLIER)
def test_a_scan_that_is_under_way_or_just_done_is_not_begun_again(doing: Wait, case: str) -> None:
    earlier, stands = EARLIER[case]
    begun: dict[str, Any] = {} if stands else STARTED  # a call that has no answer here fails
    ended = {"get_on_demand_scan_status": [status("SUCCESSFUL", scanId="old" if stands else "new")]}
    client = Answers(list_on_demand_scans=[{"items": [earlier]}], **begun, **{**CLEAN, **ended})
    context, _ = doing(client, **JUDGING)
    assert image_scans.scan(context) == {"findings": {}}


def test_a_scan_that_somebody_else_begins_at_the_same_moment_is_waited_for(doing: Wait) -> None:
    client = Answers(
        list_on_demand_scans=[{"items": []}, {"items": [row("other", "IN_PROGRESS")]}],
        start_on_demand_scan=[refused("ConflictException")],
        **{**CLEAN, "get_on_demand_scan_status": [status("SUCCESSFUL", scanId="other")]},
    )  # fmt: skip
    context, told = doing(client, **JUDGING)
    assert image_scans.scan(context) == {"findings": {}}
    assert told == ["another scan of it is under way"]


REASONS = {
    "ACCESS_DENIED": "KMS key",
    "UNSUPPORTED_OS": "supported.html",
    "STORAGE_LIMIT_EXCEEDED": "volumes of the image smaller",
    "AGENTLESS_INSTANCE_STORAGE_LIMIT_EXCEEDED": "volumes of the image smaller",
    "EXTRACTION_COLLECTION_TIME_LIMIT_EXCEEDED": "take files out",
    "AGENTLESS_INSTANCE_COLLECTION_TIME_LIMIT_EXCEEDED": "take files out",
    "RESOURCE_TERMINATED": "CloudTrail",
    "INTERNAL_ERROR": "run the same command again",
    "SOMETHING_NEW": "says what it means",
    "": "says what it means",
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_scan_that_fails_says_why_and_what_helps(doing: Wait, reason: str) -> None:
    more = {"scanStatusReason": reason} if reason else {}
    client = Answers(**NEVER, **STARTED, get_on_demand_scan_status=[status("FAILED", **more)])
    context, _ = doing(client, **JUDGING)
    words = reason or "no reason given"
    with pytest.raises(BakeError) as failed:
        image_scans.scan(context)
    assert failed.value.message.endswith(f"Inspector cannot scan ami-1: {words}")
    assert not isinstance(failed.value, GateError)
    assert REASONS[reason] in failed.value.fix


@pytest.mark.parametrize(
    "operation",
    ["list_on_demand_scans", "start_on_demand_scan", "get_on_demand_scan_status",
     "describe_images", "get_image_findings"],
)  # fmt: skip
def test_what_may_not_be_asked_is_never_no_finding(doing: Wait, operation: str) -> None:
    answers: dict[str, Any] = {
        **NEVER,
        **STARTED,
        **CLEAN,
        operation: [refused("AccessDeniedException")],
    }
    context, _ = doing(Answers(**answers), **JUDGING)
    with pytest.raises(AwsError, match="AccessDeniedException") as failed:
        image_scans.scan(context)
    first = operation == "start_on_demand_scan"
    assert ("iam:CreateServiceLinkedRole" in failed.value.fix) is first


@pytest.mark.parametrize("whose", [{"scanId": "old"}, {"resourceId": "ami-2"}])
def test_the_status_of_another_scan_is_not_believed(doing: Wait, whose: dict[str, str]) -> None:
    answers = {**CLEAN, "get_on_demand_scan_status": [status("SUCCESSFUL", **whose)]}
    context, _ = doing(Answers(**NEVER, **STARTED, **answers), **JUDGING, timeout_s=0.02)
    with pytest.raises(BakeError, match="it is about another scan"):
        image_scans.scan(context)


def test_findings_of_which_ec2_tells_a_part_are_waited_for_until_the_deadline(doing: Wait) -> None:
    client = Answers(
        **NEVER, **STARTED, **DONE, describe_images=[scanned(worst="critical")],
        get_image_findings=[found(VIM)],
    )  # fmt: skip
    context, _ = doing(client, **JUDGING, timeout_s=0.02)
    with pytest.raises(BakeError, match=r"not ready after .*does not tell all findings yet"):
        image_scans.scan(context)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((), "fine", "may be scanned"),
        (None, "fine", "may be scanned"),  # the root user
        (("inspector2:StartOnDemandScan on *",), "wrong", "test.scan: the caller may not insp"),
        (AwsError("no simulator"), "unknown", "is not known: no simulator"),
    ],
)
def test_who_may_scan_is_asked_before(
    monkeypatch: pytest.MonkeyPatch, answer: Any, kind: str, words: str
) -> None:
    def refused(*_: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(policy_simulator, "refused", refused)
    result = image_scans.check(Aws(region="us-east-1").in_region("us-east-1"))
    (line,) = getattr(result, kind)
    assert words in line
    assert [*result.fine, *result.wrong, *result.unknown] == [line]


ROLE = {"Role": {"RoleName": "a", "Path": "/", "Arn": "arn:aws:iam::123456789012:role/a"}}
SIMULATED: dict[str, tuple[list[tuple[str, tuple[str, ...]]], str]] = {
    "all that is allowed": ([("allowed", ())], "fine"),
    "what is not allowed": ([("allowed", ()), ("implicitDeny", ())], "wrong"),
    "what is denied, whatever else is not known": ([("explicitDeny", ("aws:SourceIp",))], "wrong"),
    "what depends on what is not known": ([("implicitDeny", ("aws:SourceIp",))], "unknown"),
    "what is allowed whatever is not known": ([("allowed", ("aws:SourceIp",))], "fine"),
}


@pytest.mark.parametrize("case", SIMULATED)
def test_the_simulator_decides_for_all_resources_at_once(doing: Wait, case: str) -> None:
    decisions, kind = SIMULATED[case]
    results = [
        {"EvalActionName": f"a:{number}", "EvalDecision": decision,
         **({"MissingContextValues": list(lacking)} if lacking else {})}
        for number, (decision, lacking) in enumerate(decisions)
    ]  # fmt: skip
    caller = {"Account": "123456789012", "Arn": "arn:aws:sts::123456789012:assumed-role/a/b"}
    client = Answers(
        get_caller_identity=[caller], get_role=[ROLE],
        simulate_principal_policy=[{"EvaluationResults": results, "IsTruncated": False}],
    )  # fmt: skip
    context, _ = doing(client)
    result = image_scans.check(context.regional)
    assert len(getattr(result, kind)) == 1
    assert len([*result.fine, *result.wrong, *result.unknown]) == 1
