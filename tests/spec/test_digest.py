"""The identity of a build: every key of a release file makes the image, or leaves it as it is."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import msgspec
import pytest
from msgspec import Struct, structs

from goldenami.domain.names import ARCHITECTURES
from goldenami.spec.digest import LEAVES_IT_AS_IT_IS, MAKES_THE_IMAGE, digest
from goldenami.spec.model import Release

from .test_every_key import PARSED, Path_, at, paths

KEYS = {field.name for field in structs.fields(Release)}
LEAVES = [
    path
    for path in paths(PARSED[Release])
    if not isinstance(at(PARSED[Release], path), dict | list)
]
OTHERS = {
    "adaptive-card": "text", "gp2": "gp3", "image": "instance", "low": "high",
    "on-release": "by-command", "packer": "create-image", "spdx": "cyclonedx",
    "uefi": "legacy-bios",
}  # fmt: skip
WAITING = ("timeout", "retry", "retries", "deadline")


def release(data: Any) -> Release:
    return msgspec.convert(data, Release)


def named(path: Path_) -> str:
    """Return a key with its parents; an architecture is the name of an item, and no key."""
    keys = (step for step in path if isinstance(step, str) and step not in ARCHITECTURES)
    return ".".join(keys)


def other(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case "automatic" | "manual":
            return "automatic"
        case "on-release":
            return "by-command"
        case "goldenami/v1" | "v2.0":
            return value  # there is one alone
        case str() if value in OTHERS:
            return OTHERS[value]
    return f"{value}0"


def neutral(path: Path_) -> bool:
    return any(
        named(path) == key or named(path).startswith(f"{key}.") for key in LEAVES_IT_AS_IT_IS
    )


def test_every_key_of_a_release_is_in_the_identity_of_a_build_or_out_of_it() -> None:
    top = {key for key in LEAVES_IT_AS_IT_IS if "." not in key}
    assert MAKES_THE_IMAGE | top == KEYS
    assert not MAKES_THE_IMAGE & top
    known = {named(path) for path in paths(PARSED[Release])}
    assert known >= LEAVES_IT_AS_IT_IS


def fields(kind: type[Struct], key: str) -> Iterator[str]:
    for field in structs.fields(kind):
        path = f"{key}.{field.name}".strip(".")
        yield path
        for part in _structs(field.type):
            yield from fields(part, path)


def _structs(kind: Any) -> Iterator[type[Struct]]:
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield kind
    for part in getattr(kind, "__args__", ()):
        yield from _structs(part)


def test_what_says_how_long_or_how_often_to_try_is_never_in_it() -> None:
    slow = {
        path
        for path in fields(Release, "")
        if path.rpartition(".")[2].startswith(WAITING)
        and not any(path == key or path.startswith(f"{key}.") for key in LEAVES_IT_AS_IT_IS)
    }
    assert not slow


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: ".".join(map(str, path)))
def test_a_value_changes_the_identity_exactly_if_it_makes_the_image(path: Path_) -> None:
    changed = deepcopy(PARSED[Release])
    parent = at(changed, path[:-1])
    parent[path[-1]] = other(parent[path[-1]])
    if changed == PARSED[Release]:
        assert path in {("schema",), ("attributes", "imds"), ("attributes", "tpm")}
        return
    same = digest(release(changed), b"") == digest(release(PARSED[Release]), b"")
    assert same is neutral(path)


def test_how_a_file_is_written_makes_no_difference_and_the_user_data_does() -> None:
    short: dict[str, Any] = {
        "schema": "goldenami/v1", "image": "web", "regions": ["us-east-1"],
        "base": {"source": {"ami": "ami-01234567"}}, "tags": {"a": "1", "b": "2"},
    }  # fmt: skip
    spelt = {
        **dict(reversed(short.items())), "tags": {"b": "2", "a": "1"},
        "bake": {"reboot": True}, "validate": [], "version": "auto",
    }  # fmt: skip
    assert digest(release(short), b"") == digest(release(spelt), None)
    assert digest(release(short), b"#!/bin/sh") != digest(release(short), None)
    assert digest(release({**short, "regions": ["us-east-1", "eu-west-1"]}), None) != digest(
        release({**short, "regions": ["eu-west-1", "us-east-1"]}), None
    )
