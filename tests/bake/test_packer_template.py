import json
import stat
from pathlib import Path
from typing import Any

import pytest

from goldenami.bake.packer_cli import Packer
from goldenami.bake.packer_template import (
    Template,
    place_template,
    render_template,
    shipped_templates,
    variable_file,
    write_private,
)
from goldenami.errors import SpecError

OLD = Packer("packer", (1, 6, 6))
NEW = Packer("packer", (1, 11, 2))
HCL = Template("web", Path("/templates"), "web.pkr.hcl", Path("/private"))
LEGACY = Template("web", Path("/templates"), "web.json", Path("/private"))
NEEDED = {
    "region": "us-east-1",
    "source_ami": "ami-03cf127a",
    "ami_name": "web-1",
    "manifest_path": "/private/manifest.json",
}


def test_two_templates_are_shipped() -> None:
    assert shipped_templates() == ("amazon-chroot", "amazon-ebs")


@pytest.mark.parametrize("name", shipped_templates())
def test_only_a_packer_with_plugins_is_told_of_them(name: str) -> None:
    old = render_template(name, OLD, provision=False)
    new = render_template(name, NEW, provision=False)
    assert "required_plugins" not in old
    assert 'source  = "github.com/hashicorp/amazon"' in new
    assert set(old.splitlines()) < set(new.splitlines())


@pytest.mark.parametrize("name", shipped_templates())
@pytest.mark.parametrize("packer", [OLD, NEW], ids=["1.6", "1.11"])
def test_a_provisioner_is_there_only_if_it_has_commands(name: str, packer: Packer) -> None:
    assert 'provisioner "shell"' in render_template(name, packer, provision=True)
    assert "provisioner" not in render_template(name, packer, provision=False)


def test_the_build_instance_answers_imdsv2_only_where_packer_can_say_so() -> None:
    assert 'http_tokens   = "required"' in render_template("amazon-ebs", NEW, provision=False)
    assert "metadata_options" not in render_template("amazon-ebs", OLD, provision=False)


@pytest.mark.parametrize("name", shipped_templates())
@pytest.mark.parametrize("packer", [OLD, NEW], ids=["1.6", "1.11"])
def test_templates_never_replace_or_search_an_image(name: str, packer: Packer) -> None:
    text = render_template(name, packer, provision=True)
    assert "force_" not in text
    assert "source_ami_filter" not in text
    assert "{%" not in text
    assert "{#" not in text


def test_an_unknown_template_names_the_known_ones() -> None:
    with pytest.raises(SpecError, match="'amazon-epic'") as caught:
        render_template("amazon-epic", OLD, provision=False)
    assert "amazon-chroot, amazon-ebs" in caught.value.fix


def test_a_shipped_template_is_placed_in_the_private_folder(tmp_path: Path) -> None:
    template = place_template("amazon-ebs", OLD, tmp_path, provision=False)
    assert template == Template("amazon-ebs", tmp_path, "amazon-ebs.pkr.hcl", tmp_path)
    written = (tmp_path / "amazon-ebs.pkr.hcl").read_text()
    assert written == render_template("amazon-ebs", OLD, provision=False)


@pytest.mark.parametrize(
    ("name", "legacy"),
    [
        pytest.param("web.pkr.hcl", False, id="HCL"),
        pytest.param("web.pkr.json", False, id="HCL written in JSON"),
        pytest.param("web.json", True, id="legacy JSON"),
    ],
)
def test_an_own_template_stays_where_it_is(tmp_path: Path, name: str, legacy: bool) -> None:
    (tmp_path / name).write_text("")
    template = place_template(str(tmp_path / name), OLD, Path("/nowhere"), provision=True)
    assert (template.folder, template.argument) == (tmp_path, name)
    assert template.is_legacy is legacy


def test_an_own_template_may_be_a_folder(tmp_path: Path) -> None:
    template = place_template(str(tmp_path), OLD, Path("/nowhere"), provision=True)
    assert (template.folder, template.argument, template.is_legacy) == (tmp_path, ".", False)


