"""The records of builds in the embedded AWS, as only the pipeline may write them."""

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from goldenami.domain import record, tags
from goldenami.domain.record import Record
from goldenami_sandbox.server import Sandbox

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


def forget(sandbox: Sandbox) -> None:
    """Delete all records."""
    for name in names(sandbox):
        sandbox.client("ssm").delete_parameter(Name=name)


def write_back(sandbox: Sandbox, found: Record) -> None:
    """Write a record as it was."""
    sandbox.client("ssm").put_parameter(
        Name=record.parameter(found.image, found.build), Value=record.text(found), Type="String",
    )  # fmt: skip


def text(found: Record, **change: Any) -> str:
    """Return a record with changes, as a parameter holds it."""
    return record.text(structs.replace(found, **change))


def put(sandbox: Sandbox, tagged: Mapping[str, str], instance_id: str, image_id: str = "") -> None:
    """Record the build that something is tagged with, in us-east-1."""
    found = Record(
        build=tagged[tags.BUILD], image=tagged[tags.IMAGE], version=tagged[tags.VERSION],
        spec=tagged[tags.SPEC], source=tagged[tags.SOURCE], method="create-image", nonce="1",
        started="2026-01-01T00:00:00Z", instance_id=instance_id, image_id=image_id,
        gates={record.VALIDATED: "2026-01-01T00:01:00Z"},
    )  # fmt: skip
    sandbox.client("ssm", "us-east-1").put_parameter(
        Name=record.parameter(found.image, found.build), Value=record.text(found), Type="String",
        Overwrite=True,
    )  # fmt: skip
