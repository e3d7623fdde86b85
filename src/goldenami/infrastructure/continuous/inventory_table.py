"""The saved inventories as a table of Athena: its columns are those of the files, from their types.

A file's first line is its head, which has ``schema`` and no ``kind``; every other is a subject.
https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from msgspec import Struct, structs

from goldenami.domain.audit.subject import Subject
from goldenami.infrastructure.continuous import ContinuousAudit

NAME = "inventories"
HEAD: Mapping[str, str] = {"schema": "string", "tool": "string", "at": "string"}
"""What of the head has a column; its account is in the column of that name."""
FIRST_DAY = "2026-01-01"
INPUT_FORMAT = "org.apache.hadoop.mapred.TextInputFormat"
OUTPUT_FORMAT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
SERDE = "org.openx.data.jsonserde.JsonSerDe"


def columns() -> Mapping[str, str]:
    """Return the type of each column, as Hive names them, by name."""
    return {**fields(Subject), **HEAD}


def location(audit: ContinuousAudit) -> str:
    """Return where the files are."""
    return f"s3://{audit.bucket}/inventories"


def parameters(audit: ContinuousAudit) -> Mapping[str, str]:
    """Return the table's properties: a partition a day, known without a crawler."""
    return {
        "classification": "json",
        "projection.enabled": "true",
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.range": f"{FIRST_DAY},NOW",
        "storage.location.template": f"{location(audit)}/dt=${{dt}}/",
    }


def fields(kind: type[Struct]) -> dict[str, str]:
    """Return Hive's type of each field of a struct, by its name in JSON."""
    hints = get_type_hints(kind)
    return {field.encode_name: _type(hints[field.name]) for field in structs.fields(kind)}


def _type(hint: Any) -> str:
    """Return Hive's type of an annotated one."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        [hint] = [each for each in arguments if each is not NoneType]
        return _type(hint)
    if origin is tuple:
        return f"array<{_type(arguments[0])}>"
    if origin is not None and issubclass(origin, Mapping):
        return f"map<string,{_type(arguments[1])}>"
    if issubclass(hint, Struct):
        inner = ",".join(f"{name}:{kind}" for name, kind in fields(hint).items())
        return f"struct<{inner}>"
    if issubclass(hint, str | Enum | datetime):
        return "string"
    return {bool: "boolean", int: "bigint", float: "double"}[hint]
