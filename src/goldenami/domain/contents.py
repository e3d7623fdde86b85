"""What a text that may be anything is, without a word of it: it is not for everybody's eyes."""

import json


def content_kind(parameter_type: str, value: str) -> str:
    """Say what an SSM parameter holds.

    Args:
        parameter_type: ``String``, ``StringList`` or ``SecureString``.
        value: what it holds.
    """
    if parameter_type != "String":
        return f"a {parameter_type}"
    if structure := _structure(value):
        return structure
    if value.startswith("arn:"):
        return "an ARN"
    if value.strip().startswith("ami-"):
        return f"{len(value):,} characters that begin with `ami-`"
    return f"a text of {len(value):,} characters"


def _structure(value: str) -> str:
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return ""
    if isinstance(read, dict):
        return "JSON (an object)"
    return "JSON (a list)" if isinstance(read, list) else ""
