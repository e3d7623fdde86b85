"""Makes botocore work out once a process what it works out for each session or client.

And what it asks Python for quicker: the headers of each answer.
"""

import os
import re
from functools import cache
from http import client
from http.client import HTTPMessage
from io import BytesIO
from typing import Any, BinaryIO
from urllib import request

from botocore import hooks, utils
from botocore.client import ClientCreator
from botocore.hooks import EventAliaser, NodeList
from botocore.loaders import JSONFileLoader, Loader
from botocore.model import ServiceModel

_load = JSONFileLoader.load_file
_model_of = ClientCreator._load_service_model  # type: ignore[attr-defined]
_class_of = ClientCreator._create_client_class  # type: ignore[attr-defined]
_name_of = EventAliaser._alias_event_name  # type: ignore[attr-defined]
_services_of = Loader.list_available_services
_proxies_of = request.getproxies_environment
usual_headers = client.parse_headers
_HEADER = re.compile(rb"([!-9;-~]+):[ \t]*([^\r\n]*)\r\n")
_files: dict[tuple[type, str], Any] = {}
_models: dict[tuple[type, str], ServiceModel] = {}
_classes: dict[tuple[type, str], type] = {}
_names: dict[str, str] = {}
_services: dict[tuple[str, ...], list[str]] = {}


def load_file(self: JSONFileLoader, file_path: str) -> Any:
    if f"{os.sep}s3{os.sep}" in file_path:
        return _load(self, file_path)  # botocore changes S3's model, which the sandbox needs whole
    key = (type(self), file_path)
    if key not in _files:
        _files[key] = _load(self, file_path)
    return _files[key]


def _load_service_model(self: Any, service_name: str, api_version: str | None = None) -> Any:
    key = (type(self._loader.file_loader), service_name)
    if key not in _models:
        _models[key] = _model_of(self, service_name, api_version)
    return _models[key]


def _create_client_class(self: Any, service_name: str, service_model: ServiceModel) -> type:
    key = (type(self._loader), service_name)
    if key not in _classes:
        _classes[key] = _class_of(self, service_name, service_model)
    return _classes[key]


def _alias_event_name(self: Any, event_name: str) -> str:
    if event_name not in _names:
        _names[event_name] = _name_of(self, event_name)
    return _names[event_name]


def list_available_services(self: Loader, type_name: str) -> list[str]:
    key = (type_name, *self.search_paths)
    if key not in _services:
        _services[key] = _services_of(self, type_name)
    return _services[key]


def getproxies_environment() -> dict[str, str]:
    """Read all variables, which each call does twice, only where one is a proxy's."""
    names = b" ".join(os.environ._data)  # type: ignore[attr-defined]
    return _proxies_of() if b"_proxy" in names.lower() else {}


def parse_headers(fp: BinaryIO, _class: type[HTTPMessage] = HTTPMessage) -> HTTPMessage:
    """Read the headers of an answer: a mail's parser, which does it, takes a quarter of a call."""
    lines = client._read_headers(fp)  # type: ignore[attr-defined]
    message = _class()
    for line in lines[:-1]:
        header = _HEADER.fullmatch(line)
        if header is None:
            return usual_headers(BytesIO(b"".join(lines)), _class)
        message[header[1].decode()] = header[2].decode("latin-1")
    return message


def _recursive_copy(self: Any, node: dict[str, Any]) -> dict[str, Any]:
    """Copy the handlers of a session, which each client does, without asking how to copy."""
    copied = dict(node)
    for key, value in node.items():
        if isinstance(value, dict):
            copied[key] = _recursive_copy(self, value)
        elif isinstance(value, NodeList):
            copied[key] = NodeList(value.first[:], value.middle[:], value.last[:])
    return copied


def keep() -> None:
    """Keep models, classes of clients, names of events and of services from now on.

    And of each handler that it takes keywords: each session asks hundreds.
    """
    for changed, function in (
        (JSONFileLoader, load_file),
        (ClientCreator, _load_service_model),
        (ClientCreator, _create_client_class),
        (EventAliaser, _alias_event_name),
        (Loader, list_available_services),
        (hooks._PrefixTrie, _recursive_copy),  # type: ignore[attr-defined]
        (request, getproxies_environment),
        (client, parse_headers),
    ):
        setattr(changed, function.__name__, function)
    utils.getproxies = getproxies_environment  # type: ignore[attr-defined]
    hooks.accepts_kwargs = cache(hooks.accepts_kwargs)
