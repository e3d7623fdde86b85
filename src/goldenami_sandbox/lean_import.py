"""moto imported without what it reads for nothing: a third of what the start takes.

For the names of regions it makes three sessions of boto3's, each of which reads EC2's whole model;
and it reads which types of instances there are in each place of each region. The other data that
comes with it is read by a faster parser.
"""

import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any

from boto3 import Session

from goldenami import garbage
from goldenami_sandbox import models
from goldenami_sandbox.overriding import replaced

_EC2 = "moto.ec2.models"
_OFFERINGS = "instance_type_offerings"


@contextmanager
def lean() -> Iterator[None]:
    """Import what is imported in the block so, if moto is imported in it.

    Raises:
        ImportError: moto is not installed, or is another one.
    """
    if _EC2 in sys.modules:
        yield
        return
    with _kept(), _without_waste():
        yield


@contextmanager
def _without_waste() -> Iterator[None]:
    utils = import_module("moto.utilities.utils")
    root = Path(str(utils.__file__)).parents[1]

    def read(path: str) -> Any:
        file = root / path.removesuffix(".gz").removesuffix(".json")
        content = models.JsonFiles().load_file(str(file))
        if content is None:
            raise FileNotFoundError(path)
        return content

    def regions(_: Session, service: str, partition_name: str = "aws") -> list[str]:
        return list(models.regions_of(service, partition_name))

    later: dict[str, dict[str, str]] = {}

    def resource(path: str) -> Any:
        if _OFFERINGS not in path:
            return read(path)
        *_, kind, file = PurePath(path).parts
        later.setdefault(kind, {})[file.partition(".")[0]] = path
        return []

    with (
        replaced(Session, "__init__", lambda _: None),
        replaced(Session, "get_available_regions", regions),
        replaced(utils, "load_resource", resource),
    ):
        yield
    if later:
        types = import_module(f"{_EC2}.instance_types")
        for kind, paths in later.items():
            types.INSTANCE_TYPE_OFFERINGS[kind] = _Offerings(kind, paths, read)


@contextmanager
def _kept() -> Iterator[None]:
    """Let Python look for no garbage in all that is imported in the block, nor later."""
    with garbage.never_collected():
        try:
            yield
        finally:
            gc.freeze()


class _Offerings(Mapping[str, Any]):
    """The types of instances that there are in each region, which are read when they are asked for.

    Args:
        kind: of the places in a region.
        paths: where moto keeps those of a region.
        read: how moto reads them.
    """

    def __init__(self, kind: str, paths: Mapping[str, str], read: Callable[[str], Any]) -> None:
        self._paths = paths

        @cache
        def offered(region: str) -> Any:
            return [{**each, "LocationType": kind} for each in read(paths[region])]

        self._offered = offered

    def __getitem__(self, region: str) -> Any:
        return self._offered(region)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
