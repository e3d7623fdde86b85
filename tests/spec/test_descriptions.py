"""Each key of the users' files says what it is for; reference and JSON Schema show it."""

import inspect
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from msgspec import Struct, structs

from goldenami.domain.audit.waivers import WaiverFile
from goldenami.spec import descriptions
from goldenami.spec.enforcement import EnforceSpec
from goldenami.spec.lifecycle import Lifecycle
from goldenami.spec.model import Release


def parts(hint: Any) -> Iterator[type[Struct]]:
    """Yield the types of the parts of a file, the whole first."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        yield hint
        for field in structs.fields(hint):
            yield from parts(field.type)
    for inner in get_args(hint):
        yield from parts(inner)


PARTS = {part.__name__: part for kind in (Release, EnforceSpec, WaiverFile) for part in parts(kind)}


@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_key_is_described_and_nothing_else(name: str) -> None:
    part = PARTS[name]
    described = descriptions.of(part)
    assert all(words.endswith(".") for words in described.values())
    own = inspect.cleandoc(part.__doc__ or "").partition("Args:")[2]
    fields = {field.name for field in structs.fields(part)}
    assert {line.split(":")[0].strip() for line in own.splitlines() if line[4:5].strip()} <= fields


def test_a_key_goes_by_its_name_in_the_file() -> None:
    assert "except" in descriptions.of(Lifecycle)


def test_a_key_without_a_description_is_an_error() -> None:
    class Silent(Struct):
        """Says nothing of its key."""

        key: str

    with pytest.raises(KeyError):
        descriptions.of(Silent)


def test_a_part_is_described_without_its_keys() -> None:
    assert descriptions.summary(WaiverFile) == "The file ``waivers.yaml``."
