"""The folders that come with goldenami."""

from pathlib import Path

import pytest

from goldenami import resources
from goldenami.errors import GoldenamiError


@pytest.mark.parametrize("name", ["templates", "packer", "policies", "examples"])
def test_finds_every_folder_that_the_wheel_ships(name: str) -> None:
    assert list(resources.folder(name).iterdir())


def test_the_wheels_own_folder_comes_before_the_checkouts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel, checkout = tmp_path / "wheel", tmp_path / "checkout"
    (wheel / "packer").mkdir(parents=True)
    for name in ("packer", "policies"):
        (checkout / name).mkdir(parents=True)
    assert [place.name == "_resources" for place in resources._PLACES] == [True, False]
    monkeypatch.setattr(resources, "_PLACES", (wheel, checkout))
    assert resources.folder("packer") == wheel / "packer"
    assert resources.folder("policies") == checkout / "policies"


def test_says_so_if_the_installation_lacks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "_PLACES", (tmp_path,))
    (tmp_path / "policies").write_text("a file is no folder")
    with pytest.raises(GoldenamiError, match="no policies/ folder") as caught:
        resources.folder("policies")
    assert "install it again" in caught.value.fix
