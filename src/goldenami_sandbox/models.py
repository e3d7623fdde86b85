"""What AWS has by botocore's own data; the settings of whoever runs the sandbox do not matter."""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from botocore.exceptions import UnknownServiceError
from botocore.loaders import JSONFileLoader, Loader
from botocore.regions import EndpointResolver


class JsonFiles(JSONFileLoader):
    """Reads the data of botocore and moto several times faster than they do; loaders take it."""

    def load_file(self, file_path: str) -> Any:
        """Return what is in a file, whose path has no ending here; None if there is none."""
        for ending, opened in ((".json", bytes), (".json.gz", gzip.decompress)):
            file = Path(file_path + ending)
            if file.is_file():
                return msgspec.json.decode(opened(file.read_bytes()))
        return None


def operations(service: str) -> list[str] | None:
    """Return the operations of a service by its signing name, None if AWS has none of that name."""
    try:
        return list(loader().load_service_model(service, "service-2")["operations"])
    except UnknownServiceError:
        return None


def regions() -> list[str]:
    """Return the names of EC2's regions in every partition."""
    return [region for partition in partitions() for region in regions_of("ec2", partition)]


def partitions() -> list[str]:
    """Return the names of AWS's partitions."""
    return list(_endpoints().get_available_partitions())


@cache
def regions_of(service: str, partition: str) -> tuple[str, ...]:
    """Return the regions of a service whose endpoints are called as it is."""
    return tuple(_endpoints().get_available_endpoints(service, partition))


@cache
def _endpoints() -> EndpointResolver:
    return EndpointResolver(loader().load_data("endpoints"))


def loader() -> Loader:
    """Return what reads botocore's models, for a session or for whoever looks into them."""
    return Loader(file_loader=JsonFiles())
