"""Whether an answer is whole: looked at before botocore makes something of what is left of it.

botocore takes an answer that was cut in the middle for a whole one, and JSON that it cannot parse
for an empty object: "there are none". So each body is held to its Content-Length, and has to be a
document of the operation that was called, before it is parsed at all.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

_XML_PROTOCOLS = ("ec2", "query", "rest-xml")
_ROOT = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?<(?P<name>[A-Za-z]+)[\s/>]")


class PartialAnswerError(Exception):
    """What came is not an answer of the operation; the message quotes nothing of it."""

    def __init__(self, why: str, size: int) -> None:
        super().__init__(f"{why}, {size:,} bytes")


def check(operation_model: Any, response_dict: Any, **_: Any) -> None:
    """Look at an answer: a handler of botocore's event ``before-parse``.

    An unreadable answer with a status of 5xx loses its body: botocore then goes by the status
    alone, and asks again.

    Raises:
        PartialAnswerError: it is cut, or is nothing that the operation answers.
    """
    body, status = response_dict["body"], response_dict["status_code"]
    why = _cut(body, response_dict["headers"]) or _foreign(operation_model, body, status)
    if why and status >= 500:
        response_dict["body"] = b""
    elif why:
        raise PartialAnswerError(why, len(body))


def _cut(body: bytes, headers: Any) -> str:
    length = str(headers.get("Content-Length", ""))
    if length.isdecimal() and int(length) != len(body):
        return f"it was cut, or grew, on its way from {int(length):,}"
    return ""


def _foreign(operation_model: Any, body: bytes, status: int) -> str:
    if operation_model.service_model.resolved_protocol in _XML_PROTOCOLS:
        return _no_xml(body, f"{operation_model.name}Response" if status < 300 else "")
    shape = operation_model.output_shape if status < 300 else None
    if not body and (shape is None or not shape.members):
        return ""
    return _no_json(body, shape)


def _no_xml(body: bytes, name: str) -> str:
    """Say why a body is no XML document; whether it is well-formed within, its parser sees."""
    root = _ROOT.match(body)
    if root is None:
        return "it is empty" if not body.strip() else "it is no XML"
    if name and root["name"] != name.encode():
        return "it is XML of something else"
    if not body.rstrip().endswith((b"</" + root["name"] + b">", b"/>")):
        return "its XML does not end"
    return ""


def _no_json(body: bytes, shape: Any) -> str:
    """Say why a body is no JSON object, or none of a shape.

    botocore iterates over whatever stands where a list should, a text's characters too.
    """
    try:
        answer = msgspec.json.decode(body)
        if not isinstance(answer, dict):
            return "it is no JSON object"
        return "" if shape is None or _fits(answer, shape) else "its parts are of other types"
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "it is empty" if not body.strip() else "it is no JSON"


def _fits(value: Any, shape: Any) -> bool:
    """Tell whether a JSON value is of the type of a shape, down to its last part."""
    match shape.type_name:
        case "structure":
            return isinstance(value, dict) and all(
                _fits(value[name], member)
                for key, member in shape.members.items()
                if value.get(name := member.serialization.get("name", key)) is not None
            )
        case "list":
            return isinstance(value, list) and all(_fits(part, shape.member) for part in value)
        case "map":
            return isinstance(value, dict) and all(
                _fits(part, shape.value) for part in value.values()
            )
    return isinstance(value, _SCALARS.get(shape.type_name, object))


_SCALARS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
}
