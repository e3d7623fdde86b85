"""The files that a user names: read within a limit, written whole or not at all.

Nothing else opens such a file. Only regular files are read, so that no pipe and no device can
stall a command or feed it without end. What is written replaces a file in one step; a device, a
pipe or a standard stream is written through.
"""

import errno
import gzip
import io
import os
import shutil
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from goldenami.errors import SpecError, UsageError

MIB = 2**20
DOCUMENT_BYTES = MIB
"""Of what a person writes: a release file, waivers, a policy, a template, user data, a list."""
JOURNAL_BYTES = 16 * MIB
AUDIT_BYTES = 64 * MIB
WHEEL_BYTES = 64 * MIB
HEAD_BYTES = 64 * MIB
"""Of the first line of an inventory, which has the places of a whole organization."""
LINE_BYTES = MIB
"""Of a later line; they are read one by one, and there may be any number of them."""

_GZIPPED = b"\x1f\x8b"
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_MOST_LINKS = 40  # as Linux follows
_OWN = ("/proc/self/fd", "/proc/thread-self/fd", "/dev/fd")


def read_bytes(path: Path, limit: int = DOCUMENT_BYTES) -> bytes:
    """Return the content of a file, of which never more than ``limit`` bytes are read.

    Raises:
        SpecError: it is missing, not permitted, not a regular file, or too large.
    """
    with reading(path) as file:
        return _all(file, path, limit, os.fstat(file.fileno()).st_size)


def read_text(path: Path, limit: int = DOCUMENT_BYTES) -> str:
    """Return the text of a file.

    Raises:
        SpecError: as for :func:`read_bytes`, or it is not UTF-8.
    """
    return decoded(read_bytes(path, limit), path)


def decoded(content: bytes, name: Path | str) -> str:
    """Return the text that a file's content is.

    Raises:
        SpecError: it is not UTF-8.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise SpecError(f"{name}: not UTF-8 text (byte {error.start})") from error


def read_if_there(path: Path, limit: int) -> bytes | None:
    """Return the content of a file, None if there is none.

    Raises:
        SpecError: as for :func:`read_bytes`, but that it may be missing.
    """
    try:
        return read_bytes(path, limit)
    except SpecError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            return None
        raise


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder of that name, as far as may be seen."""
    with suppress(OSError, ValueError):
        return stat.S_ISDIR(path.stat().st_mode)
    return False


def is_file(path: Path) -> bool:
    """Tell whether there is a regular file of that name, as far as may be seen."""
    with suppress(OSError, ValueError):
        return stat.S_ISREG(path.stat().st_mode)
    return False


def standard_input(limit: int = DOCUMENT_BYTES) -> str:
    """Return what is piped in.

    Raises:
        SpecError: it is too large, or not UTF-8.
    """
    return decoded(_all(sys.stdin.buffer, "-", limit), "-")


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file in a ``with`` block; whoever reads has to keep to a limit.

    Raises:
        SpecError: it cannot be opened or read, or is not a regular file.
    """
    try:
        with _opened(path) as file:
            yield file
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


@contextmanager
def reading_plain(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file as `reading` does, or what it holds if it is gzipped.

    Raises:
        SpecError: the same, or what is packed is cut or damaged.
    """
    with reading(path) as file:
        packed = file.read(len(_GZIPPED)) == _GZIPPED
        file.seek(0)
        try:
            yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _unreadable(path, f"it is no whole gzip file: {error}") from error


def unpacked(path: Path, folder: Path) -> Path:
    """Return a file, or what it holds as a file of that folder if it is gzipped.

    Raises:
        SpecError: it cannot be read, or what is packed is cut or damaged.
        UsageError: there is no room for it.
    """
    with reading(path) as file:
        if file.read(len(_GZIPPED)) != _GZIPPED:
            return path
    plain = folder / path.name.removesuffix(".gz")
    with reading_plain(path) as file:
        try:
            with plain.open("wb") as out:
                shutil.copyfileobj(file, out)
        except gzip.BadGzipFile:
            raise
        except OSError as error:
            raise UsageError(f"{plain}: cannot be written: {error.strerror}") from error
    return plain


def lines(file: BinaryIO, path: Path, limit: int = LINE_BYTES) -> Iterator[bytes]:
    """Yield the lines of a file from where it stands.

    Raises:
        SpecError: a line has more than ``limit`` bytes.
    """
    for line in iter(partial(file.readline, limit + 1), b""):
        if len(line) > limit:
            raise SpecError(f"{path}: too large: a line has more than {limit:,} bytes")
        yield line


