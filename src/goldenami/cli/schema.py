"""`goldenami schema`."""

import sys
from enum import StrEnum
from typing import Annotated

from goldenami.cli.command import Argument, Options


class SchemaOf(StrEnum):
    """The files that users write."""

    RELEASE = "release"
    ENFORCE = "enforce"
    WAIVERS = "waivers"


class SchemaOptions(Options, frozen=True, kw_only=True):
    """The options of `goldenami schema`."""

    kind: Annotated[SchemaOf, Argument("Of which file.")] = SchemaOf.RELEASE


def schema(options: SchemaOptions) -> None:
    """Print the JSON Schema (2020-12) of release, enforcement or waivers files, for editors.

    It refuses nothing that goldenami takes; `goldenami check` finds what no schema can say.
    `goldenami init` writes these beside a new release file, and the line by which editors find
    them.

    Example: goldenami schema release && goldenami schema waivers
    """
    from goldenami.spec import json_schema
    from goldenami.spec.kinds import KINDS

    kind = next(each for each in KINDS if each.name == options.kind.value)
    sys.stdout.write(json_schema.text(kind))