def test_an_own_template_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"web\.pkr\.hcl"):
        place_template(str(tmp_path / "web.pkr.hcl"), OLD, tmp_path, provision=True)


@pytest.mark.parametrize(
    ("template", "more", "own", "expected"),
    [
        pytest.param(HCL, {}, {}, {}, id="values go as they are"),
        pytest.param(
            HCL,
            {"subnet_id": "subnet-03cf127a"},
            {},
            {},
            id="a value that the template does not declare is left out",
        ),
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
            {"security_group_ids": [], "tags": {}},
            {"cpus": 2, "fast": True},
            {"security_group_ids": "", "tags": "", "cpus": "2", "fast": "true"},
            id="a legacy template gets strings",
        ),
    ],
)
def test_the_variable_file(
    template: Template, more: dict[str, Any], own: dict[str, Any], expected: dict[str, Any]
) -> None:
    declared = {*NEEDED, *expected}
    text = variable_file(template, declared, {**NEEDED, **more}, own)
    assert json.loads(text) == {**NEEDED, **expected}


@pytest.mark.parametrize(
    ("template", "undeclared", "more", "own", "problem"),
    [
        pytest.param(
            HCL,
            {"source_ami"},
            {},
            {},
            "the template declares no variable 'source_ami'",
            id="a template with a source image of its own",
        ),
        pytest.param(
            HCL,
            {"manifest_path"},
            {},
            {},
            "the template declares no variable 'manifest_path'",
            id="a template that does not tell the image's id",
        ),
        pytest.param(
            HCL,
            {"user_data_file"},
            {"user_data_file": "/private/user-data"},
            {},
            "the template declares no variable 'user_data_file'",
            id="user data that would be left out",
        ),
        pytest.param(
            HCL,
            {"nope"},
            {},
            {"nope": 1},
            "the template declares no variable 'nope'",
            id="a variable of the user's that is misspelt",
        ),
        pytest.param(
            HCL,
            set(),
            {},
            {"region": "eu-west-1"},
            "'region' is set by goldenami itself",
            id="a variable of the user's that contradicts the release file",
        ),
        pytest.param(
            HCL,
            set(),
            {"ami_description": "{{ env `AWS_SECRET_ACCESS_KEY` }}"},
            {},
            "'ami_description' contains {{, which Packer would evaluate",
            id="a description that reads the environment",
        ),
        pytest.param(
            HCL,
            set(),
            {"tags": {"{{timestamp}}": "x"}},
            {},
            "'tags' contains {{, which Packer would evaluate",
            id="a tag key that Packer would evaluate",
        ),
        pytest.param(
            LEGACY,
            set(),
            {"security_group_ids": ["sg-1"]},
            {},
            "'security_group_ids' is a list or an object, and a legacy template's variables are"
            " strings",
            id="a list for a legacy template",
        ),
        pytest.param(
            LEGACY,
            set(),
            {"subnet_id": "{{x}}"},
            {},
            "'subnet_id' contains {{, which Packer would evaluate",
            id="braces for a legacy template",
        ),
    ],
)
def test_values_that_would_bake_something_else_are_refused(
    template: Template,
    undeclared: set[str],
    more: dict[str, Any],
    own: dict[str, Any],
    problem: str,
) -> None:
    declared = {*NEEDED, *more, *own} - undeclared
    with pytest.raises(SpecError) as caught:
        variable_file(template, declared, {**NEEDED, **more}, own)
    assert caught.value.notes == (problem,)


def test_all_problems_are_told_together() -> None:
    with pytest.raises(SpecError) as caught:
        variable_file(HCL, {"tags"}, {**NEEDED, "tags": {"a": "{{b}}"}}, {"nope": 1})
    assert len(caught.value.notes) == len(NEEDED) + 2


def test_private_files_are_for_their_owner_and_new(tmp_path: Path) -> None:
    path = tmp_path / "values"
    write_private(path, b"secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_private(path, b"other")
