"""The plugins of Packer are held against what a release pins, wherever they lie."""

import hashlib
from pathlib import Path

import pytest

from goldenami.bake.packer_plugins import check, folders, installed
from goldenami.errors import RefusedError

PROGRAM = b"#!/bin/true\n"
PIN = hashlib.sha256(PROGRAM).hexdigest()
NAME = "packer-plugin-amazon_v1.3.2_x5.0_linux_amd64"
SOURCE = Path("github.com/hashicorp/amazon")


def install(folder: Path, name: str = NAME, content: bytes = PROGRAM, mode: int = 0o755) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("variable", "below"),
    [
        pytest.param("PACKER_PLUGIN_PATH", "", id="the path of plugins"),
        pytest.param("PACKER_CONFIG_DIR", ".packer.d/plugins", id="another home of Packer's"),
        pytest.param("PACKER_CONFIG_DIR", "plugins", id="the same, by itself"),
        pytest.param("XDG_CONFIG_HOME", "packer/plugins", id="the folder of settings"),
        pytest.param("HOME", ".config/packer/plugins", id="its usual place"),
        pytest.param("HOME", ".packer.d/plugins", id="Packer's folder"),
    ],
)
@pytest.mark.parametrize("source", [SOURCE, Path()], ids=["by its source", "by hand"])
def test_a_plugin_is_found_wherever_packer_looks(
    tmp_path: Path, variable: str, below: str, source: Path
) -> None:
    path = install(tmp_path / below / source)
    install(path.parent, f"{NAME}_SHA256SUM")
    install(path.parent, "packer-plugin-docker_v1.1.2_x5.0_linux_arm64", mode=0o644)
    where = folders({variable: str(tmp_path)}, "/nowhere/packer", Path("/nowhere"))
    assert [(plugin.name, plugin.path) for plugin in installed(where)] == [("amazon", path)]
    assert check(where, {"amazon": ["0" * 64, PIN]}, complete=True) == ()


@pytest.mark.parametrize("at", ["beside Packer", "where it runs"])
def test_a_plugin_beside_packer_or_the_template_counts(tmp_path: Path, at: str) -> None:
    install(tmp_path, "packer-plugin-amazon")
    beside = at == "beside Packer"
    executable = str(tmp_path / "packer") if beside else "/nowhere/packer"
    where = folders({}, executable, Path("/nowhere") if beside else tmp_path)
    with pytest.raises(RefusedError, match="not those that"):
        check(where, {"amazon": ["0" * 64]}, complete=False)


def test_one_wrong_program_among_several_is_refused(tmp_path: Path) -> None:
    install(tmp_path / SOURCE)
    other = install(tmp_path / SOURCE, NAME.replace("1.3.2", "1.3.9"), b"other")
    with pytest.raises(RefusedError) as caught:
        check([tmp_path], {"amazon": [PIN]}, complete=True)
    (note,) = caught.value.notes
    assert str(other) in note
    assert hashlib.sha256(b"other").hexdigest() in note


def test_a_pinned_plugin_has_to_be_there_once_packer_has_fetched_it(tmp_path: Path) -> None:
    assert check([tmp_path], {"amazon": [PIN]}, complete=False) == ()
    with pytest.raises(RefusedError) as caught:
        check([tmp_path], {"amazon": [PIN]}, complete=True)
    assert caught.value.notes == ("the plugin amazon is pinned, and not installed",)


def test_an_amazon_plugin_without_a_pin_is_told_with_the_pin_to_write(tmp_path: Path) -> None:
    install(tmp_path / SOURCE)
    install(tmp_path / SOURCE, "packer-plugin-docker_v1.1.2_x5.0_linux_amd64")
    (note,) = check([tmp_path], {}, complete=True)
    assert f"plugins: {{amazon: [{PIN}]}}" in note
