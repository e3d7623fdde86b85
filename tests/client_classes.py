"""Makes botocore build the class of a service's clients once, and not for each client."""

from functools import cache
from typing import Any

import botocore.client
import botocore.loaders

_create = botocore.client.ClientCreator._create_client_class  # type: ignore[attr-defined]
_classes: dict[str, type] = {}


def _once(self: Any, service_name: str, service_model: Any) -> type:
    if service_name not in _classes:
        _classes[service_name] = _create(self, service_name, service_model)
    return _classes[service_name]


def keep() -> None:
    """Keep the classes from now on, and the models that they are built from."""
    botocore.loaders.create_loader = cache(botocore.loaders.create_loader)
    botocore.client.ClientCreator._create_client_class = _once  # type: ignore[attr-defined]
