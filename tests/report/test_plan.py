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


REGIONS = ("us-east-1", "eu-west-1", "ap-south-1", "sa-east-1")


def step(region: str, summary: str = "set it", call: str = "ec2:Set", role: str = "") -> Action:
    return Action(id=f"{summary} {region}", summary=summary, call=call, region=region, role=role)


EVERYWHERE = tuple(step(region) for region in REGIONS)
READ = tuple(step(region, "read it back", "verify:it") for region in REGIONS)
ELSE = step("us-east-1", "something else", "iam:Else")
CHAINED = Plan(
    title="many",
    actions=(ELSE, *(each for pair in zip(EVERYWHERE, READ, strict=True) for each in pair)),
)


def test_equal_steps_of_many_regions_are_one_line_and_the_regions_are_named_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report.write(CHAINED, "table")
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()][1:] == [
        "   region     action          call",
        "1  us-east-1  something else  iam:Else",
        "2  4 regions  set it          ec2:Set",
        "3  4 regions  read it back    verify:it",
        "in 4 regions (2, 3): us-east-1, eu-west-1, ap-south-1, sa-east-1",
        "permissions needed: ec2:Set, iam:Else",
    ]
    report.write(CHAINED, "json")
    assert len(msgspec.json.decode(capsys.readouterr().out)["actions"]) == 9


def test_only_what_is_the_same_but_for_its_region_is_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = "arn:aws:iam::444455556666:role/copies"
    several = (*EVERYWHERE[:2], step("us-east-1"), step("ap-south-1", role=other))
    report.write(Plan(title="t", actions=several), "table")
    rows = [line.split("  ")[1].strip() for line in capsys.readouterr().out.splitlines()[2:5]]
    assert rows == ["us-east-1, eu-west-1", "us-east-1", "ap-south-1"]


def test_a_plan_of_nothing_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    report.write(Plan(title="enforce it", actions=(), checks=("ec2:DescribeImages",)), "table")
    assert capsys.readouterr().out == "enforce it: there is nothing to do\n"


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [" ".join(line.split()) for line in capsys.readouterr().err.splitlines()]


def test_progress_counts_tells_how_long_and_equal_ends_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = 0.0
    tell = PlanProgress(CHAINED, now=lambda: now)
    for action in CHAINED.actions:
        tell(Happened("started", action))
        now += 30
        tell(Happened("done", action, "i-1" if action is ELSE else ""))
    tell(Happened("ended", ELSE))
    assert said(capsys) == [
        "✓ 1/9 us-east-1 something else i-1 (30 s)",
        "✓ 8/9 4 regions set it (30 s)",
        "✓ 9/9 4 regions read it back (30 s)",
    ]


def test_what_equals_had_done_is_told_before_a_failure_and_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell = PlanProgress(CHAINED)
    for action in EVERYWHERE[:2]:
        tell(Happened("done", action))
    tell(Happened("kept", READ[0]))
    assert said(capsys) == []
    tell(Happened("failed", EVERYWHERE[2], "denied"))
    assert said(capsys) == [
        "✓ 3/9 us-east-1, eu-west-1 set it",
        "· 3/9 us-east-1 read it back (done before)",
        "✗ 4/9 ap-south-1 set it",
    ]
    tell(Happened("done", EVERYWHERE[3]))
    tell(Happened("left alone", READ[1], "it is waived"))
    tell(Happened("ended", ELSE))
    assert said(capsys) == [
        "✓ 5/9 sa-east-1 set it",
        "· 6/9 eu-west-1 read it back left alone: it is waived",
    ]
