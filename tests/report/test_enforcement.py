"""What an enforcement changes, for people."""

import pytest

from goldenami.domain.plan import Plan
from goldenami.report import enforcement
from goldenami.workflows.enforce.interface import Enforcement, PolicyChange

ARN = "arn:aws:iam::111122223333:policy/goldenami-guardrail"


def test_each_policy_its_groups_and_its_difference(capsys: pytest.CaptureFixture[str]) -> None:
    changes = (
        PolicyChange(
            policy=ARN, kind="create", diff="+ Deny A\n- Deny B\n  [c]", attach=("g", "h")
        ),
        PolicyChange(policy=f"{ARN}-old", kind="remove", detach=("g",)),
        PolicyChange(policy=f"{ARN}-same", kind="keep"),
    )
    plan = Plan(title="t", actions=(), notes=("a group holds users only",))
    prepared = Enforcement(changes=changes, plan=plan)
    enforcement.tell_notes(prepared)
    enforcement.tell_changes(prepared)
    assert capsys.readouterr() == (
        "",
        "note: a group holds users only\n"
        f"create  {ARN}\n"
        "        attach to g, h\n"
        "        + Deny A\n"
        "        - Deny B\n"
        "          [c]\n"
        f"remove  {ARN}-old\n"
        "        detach from g\n"
        f"keep    {ARN}-same\n",
    )
