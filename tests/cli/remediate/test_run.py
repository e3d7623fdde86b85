"""How a remediation runs: its options, its plan, its pace, and how it ends."""

import signal
import threading
from math import ceil
from typing import Any

import pytest
from msgspec import structs

from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit import audit_file
from goldenami.domain.choices import RemediationKind
from goldenami.domain.plan import Action, Happened, Plan
from goldenami.errors import AwsError, InterruptedRunError
from goldenami.workflows import remediate as workflow
from goldenami.workflows.audit.question import AuditQuestion
from goldenami.workflows.remediate.interface import (
    RemediationRequest,
    RemediationStep,
)
from goldenami.workflows.remediate.run import Pace, Remediation, carry_out
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from .conftest import REFRESH, now, of, run


def test_a_failure_stops_nothing_else_and_is_told(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    first, second = run(sandbox, public), run(sandbox, public)
    audit = audited()
    fault = Fault(
        service="ec2", operation="StopInstances", code="UnauthorizedOperation", status=403, times=1
    )
    with sandbox.fail(fault):
        results = remediate(audit, "--action", "stop", code=1)
    assert sorted(result for result, _ in results.values()) == ["done", "failed"]
    again = remediate(audit, "--action", "stop")
    assert sorted(result for result, _ in again.values()) == ["done", "left alone"]
    assert {now(sandbox, one)["State"]["Name"] for one in (first, second)} == {"stopped"}


def test_ctrl_c_tells_what_was_done_and_how_to_go_on(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any
) -> None:
    for _ in range(2):
        run(sandbox, public)
    audit = audited()
    asked = RemediationRequest(
        kind=RemediationKind.STOP, per_minute=1
    )  # the second one has its turn in a minute
    aws = Aws(region="us-east-1")

    def tell(happened: Happened) -> None:
        if happened.kind == "done":
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    prepared = workflow.prepare(aws, audit_file.load(audit), AuditQuestion(), asked)
    results, error = workflow.carry_out(aws, prepared, asked, tell=tell)
    assert isinstance(error, InterruptedRunError)
    assert "run the same command again" in error.fix
    assert sorted(one.result for one in results) == ["done", "failed"]
    assert "not begun" in next(one.detail for one in results if one.result == "failed")
    again = remediate(audit, "--action", "stop")
    assert sorted(result for result, _ in again.values()) == ["done", "left alone"]


def test_a_step_whose_predecessor_fails_is_not_begun(
    sandbox: Sandbox, golden: str, public: str, audited: Any, remediate: Any, template: Any,
    group: Any,
) -> None:  # fmt: skip
    first, second = template("first", public), template("second", public)
    group("first", LaunchTemplate=of(first))
    audit = audited()
    fault = Fault(
        service="ec2", operation="CreateLaunchTemplateVersion", code="UnauthorizedOperation",
        status=403, times=1,
    )  # fmt: skip
    with sandbox.fail(fault):
        results = remediate(audit, *REFRESH, code=1)
    ends = sorted(results[one][0] for one in (f"{first}:1", f"{second}:1"))
    assert ends == ["done", "failed"]
    assert {result for result, _ in remediate(audit, *REFRESH).values()} <= {"done", "left alone"}


def test_the_plan_changes_nothing_and_names_its_permissions(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any
) -> None:
    bad, held = run(sandbox, public), run(sandbox, public)
    sandbox.client("ec2").modify_instance_attribute(
        InstanceId=held, DisableApiTermination={"Value": True}
    )
    ran = cli("remediate", audited(), "--action", "terminate", "--plan")
    assert ran.code == 0
    assert f"left alone: {held}: it is protected from termination" in ran.err
    assert f"terminate {bad}" in ran.out
    assert "ec2:TerminateInstances" in ran.out
    assert now(sandbox, bad)["State"]["Name"] == "running"


def test_another_accounts_audit_is_refused(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any, rewrite: Any
) -> None:
    run(sandbox, public)
    audit = audited()
    other = "444455556666"
    rewrite(audit, account=other)
    ran = cli("remediate", audit, "--action", "tag", "--yes")
    assert ran.code == 4
    assert "the audit is of account 444455556666" in ran.err


def test_a_finding_in_another_account_needs_a_role(
    cli: Any, sandbox: Sandbox, golden: str, public: str, audited: Any, rewrite: Any
) -> None:
    run(sandbox, public)
    audit = audited()
    other = "444455556666"
    [finding] = audit_file.load(audit).findings
    [place] = audit_file.load(audit).places
    rewrite(
        audit,
        findings=(
            structs.replace(finding, subject=structs.replace(finding.subject, account=other)),
        ),
        places=(structs.replace(place, account=other),),
    )
    ran = cli("remediate", audit, "--action", "tag", "--yes")
    assert ran.code == 4
    assert "by which role?" in ran.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--action", "quarantine"], "--security-group"),
        (["--action", "refresh"], "--image"),
        (["--action", "tag", "--rule", "ugly"], "there is no such rule"),
        (["--action", "tag"], "cannot be read"),
        (["--action", "stop", "--alarm", "cpu"], "are for a refresh"),
        ([*REFRESH, "--alarm", ""], "names of 1 to 255 characters"),
        ([*REFRESH, *("--alarm", "a") * 11], "at most 10"),
        ([*REFRESH, "--checkpoint", "0"], "percentages of 1 to 100"),
        ([*REFRESH, "--checkpoint", "101"], "percentages of 1 to 100"),
        ([*REFRESH, "--checkpoint", "50", "--checkpoint", "20"], "larger than the one before"),
        ([*REFRESH, "--checkpoint-delay", "1h"], "is for --checkpoint"),
        ([*REFRESH, "--checkpoint", "50", "--checkpoint-delay", "49h"], "no duration up to 48h"),
        ([*REFRESH, "--bake-time", "3 hours"], "no duration up to 48h"),
        ([*REFRESH, "--min-healthy", "101"], "0 to 100 percent, not 101"),
    ],
)
def test_wrong_options_are_one_clear_error(cli: Any, arguments: list[str], says: str) -> None:
    ran = cli("remediate", "/no/such/file", *arguments)
    assert ran.code == 2
    assert says in ran.err


