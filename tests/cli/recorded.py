"""The records of builds in the embedded AWS, as only the pipeline may write them."""

from typing import Any

from msgspec import structs

from goldenami.domain import record
from goldenami.domain.record import Record
from goldenami.sandbox.server import Sandbox

PATH = "/goldenami/build"


def names(sandbox: Sandbox) -> list[str]:
    """Return the names of all records, sorted."""
    found = sandbox.client("ssm").get_parameters_by_path(Path=PATH, Recursive=True)["Parameters"]
    return sorted(str(one["Name"]) for one in found)


def read(sandbox: Sandbox, name: str = "") -> Record:
    """Return a record; the newest if none is named."""
    name = name or names(sandbox)[-1]
    value = sandbox.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    found = record.read(name, value)
    assert found, value
    return found


def write(sandbox: Sandbox, **change: Any) -> Record:
    """Change the newest record."""
    changed = structs.replace(read(sandbox), **change)
    sandbox.client("ssm").put_parameter(
        Name=record.parameter(changed.image, changed.build), Value=record.text(changed),
        Type="String", Overwrite=True,
    )  # fmt: skip
    return changed


def text(found: Record, **change: Any) -> str:
    """Return a record with changes, as a parameter holds it."""
    return record.text(structs.replace(found, **change))
