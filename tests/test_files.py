"""Files are read within a limit, and written whole or not at all, for the owner alone."""

import errno
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from goldenami import files
from goldenami.errors import SpecError, UsageError
from goldenami.files import write_atomically

ZERO, NULL, FULL = 5, 3, 7
"""Minor numbers of Linux's memory devices."""


def node(path: Path, minor: int) -> None:
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, minor))
        path.open("rb").close()
    except OSError as error:
        pytest.skip(f"no device can be made here: {error.strerror}")


def listener(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


SPECIAL: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a file that is not there": (lambda path: None, "No such file or directory"),
    "a folder": (Path.mkdir, "Is a directory"),
    "a pipe": (os.mkfifo, "it is a pipe, not a regular file"),
    "a socket": (listener, "it is a socket, not a regular file"),
    "a device": (lambda path: node(path, ZERO), "it is a device, not a regular file"),
    "a link to itself": (
        lambda path: path.symlink_to(path),
        "Too many levels of symbolic links",
    ),
}


@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("linked", [False, True], ids=["itself", "by a link"])
def test_reads_nothing_but_regular_files(kind: str, linked: bool, tmp_path: Path) -> None:
    make, said = SPECIAL[kind]
    path = tmp_path / "file"
    make(path)
    if linked:
        (tmp_path / "link").symlink_to(path)
        path = tmp_path / "link"
    with pytest.raises(SpecError) as caught:
        files.read_bytes(path)
    assert caught.value.message == f"{path}: cannot be read: {said}"
    assert caught.value.fix


@pytest.mark.parametrize("name", ["a\0b", "\ud800"], ids=["a null byte", "half a character"])
def test_a_name_that_no_file_can_have_is_an_error(name: str) -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        files.read_bytes(Path(name))


def test_what_becomes_a_pipe_after_the_first_look_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "file")
    regular = Path(__file__).stat()
    monkeypatch.setattr(Path, "stat", lambda _: regular)
    with pytest.raises(SpecError, match="it is a pipe"):
        files.read_bytes(tmp_path / "file")


def test_a_file_as_large_as_the_limit_is_read_by_a_link_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert files.read_bytes(tmp_path / "link", 5) == b"12345"


