"""Reads botocore's own models several times faster: a start of the audit is mostly that."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import JSONFileLoader


class LeanLoader(JSONFileLoader):
    """botocore's reader of JSON files, with msgspec's parser and plain dicts, which keep order.

    ``session.get_component("data_loader").file_loader = LeanLoader()``
    """

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        if not Path(full_path).is_file():
            return None
        with open_method(full_path, "rb") as file:
            return msgspec.json.decode(file.read())
