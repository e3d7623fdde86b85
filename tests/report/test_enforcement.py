"""What an enforcement changes, for people."""

import pytest
from msgspec import structs

from goldenami.domain.plan import Action, Plan
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
    assert capsys.readouterr() == ("", "")  # it changes nothing, and so they are known
    detach = Action(id="a", summary="s", call="iam:DetachGroupPolicy", region="us-east-1")
    prepared = structs.replace(prepared, plan=structs.replace(plan, actions=(detach,)))
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


def test_a_setting_that_changes_alike_in_several_regions_is_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    changes = tuple(
        PolicyChange(policy="Allowed AMIs", region=region, kind="update", diff=diff)
        for region, diff in (("us-east-1", "+ a"), ("eu-west-1", "+ a"), ("sa-east-1", "+ b"))
    )
    prepared = Enforcement(changes=changes)
    enforcement.write_changes(prepared)
    assert capsys.readouterr() == (
        "update  Allowed AMIs in 2 regions: us-east-1, eu-west-1\n"
        "        + a\n"
        "update  Allowed AMIs in sa-east-1\n"
        "        + b\n",
        "",
    )
    assert [each["region"] for each in enforcement.as_data(prepared)] == [
        "us-east-1", "eu-west-1", "sa-east-1",
    ]  # fmt: skip
