"""Files are written whole or not at all, and for the owner alone."""

import stat
from pathlib import Path

import pytest

from goldenami.errors import UsageError
from goldenami.files import write_atomically


def test_writes_the_text_as_it_is(tmp_path: Path) -> None:
    write_atomically(tmp_path / "audit.csv", "é\r\nb\n")
    assert (tmp_path / "audit.csv").read_bytes() == "é\r\nb\n".encode()


def test_only_the_owner_can_read_it_even_where_others_could_before(tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    path.write_text("old")
    path.chmod(0o644)
    write_atomically(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_replaced_and_what_it_points_to_is_left_alone(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("precious")
    link.symlink_to(target)
    write_atomically(link, "new")
    assert target.read_text() == "precious"
    assert not link.is_symlink()


def test_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_atomically(tmp_path / "audit.csv", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["audit.csv"]


def test_a_folder_in_its_place_is_an_error_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    with pytest.raises(UsageError, match="audit: cannot be written: Is a directory"):
        write_atomically(tmp_path / "audit", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["audit"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        write_atomically(tmp_path / "nowhere" / "audit.csv", "x")
