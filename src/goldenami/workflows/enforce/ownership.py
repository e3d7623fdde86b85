"""Whose is what is attached: two enforcements of one account never fight over it.

Everything that is made carries the name of the enforcement it belongs to. What belongs to another
one is neither changed nor taken away, unless the caller takes it over. What carries no name was
made before there were names: it becomes whose who names its mechanism.
"""

from collections.abc import Mapping

from goldenami.workflows.enforce.interface import EnforceContext, MechanismPlan

_NAMELESS = "carries no enforcement's name"


def claims(context: EnforceContext, names: Mapping[str, str]) -> MechanismPlan:
    """Return what stands against having things, and what is to be told of it.

    Args:
        context: as everywhere.
        names: what is desired and is there already, with the name it carries.
    """
    problems, notes = [], []
    for thing, name in names.items():
        if not name:
            notes.append(f"{thing} carried no name of an enforcement: `{context.name}` now")
        elif name != context.name and context.take_over:
            notes.append(f"{thing} is taken over from the enforcement `{name}`")
        elif name != context.name:
            problems.append(
                f"{thing} was attached by the enforcement `{name}`, and this one is "
                f"`{context.name}`: enforce that one's file, or pass --take-over"
            )
    return MechanismPlan(problems=tuple(problems), notes=tuple(notes))


def stays(context: EnforceContext, name: str, *, named: bool) -> bool:
    """Tell whether something that is not desired stays, since it is not this enforcement's.

    Args:
        context: as everywhere.
        name: the name it carries.
        named: whether the file names its mechanism; it is for what carries no name.
    """
    goes = named or context.remove
    if not name:
        return not (goes or context.take_over)
    return name != context.name and not (goes and context.take_over)


def kept(names: Mapping[str, str]) -> MechanismPlan:
    """Tell of things that stay, by the names they carry."""
    others = (
        f"{thing} {f'belongs to the enforcement `{name}`' if name else _NAMELESS}, and stays"
        for thing, name in names.items()
    )
    return MechanismPlan(others=tuple(others))
