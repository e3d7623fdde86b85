"""Stands in for Terraform's AWS provider: knows its schema, plans by it, and reaches no AWS.

Terraform itself says by it whether code is valid, and whether a plan can be made of it, which it
cannot where what makes several of a resource is known only once they are there.
https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import msgpack  # type: ignore[import-untyped]
from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)

Calls = dict[str, tuple[Callable[[Any], Any], str]]
"""What answers each call, and the message that it takes."""
UNKNOWN = msgpack.ExtType(0, b"\0")
TYPES = {
    "string": "string", "number": "number", "boolean": "bool", "map": ["map", "string"],
    "list": ["list", "string"],
}  # fmt: skip
"""Terraform's types by those of the bindings; of others anything is taken."""
_DEVICE = {
    "delete_on_termination": "bool", "device_name": "string", "encrypted": "bool", "iops": "number",
    "outpost_arn": "string", "snapshot_id": "string", "throughput": "number",
    "volume_size": "number", "volume_type": "string",
}  # fmt: skip
_MAPPING = {
    "device_name": "string", "ebs": ["map", "string"], "no_device": "string",
    "virtual_name": "string",
}  # fmt: skip
OUTPUTS = {
    "aws_ami.block_device_mappings": ["set", ["object", _MAPPING]],
    "aws_ami_copy.ebs_block_device": ["set", ["object", _DEVICE]],
    "aws_ami_from_instance.ebs_block_device": ["set", ["object", _DEVICE]],
    "aws_regions.names": ["set", "string"],
}
"""The types of what is no text, of what the code goes by."""
READ = {
    "id": "ami-0123456789abcdef0",
    "insecure_value": "ami-0123456789abcdef0",
    "root_device_name": "/dev/xvda",
    "architecture": "x86_64",
    "boot_mode": "uefi",
    "tpm_support": "v2.0",
    "names": ["us-east-1", "eu-west-1"],
    "block_device_mappings": [
        {
            "device_name": "/dev/xvda",
            "ebs": {"snapshot_id": "snap-01234567"},
            "no_device": "",
            "virtual_name": "",
        },
        {"device_name": "/dev/sdb", "ebs": {}, "no_device": "", "virtual_name": "ephemeral0"},
    ],
}
"""What a data source tells."""
TIME = {
    "resource": {
        "time_static": {
            "arguments": {"triggers": {"required": False, "type": "map"}},
            "blocks": {},
            "outputs": ["rfc3339", "id"],
        }
    },
    "data": {},
}
PROVIDER = {
    "arguments": {
        "region": {"required": False, "type": "string"},
        "allowed_account_ids": {"required": False, "type": "list"},
    },
    "blocks": {
        "assume_role": {
            "arguments": {"role_arn": {"required": True, "type": "string"}}, "blocks": {},
            "several": False,
        }
    },
    "outputs": [],
}  # fmt: skip

_KINDS = {"bytes": 12, "string": 9, "bool": 8, "int": 3}
MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "Value": {"msgpack": (1, "bytes")},
    "Attribute": {
        "name": (1, "string"), "type": (2, "bytes"), "required": (4, "bool"),
        "optional": (5, "bool"), "computed": (6, "bool"),
    },
    "NestedBlock": {
        "type_name": (1, "string"), "block": (2, "Block"), "nesting": (3, "int"),
        "max_items": (5, "int"),
    },
    "Block": {"attributes": (2, "*Attribute"), "block_types": (3, "*NestedBlock")},
    "Schema": {"block": (2, "Block")},
    "Named": {"key": (1, "string"), "value": (2, "Schema")},
    "Schemas": {"provider": (1, "Schema"), "resources": (2, "*Named"), "data": (3, "*Named")},
    "Nothing": {},
    "Config": {"config": (1, "Value")},
    "Typed": {"type_name": (1, "string"), "config": (2, "Value")},
    "PlanRequest": {"type_name": (1, "string"), "proposed": (3, "Value")},
    "Planned": {"state": (1, "Value"), "legacy_type_system": (5, "bool")},
}  # fmt: skip
"""What is needed of the protocol's messages: the number and the kind of each field; `*` is a list.

A map is a list of keys and values. Fields that are not known here are left out.
"""


def _messages() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="p", package="p", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            described = message.field.add(
                name=field, number=number, label=3 if kind[0] == "*" else 1
            )
            bare = kind.removeprefix("*")
            described.type = _KINDS.get(bare, 11)
            if bare not in _KINDS:
                described.type_name = f".p.{bare}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"p.{name}"))
        for name in MESSAGES
    }


M = _messages()


