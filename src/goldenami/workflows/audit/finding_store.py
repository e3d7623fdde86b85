"""Keeps what an audit finds: in memory as long as it is little, else in a temporary file."""

from collections.abc import Callable, Iterator, Sequence
from tempfile import SpooledTemporaryFile, gettempdir
from threading import Lock
from typing import Generic, TypeVar

import msgspec

from goldenami.errors import GoldenamiError

T = TypeVar("T")
IN_MEMORY_BYTES = 1024 * 1024


class FindingStore(Generic[T]):
    """Items of one type, by the number of the place they belong to.

    Places may be written at the same time; they are read in the order of their numbers.
    The file has no name and is gone with the process, however that ends.

    Args:
        kind: the type.
        line: what an item is in the report, if they are to be kept as that, and not be read again.
    """

    def __init__(self, kind: type[T], line: Callable[[T], str] | None = None) -> None:
        self._line = line
        self._decode = msgspec.msgpack.Decoder(list[kind]).decode  # type: ignore[valid-type]
        self._encode = msgspec.msgpack.Encoder().encode
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  lives as long
        self._parts: list[tuple[int, int, int]] = []
        self._end = 0
        self._lock = Lock()

    def add(self, place: int, items: Sequence[T]) -> None:
        """Keep some more items of a place.

        Raises:
            GoldenamiError: there is no room for them.
        """
        if items:
            self.keep(place, self._written(items))

    def _written(self, items: Sequence[T]) -> bytes:
        if self._line is None:
            return self._encode(items)
        return "".join(map(self._line, items)).encode()

    def keep(self, place: int, written: bytes) -> None:
        """Keep items of a place as another process has written them.

        Raises:
            GoldenamiError: there is no room for them.
        """
        with self._lock:
            try:
                self._file.seek(self._end)
                self._file.write(written)
            except OSError as error:
                raise GoldenamiError(
                    f"what was found cannot be kept in {gettempdir()}: {error.strerror}",
                    fix="make room there, or set TMPDIR to a folder that has some",
                ) from error
            self._parts.append((place, self._end, len(written)))
            self._end += len(written)

    def __del__(self) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[T]:
        if self._line is not None:
            raise TypeError("these are kept as lines")
        for part in self.written():
            yield from self._decode(part)

    def lines(self) -> Iterator[str]:
        """Yield the lines of all items, many of them at once."""
        for part in self.written():
            yield part.decode()

    def written(self) -> Iterator[bytes]:
        """Yield all items as they are written, to be kept by another process."""
        for _, start, length in sorted(self._parts):
            with self._lock:
                self._file.seek(start)
                part = self._file.read(length)
            yield part