def test_what_is_larger_is_refused_with_both_sizes_and_without_reading_it(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        file.truncate(2**40)
    said = r"file: too large: it has 1,099,511,627,776 bytes, and the limit is 1,048,576$"
    with pytest.raises(SpecError, match=said):
        files.read_bytes(tmp_path / "file")


def test_a_file_that_has_more_than_it_told_is_not_read_on(tmp_path: Path) -> None:
    path = Path("/proc/self/maps")  # its size is said to be 0
    if not path.exists():
        pytest.skip("there is no /proc")
    with pytest.raises(SpecError, match=r"it has more than 10 bytes, and the limit is 10$"):
        files.read_bytes(path, 10)


def test_a_file_that_may_be_missing(tmp_path: Path) -> None:
    assert files.read_if_there(tmp_path / "none", 5) is None
    (tmp_path / "file").write_bytes(b"x")
    assert files.read_if_there(tmp_path / "file", 5) == b"x"
    assert files.read_if_there(tmp_path / "file" / "none", 5) is None
    with pytest.raises(SpecError, match="Is a directory"):
        files.read_if_there(tmp_path, 5)


def test_lines_are_read_one_by_one_each_within_the_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a\n" * 3 + b"bcd\nefgh")
    with files.reading(tmp_path / "file") as file:
        lines = files.lines(file, tmp_path / "file", 4)
        assert [next(lines) for _ in range(5)] == [b"a\n", b"a\n", b"a\n", b"bcd\n", b"efgh"]
    said = "file: too large: a line has more than 3 bytes"
    with files.reading(tmp_path / "file") as file, pytest.raises(SpecError, match=said):
        list(files.lines(file, tmp_path / "file", 3))


def test_what_is_piped_in_has_the_limit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.write(write, b"123456")
    os.close(write)
    with os.fdopen(read) as piped:
        monkeypatch.setattr(sys, "stdin", piped)
        with pytest.raises(SpecError, match=r"^-: too large: it has more than 5 bytes"):
            files.standard_input(5)


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


def test_leaves_nothing_beside_it_and_a_name_may_be_as_long_as_any(tmp_path: Path) -> None:
    name = "x" * 255
    write_atomically(tmp_path / name, "x")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("there", [True, False], ids=["a file", "nothing yet"])
def test_of_a_link_what_it_points_to_is_replaced(there: bool, tmp_path: Path) -> None:
    folder, link, further = tmp_path / "folder", tmp_path / "link", tmp_path / "further"
    folder.mkdir()
    link.symlink_to(Path("folder") / "target")
    further.symlink_to("link")
    if there:
        (folder / "target").write_text("old")
    write_atomically(further, "new")
    assert (folder / "target").read_text() == "new"
    assert further.is_symlink()
    assert link.is_symlink()
    assert [path.name for path in folder.iterdir()] == ["target"]


def test_what_fails_on_the_way_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), files.writing(path) as file:
        file.write(f"new {1 // 0}")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_file_system_that_tells_late_that_it_is_full(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(UsageError, match=f"audit: cannot be written: {os.strerror(code)}"):
        write_atomically(tmp_path / "audit", "x")
    assert not list(tmp_path.iterdir())


def test_a_device_is_written_through(tmp_path: Path) -> None:
    path = tmp_path / "device"
    node(path, NULL)
    write_atomically(path, "x")
    assert stat.S_ISCHR(path.stat().st_mode)
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_by_a_link_and_one_that_is_full(tmp_path: Path) -> None:
    node(tmp_path / "device", FULL)
    (tmp_path / "link").symlink_to("device")
    with pytest.raises(UsageError, match="link: cannot be written: No space left on device"):
        write_atomically(tmp_path / "link", "x")
    assert (tmp_path / "link").is_symlink()


def test_a_disk_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    try:
        os.mknod(path, 0o600 | stat.S_IFBLK, os.makedev(240, 0))  # no driver has it
    except OSError as error:
        pytest.skip(f"no device can be made here: {error.strerror}")
    with pytest.raises(UsageError, match="disk: cannot be written: it is a disk"):
        write_atomically(path, "x")


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    path, read = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    write_atomically(path, "é\n")
    reader.join()
    assert read == ["é\n".encode()]
    assert path.is_fifo()


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a folder": (lambda path: path, "Is a directory"),
    "a missing folder": (lambda path: path / "none" / "a", "No such file or directory"),
    "a file as a folder": (lambda path: path / "file" / "a", "Not a directory"),
    "a name too long": (lambda path: path / ("x" * 256), "File name too long"),
    "a link to itself": (lambda path: path / "loop", "Too many levels of symbolic links"),
    "a socket": (lambda path: path / "socket", "No such device or address"),
    "no open file": (lambda path: Path("/dev/fd/987654"), "Bad file descriptor"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_written_is_one_error(kind: str, tmp_path: Path) -> None:
    choose, said = REFUSED[kind]
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    listener(tmp_path / "socket")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError) as caught:
        write_atomically(choose(tmp_path), "x")
    assert caught.value.message == f"{choose(tmp_path)}: cannot be written: {said}"
    assert sorted(tmp_path.iterdir()) == before


PROGRAM = """
import sys
from pathlib import Path
from goldenami import files
print("before")
files.write_atomically(Path(sys.argv[1]), "written\\n")
print("after")
"""
STREAMS = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1", "link")


def run(name: str, folder: Path, stdout: Any) -> None:
    (folder / "link").symlink_to("/dev/stdout")
    subprocess.run([sys.executable, "-c", PROGRAM, name], cwd=folder, stdout=stdout, check=True)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_is_a_pipe(name: str, tmp_path: Path) -> None:
    read, write = os.pipe()
    run(name, tmp_path, write)
    os.close(write)
    with os.fdopen(read) as piped:
        assert piped.read() == "before\nwritten\nafter\n"


@pytest.mark.parametrize("mode", ["w", "a"], ids=[">", ">>"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_is_a_file_goes_on_where_it_stands(
    name: str, mode: str, tmp_path: Path
) -> None:
    (tmp_path / "log").write_text("old\n")
    with (tmp_path / "log").open(mode) as log:
        run(name, tmp_path, log)
    kept = "old\n" if mode == "a" else ""
    assert (tmp_path / "log").read_text() == f"{kept}before\nwritten\nafter\n"


def test_what_kind_a_name_is_of_is_told_of_whatever_can_be_seen(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    kinds = {
        name: (files.is_folder(tmp_path / name), files.is_file(tmp_path / name))
        for name in (".", "file", "pipe", "loop", "nothing", "file/below", "\0", "x" * 300)
    }
    assert {name: kind for name, kind in kinds.items() if any(kind)} == {
        ".": (True, False), "file": (False, True),
    }  # fmt: skip
