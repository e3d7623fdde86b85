"""Plans: what is executed, and what is shown of it."""

from types import MappingProxyType
from typing import Any

import pytest

from goldenami.domain.account_region import AccountRegion
from goldenami.domain.plan import (
    Action,
    Happened,
    Plan,
    Ref,
    Results,
    Secret,
    dig,
    of_this_part,
    resolve,
    shown,
    silent,
)

RESULTS: Results = {
    "launch": {"instance_id": "i-1"},
    "image": {"image_id": "ami-1", "snapshot_ids": ["snap-1", "snap-2"], "none": ()},
}
IMAGE_ID, SNAPSHOTS = Ref("image", "image_id"), Ref("image", "snapshot_ids")

RESOLVED: dict[str, tuple[Any, Any]] = {
    "a text stays": ("x", "x"),
    "a number stays": (3, 3),
    "None stays": (None, None),
    "a reference is what the action gave": (IMAGE_ID, "ami-1"),
    "a reference can be a list": (SNAPSHOTS, ["snap-1", "snap-2"]),
    "a secret is its bytes": (Secret(b"#!"), b"#!"),
    "a mapping is resolved inside": ({"A": {"B": IMAGE_ID}}, {"A": {"B": "ami-1"}}),
    "a mapping that cannot change, too": (MappingProxyType({"A": IMAGE_ID}), {"A": "ami-1"}),
    "a list is resolved inside": ([{"A": IMAGE_ID}, "x"], [{"A": "ami-1"}, "x"]),
    "a reference to a list in a list adds its items": (
        [IMAGE_ID, SNAPSHOTS, "ami-2"],
        ["ami-1", "snap-1", "snap-2", "ami-2"],
    ),
    "a reference to nothing in a list adds nothing": ((IMAGE_ID, Ref("image", "none")), ["ami-1"]),
    "a list of lists stays one": ([["a"], ["b"]], [["a"], ["b"]]),
    "a list of references within a mapping is flat": (
        {"Resources": (IMAGE_ID, SNAPSHOTS)},
        {"Resources": ["ami-1", "snap-1", "snap-2"]},
    ),
}


@pytest.mark.parametrize(("value", "wanted"), RESOLVED.values(), ids=RESOLVED.keys())
def test_resolve(value: Any, wanted: Any) -> None:
    assert resolve(value, RESULTS) == wanted


@pytest.mark.parametrize("ref", [Ref("copy", "image_id"), Ref("launch", "image_id")], ids=str)
def test_a_reference_to_what_is_not_done_is_an_error_of_the_plan(ref: Ref) -> None:
    with pytest.raises(KeyError):
        resolve([ref], RESULTS)


SHOWN: dict[str, tuple[Any, Any]] = {
    "a text is shown": ("x", "x"),
    "no value is lost": ({"N": 1, "On": False, "No": None}, {"N": 1, "On": False, "No": None}),
    "a reference is named": (IMAGE_ID, "<image image_id>"),
    "a secret is counted": (Secret(b"x" * 2048), "(2,048 bytes, not shown)"),
    "lists and mappings are shown inside": (
        {"A": [IMAGE_ID, ("x", Secret(b"#!"))]},
        {"A": ["<image image_id>", ["x", "(2 bytes, not shown)"]]},
    ),
}


@pytest.mark.parametrize(("value", "wanted"), SHOWN.values(), ids=SHOWN.keys())
def test_shown(value: Any, wanted: Any) -> None:
    assert shown(value) == wanted


def action(name: str, **more: Any) -> Action:
    call = more.pop("call", "ec2:X")
    return Action(id=name, summary=name, call=call, region="us-east-1", **more)


def test_no_way_of_printing_an_action_shows_a_secret() -> None:
    one = action("launch", parameters={"UserData": Secret(b"hunter2")})
    assert "hunter2" not in f"{one} {one!r} {one.parameters} {Happened('done', one)!r}"