def test_a_pace_begins_a_tenth_at_once_and_does_not_make_up_for_more_idle_time() -> None:
    now_s = 100.0
    pace = Pace(per_minute=62, clock=lambda: now_s)  # six at once, 57 in the rest of a minute
    every_s = 60 / 57
    assert [pace.turn_in_s() for _ in range(8)] == pytest.approx([0] * 6 + [every_s, 2 * every_s])
    now_s += 5 * every_s
    assert [pace.turn_in_s() for _ in range(4)] == pytest.approx([0, 0, 0, every_s])
    now_s = 300.0
    assert [pace.turn_in_s() for _ in range(7)] == pytest.approx([0] * 6 + [every_s])


@pytest.mark.parametrize("per_minute", [1, 9, 10, 30, 60, 600, 12.5])
def test_no_minute_has_more_calls_than_a_pace_allows(per_minute: float) -> None:
    now_s = 100.0
    pace = Pace(per_minute=per_minute, clock=lambda: now_s)
    turns = [pace.turn_in_s() for _ in range(2000)]
    assert all(
        later - turn >= 60 - 1e-6
        for turn, later in zip(turns, turns[ceil(per_minute) :], strict=False)
    )
    now_s = 999_999.0
    assert pace.turn_in_s() == 0


def nothing_special(*_: object) -> None:
    """Let it be done."""


def broken(*_: object) -> None:
    raise ValueError("a bug")


def unreadable(*_: object) -> None:
    raise AwsError("no answer")


ENDS: dict[str, tuple[Any, bool, str, str, int]] = {
    "what nobody expected fails": (broken, True, "failed", "unexpected ValueError: a bug", 1),
    "what cannot be looked at is left alone": (
        unreadable, True, "left alone", "it could not be looked at: no answer", 3,
    ),
    "what the plan does not come to is not begun": (
        nothing_special, False, "not begun", "what comes before it was not done", 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_however_a_step_ends_it_is_told(sandbox: Sandbox, end: str) -> None:
    guard, planned, ended, says, code = ENDS[end]
    action = Action(
        id="a", summary="stop i-1", call="ec2:StopInstances", region="us-east-1",
        parameters={"InstanceIds": ["i-0123456789abcdef0"]},
    )  # fmt: skip
    step = RemediationStep(
        place=AccountRegion("123456789012", "us-east-1"), id="i-1", actions=(action,), guard=guard
    )
    plan = Plan(title="t", actions=(action,) if planned else ())
    asked = RemediationRequest(kind=RemediationKind.STOP, per_minute=60_000)
    aws = Aws(region="us-east-1")
    [result], error = carry_out(aws, Remediation(plan=plan, steps=(step,)), asked)
    assert result.result == ended
    assert says in result.detail
    assert (error.exit_code if error else 0) == code
