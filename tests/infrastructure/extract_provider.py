"""Write what the schema of Terraform's AWS provider says, out of its bindings for TypeScript.

HashiCorp generates `@cdktf/provider-aws` from that schema: each argument has its name, whether it
is needed, its type, and whether it is a block. The package is large; what is written is not.
"""

import json
import re
import sys
import tarfile
from typing import Any

_MODULE = re.compile(r"package/lib/[^/]+/index\.d\.ts")
_INTERFACE = re.compile(r"^export interface (\w+)[^{\n]*\{(.*?)^\}", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"/\*\*(.*?)\*/\s*readonly (\w+)(\??): (.*?);\n(?=\s*(?:/\*\*|$))", re.DOTALL)
_NAME = re.compile(r"#(\w+) \w+#\w+\}")
_RESOURCE = re.compile(
    r"^export declare class (\w+) extends cdktf\.Terraform(?:Resource|DataSource) \{(.*?)^\}",
    re.DOTALL | re.MULTILINE,
)
_KIND = re.compile(r'static readonly tfResourceType = "(\w+)"')
_OUTPUT = re.compile(r"^    get (\w+)\(\):", re.MULTILINE)
_CONFIG = re.compile(
    r"^    constructor\(scope: Construct, id: string, config\??: (\w+)", re.MULTILINE
)
_VERSION = re.compile(r"hashicorp/aws/([\d.]+)/docs")


def extract(path: str) -> dict[str, Any]:
    """Return the schema of every resource and data source, by kind and name, and its version."""
    schema: dict[str, Any] = {"resource": {}, "data": {}, "version": ""}
    with tarfile.open(path) as package:
        for member in package:
            file = package.extractfile(member) if _MODULE.fullmatch(member.name) else None
            if file is None:
                continue
            text = file.read().decode()
            interfaces = dict(_INTERFACE.findall(text))
            for _, body in _RESOURCE.findall(text):
                kind, config = _KIND.search(body), _CONFIG.search(body)
                if not (kind and config):
                    continue
                described = _block(interfaces, config[1])
                described["outputs"] = sorted({_snake(name) for name in _OUTPUT.findall(body)})
                section = "data" if "/data-aws-" in member.name else "resource"
                schema[section][kind[1].removeprefix("data_")] = described
                if version := _VERSION.search(text):
                    schema["version"] = version[1]
    return schema


def _block(interfaces: dict[str, str], name: str) -> dict[str, Any]:
    arguments, blocks = {}, {}
    for comment, _, optional, kind in _FIELD.findall(interfaces.get(name, "")):
        found = _NAME.search(comment)
        if not found:
            continue
        argument = found[1]
        kind = " ".join(kind.replace(" | cdktf.IResolvable", "").split())
        nested = kind.strip("()").removesuffix("[]")
        described: dict[str, Any] = {"required": not optional}
        if f"* {argument} block" in comment and nested in interfaces:
            blocks[argument] = {
                **described,
                "several": kind.endswith("[]"),
                **_block(interfaces, nested),
            }
        elif nested in interfaces:
            arguments[argument] = {**described, "type": "object"}
        else:
            arguments[argument] = {**described, "type": _type(kind)}
    return {"arguments": arguments, "blocks": blocks}


def _type(kind: str) -> str:
    if kind.startswith("{"):
        return "map"
    return "list" if kind.endswith("[]") else kind


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


if __name__ == "__main__":
    json.dump(extract(sys.argv[1]), sys.stdout, indent=1, sort_keys=True)
