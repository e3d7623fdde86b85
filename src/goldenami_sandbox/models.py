"""What AWS has by botocore's own data; the settings of whoever runs the sandbox do not matter."""

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
    resolver = EndpointResolver(Loader().load_data("endpoints"))
    return [
        region
        for partition in resolver.get_available_partitions()
        for region in resolver.get_available_endpoints("ec2", partition)
    ]
