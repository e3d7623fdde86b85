"""The files of proof cases: goldenami's own, and those that a user adds."""

from pathlib import Path

import pytest

from goldenami import resources
from goldenami.errors import RefusedError, SpecError
from goldenami.iam.profiles import load_profiles
from goldenami.iam.proof import cases
from goldenami.iam.proof.cases import load
from goldenami.iam.reference import table


def test_every_promise_of_every_profile_has_cases() -> None:
    topics = {case.topic for case in load().cases}
    promised = {topic for profile in load_profiles().values() for topic in profile.proves}
    assert promised <= topics
    assert "walk-around" in topics


def test_the_shipped_cases_cover_launches_and_attacks() -> None:
    calls = {case.call for case in load().cases}
    assert {
        "ec2:RunInstances", "ec2:CreateFleet", "ec2:ModifyFleet", "ec2:RequestSpotInstances",
        "ec2:RequestSpotFleet", "ec2:CreateReplaceRootVolumeTask", "ec2:AttachVolume",
        "ec2:CopyImage", "ec2:CreateImage", "ec2:RegisterImage", "ec2:CreateTags",
        "ec2:DeleteTags", "ec2:DeregisterImage", "ec2:DisableImage", "iam:DetachGroupPolicy",
        "iam:CreatePolicyVersion", "sts:AssumeRole",
    } <= calls  # fmt: skip


def test_there_are_more_attacks_than_anybody_remembers() -> None:
    attacks = [
        case for case in load().cases if case.expect == "denied" and case.topic != "walk-around"
    ]
    assert len(attacks) > 300
    assert len({case.call for case in attacks}) > 100


def test_every_way_around_is_tried_where_goldenami_knows_its_calls() -> None:
    """And a case that goes a way names one that a profile has, by one of its calls."""
    ways = {way.name: way for profile in load_profiles().values() for way in profile.open}
    tried: dict[str, set[str]] = {}
    for case in load().cases:
        assert case.open or case.topic != "walk-around", case.name
        if case.open:
            tried.setdefault(case.open, set()).add(case.call)
    assert set(tried) <= set(ways)
    for name, way in ways.items():
        known = {action for action in way.calls if action.partition(":")[0] in table.services()}
        assert tried.get(name, set()) <= set(way.calls), name
        assert known <= tried.get(name, set()), name


def test_a_case_stands_for_every_way_with_every_thing(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "cases:\n"
        "  - name: <way> <thing>, <other>\n"
        "    topic: foreign-image\n"
        "    expect: denied\n"
        "    each: {thing: {one: ami-1, two: [a, b]}, other: {x: y}}\n"
        "    ways:\n"
        "      launch: {call: 'ec2:RunInstances', parameters: {ImageId: <thing>, N: 'a <other>'}}\n"
        "      tag: {call: 'ec2:CreateTags', parameters: {<other>: [<thing>, <golden>, 7]}}\n"
    )
    made = load([own]).cases[-4:]
    assert [(case.name, case.call, case.parameters) for case in made] == [
        ("launch one, x", "ec2:RunInstances", {"ImageId": "ami-1", "N": "a y"}),
        ("launch two, x", "ec2:RunInstances", {"ImageId": ["a", "b"], "N": "a y"}),
        ("tag one, x", "ec2:CreateTags", {"y": ["ami-1", "<golden>", 7]}),
        ("tag two, x", "ec2:CreateTags", {"y": [["a", "b"], "<golden>", 7]}),
    ]


def test_a_user_s_own_cases_come_after_goldenami_s(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "cases:\n  - name: mine\n    topic: foreign-image\n    expect: denied\n"
        "    call: ec2:RunInstances\n    parameters: {ImageId: ami-mine}\n"
        "images:\n  ami-mine: {owner: '999988887777'}\n"
    )
    by_file, by_folder = load([own]), load([tmp_path])
    assert by_file == by_folder
    assert by_file.cases[-1].name == "mine"
    assert "ami-mine" in by_file.images


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cases: [{nam: x}]", "own.yaml:1: cases[0].nam: unknown key"),
        ("images: {ami-public: {}}", "images.ami-public is described twice"),
        (
            "cases: [{name: launch a golden image, topic: golden, expect: allowed, call: 'a:b'}]",
            "two cases are named `launch a golden image`",
        ),
        ("cases: [{name: x, topic: golden, expect: allowed}]", "case `x` has no call"),
        ("cases: [{name: x, topic: silver, expect: allowed, call: 'a:b'}]", "silver"),
    ],
)
def test_a_file_that_is_wrong_is_an_error_with_its_place(
    tmp_path: Path, text: str, says: str
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(text)
    with pytest.raises(SpecError) as raised:
        load([own])
    assert says in str(raised.value)


def test_no_case_at_all_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cases").mkdir()
    monkeypatch.setattr(resources, "folder", lambda _: tmp_path)
    with pytest.raises(RefusedError, match="nothing would be proved"):
        cases.load()
