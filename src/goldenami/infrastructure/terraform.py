"""Terraform documents from blocks, as `terraform fmt` leaves them.

https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from goldenami.infrastructure.hcl import INDENT, Expression, attributes, quoted


class Block(Struct, frozen=True):
    """A block of HCL: ``resource "aws_instance" "base" { … }``.

    Args:
        kind: ``resource``, ``data``, ``variable``, ``output``, or a nested block's name.
        labels: what follows it.
        arguments: values by name; None is left out. See `goldenami.infrastructure.hcl.expression`.
        blocks: nested blocks, after the arguments.
        comment: what is said above it, a line or several.
    """

    kind: str
    labels: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple["Block", ...] = ()
    comment: str = ""

    def attribute(self, name: str) -> Expression:
        """Return the expression that names an attribute of this resource, data or variable."""
        start = {"resource": (), "variable": ("var",)}.get(self.kind, (self.kind,))
        return Expression(".".join((*start, *self.labels, *filter(None, [name]))))


def resource(
    kind: str, name: str, arguments: Mapping[str, Any], *blocks: Block, comment: str = ""
) -> Block:
    """Return a resource of Terraform's, such as ``aws_iam_policy``."""
    return Block("resource", (kind, name), arguments, blocks, comment)


def data(
    kind: str, name: str, arguments: Mapping[str, Any], *blocks: Block, comment: str = ""
) -> Block:
    """Return a data source of Terraform's, such as ``aws_ami``."""
    return Block("data", (kind, name), arguments, blocks, comment)


def document(blocks: Iterable[Block], comments: Iterable[str] = ()) -> str:
    """Return the text of a ``.tf`` file: the comments first, then every block."""
    head = "\n\n".join(filter(None, comments))
    parts = [_comment(head), *([*_comment(block.comment), *_lines(block, "")] for block in blocks)]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _lines(block: Block, indent: str) -> Iterator[str]:
    start = " ".join([block.kind, *map(quoted, block.labels)])
    inner = indent + INDENT
    body = attributes(block.arguments, inner)
    for nested in block.blocks:
        body += ["", *_lines(nested, inner)] if body else _lines(nested, inner)
    if not body:
        yield f"{indent}{start} {{}}"
        return
    yield f"{indent}{start} {{"
    yield from body
    yield f"{indent}}}"


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in text.splitlines()]
