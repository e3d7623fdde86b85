"""Plans and their progress, as they are shown."""

from typing import Any

import msgspec
import pytest

from goldenami.domain.check_result import CheckResult
from goldenami.domain.plan import Action, Happened, Plan, Ref, Secret
from goldenami.report import plan as report
from goldenami.report.plan import PlanProgress

UNDO = Action(id="undo", summary="deregister it", call="ec2:DeregisterImage", region="us-east-1")
PLAN = Plan(
    title="bake [web]-1.0 :key:",
    actions=(
        Action(
            id="launch",
            summary="launch the base instance",
            call="ec2:RunInstances",
            region="us-east-1",
            parameters={"UserData": Secret(b"hunter2"), "MinCount": 1},
            permissions=("ec2:RunInstances", "ec2:CreateTags"),
        ),
        Action(
            id="image",
            summary="create image [web]",
            call="ec2:CreateImage",
            region="us-east-1",
            parameters={"InstanceId": Ref("launch", "instance_id")},
            permissions=("ec2:CreateImage", "ec2:CreateTags"),
            after=("launch",),
            undo=UNDO,
        ),
    ),
    notes=("only crash-consistent",),
)


def test_people_read_the_steps_and_the_permissions(capsys: pytest.CaptureFixture[str]) -> None:
    report.write(PLAN, "table")
    out, err = capsys.readouterr()
    assert [line.rstrip() for line in out.splitlines()] == [
        "bake [web]-1.0 :key:",
        "   region     action                    call",
        "1  us-east-1  launch the base instance  ec2:RunInstances",
        "2  us-east-1  create image [web]        ec2:CreateImage",
        "permissions needed: ec2:CreateImage, ec2:CreateTags, ec2:RunInstances",
    ]
    assert err == ""


def test_the_plan_tells_what_was_looked_at_and_what_other_roles_need(
    capsys: pytest.CaptureFixture[str],
) -> None:
    role = "arn:aws:iam::444455556666:role/copies"
    copy = Action(
        id="copy", summary="copy", call="ec2:CopyImage", region="eu-west-1", role=role,
        permissions=("ec2:CopyImage",),
    )  # fmt: skip
    checked = CheckResult(fine=("the name is free",), unknown=("the quota is not known",))
    report.write(Plan(title="bake", actions=(copy,), checked=checked), "table")
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "✓ the name is free",
        "? the quota is not known",
        "permissions needed: sts:AssumeRole",
        f"permissions needed by {role}: ec2:CopyImage",
    ]


def test_programs_read_the_plan_as_a_versioned_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report.write(PLAN, "json")
    out = capsys.readouterr().out
    assert msgspec.json.decode(out) == {
        "schema": "goldenami.plan/v1",
        "title": "bake [web]-1.0 :key:",
        "notes": ["only crash-consistent"],
        "permissions": ["ec2:CreateImage", "ec2:CreateTags", "ec2:RunInstances"],
        "roles": {},
        "checked": {"fine": [], "unknown": []},
        "actions": [
            {
                "id": "launch",
                "summary": "launch the base instance",
                "region": "us-east-1",
                "call": "ec2:RunInstances",
                "parameters": {"UserData": "(7 bytes, not shown)", "MinCount": 1},
                "permissions": ["ec2:RunInstances", "ec2:CreateTags"],
                "after": [],
                "undo": None,
            },
            {
                "id": "image",
                "summary": "create image [web]",
                "region": "us-east-1",
                "call": "ec2:CreateImage",
                "parameters": {"InstanceId": "<launch instance_id>"},
                "permissions": ["ec2:CreateImage", "ec2:CreateTags"],
                "after": ["launch"],
                "undo": "deregister it",
            },
        ],
    }
    assert out.startswith('{\n  "schema"')


@pytest.mark.parametrize("form", ["table", "json"])
def test_no_form_shows_user_data(form: Any, capsys: pytest.CaptureFixture[str]) -> None:
    report.write(PLAN, form)
    out = capsys.readouterr().out
    assert "hunter2" not in out
    assert "aHVudGVyMg" not in out  # in base64


LAUNCH = PLAN.actions[0]
STEP = "us-east-1       launch the base instance"

TOLD: dict[str, tuple[Happened, str]] = {
    "that it started: nothing": (Happened("started", LAUNCH), ""),
    "how far it is": (Happened("progress", LAUNCH, "pending"), "    us-east-1       pending\n"),
    "that it is done": (Happened("done", LAUNCH), f"  ✓ {STEP}\n"),
    "that it is done, and the id": (Happened("done", LAUNCH, "i-1"), f"  ✓ {STEP}  i-1\n"),
    "that an earlier run has done it": (Happened("kept", LAUNCH), f"  · {STEP}  (done before)\n"),
    "that it failed": (Happened("failed", LAUNCH, "denied"), f"  ✗ {STEP}\n"),
    "that it was taken back": (Happened("undone", LAUNCH), f"  ↺ undone: {STEP}\n"),
    "that it is left behind, and why": (
        Happened("left", LAUNCH, "i-1: denied\x1b"),
        f"  ! LEFT BEHIND: {STEP}: i-1: denied�\n",
    ),
}


@pytest.mark.parametrize(("happened", "line"), TOLD.values(), ids=TOLD.keys())
def test_progress_tells(happened: Happened, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    PlanProgress()(happened)
    assert capsys.readouterr() == ("", line)


def test_progress_tells_a_repeated_line_once_for_each_action(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell = PlanProgress()
    for action, text in [
        (LAUNCH, "pending"),
        (LAUNCH, "pending"),
        (PLAN.actions[1], "pending"),
        (LAUNCH, "running"),
        (LAUNCH, "pending"),
    ]:
        tell(Happened("progress", action, text))
    said = [line.split()[-1] for line in capsys.readouterr().err.splitlines()]
    assert said == ["pending", "pending", "running", "pending"]
