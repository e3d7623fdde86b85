"""The records of builds: SSM parameters in their build regions, written by whoever has the lease.

SSM has no write that depends on what is there. The lease lets one run alone write, and each write
knows the version that it follows: another version than the next one means that somebody else wrote.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import structs

from goldenami.aws import parameters
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ssm import GetParametersByPath, Parameter, PutParameter
from goldenami.aws.calls import call
from goldenami.aws.errors import ALREADY_THERE, Tolerated
from goldenami.aws.session import RegionalAws
from goldenami.aws.waits import patiently
from goldenami.domain import prefixes
from goldenami.domain import record as records
from goldenami.domain.identity import Recorded
from goldenami.domain.record import Record
from goldenami.errors import AwsError, RefusedError

WRITE = "write:record"
READ_PERMISSIONS = ("ssm:GetParameter",)
WRITE_PERMISSIONS = ("ssm:GetParameter", "ssm:PutParameter")
LIST_PERMISSIONS = ("ssm:GetParametersByPath",)


def read(regional: RegionalAws, image: str, build: str) -> Recorded | None:
    """Return the record of a build; None if there is none.

    Raises:
        AwsError: it could not be read.
        RefusedError: what is there is no record of that build, so nothing is known of it.
    """
    there = parameters.parameter(regional, records.parameter(image, build))
    return _own(regional, there) if there else None


def recorded(parameter: Parameter) -> Recorded | None:
    """Return the record that a parameter holds, None if it holds none."""
    record = records.read(parameter.name, parameter.value)
    if record is None:
        return None
    return Recorded(record=record, version=parameter.version, written=parameter.last_modified_date)


def every(regional: RegionalAws, image: str = "") -> dict[str, Recorded]:
    """Return the records of all builds of a region, by build; of one golden image if it is named.

    Raises:
        AwsError: they could not be read, or one of them is no record.
    """
    path = f"{prefixes.BUILDS}{image}".rstrip("/")
    pages = regional.listed(
        GetParametersByPath, "reading the records of builds",
        Path=path, Recursive=True,
    )  # fmt: skip
    try:
        every_record = [
            _own(regional, parameter) for page in pages for parameter in page.parameters
        ]
    except RefusedError as error:
        raise AwsError(error.message, fix=error.fix) from error
    return {recorded_build.record.build: recorded_build for recorded_build in every_record}


def write(context: ActionContext) -> dict[str, Any]:
    """Write the record of a build: the whole ``Record`` of a new one, or a ``Change`` of it.

    Returns:
        ``version``: the parameter's version, which the next write takes as ``Version``.

    Raises:
        RefusedError: somebody else has written it, or has deleted it.
        AwsError: AWS refused.
    """
    parameters = context.parameters
    name = parameters["Name"]
    if "Record" in parameters:
        nonce = parameters["Record"]["nonce"].decode()
        record = msgspec.convert({**parameters["Record"], "nonce": nonce}, Record)
        return {"version": patiently(context, lambda: _begun(context, name, record))}
    change, least = parameters["Change"], parameters["Version"]
    return {"version": patiently(context, lambda: _changed(context, name, change, least))}


def removal(context: ActionContext) -> dict[str, Any]:
    """Delete the record of a build, unless it was written since ``Version``."""
    name, version = context.parameters["Name"], context.parameters["Version"]
    recorded_build = _look(context, name)
    if recorded_build is not None and recorded_build.version != version:
        context.progress("left alone: its build goes on")
        return {}
    return call(structs.replace(context, parameters={"Name": name}), "ssm:DeleteParameter", {})


def change(context: ActionContext, name: str, what: Mapping[str, Any]) -> None:
    """Change a record in the middle of an action, as soon as something is known.

    Raises:
        RefusedError: somebody else has written it, or has deleted it.
        AwsError: AWS refused.
    """
    patiently(context, lambda: _changed(context, name, what, 1))


def now() -> str:
    """Return the time that is recorded."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _begun(context: ActionContext, name: str, record: Record) -> int:
    with Tolerated(ALREADY_THERE):
        return _put(context, name, record, 0)
    there = _look(context, name)
    if there is None or there.record != record:  # else it was written, and the answer was lost
        raise _refused(context, name, "is there already")
    return there.version


def _changed(context: ActionContext, name: str, what: Mapping[str, Any], least: int) -> int:
    before = _settled(context, name, least)
    after = before.record.changed(what, now())
    if after == before.record:
        return before.version
    written = _put(context, name, after, before.version)
    if written == before.version + 1:
        return written
    if _settled(context, name, written).record != after:
        raise _refused(context, name, "was written by somebody else meanwhile")
    return written  # of a call that was made again, since its answer was lost


def _put(context: ActionContext, name: str, record: Record, version: int) -> int:
    return context.ask(
        PutParameter,
        Name=name,
        Value=records.text(record),
        Type="String",
        Overwrite=version > 0,
        Description="goldenami: the record of a build",
    ).part


def _settled(context: ActionContext, name: str, least: int) -> Recorded:
    recorded_build = parameters.settled(lambda: _look(context, name), least)
    if recorded_build is None or recorded_build.version < least:
        raise _refused(context, name, "is not there any more")
    return recorded_build


def _look(context: ActionContext, name: str) -> Recorded | None:
    image, _, build = name.removeprefix(prefixes.BUILDS).partition("/")
    return read(context.regional, image, build)


def _refused(context: ActionContext, name: str, why: str) -> RefusedError:
    return RefusedError(
        f"{context.summary}: {name} in {context.region} {why}, and without it nothing is known for "
        "certain of the build",
        fix="find in CloudTrail who wrote it, and bake anew",
    )


def _own(regional: RegionalAws, parameter: Parameter) -> Recorded:
    recorded_build = recorded(parameter)
    if recorded_build is None:
        raise RefusedError(
            f"the parameter {parameter.name} in {regional.region} is no record of that build, so "
            "nothing is known for certain of it",
            fix="find in CloudTrail who wrote it, delete it, and bake anew",
        )
    return recorded_build
