"""Writes the JSON Schema of the audit's document, which stands beside the code that writes it."""

from pathlib import Path
from typing import Any

import msgspec

from goldenami.domain.audit.document import Saved
from goldenami.report.audit import as_json

PATH = Path(as_json.__file__).with_name("audit.v1.schema.json")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``goldenami.audit/v1``."""
    found = msgspec.json.schema(Saved)
    found["$defs"]["Saved"] |= {
        "title": "goldenami.audit/v1",
        "description": "What `goldenami audit --format json` writes.",
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def text() -> str:
    """Return it as the file has it."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


if __name__ == "__main__":
    PATH.write_text(text())