def block(kind: str, known: Mapping[str, Any]) -> Any:
    """Return the schema of a resource, of a nested block, or of the provider itself."""
    outputs = {name for name in known.get("outputs", ()) if not name.endswith("_input")}
    attributes = {}
    for name, each in known["arguments"].items():
        written = json.dumps(TYPES.get(each["type"], "dynamic")).encode()
        required, computed = each["required"], name in ("id", "insecure_value", "region")
        attributes[name] = M["Attribute"](
            name=name, type=written, required=required, optional=not required,
            computed=computed and not required,
        )  # fmt: skip
    for name in outputs - set(attributes):
        written = json.dumps(OUTPUTS.get(f"{kind}.{name}", "string")).encode()
        if name not in known["blocks"] or f"{kind}.{name}" in OUTPUTS:
            attributes[name] = M["Attribute"](name=name, type=written, computed=True)
    nested = [
        M["NestedBlock"](
            type_name=name, block=block(f"{kind}.{name}", each), nesting=2,
            max_items=0 if each["several"] else 1,
        )
        for name, each in known["blocks"].items()
        if name not in attributes
    ]  # fmt: skip
    return M["Block"](attributes=attributes.values(), block_types=nested)


class StandIn:
    """Answers Terraform's calls."""

    def __init__(self, schema: Mapping[str, Any], provider: Mapping[str, Any]) -> None:
        self.blocks = {
            section: {kind: block(kind, known) for kind, known in schema[section].items()}
            for section in ("resource", "data")
        }
        self.provider = block("", provider)

    def schema(self, _: Any) -> Any:
        """Tell the schema of every resource and data source."""
        resources, data = (
            [M["Named"](key=kind, value=M["Schema"](block=each)) for kind, each in several.items()]
            for several in self.blocks.values()
        )
        return M["Schemas"](
            provider=M["Schema"](block=self.provider), resources=resources, data=data
        )

    def plan(self, request: Any) -> Any:
        """Plan what is proposed; what AWS would say is not known yet."""
        proposed = _unpacked(request.proposed)
        for each in self.blocks["resource"][request.type_name].attributes:
            if each.computed and proposed[each.name] is None:
                proposed[each.name] = UNKNOWN
        return M["Planned"](state=_packed(proposed), legacy_type_system=True)

    def read(self, request: Any) -> Any:
        """Tell the same of every data source."""
        told = _unpacked(request.config)
        for each in self.blocks["data"][request.type_name].attributes:
            if each.computed and told[each.name] is None:
                told[each.name] = READ.get(each.name)
        return M["Config"](config=_packed(told))


def _unpacked(value: Any) -> dict[str, Any]:
    unpacked: dict[str, Any] = msgpack.unpackb(value.msgpack, ext_hook=msgpack.ExtType)
    return unpacked


def _packed(value: dict[str, Any]) -> Any:
    return M["Value"](msgpack=msgpack.packb(value))


def serve(stand_in: StandIn) -> None:
    """Answer calls until Terraform asks for the end, or ends the process two seconds later."""
    ended = threading.Event()

    def nothing(_: Any) -> Any:
        return M["Nothing"]()

    def end(_: Any) -> Any:
        ended.set()
        return M["Nothing"]()

    calls: Calls = {
        "GetSchema": (stand_in.schema, "Nothing"),
        "PrepareProviderConfig": (lambda request: M["Config"](config=request.config), "Config"),
        "ValidateResourceTypeConfig": (nothing, "Nothing"),
        "ValidateDataSourceConfig": (nothing, "Nothing"),
        "Configure": (nothing, "Nothing"),
        "PlanResourceChange": (stand_in.plan, "PlanRequest"),
        "ReadDataSource": (stand_in.read, "Typed"),
        "Stop": (nothing, "Nothing"),
    }
    server = grpc.server(
        futures.ThreadPoolExecutor(4), options=[("grpc.max_send_message_length", -1)]
    )
    control: Calls = {"Shutdown": (end, "Nothing")}
    services = {"tfplugin5.Provider": calls, "plugin.GRPCController": control}
    server.add_generic_rpc_handlers([_handler(name, each) for name, each in services.items()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"1|5|tcp|127.0.0.1:{port}|grpc\n")
    sys.stdout.flush()
    ended.wait()
    os._exit(0)


def _handler(service: str, calls: Calls) -> Any:
    methods = {
        name: grpc.unary_unary_rpc_method_handler(
            lambda request, _, answer=answer: answer(request),
            request_deserializer=M[kind].FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )
        for name, (answer, kind) in calls.items()
    }
    return grpc.method_handlers_generic_handler(service, methods)


if __name__ == "__main__":
    if sys.argv[1] == "time":
        serve(StandIn(TIME, {"arguments": {}, "blocks": {}}))
    else:
        serve(StandIn(json.loads(Path(sys.argv[2]).read_text()), PROVIDER))
