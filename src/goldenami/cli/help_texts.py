"""What a command's help says of its parameters, by what Typer knows of them."""

from typing import Any


def usage_piece(argument: Any) -> str:
    """Return how an argument stands in the usage: ``AUDIT``, ``[RELEASE]``, ``AMI...``."""
    several = "..." if argument.nargs != 1 else ""
    name = argument.metavar or argument.name.upper()
    return f"{name}{several}" if argument.required else f"[{name}]{several}"


def help_row(parameter: Any) -> tuple[str, str]:
    """Return what a parameter is called in help texts, and what is said of it."""
    flag = getattr(parameter, "is_flag", False)
    names = [] if parameter.param_type_name == "argument" else sorted(parameter.opts, key=len)
    name = " ".join(part for part in (", ".join(names), "" if flag else parameter.metavar) if part)
    words = [parameter.help or ""]
    if parameter.default not in (None, "") and not flag and not callable(parameter.default):
        words.append(f"[default: {parameter.default}]")
    if parameter.required and names:
        words.append("[required]")
    return name, "  ".join(words)


def summary(command: Any) -> str:
    """Return the first sentence of a command's help."""
    first, _, _ = (command.help or "").partition("\n\n")
    return " ".join(first.split()).removesuffix(".")
