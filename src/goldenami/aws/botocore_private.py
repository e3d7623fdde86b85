"""What production builds on of botocore beyond its documented interfaces: all but its models.

Each may change with any of their versions, which have no upper bound here: a security tool should
not keep botocore's own fixes away. So each stands here, and `tests/aws/test_botocore_private.py`
tries each with the version that is installed, and names what is gone.
"""

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, lru_cache, partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import botocore
from botocore import hooks, xform_name
from botocore.credentials import Credentials, DeferredRefreshableCredentials
from botocore.httpsession import create_urllib3_context
from botocore.loaders import create_loader
from botocore.model import ServiceModel
from botocore.parsers import EC2QueryParser, ResponseParserError, ResponseParserFactory
from botocore.utils import (
    CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES,
    get_environ_proxies,
    is_valid_endpoint_url,
    is_valid_ipv6_endpoint_url,
    parse_timestamp,
)

from goldenami.aws.botocore_models import Model, ModelLoader

DOCS = "botocore.docs"
"""What botocore writes help texts by. It imports that, and a parser of HTML with it, for the
docstrings of methods, which nobody reads here: that is a tenth of what botocore takes."""


@contextmanager
def docs_left_out() -> Iterator[None]:
    """Have what is imported in the block go without `DOCS`, which it imports if it writes any."""
    docs, docstring = ModuleType(DOCS), ModuleType(f"{DOCS}.docstring")
    docs.__path__ = [str(Path(path) / "docs") for path in botocore.__path__]
    docstring.__getattr__ = lambda name: partial(_docstring, name)  # type: ignore[method-assign]
    if any(name.startswith(DOCS) for name in sys.modules):  # others have imported it already
        yield
        return
    sys.modules |= {each.__name__: each for each in (docs, docstring)}
    try:
        yield
    finally:  # whoever else imports any of it gets all of it
        for name in [name for name in sys.modules if name.startswith(DOCS)]:
            del sys.modules[name]


def _docstring(name: str, *arguments: Any, **settings: Any) -> Any:
    return getattr(import_module(f"{DOCS}.docstring"), name)(*arguments, **settings)


with docs_left_out(), suppress(ImportError, TypeError):  # of a version that cannot be without it
    import_module("botocore.session")

from botocore.client import BaseClient, ClientCreator  # noqa: E402

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
    "read_in_large_parts",
    "regions_of",
    "share_models",
    "sign_by",
    "trust_in_common",
    "xform_name",
]

PART_BYTES = 4 * 1024 * 1024
"""How much of an answer is read at once: all of it, as long as it has no more."""


def share_models(session: Any) -> None:
    """Have a botocore session take its models from where all sessions of this process do.

    The class of a service's clients is shared with them: it has nothing of a session or a region.
    Credentials and parsers belong to a client, and so do handlers, but for those of its session.
    """
    emitter = session.get_component("event_emitter")._emitter  # noqa: SLF001
    emitter._handlers = _Handlers(emitter._handlers._root)  # noqa: SLF001
    _keep_what_is_made_of_models()
    loader = _models(session.get_config_variable("data_path"))
    session.register_component("data_loader", loader)


@cache
def _models(data_path: str | None) -> ModelLoader:
    """Return the models of AWS's operations, and of the user's own folders of such."""
    loader = ModelLoader()
    loader.search_paths[:] = create_loader(data_path).search_paths
    return loader


@cache
def _keep_what_is_made_of_models() -> None:
    """Have botocore's maker of clients keep a service's model and class, where models are shared.

    It makes both anew for each client, with a method and its help text for every operation: that
    is most of what a client takes, and a method is made here when it is called for. Sessions of
    other programs are as they were.
    """
    creator: Any = ClientCreator
    model_of, class_of = creator._load_service_model, creator._create_client_class  # noqa: SLF001

    def model(self: Any, service: str, api_version: str | None = None) -> Any:
        kept = self._loader
        if not isinstance(kept, ModelLoader):
            return model_of(self, service, api_version)
        key = (service, api_version)
        if key not in kept.services:
            read = kept.load_service_model(service, "service-2", api_version)
            service_model: Any = Model(read, service)
            service_model.endpoint_discovery_operation = None  # of no service that is called here
            kept.services[key] = service_model
        return kept.services[key]

    def client_class(self: Any, service: str, service_model: ServiceModel) -> Any:
        kept = self._loader
        if not isinstance(kept, ModelLoader):
            return class_of(self, service, service_model)
        if service_model not in kept.classes:
            operations = _Operations(service_model.operation_names)
            parts = {"_PY_TO_OP_NAME": operations, "__getattr__": _method}
            kept.classes[service_model] = type(service, (BaseClient,), parts)
        return kept.classes[service_model]

    creator._load_service_model, creator._create_client_class = model, client_class  # noqa: SLF001