def test_a_plan_needs_the_permissions_of_all_its_actions_each_once() -> None:
    plan = Plan(
        title="t",
        actions=(
            action("a", permissions=("ec2:RunInstances", "ec2:CreateTags")),
            action("b", permissions=("ec2:CreateTags",)),
            action("c", call="ec2:StopInstances"),
            action("d", call="wait:instance"),
        ),
    )
    assert plan.permissions == ("ec2:CreateTags", "ec2:RunInstances", "ec2:StopInstances")


@pytest.mark.parametrize(
    ("call", "given", "needed"),
    [
        ("ec2:StopInstances", (), ("ec2:StopInstances",)),
        ("ec2:CopyImage", ("ec2:CopyImage", "ec2:CreateTags"), ("ec2:CopyImage", "ec2:CreateTags")),
        ("ssm:RunCommand", ("ssm:SendCommand",), ("ssm:SendCommand",)),
        ("wait:image", (), ()),
        ("packer:build", ("ec2:RunInstances",), ("ec2:RunInstances",)),
    ],
)
def test_an_aws_call_needs_itself_unless_its_action_says_otherwise(
    call: str, given: tuple[str, ...], needed: tuple[str, ...]
) -> None:
    assert action("a", call=call, permissions=given).permissions == needed
    assert action("a", call=call, permissions=given).following("b").permissions == needed


def test_an_action_at_a_place_is_done_there_by_its_role() -> None:
    place = AccountRegion("444455556666", "eu-west-1", "arn:aws:iam::444455556666:role/copies")
    copy = Action.at(place, "copy", "ec2:CopyImage", "copy it", {"Name": "x"}, after=("a",))
    assert (copy.region, copy.role, copy.after) == ("eu-west-1", place.role, ("a",))
    assert copy.following("b", "c").after == ("a", "b", "c")


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("ImageId", "ami-1"),
        ("Instances.0.InstanceId", "i-1"),
        ("Instances.1.InstanceId", "i-2"),
        ("Instances", [{"InstanceId": "i-1"}, {"InstanceId": "i-2"}]),
    ],
)
def test_dig(place: str, found: Any) -> None:
    answer = {"ImageId": "ami-1", "Instances": [{"InstanceId": "i-1"}, {"InstanceId": "i-2"}]}
    assert dig(answer, place) == found


@pytest.mark.parametrize("place", ["Nothing", "Instances.0.InstanceId"])
def test_dig_finds_no_place_that_is_not_there(place: str) -> None:
    with pytest.raises(LookupError):
        dig({"Instances": []}, place)


def test_nobody_has_to_listen(capsys: pytest.CaptureFixture[str]) -> None:
    silent(Happened("started", action("a")))
    assert capsys.readouterr() == ("", "")


def test_an_action_of_a_part_is_named_by_it_with_all_that_it_refers_to() -> None:
    undo = Action(
        id="undo", summary="undo it", call="own:undo", region="r",
        parameters={"ids": (Ref("launch", "id"),)},
    )  # fmt: skip
    action = Action(
        id="image", summary="make it", call="own:make", region="r", undo=undo,
        parameters={"from": Ref("launch", "id"), "tags": [{"k": "v"}], "data": Secret(b"x")},
        after=("launch", "common"), settles=("launch",),
    )  # fmt: skip
    part = action.within("arm64", own=("own:make",), common=("common",))
    assert (part.id, part.summary, part.call) == (
        "arm64/image",
        "make it (arm64)",
        "own:make:arm64",
    )
    assert (part.after, part.settles) == (("arm64/launch", "common"), ("arm64/launch",))
    ref = Ref("arm64/launch", "id")
    assert part.parameters == {"from": ref, "tags": [{"k": "v"}], "data": Secret(b"x")}
    assert part.undo
    assert (part.undo.call, part.undo.parameters) == ("own:undo", {"ids": [ref]})
    assert action.within("") is action
    results = {"arm64/image": {"id": "a"}, "x86_64/image": {"id": "b"}, "common": {}}
    assert of_this_part("arm64", results) == {"image": {"id": "a"}}
    assert of_this_part("", results) == results
