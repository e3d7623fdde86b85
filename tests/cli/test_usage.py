"""Whatever is wrong with a command line is one clear error of our own, of every command."""

import re
from typing import Any

import pytest
from tests.commands import COMMANDS

from goldenami.cli import main
from goldenami.cli.command import CommandParameter
from goldenami.errors import UsageError

FOREIGN = re.compile(
    r"Invalid value|No such|Missing (argument|option)|is not one of|Usage:|Error:|unexpected extra"
    r"|does not take a value|requires an argument|Input should|not a valid|Expected|Object|`\$",
)
"""Words of Typer, click, pydantic and msgspec."""


PARAMETERS: dict[str, list[CommandParameter]] = {
    name: command.callback.parameters for name, command in COMMANDS.items()
}
NOTHING = "no\ufffesuch"


def takes_nothing(parameter: CommandParameter) -> bool:
    try:
        parameter.value([NOTHING] if parameter.several else NOTHING)
    except UsageError:
        return bool(parameter.option)
    return False


TYPED = [
    (name, one) for name, several in PARAMETERS.items() for one in several if takes_nothing(one)
]


def arguments_of(name: str) -> list[CommandParameter]:
    return [parameter for parameter in PARAMETERS[name] if not parameter.option]


AMI = "ami-0123456789abcdef0"


def needed(name: str, without: CommandParameter | None = None) -> list[str]:
    """Return what a command cannot be called without."""
    words = []
    for parameter in PARAMETERS[name]:
        if parameter.required and parameter is not without:
            plain = AMI if parameter.shown.metavar == "AMI" else "x"
            words += [parameter.option] * bool(parameter.option) + [*parameter.choices, plain][:1]
    return words


@pytest.fixture(name="refused")
def _refused(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        assert (ended.value.code, out) == (2, "")
        assert not FOREIGN.search(err), err
        message, *fix = err.splitlines()
        assert message.startswith("goldenami: ")
        assert not fix or (len(fix) == 1 and fix[0].startswith("  fix: "))
        return message.removeprefix("goldenami: ")

    return run


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_that_a_command_has_not(name: str, refused: Any) -> None:
    assert refused(*name.split(), "--colour") == f"{name}: there is no option --colour"


COUNTED = [name for name in COMMANDS if not any(one.several for one in arguments_of(name))]
NEEDING = [name for name in COMMANDS if any(one.required for one in PARAMETERS[name])]


@pytest.mark.parametrize("name", COUNTED)
def test_more_words_than_a_command_takes(name: str, refused: Any) -> None:
    arguments = arguments_of(name)
    words = [*needed(name), *["x" for one in arguments if not one.required], "much", "more"]
    assert refused(*name.split(), *words) == f"{name}: too much is given: much more"


@pytest.mark.parametrize("name", NEEDING)
def test_a_command_without_what_it_needs(name: str, refused: Any) -> None:
    assert re.fullmatch(rf"{name}: \S+ is missing", refused(*name.split()))


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_without_its_value_and_a_flag_with_one(name: str, refused: Any) -> None:
    for parameter in PARAMETERS[name]:
        option = parameter.option
        if option and parameter.type is bool:
            words = refused(*name.split(), f"{option}=x")
            assert words == f"{name}: {option} takes no value"
        elif option:
            assert refused(*name.split(), option) == f"{name}: {option} needs a value"


@pytest.mark.parametrize(("name", "parameter"), TYPED, ids=lambda one: getattr(one, "name", one))
def test_a_value_that_an_option_cannot_have(
    name: str, parameter: CommandParameter, refused: Any
) -> None:
    words = (*needed(name, parameter), parameter.option, NOTHING)
    assert refused(*name.split(), *words).startswith(parameter.option)


def test_a_command_and_a_flag_of_all_commands(refused: Any, monkeypatch: Any) -> None:
    assert refused("bkae") == "there is no command bkae"
    assert refused("base", "lanuch") == "base: there is no command lanuch"
    assert refused("--colour") == "there is no option --colour"
    monkeypatch.setenv("GOLDENAMI_DEBUG", "perhaps")
    assert refused("images") == "GOLDENAMI_DEBUG has a value that it cannot have"


def test_what_was_meant_is_the_fix(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, meant in (
        (["bakee"], "bake"),
        (["bake", "--plna"], "--plan"),
        (["audit", "--format", "htlm"], "`html`"),
        (["images", "--status", "aproved"], "`approved`"),
    ):
        with pytest.raises(SystemExit):
            main(arguments)
        assert f"  fix: did you mean {meant}?\n" in capsys.readouterr().err


def test_the_enumeration_is_not_empty() -> None:
    assert len(COMMANDS) > 20
    assert len(TYPED) > 30


def test_numbers_keep_to_their_range(refused: Any) -> None:
    assert refused("audit", "--newest", "0") == "--newest: 1 or more, not 0"
    assert refused("audit", "--newest", "1.5") == "--newest 1.5: needs a whole number"
    assert refused("sandbox", "--port", "65536") == "--port: 0 to 65,535, not 65536"
    words = refused("remediate", "x", "--action", "stop", "--per-minute", "nan")
    assert words == "--per-minute: 1 or more, not nan"


def test_the_choices_of_an_option_complete_what_is_begun() -> None:
    [form] = [one for one in PARAMETERS["audit"] if one.option == "--format"]
    assert form.completed("js") == ["json", "jsonl"]
