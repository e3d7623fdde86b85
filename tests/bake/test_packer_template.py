import stat
from pathlib import Path

import pytest

from goldenami.bake.packer_cli import Packer
from goldenami.bake.packer_template import (
    Template,
    place_template,
    render_template,
    shipped_templates,
    write_private,
)
from goldenami.errors import SpecError

OLD = Packer("packer", (1, 6, 6))
NEW = Packer("packer", (1, 11, 2))


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


def test_private_files_are_for_their_owner_and_new(tmp_path: Path) -> None:
    path = tmp_path / "values"
    write_private(path, b"\xffsecret")
    assert path.read_bytes() == b"\xffsecret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_private(path, b"other")
