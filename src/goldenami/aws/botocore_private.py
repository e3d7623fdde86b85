"""What production builds on of botocore and boto3 beyond their documented interfaces: all of it.

Each may change with any of their versions, which have no upper bound here: a security tool should
not keep botocore's own fixes away. So each stands here, and `tests/aws/test_botocore_private.py`
tries each with the version that is installed, and names what is gone.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from botocore import xform_name
from botocore.client import BaseClient, ClientCreator
from botocore.credentials import Credentials, DeferredRefreshableCredentials
from botocore.loaders import JSONFileLoader, Loader, create_loader
from botocore.model import ServiceModel
from botocore.parsers import EC2QueryParser, ResponseParserError, ResponseParserFactory
from botocore.utils import (
    CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES,
    get_environ_proxies,
    is_valid_endpoint_url,
    is_valid_ipv6_endpoint_url,
    parse_timestamp,
)

__all__ = [
    "CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES",
    "Credentials",
    "DeferredRefreshableCredentials",
    "EC2QueryParser",
    "ModelLoader",
    "ResponseParserError",
    "ResponseParserFactory",
    "around_calls",
    "before_parsing",
    "get_environ_proxies",
    "is_valid_endpoint_url",
    "is_valid_ipv6_endpoint_url",
    "operations_of",
    "parse_answers_by",
    "parse_timestamp",
    "session_of",
    "share_models",
    "sign_by",
    "xform_name",
]


class ModelLoader(JSONFileLoader):
    """botocore's reader of its models, with msgspec's parser and plain dicts, which keep order.

    A start is mostly the reading of models: it is several times faster so. What botocore makes of
    the model of a service is kept here too.
    """

    def __init__(self) -> None:
        super().__init__()
        self.services: dict[tuple[str, str | None], ServiceModel] = {}
        self.classes: dict[ServiceModel, type[BaseClient]] = {}

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        if not Path(full_path).is_file():
            return None
        with open_method(full_path, "rb") as file:
            return msgspec.json.decode(file.read())


def share_models(session: Any) -> None:
    """Have a botocore session take its models from where all sessions of this process do.

    The class of a service's clients is shared with them: it has nothing of a session or a region.
    Handlers, credentials and parsers belong to a client.
    """
    _keep_what_is_made_of_models()
    loader = _models(session.get_config_variable("data_path"))
    session.register_component("data_loader", loader)


@cache
def _models(data_path: str | None) -> Loader:
    """Return the models of AWS's operations, and of the user's own folders of such."""
    loader = create_loader(data_path)
    loader.file_loader = ModelLoader()
    return loader


@cache
def _keep_what_is_made_of_models() -> None:
    """Have botocore's maker of clients keep a service's model and class, where models are shared.

    It makes both anew for each client, with a method and its help text for every operation: that
    is most of what a further region's client takes. Sessions of other programs are as they were.
    """
    creator: Any = ClientCreator
    model_of, class_of = creator._load_service_model, creator._create_client_class  # noqa: SLF001

    def model(self: Any, service: str, api_version: str | None = None) -> Any:
        kept = self._loader.file_loader
        if not isinstance(kept, ModelLoader):
            return model_of(self, service, api_version)
        key = (service, api_version)
        if key not in kept.services:
            kept.services[key] = model_of(self, service, api_version)
        return kept.services[key]

    def client_class(self: Any, service: str, service_model: ServiceModel) -> Any:
        kept = self._loader.file_loader
        if not isinstance(kept, ModelLoader):
            return class_of(self, service, service_model)
        if service_model not in kept.classes:
            kept.classes[service_model] = class_of(self, service, service_model)
        return kept.classes[service_model]

    creator._load_service_model, creator._create_client_class = model, client_class  # noqa: SLF001


def parse_answers_by(session: Any, factory: ResponseParserFactory) -> None:
    """Have a botocore session's answers parsed by the parsers of a factory."""
    session.register_component("response_parser_factory", factory)


def before_parsing(session: Any, look: Callable[..., None]) -> None:
    """Have a botocore session's answers looked at, by ``operation_model`` and ``response_dict``."""
    session.register("before-parse", look)


def around_calls(
    session: Any, begin: Callable[..., None], end: Callable[..., None], fail: Callable[..., None]
) -> None:
    """Have all calls of a botocore session told of, with one ``context`` each.

    Their ends come with ``model``, ``http_response`` and ``parsed``, their failures with
    ``exception``.
    """
    session.register("before-call", begin)
    session.register("after-call", end)
    session.register("after-call-error", fail)


def sign_by(session: Any, credentials: Credentials) -> None:
    """Have a botocore session's calls signed with credentials that are no plain keys."""
    session._credentials = credentials  # noqa: SLF001


def session_of(session: Any) -> Any:
    """Return the botocore session of a boto3 session, which has the configuration."""
    return session._session  # noqa: SLF001


def operations_of(client: Any) -> frozenset[str]:
    """Return the names of the methods of a client that are operations."""
    return frozenset(client.meta.method_to_api_mapping)
