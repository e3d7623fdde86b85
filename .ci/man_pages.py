"""Man pages of every command, and completions of the shells, out of the command line itself."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from typer._completion_shared import get_completion_script
from typer.main import get_command

from goldenami import __version__
from goldenami.cli.root import app

COMPLETIONS = {
    "bash": "share/bash-completion/completions/goldenami",
    "zsh": "share/zsh/site-functions/_goldenami",
    "fish": "share/fish/vendor_completions.d/goldenami.fish",
}
EXIT_CODES = (
    (0, "done, or compliant"),
    (1, "something failed"),
    (2, "the command line, or a file that it names, is wrong"),
    (3, "something could not be read; wins over 10"),
    (4, "refused for safety"),
    (10, "something was found, or has drifted"),
    (130, "interrupted; the run can be gone on with"),
)
ENVIRONMENT = (
    ("AWS_*", "what the AWS SDK for Python reads: credentials, profile, region, endpoint"),
    ("GOLDENAMI_STATE", "the folder of the journals; else below XDG_STATE_HOME"),
    ("GOLDENAMI_DEBUG", "1 shows tracebacks of errors"),
    ("NO_COLOR", "no colour in a terminal"),
)


_AT_ONCE = """
# zsh runs this file for the first completion that is asked for, which has to be answered, too
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then _goldenami_completion; fi
"""


def shared() -> dict[str, str]:
    """Return the files that an installation puts below its prefix, by their paths."""
    root: Any = get_command(app)
    pages = dict(_pages("goldenami", root))
    return {
        **{f"share/man/man1/{name}.1": text for name, text in pages.items()},
        **{
            path: get_completion_script(
                prog_name="goldenami", complete_var="_GOLDENAMI_COMPLETE", shell=shell
            )
            + ("\n" if shell != "zsh" else f"\n{_AT_ONCE}")
            for shell, path in COMPLETIONS.items()
        },
    }


def _pages(name: str, command: Any) -> Iterator[tuple[str, str]]:
    """Yield the page of a command, and of those below it, each by its name (``goldenami-bake``)."""
    children: dict[str, Any] = getattr(command, "commands", {})
    yield name, "\n".join(_page(name, command, children)) + "\n"
    for child, below in children.items():
        yield from _pages(f"{name}-{child}", below)


def _page(name: str, command: Any, children: dict[str, Any]) -> Iterator[str]:
    title, _, text = inspect.cleandoc(command.help or "").partition("\n\n")
    text, _, example = f"\n\n{text}".partition("\n\nExample: ")
    called = name.replace("-", " ")
    yield f'.TH "{name.upper()}" "1" "" "goldenami {__version__}" "goldenami"'
    yield ".nh"
    yield ".SH NAME"
    yield f"{_text(name)} \\- {_text(title.rstrip('.'))}"
    yield ".SH SYNOPSIS"
    yield f".B {_text(called)}"
    yield _text(" ".join(_usage(command, children)))
    yield ".SH DESCRIPTION"
    yield from _paragraphs(text.strip() or title)
    if arguments := [one for one in _shown(command) if one.param_type_name == "argument"]:
        yield ".SH ARGUMENTS"
        yield from _parameters(arguments)
    if options := [one for one in _shown(command) if one.param_type_name == "option"]:
        yield ".SH OPTIONS"
        yield from _parameters(options)
    if children:
        yield ".SH COMMANDS"
        for child, below in children.items():
            yield from _entry(f"{called} {child}", _first(below.help))
    if example:
        yield ".SH EXAMPLE"
        yield ".nf"
        yield from map(_text, " ".join(example.split()).split(" && "))
        yield ".fi"
    yield ".SH EXIT STATUS"
    for code, words in EXIT_CODES:
        yield from _entry(str(code), words)
    if name == "goldenami":
        yield ".SH ENVIRONMENT"
        for variable, words in ENVIRONMENT:
            yield from _entry(variable, words)
    yield ".SH SEE ALSO"
    parent = name.rpartition("-")[0]
    others = [f"{name}-{child}" for child in children] or [parent]
    yield ", ".join(f"\\fB{_text(other)}\\fR(1)" for other in others)


def _usage(command: Any, children: dict[str, Any]) -> Iterator[str]:
    yield "[OPTIONS]"
    for argument in (one for one in _shown(command) if one.param_type_name == "argument"):
        value = _value(argument)
        yield (value if argument.required else f"[{value}]") + "..." * (argument.nargs == -1)
    if children:
        yield "COMMAND [ARGUMENTS]"


def _shown(command: Any) -> list[Any]:
    return [one for one in command.params if not getattr(one, "hidden", False)]


def _parameters(several: list[Any]) -> Iterator[str]:
    for one in several:
        names = ", ".join((*one.opts, *one.secondary_opts)) if one.opts[0][0] == "-" else ""
        value = "" if getattr(one, "is_flag", False) else _value(one)
        words = " ".join((one.help or "").split())
        default = one.default
        if default not in (None, False, (), "") and not callable(default):
            words += f" Default: {default}."
        yield from _entry(" ".join(filter(None, (names, value))), words)


def _value(one: Any) -> str:
    """Return what the value of an option is called: ``RELEASE|DIR``, ``table|json``, ``PATH``."""
    shown = str(one.metavar or one.name).strip("<>[]").removesuffix(" range")
    kind = re.sub(r"^list\[(.*?)\]?$", r"\1", shown)
    if "|" in kind or kind.isupper():
        return kind
    names = {"str": "TEXT", "int": "NUMBER", "float": "NUMBER", "path": "PATH", "Path": "PATH"}
    return names.get(kind, kind.upper())


def _first(help_text: str | None) -> str:
    return " ".join(inspect.cleandoc(help_text or "").partition("\n\n")[0].split())


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield ".PP"
        yield _text(" ".join(paragraph.split()))


def _entry(title: str, words: str) -> Iterator[str]:
    yield ".TP"
    yield f"\\fB{_text(title)}\\fR"
    yield _text(words)


def _text(words: str) -> str:
    """Return words that roff takes for nothing else: no escape, no request, no hyphenation."""
    escaped = words.replace("\\", "\\e").replace("-", "\\-")
    escaped = "".join(each if each.isascii() else f"\\[u{ord(each):04X}]" for each in escaped)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
