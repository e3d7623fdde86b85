"""Which release a build is of: the digest of what makes the image, and of nothing else.

A build goes on with a release file that makes the same image. So a deadline may be raised, or
another type of instance named, between a run and its `--resume`; the base image, a step that the
image has to pass, or the user data may not.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import NODEFAULT, Struct, structs

from goldenami.spec.model import Release

MAKES_THE_IMAGE: Final = frozenset(
    {
        "schema", "image", "version", "description", "regions", "base", "architectures", "bake",
        "validate", "test", "attributes", "tags", "approval_tag", "share_candidates", "distribute",
        "copies", "share", "watermark",
    }
)  # fmt: skip
"""The keys of a release file that say what the image is, what it has to pass, and who gets it."""

LEAVES_IT_AS_IT_IS: Final = frozenset(
    {
        "approval", "publish", "sbom", "lifecycle", "enforce", "audit", "timeouts",
        "base.instance_type", "base.instance_types", "base.subnet", "base.subnets",
        "architectures.instance_type", "architectures.instance_types", "test.instance_type",
        "validate.retry", "validate.timeout", "test.steps.retry", "test.steps.timeout",
    }
)  # fmt: skip
"""The keys that say how long to wait, where to launch, and what is done with a finished image.

A key of those above is named with its parent.
"""


def digest(release: Release, user_data: bytes | None) -> str:
    """Return the SHA-256 of what makes the image of a release file.

    How the file is written (order, comments, defaults spelt out) makes no difference.

    Args:
        release: its content.
        user_data: the script, which may lie in a file beside it.
    """
    content = {"release": _content(release, ""), "user_data": user_data or b""}
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def _content(value: Any, key: str) -> Any:
    """Return a value without what leaves the image as it is, and without defaults."""
    match value:
        case Struct():
            return {
                field.name: _content(getattr(value, field.name), path)
                for field in structs.fields(value)
                if (path := f"{key}.{field.name}".strip(".")) not in LEAVES_IT_AS_IT_IS
                and getattr(value, field.name) != _default(field)
            }
        case Mapping():
            return {name: _content(item, key) for name, item in value.items()}
        case tuple() | list():
            return [_content(item, key) for item in value]
    return value


def _default(field: structs.FieldInfo) -> Any:
    if field.default_factory is not NODEFAULT:
        return field.default_factory()
    return field.default