def write_atomically(path: Path, text: str) -> None:
    """Write a text file, as :func:`writing` does.

    Raises:
        UsageError: it cannot be written there.
    """
    with writing(path) as file:
        file.write(text)


@contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """Write a text file in a ``with`` block; it is renamed to its place when that ends well.

    Only its owner can read it. Of a link, what it points to is replaced. A device, a pipe and one
    of the process's own streams (``/dev/stdout``) are written through, since they are no files.

    Raises:
        UsageError: it cannot be written there.
    """
    try:
        with _destination(path) as file:
            yield file
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"{path}: cannot be written: {why}") from error


def appending(path: Path) -> TextIO:
    """Open a text file to append to, which only its owner can read, or a device or a pipe.

    Raises:
        UsageError: it cannot be written there.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOCTTY | os.O_NONBLOCK
    try:
        handle = os.open(path, flags, 0o600)
        os.set_blocking(handle, True)  # but that nobody reads a pipe is told at once
        if stat.S_ISREG(os.fstat(handle).st_mode):
            os.fchmod(handle, 0o600)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise UsageError(f"{path}: cannot be written: {why}", fix="name another file") from error
    return _stream(handle)


@contextmanager
def packing(path: Path) -> Iterator[TextIO]:
    """Write a text file as `writing` does, and gzipped if its name ends with ``.gz``.

    Raises:
        UsageError: it cannot be written there.
    """
    with writing(path) as out:
        if not path.name.endswith(".gz"):
            yield out
            return
        with gzip.GzipFile(fileobj=out.buffer, mode="wb", filename="", mtime=0) as packed:
            text = io.TextIOWrapper(cast(BinaryIO, packed), encoding="utf-8", newline="")
            yield text
            text.flush()
            text.detach()


def _opened(path: Path) -> BinaryIO:
    try:
        _refuse_special(path, path.stat().st_mode)  # some devices act on being opened
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except ValueError as error:  # a null byte, or half a character, in the name
        raise _unreadable(path, str(error)) from error
    file = os.fdopen(handle, "rb")
    try:
        _refuse_special(path, os.fstat(handle).st_mode)
    except BaseException:
        file.close()
        raise
    return file


def _refuse_special(path: Path, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    kind = next((name for test, name in _KINDS if test(mode)), "something else")
    raise SpecError(
        f"{path}: cannot be read: it is {kind}, not a regular file",
        fix="save what it gives in a file, and name that",
    )


def _unreadable(path: Path, why: str) -> SpecError:
    return SpecError(f"{path}: cannot be read: {why}", fix="check the path and its permissions")


def _all(file: BinaryIO, name: Path | str, limit: int, size: int = 0) -> bytes:
    """Read to the end; the size is only what was told before, and a file may grow."""
    content = b"" if size > limit else file.read(limit + 1) or b""
    if max(size, len(content)) <= limit:
        return content
    has = f"{size:,}" if size > limit else f"more than {limit:,}"
    raise SpecError(f"{name}: too large: it has {has} bytes, and the limit is {limit:,}")


def _destination(path: Path) -> AbstractContextManager[TextIO]:
    own = _own_descriptor(path)
    if own is not None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # what was said before stands before
        return _stream(os.dup(own))
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:  # a link to nothing, too
        return _replacement(path.resolve())
    if stat.S_ISREG(mode):
        return _replacement(path.resolve())
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if stat.S_ISBLK(mode):
        raise UsageError(f"{path}: cannot be written: it is a disk", fix="name a file")
    return _stream(os.open(path, os.O_WRONLY | os.O_NOCTTY))


def _own_descriptor(path: Path) -> int | None:
    """Return the number of the process's own open file that a path stands for.

    Opened by its path, a file would be written from its start, whatever ``>>`` had asked for.
    """
    folders = {Path(name).resolve() for name in _OWN}
    for _ in range(_MOST_LINKS):
        if path.name.isdecimal() and path.parent.resolve() in folders:
            return int(path.name)
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None


def _stream(handle: int) -> TextIO:
    return os.fdopen(handle, "w", encoding="utf-8", newline="")


@contextmanager
def _replacement(target: Path) -> Iterator[TextIO]:
    import tempfile

    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".goldenami-")
    try:
        with _stream(handle) as file:
            yield file
            file.flush()
            os.fsync(handle)  # some file systems tell only now that they are full
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
