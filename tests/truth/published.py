"""What AWS publishes of its answers: the AWS CLI's documented outputs, and botocore's examples.

Both are read where they are installed; none of it is kept here.
"""

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore
from botocore import xform_name
from botocore.loaders import Loader

_OUTPUT = re.compile(r"^Output:: *\n(?P<block>(?:[ \t].*\n|\s*\n)+)", re.MULTILINE)
_CALLED = {"config": "configservice"}
"""What the AWS CLI calls a service, where it has another name for it than botocore."""


def cli_examples() -> Path | None:
    """Return the folder with the AWS CLI's examples; None if it is not installed."""
    command = Path(os.environ.get("GOLDENAMI_AWSCLI", ""))
    folders = command.parent.parent.glob("lib/python*/site-packages/awscli/examples")
    return next(folders, None) if command.is_file() else None


def answers(examples: Path, service: str, operation: str) -> list[dict[str, Any]]:
    """Return every published answer of an operation, in botocore's shape."""
    name = f"{xform_name(operation, '-')}.rst"
    page = examples / _CALLED.get(service, service) / name
    written = page.read_text() if page.is_file() else ""
    return [*_outputs(written), *_botocore(service).get(operation, ())]


def _outputs(page: str) -> Iterator[dict[str, Any]]:
    """Yield the outputs of a page that are JSON: some are text, or are cut short."""
    for output in _OUTPUT.finditer(page):
        try:
            answer = json.loads(output["block"])
        except ValueError:
            continue
        if isinstance(answer, dict):
            yield answer


@cache
def _botocore(service: str) -> dict[str, list[dict[str, Any]]]:
    loader = Loader(extra_search_paths=[str(Path(botocore.__file__).parent / "data")])
    found = loader.load_service_model(service, "examples-1")["examples"]
    return {
        operation: [example["output"] for example in examples if example.get("output")]
        for operation, examples in found.items()
    }
