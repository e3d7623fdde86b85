"""CloudFormation templates in YAML, with comments and the short form of its functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from textwrap import indent
from typing import Any

import yaml
from msgspec import Struct, field

from goldenami.errors import SpecError

BODY_LIMIT = 51_200
"""Bytes of a template that is not read from S3.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""
REFERENCE = "{{resolve:"
_OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")
_LONG = {"Ref": "Ref", "Condition": "Condition"}


class Function(Struct, frozen=True):
    """An intrinsic function: ``Ref``, or one of ``Fn::…`` by its name without that."""

    name: str
    argument: Any


class SectionEntry(Struct, frozen=True):
    """A resource, or any other entry of a section.

    Args:
        name: the logical id.
        body: what it holds: of a resource ``Type``, ``Properties`` and the like, of a condition a
            function; None is left out.
        comment: what is said above it, a line or several.
    """

    name: str
    body: Any
    comment: str = ""

    @property
    def ref(self) -> Function:
        """What refers to it."""
        return Function("Ref", self.name)

    def attribute(self, name: str) -> Function:
        """Return what refers to an attribute of it."""
        return Function("GetAtt", f"{self.name}.{name}")


class Stack(Struct, frozen=True, kw_only=True):
    """A template's sections.

    Args:
        description: at most 1,024 bytes.
        resources: at least one.
        parameters: what is asked for when a stack is made.
        conditions: what resources can depend on.
        outputs: what it tells.
        comments: what is said at the head.
    """

    description: str
    resources: tuple[SectionEntry, ...]
    parameters: tuple[SectionEntry, ...] = ()
    conditions: tuple[SectionEntry, ...] = ()
    outputs: tuple[SectionEntry, ...] = ()
    comments: tuple[str, ...] = field(default_factory=tuple)


def resource(
    name: str,
    kind: str,
    properties: Mapping[str, Any],
    *,
    comment: str = "",
    **attributes: Any,
) -> SectionEntry:
    """Return a resource of a type such as ``AWS::IAM::ManagedPolicy``.

    ``attributes`` are ``DependsOn``, ``Condition``, ``DeletionPolicy`` and the like.
    """
    return SectionEntry(name, {"Type": kind, **attributes, "Properties": properties}, comment)


def sub(text: str) -> Function:
    """Return ``Fn::Sub`` of a text in which ``${Name}`` is filled in."""
    return Function("Sub", text)


def base64(text: str | Function) -> Function:
    """Return ``Fn::Base64`` of a text, as user data is given."""
    return Function("Base64", text)


def document(stack: Stack) -> str:
    """Return the text of a template.

    Raises:
        SpecError: a value is what CloudFormation takes for a dynamic reference, which no template
            can escape; or there is no resource.
    """
    if not stack.resources:
        raise SpecError(
            "CloudFormation has no resource for any of it, and takes no template without one",
            fix="write it --as terraform, or let `goldenami enforce` do it",
        )
    head = "#\n".join(_comment(comment) for comment in stack.comments if comment)
    start = {"AWSTemplateFormatVersion": "2010-09-09", "Description": stack.description}
    sections = (
        ("Parameters", stack.parameters),
        ("Conditions", stack.conditions),
        ("Resources", stack.resources),
        ("Outputs", stack.outputs),
    )
    parts = [head + _yaml(start), *(_section(name, entries) for name, entries in sections)]
    return "\n".join(filter(None, parts))


def _section(name: str, entries: Iterable[SectionEntry]) -> str:
    written = []
    for entry in entries:
        for text in _texts(entry.body):
            if REFERENCE in text:
                raise SpecError(
                    f"{entry.name} has `{REFERENCE}` in a value, which CloudFormation would "
                    "replace: no template can say it",
                    fix="use another value, or write it --as terraform",
                )
        text = _comment(entry.comment) + _yaml({entry.name: _without_none(entry.body)})
        written.append(indent(text, "  "))
    return f"{name}:\n" + "\n".join(written) if written else ""


def _without_none(value: Any) -> Any:
    match value:
        case Function(name, argument):
            return Function(name, _without_none(argument))
        case Mapping():
            return {key: _without_none(each) for key, each in value.items() if each is not None}
        case list() | tuple():
            return [_without_none(each) for each in value]
    return value


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Function(_, argument):
            yield from _texts(argument)
        case Mapping():
            for key, each in value.items():
                yield from (key, *_texts(each))
        case list() | tuple():
            for each in value:
                yield from _texts(each)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out: CloudFormation takes no aliases."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists, too."""
        super().increase_indent(flow, indentless=False)

    def choose_scalar_style(self) -> str:
        """Write ``!Ref Name`` without quotes, which PyYAML gives whatever has a tag."""
        style: str = super().choose_scalar_style()
        event: Any = self.event
        tagged = (event.tag or "").startswith("!")
        analysis: Any = self.analysis
        plain = tagged and not self.flow_level and analysis.allow_block_plain
        return "" if plain and not event.style else style


def _function(dumper: _Dumper, function: Function) -> yaml.Node:
    name, argument = function.name, function.argument
    if isinstance(argument, Function | Mapping):  # short forms cannot follow one another
        return dumper.represent_dict({_LONG.get(name, f"Fn::{name}"): argument})
    tag = f"!{name}"
    if isinstance(argument, list | tuple):
        return dumper.represent_sequence(tag, argument)
    return _scalar(dumper, tag, argument)


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    return _scalar(dumper, "tag:yaml.org,2002:str", text)


def _scalar(dumper: _Dumper, tag: str, text: str) -> yaml.Node:
    """Write a text of several lines as it is, where its first and last say how far it goes."""
    if _OTHER_BREAKS.search(text):
        return dumper.represent_scalar(tag, text, style='"')
    block = "\n" in text and not text[0].isspace() and not text.endswith("\n\n")
    return dumper.represent_scalar(tag, text, style="|" if block else None)


_Dumper.add_representer(Function, _function)
_Dumper.add_representer(str, _text)


def _yaml(value: Any) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000
    )
    return text


def _comment(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())
