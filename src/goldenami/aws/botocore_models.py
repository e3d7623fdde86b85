"""botocore's models of services, read in parts.

A start is mostly the reading of models, and most of a model is never looked at.

These are no documented interfaces, as in `botocore_private.py`, whose test tries them, too.
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
from botocore.exceptions import DataNotFoundError
from botocore.loaders import JSONFileLoader, Loader
from botocore.model import ServiceModel

from goldenami.aws.models_ahead import contents_of


class _Parts(dict[str, Any]):
    """Operations or shapes of a model, or services of a partition, read when they are looked at."""

    def __getitem__(self, name: str) -> Any:
        part = super().__getitem__(name)
        if isinstance(part, msgspec.Raw):
            self[name] = part = msgspec.json.decode(part)
        return part

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401  it is what that calls

    def values(self) -> Any:
        return [self[name] for name in self]

    def items(self) -> Any:
        return [(name, self[name]) for name in self]

    def that_may_say(self, word: bytes) -> Iterator[str]:
        """Yield the names of those with a word; of what was looked at, all names."""
        for name, part in super().items():
            if not isinstance(part, msgspec.Raw) or word in bytes(part):
                yield name


_MANY: Final = {"operations", "services", "shapes"}
_Value = str | int | float | bool | None
_Text = dict[str, dict[str, msgspec.Raw] | list[Any] | _Value]
"""A model, or what is known of a partition: it is gone through once so."""


class ModelFiles(JSONFileLoader):
    """botocore's reader of its files, with msgspec's parser and plain dicts, which keep order."""

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        path = Path(full_path)
        if not path.is_file():
            return None
        text = contents_of(path)
        if path.name.startswith("service-2."):
            return _in_parts(msgspec.json.decode(text, type=_Text))
        if path.name == "endpoints.json":
            known: dict[str, Any] = msgspec.json.decode(text, type=dict[str, list[_Text] | _Value])
            return known | {"partitions": [_in_parts(each) for each in known["partitions"]]}
        return msgspec.json.decode(text)


def _in_parts(text: _Text) -> dict[str, Any]:
    """Return what is in a text; parts of which there are many are read when they are looked at."""
    whole: dict[str, Any] = {**text}
    for name, value in text.items():
        if isinstance(value, dict):
            parts = _Parts(value)
            whole[name] = parts if name in _MANY else dict(parts.items())
    return whole


class Model(ServiceModel):
    """The model of a service, which takes from its thousands of shapes those that are errors.

    The first error of a service, a refused DryRun too, is looked up among them.
    """

    @cached_property
    def error_shapes(self: Any) -> list[Any]:
        """The errors; botocore reads every shape for them."""
        parts: _Parts = self._service_description["shapes"]
        shapes = [self.shape_for(name) for name in parts.that_may_say(b'"exception"')]
        return [shape for shape in shapes if shape.metadata.get("exception")]


class _Services:
    """The services that have a model of a kind; botocore looks into the folders of all for one."""

    def __init__(self, models: "ModelLoader", kind: str) -> None:
        self._models = models
        self._kind = kind

    def __contains__(self, service: Any) -> bool:
        try:
            return bool(self._models.list_api_versions(service, self._kind))
        except DataNotFoundError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(Loader.list_available_services(self._models, self._kind))


class ModelLoader(Loader):
    """botocore's models, and those of the user's own folders.

    What botocore makes of the model of a service is kept here too.
    """

    FILE_LOADER_CLASS = ModelFiles

    def __init__(self) -> None:
        super().__init__()
        self.services: dict[tuple[str, str | None], ServiceModel] = {}
        self.classes: dict[ServiceModel, type[Any]] = {}

    def list_available_services(self, type_name: str) -> Any:
        """Return the services that have a model of a type."""
        return _Services(self, type_name)
