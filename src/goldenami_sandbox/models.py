"""What AWS has by botocore's own data; the settings of whoever runs the sandbox do not matter."""

from functools import cache

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.regions import EndpointResolver


def operations(service: str) -> list[str] | None:
    """Return the operations of a service by its signing name, None if AWS has none of that name."""
    try:
        return list(Loader().load_service_model(service, "service-2")["operations"])
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
    return EndpointResolver(Loader().load_data("endpoints"))
