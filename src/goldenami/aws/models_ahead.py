"""Reads models of AWS's operations while botocore is imported, which takes longer than that.

Nothing is imported here that takes a while. Unpacking lets go of Python's lock: on another core it
takes no time.
"""

import gzip
from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

from goldenami.aws.parallel import ahead

SERVICES = ("sts", "ec2", "ssm")
"""Those that most commands ask: who calls, what he has, and what is noted of it."""

_begun: dict[Path, Callable[[], bytes]] = {}


@cache
def begin() -> None:
    """Begin to read the models of `SERVICES`, each the newest that botocore has.

    One that is not needed after all, as the user has his own, is not looked at; one that cannot be
    read says so to whoever needs it.
    """
    spec = find_spec("botocore")
    for folder in (spec and spec.submodule_search_locations) or ():
        for service in SERVICES:
            models = sorted((Path(folder) / "data" / service).glob("*/service-2.json.gz"))
            for path in models[-1:]:
                _begun[path] = ahead(partial(_read, path))


def contents_of(path: Path) -> bytes:
    """Return what is in a file, unpacked: once what was read ahead, and else as it is now.

    Raises:
        OSError: it cannot be read, or not be unpacked.
    """
    begun = _begun.pop(path, None)
    return begun() if begun else _read(path)


def _read(path: Path) -> bytes:
    packed = path.read_bytes()
    return gzip.decompress(packed) if path.suffix == ".gz" else packed
