"""XML of the protocols that EC2, IAM, STS and others speak, byte for byte as moto writes it.

https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from moto.core.serialize import EC2Serializer, QuerySerializer, ResponseDict

from goldenami_sandbox.overriding import overrides
from goldenami_sandbox.serialization.nodes import Children, Plans, Transforms, UnplannedError

Out = list[str]
_FOREIGN = ("xmlNamespace", "xmlAttribute", "flattened", "location")
"""What a shape has that only other services have, or whose lists stand in no element."""
_TIMES = 4_096


class _Node(ABC):
    """One place of an answer, with the element that it is written as."""

    def __init__(self, name: str) -> None:
        self.empty, self.begin, self.end = f"<{name}/>", f"<{name}>", f"</{name}>"

    @abstractmethod
    def write(self, value: Any, out: Out, transforms: Transforms) -> None:
        """Write a value that is not None."""

    def write_item(self, value: Any, out: Out, transforms: Transforms) -> None:
        """Write a value that stands in a list."""
        if value is None:
            raise UnplannedError
        self.write(value, out, transforms)


class _Scalar(_Node):
    def __init__(self, name: str, text: Callable[[Any], str]) -> None:
        super().__init__(name)
        self._text = text

    def write(self, value: Any, out: Out, _: Transforms) -> None:
        text = self._text(value)
        out.append(f"{self.begin}{text}{self.end}" if text else self.empty)


class _Structure(_Node):
    def __init__(self, name: str, children: Children[_Node]) -> None:
        super().__init__(name)
        self._children = children

    def write(self, value: Any, out: Out, transforms: Transforms) -> None:
        out.append(self.begin)
        before = len(out)
        self.write_members(value, out, transforms)
        if len(out) > before:
            out.append(self.end)
        else:
            out[-1] = self.empty

    def write_item(self, value: Any, out: Out, transforms: Transforms) -> None:
        """Write a value in a list, which has no empty ones."""
        if value is None:
            return
        self.write(value, out, transforms)
        if out[-1] == self.empty:
            out.pop()

    def write_members(self, value: Any, out: Out, transforms: Transforms) -> None:
        for node, each in self._children.of(value, transforms):
            node.write(each, out, transforms)


class _List(_Node):
    def __init__(self, name: str, item: _Node) -> None:
        super().__init__(name)
        self._item = item

    def write(self, value: Any, out: Out, transforms: Transforms) -> None:
        out.append(self.begin)
        before = len(out)
        for each in value:
            self._item.write_item(each, out, transforms)
        if len(out) > before:
            out.append(self.end)
        else:
            out[-1] = self.empty


class _Map(_Node):
    def __init__(self, name: str, key: _Node, value: _Node) -> None:
        super().__init__(name)
        self._key, self._value = key, value

    def write(self, value: Any, out: Out, transforms: Transforms) -> None:
        entries = [(key, each) for key, each in value.items() if each is not None]
        out.append(self.begin if entries else self.empty)
        for key, each in entries:
            out.append("<entry>")
            self._key.write(key, out, transforms)
            self._value.write(each, out, transforms)
            out.append("</entry>")
        if entries:
            out.append(self.end)


def _integer(value: Any) -> str:
    return str(int(value))


def _real(value: Any) -> str:
    return str(float(value))


def _boolean(value: Any) -> str:
    return "true" if value is True or str(value).lower() == "true" else "false"


def _string(value: Any) -> str:
    return escape(str(value))


def _blob(value: Any) -> str:
    return b64encode(value.encode() if isinstance(value, str) else value).decode()


def _time(serializer: Any, shape: Any, value: Any) -> str:
    written: dict[str, Any] = {}
    serializer._timestamp_serializer.serialize(written, value, shape, "time")  # noqa: SLF001
    return str(written["time"])


_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "blob": _blob,
    "boolean": _boolean,
    "double": _real,
    "float": _real,
    "integer": _integer,
    "long": _integer,
    "string": _string,
}


class _Planner:
    """Makes the nodes of one operation."""

    def __init__(self, serializer: Any, changed: tuple[str, ...]) -> None:
        self._serializer = serializer
        self._changed = changed

    def root(self) -> _Structure:
        """Return the node of the whole answer."""
        operation = self._serializer.operation_model
        shape = operation.output_shape
        if shape is None:
            raise UnplannedError
        name = shape.serialization.get("resultWrapper", f"{shape.name}Result")
        return self._structure(name, shape, f"{operation.name}.{shape.name}")

    def node(self, shape: Any, key: str, path: str) -> _Node:
        """Return the node of a member."""
        return self._node(shape, key, path, key)

    def _node(self, shape: Any, key: str, path: str, usual: str) -> _Node:
        if any(shape.serialization.get(name) for name in _FOREIGN):
            raise UnplannedError
        name = shape.serialization.get("name", usual)
        if shape.type_name == "structure":
            return self._structure(name, shape, path)
        if shape.type_name == "list":
            inner = shape.member.name
            return _List(name, self._node(shape.member, inner, f"{path}.{inner}", "member"))
        if shape.type_name == "map":
            key_node = self._node(shape.key, "key", f"{path}.key", "key")
            return _Map(name, key_node, self._node(shape.value, "value", f"{path}.value", "value"))
        if shape.type_name == "timestamp":
            return _Scalar(name, lru_cache(_TIMES)(partial(_time, self._serializer, shape)))
        return _Scalar(name, _TEXTS[shape.type_name])

    def _structure(self, name: str, shape: Any, path: str) -> _Structure:
        wire = [member.serialization.get("name", key) for key, member in shape.members.items()]
        if len(set(wire)) < len(wire):
            raise UnplannedError
        return _Structure(name, Children(shape, path, self._changed, self.node))


_plans = Plans(lambda serializer, changed: _Planner(serializer, changed).root())


def _answered(serializer: Any, result: Any, *, wrapped: bool) -> Out:
    """Return an answer's members as they are written, in the element of the result or bare.

    Raises:
        UnplannedError: moto has to write it.
    """
    if serializer.pretty_print:
        raise UnplannedError
    root, transforms = _plans.of(serializer)
    out: Out = []
    if wrapped:
        root.write({} if result is None else result, out, transforms)
    elif result is not None:
        root.write_members(result, out, transforms)
    return out


def _root(serializer: Any) -> tuple[str, str]:
    name = f"{serializer.operation_model.name}Response"
    namespace = serializer.operation_model.metadata.get("xmlNamespace")
    return f"<{name} xmlns={quoteattr(namespace)}>" if namespace else f"<{name}>", f"</{name}>"


class PlannedEc2Serializer(EC2Serializer):
    """EC2's protocol."""

    @overrides
    def _serialize_result(self, resp: ResponseDict, result: Any) -> ResponseDict:
        try:
            members = _answered(self, result, wrapped=False)
        except UnplannedError:
            return super()._serialize_result(resp, result)
        begin, end = _root(self)
        resp["body"] = "".join(
            (
                '<?xml version="1.0" encoding="utf-8"?>\n',
                begin,
                *members,
                f"<requestId>{self.context.request_id}</requestId>",
                end,
            )
        )
        resp["headers"]["Content-Type"] = self.CONTENT_TYPE
        return resp


class PlannedQuerySerializer(QuerySerializer):
    """The query protocol."""

    @overrides
    def _serialize_result(self, resp: ResponseDict, result: Any) -> ResponseDict:
        try:
            members = _answered(self, result, wrapped=True)
        except UnplannedError:
            return super()._serialize_result(resp, result)
        begin, end = _root(self)
        request_id = f"<RequestId>{self.context.request_id}</RequestId>"
        metadata = f"<ResponseMetadata>{request_id}</ResponseMetadata>"
        resp["body"] = "".join((begin, *members, metadata, end))
        resp["headers"]["Content-Type"] = self.CONTENT_TYPE
        return resp