class _Handlers(hooks._PrefixTrie):  # type: ignore[name-defined,misc]  # noqa: SLF001
    """Handlers by the parts of their events' names, in a tree.

    A copy shares all of the tree that neither changes from then on. Each client has a copy of its
    session's hundreds of handlers, and adds a dozen: copying all is half of what a client takes.
    """

    def __init__(self, root: Any) -> None:
        self._root = root

    def __copy__(self) -> "_Handlers":
        return _Handlers(self._root)

    def append_item(self, key: str, value: Any, section: Any = hooks._MIDDLE) -> None:  # type: ignore[attr-defined]  # noqa: SLF001
        self._part_with(key)
        super().append_item(key, value, section)

    def remove_item(self, key: str, value: Any) -> None:
        self._part_with(key)
        super().remove_item(key, value)

    def _part_with(self, key: str) -> None:
        """Have nodes of this tree's own on the way to an event: any of them may be shared."""
        node = self._root = _node_like(self._root)
        for part in key.split("."):
            if part not in node["children"]:
                return
            child = node["children"][part] = _node_like(node["children"][part])
            node = child


def _node_like(node: dict[str, Any]) -> dict[str, Any]:
    values = node["values"]
    own = values and hooks.NodeList(*(list(section) for section in values))
    return {"chunk": node["chunk"], "children": dict(node["children"]), "values": own}


class _Operations(Mapping[str, str]):
    """Operations by the names of their methods, which add underscores: none is worked out ahead."""

    def __init__(self, operations: list[str]) -> None:
        self._operations = {operation.lower(): operation for operation in operations}

    def __getitem__(self, name: str) -> str:
        operation = self._operations[name.replace("_", "")]
        if xform_name(operation) != name:
            raise KeyError(name)
        return operation

    def __iter__(self) -> Iterator[str]:
        return map(xform_name, self._operations.values())

    def __len__(self) -> int:
        return len(self._operations)


def _method(client: Any, name: str) -> Any:
    """Return the method of an operation that a client is called for."""
    operation = type(client)._PY_TO_OP_NAME.get(name)  # noqa: SLF001
    if operation is None:
        usual: Any = BaseClient
        return usual.__getattr__(client, name)

    def call(**parameters: Any) -> Any:
        return client._make_api_call(operation, parameters)  # noqa: SLF001

    return call


def regions_of(session: Any, service: str) -> dict[str, frozenset[str]]:
    """Return the regions of each partition that a service is in, by the prefix of its endpoints."""
    known = session._get_internal_component("endpoint_resolver")  # noqa: SLF001
    return {
        partition: frozenset(known.get_available_endpoints(service, partition))
        for partition in known.get_available_partitions()
    }


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


def trust_in_common(client: Any) -> None:
    """Have the connections of clients share the authorities that they trust, by their bundle.

    For each connection urllib3 reads the whole bundle anew, which takes longer than all else.
    """
    http = client._endpoint.http_session  # noqa: SLF001
    usual, own = http._setup_ssl_cert, (http._cert_file, http._key_file)  # noqa: SLF001

    def set_up(pool: Any, url: str, verify: Any) -> None:
        usual(pool, url, verify)
        if pool.ca_certs is None:
            return
        with suppress(OSError):  # of a bundle that is none: urllib3 says so when it connects
            changed = Path(pool.ca_certs).stat().st_mtime_ns
            pool.conn_kw["ssl_context"] = _trusting(pool.ca_certs, changed, own)
            pool.ca_certs = None

    http._setup_ssl_cert = set_up  # noqa: SLF001


@lru_cache(maxsize=16)
def _trusting(bundle: str, _: int, __: tuple[str | None, str | None]) -> Any:
    """Return what trusts a bundle as it is now, for those who show the same certificate."""
    context = create_urllib3_context()
    context.load_verify_locations(bundle)
    return context


def read_in_large_parts(client: Any) -> None:
    """Have answers of a client read in as few parts as they come in.

    Between two parts other threads go on, and it takes a while until this one has its turn again.
    """
    pools = client._endpoint.http_session._pool_classes_by_scheme  # noqa: SLF001
    pools |= {scheme: _in_large_parts(kind) for scheme, kind in pools.items()}


@cache
def _in_large_parts(kind: Any) -> Any:
    class Pool(kind):  # type: ignore[misc]
        """A pool of connections whose answers are read so."""

        def urlopen(self, *arguments: Any, **settings: Any) -> Any:
            """Return an answer."""
            answer = super().urlopen(*arguments, **settings)
            answer.stream = partial(answer.stream, PART_BYTES)
            return answer

    return Pool


def operations_of(client: Any) -> Collection[str]:
    """Return the names of the methods of a client that are operations."""
    operations: Collection[str] = client.meta.method_to_api_mapping
    return operations
