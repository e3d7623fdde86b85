"""What a template gets, by which name, and what a template that lacks a variable means."""

import json
from pathlib import Path
from typing import Any

import pytest

from goldenami.bake.packer_template import Template
from goldenami.bake.variable_file import Variables
from goldenami.domain.packer_variables import NEEDS, Need
from goldenami.errors import SpecError

HCL = Template("web", Path("/templates"), "web.pkr.hcl", Path("/private"))
LEGACY = Template("web", Path("/templates"), "web.json", Path("/private"))
NEEDED = {
    "region": "us-east-1",
    "source_ami": "ami-03cf127a",
    "ami_name": "web-1",
    "manifest_path": "/private/manifest.json",
}
DEVICES = [{"device": "/dev/xvda", "size_gib": 30}]


def text(template: Template, variables: Variables) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(variables.text(template))
    return read


@pytest.mark.parametrize(
    ("template", "more", "own", "expected"),
    [
        pytest.param(HCL, {}, {}, {}, id="values go as they are"),
        pytest.param(HCL, {"endpoint_url": "x"}, {}, {}, id="what it does not declare is left out"),
        pytest.param(
            HCL,
            {"tags": {"Name": '"} ${path.root} %{x}\n'}, "security_group_ids": ["sg-1"]},
            {"cpus": 2},
            {"tags": {"Name": '"} ${path.root} %{x}\n'}, "security_group_ids": ["sg-1"], "cpus": 2},
            id="JSON keeps quotes, braces and HCL interpolation apart",
        ),
        pytest.param(
            HCL,
            {},
            {"command_wrapper": "sudo {{.Command}}"},
            {"command_wrapper": "sudo {{.Command}}"},
            id="braces in the user's own variables are the user's",
        ),
        pytest.param(
            LEGACY,
            {"security_group_ids": ["sg-1", "sg-2"], "block_devices": []},
            {"cpus": 2, "fast": True, "ports": [1, "2"]},
            {
                "security_group_ids": "sg-1,sg-2", "block_devices": "", "cpus": "2", "fast": "true",
                "ports": "1,2",
            },
            id="a legacy template gets strings, and of a list its items",
        ),
    ],
)  # fmt: skip
def test_the_variable_file(
    template: Template, more: dict[str, Any], own: dict[str, Any], expected: dict[str, Any]
) -> None:
    declared = {*NEEDED, *expected}
    variables = Variables(declared=declared, values={**NEEDED, **more}, own=own)
    assert text(template, variables) == {**NEEDED, **expected}


def test_a_legacy_template_keeps_its_own_tags() -> None:
    values = {**NEEDED, "tags": {"Name": "Golden AMI"}}
    variables = Variables(declared={*NEEDED, "tags"}, values=values)
    assert text(LEGACY, variables) == NEEDED


@pytest.mark.parametrize("template", [HCL, LEGACY], ids=["HCL", "legacy"])
def test_a_template_gets_the_values_by_its_own_names(template: Template) -> None:
    names = {"region": "aws_region", "source_ami": "source_ami_id", "ami_name": ""}
    variables = Variables(
        declared={"aws_region", "source_ami_id", "ami_name", "region"}, values=NEEDED, names=names,
        own={"region": "the template's own"},
    )  # fmt: skip
    assert text(template, variables) == {
        "aws_region": "us-east-1",
        "source_ami_id": "ami-03cf127a",
        "region": "the template's own",
    }
    assert variables.notes == (
        "ami_name is up to the template, which declares no variable for it; the release says web-1",
    )


def value_of(ours: str) -> Any:
    return DEVICES if ours == "block_devices" else ["a", "b"] if ours.endswith("ids") else "a"


@pytest.mark.parametrize("ours", NEEDS)
@pytest.mark.parametrize("names", [False, True], ids=["by our name", "by its own"])
def test_a_variable_that_is_not_declared_is_refused_told_or_done_without(
    ours: str, names: bool
) -> None:
    values = {each: value_of(each) for each in NEEDS}
    variables = Variables(
        declared=NEEDS.keys() - {ours}, values=values, names={ours: "theirs"} if names else {}
    )
    need = NEEDS[ours]
    if names or need in (Need.ALWAYS, Need.IF_SET):
        with pytest.raises(SpecError) as caught:
            variables.text(HCL)
        (problem,) = caught.value.notes
        assert problem.startswith("the template declares no variable ")
        assert ours in problem
        assert ("theirs" in problem) == names
    else:
        assert text(HCL, variables).keys() == NEEDS.keys() - {ours}
        assert [note.split()[0] for note in variables.notes] == [ours] * (need is Need.TELL)


@pytest.mark.parametrize("ours", [ours for ours, need in NEEDS.items() if need is not Need.ALWAYS])
def test_a_variable_without_a_value_is_not_missed(ours: str) -> None:
    variables = Variables(declared=NEEDED.keys() - {ours}, values={**NEEDED, ours: ""})
    assert text(HCL, variables).keys() == NEEDED.keys() - {ours}
    assert variables.notes == ()


@pytest.mark.parametrize(
    ("template", "more", "own", "problem"),
    [
        pytest.param(
            HCL,
            {},
            {"nope": 1},
            "the template declares no variable 'nope'",
            id="a variable of the user's that is misspelt",
        ),
        pytest.param(
            HCL,
            {},
            {"region": "eu-west-1"},
            "'region' is set by goldenami itself",
            id="a variable of the user's that contradicts the release file",
        ),
        pytest.param(
            HCL,
            {"ami_description": "{{ env `AWS_SECRET_ACCESS_KEY` }}"},
            {},
            "'ami_description' contains {{, which Packer would evaluate",
            id="a description that reads the environment",
        ),
        pytest.param(
            HCL,
            {"tags": {"{{timestamp}}": "x"}},
            {},
            "'tags' contains {{, which Packer would evaluate",
            id="a tag key that Packer would evaluate",
        ),
        pytest.param(
            LEGACY,
            {"block_devices": DEVICES},
            {},
            "'block_devices' is made of objects, and a legacy template's variables are strings: "
            "`packer hcl2_upgrade` makes an HCL template of it",
            id="volumes for a legacy template",
        ),
        pytest.param(
            LEGACY,
            {},
            {"owner": {"a": 1}},
            "'owner' is made of objects, and a legacy template's variables are strings: "
            "`packer hcl2_upgrade` makes an HCL template of it",
            id="an object of the user's for a legacy template",
        ),
        pytest.param(
            LEGACY,
            {"subnet_id": "{{x}}"},
            {},
            "'subnet_id' contains {{, which Packer would evaluate",
            id="braces for a legacy template",
        ),
    ],
)
def test_values_that_would_bake_something_else_are_refused(
    template: Template, more: dict[str, Any], own: dict[str, Any], problem: str
) -> None:
    declared = {*NEEDED, *more, *own} - {"nope"}
    with pytest.raises(SpecError) as caught:
        Variables(declared=declared, values={**NEEDED, **more}, own=own).text(template)
    assert caught.value.notes == (problem,)


def test_all_problems_are_told_together() -> None:
    values = {**NEEDED, "tags": {"a": "{{b}}"}, "script_file": "/private/script.sh"}
    with pytest.raises(SpecError) as caught:
        Variables(declared={"tags"}, values=values, own={"nope": 1}).text(HCL)
    assert len(caught.value.notes) == 4
