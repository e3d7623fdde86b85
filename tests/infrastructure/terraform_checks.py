"""What Terraform would say of a document beside its provider's schema: names, references, types."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from tests.unmeasured import nothing_measured

from .tools import SCHEMA

NEEDS_SCHEMA = pytest.mark.skipif(
    not SCHEMA.is_file(), reason="no schema of Terraform's AWS provider (make test fetches it)"
)
META = {"count", "depends_on", "for_each", "lifecycle", "provider", "__is_block__"}
_REFERENCE = re.compile(
    r"(?<![\w.\"-])((?:data\.)?(?:aws|time|terraform)_\w+)\.(\w+)((?:\[[^\]]*\])?)(?:\.(\w+))?"
)
_VALUE = re.compile(r"(?<![\w.])(var|local)\.(\w+)")
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "number": (int, float), "boolean": (bool,), "list": (list,), "map": (dict,),
}  # fmt: skip


@cache
def schema() -> dict[str, Any]:
    """Return the provider's schema: see `extract_provider`."""
    read: dict[str, Any] = json.loads(SCHEMA.read_text())
    return read


@cache
@nothing_measured()
def parsed(code: str) -> dict[str, Any]:
    """Return a document as the parser has it, which is slow."""
    import hcl2

    document: dict[str, Any] = hcl2.loads(code)
    return document


def declared(code: str) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield the section, type, name and body of each resource and data source of a document."""
    document = parsed(code)
    for section in ("resource", "data"):
        for block in document.get(section, []):
            ((kind, named),) = block.items()
            ((name, body),) = named.items()
            yield section, kind.strip('"'), name.strip('"'), body


def problems(code: str) -> Iterator[str]:
    """Yield what refers to nothing, and what stands there twice."""
    document = parsed(code)
    names = {
        "var": {name.strip('"') for block in document.get("variable", []) for name in block},
        "local": {name for block in document.get("locals", []) for name in block},
    }
    text = _without_scripts(code)
    for kind, name in set(_VALUE.findall(text)):
        if name not in names[kind]:
            yield f"{kind}.{name} is not declared"
    blocks = Counter(
        (kind if section == "resource" else f"data.{kind}", name)
        for section, kind, name, _ in declared(code)
    )
    yield from (f"{block} stands there twice" for block, count in blocks.items() if count > 1)
    for kind, name, _, _ in set(_REFERENCE.findall(text)):
        if (kind, name) not in blocks:
            yield f"{kind}.{name} is not declared"
    aliases = {
        block.get("alias", "").strip('"')
        for each in document.get("provider", [])
        for block in each.values()
    }
    for *_, body in declared(code):
        provider = body.get("provider", "").strip("${}").removeprefix("aws.")
        if provider and provider not in aliases:
            yield f"the provider {provider} is not declared"


def schema_problems(code: str) -> Iterator[str]:
    """Yield where resources differ from the provider's schema."""
    for section, kind, name, body in declared(code):
        if not kind.startswith("aws_"):
            continue
        known = schema()[section].get(kind)
        if known is None:
            yield f"there is no {section} {kind}"
        else:
            yield from _differing(f"{kind}.{name}", known, body)
    for kind, name, _, attribute in set(_REFERENCE.findall(_without_scripts(code))):
        section = "data" if kind.startswith("data.") else "resource"
        known = schema()[section].get(kind.removeprefix("data."))
        if known and attribute and attribute not in known["outputs"]:
            yield f"{kind}.{name} has no {attribute}"


def _differing(place: str, known: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[str]:
    arguments, blocks = known["arguments"], known["blocks"]
    for key, value in body.items():
        if key in blocks:
            yield from _differing_block(f"{place}.{key}", blocks[key], value)
        elif key not in arguments and key not in META:
            yield f"{place} has no argument {key}"
        elif key in arguments and not _fits(value, arguments[key]["type"]):
            yield f"{place}.{key} is no {arguments[key]['type']}: {value!r}"
    for key, described in {**arguments, **blocks}.items():
        if described["required"] and key not in body:
            yield f"{place} lacks {key}"


def _differing_block(place: str, known: Mapping[str, Any], value: Any) -> Iterator[str]:
    several = value if isinstance(value, list) else [value]
    if not all(isinstance(each, dict) and each.get("__is_block__") for each in several):
        yield f"{place} has to be a block"
        return
    if len(several) > 1 and not known["several"]:
        yield f"{place} can stand there once"
    for each in several:
        yield from _differing(place, known, each)


def _fits(value: Any, kind: str) -> bool:
    if isinstance(value, str) and value.startswith("${"):
        return True
    return isinstance(value, _TYPES.get(kind, (object,))) and not (
        kind == "number" and isinstance(value, bool)
    )


def _without_scripts(code: str) -> str:
    return re.sub(r"user_data = <<-(\w+)\n.*?\n  \1\n", "", code, flags=re.DOTALL)
