"""A start imports little: not what no command needs to begin, and no command but the given one."""

import json
import subprocess
import sys
from typing import Any

import pytest
from tests.commands import COMMANDS as EVERY_COMMAND
from typer.main import get_command

from goldenami.cli.commands import COMMANDS, POLICY
from goldenami.cli.help_texts import summary
from goldenami.cli.root import app

pytestmark = pytest.mark.no_cover  # what measures a child process imports some of it, too

HEAVY = {
    "boto3", "botocore", "concurrent", "hashlib", "jinja2", "logging", "moto", "pydantic",
    "rich", "tempfile", "yaml",
    "goldenami.api", "goldenami.aws", "goldenami.bake", "goldenami.iam",
    "goldenami.infrastructure", "goldenami.spec", "goldenami.workflows", "goldenami_sandbox",
}  # fmt: skip
"""What takes long to import, or leads to it."""

PROGRAM = """
import io, json, sys
from contextlib import redirect_stdout
from goldenami.cli import main

for command in json.loads(sys.argv[1]):
    with redirect_stdout(io.StringIO()):
        try:
            main([*command.split(), "--help"])
        except SystemExit as ended:
            assert ended.code == 0, command
print(json.dumps([*sys.modules]))
"""


def imported(*commands: str) -> set[str]:
    """Return the modules that the helps of some commands import."""
    shown = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(commands)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(json.loads(shown.stdout))


def test_the_start_of_no_command_imports_what_takes_long() -> None:
    loaded = imported("", *EVERY_COMMAND)
    packages = {".".join(name.split(".")[: 1 + name.startswith("goldenami.")]) for name in loaded}
    assert packages & HEAVY == set()


def test_a_command_is_imported_when_it_is_given_and_none_for_the_list_of_all() -> None:
    modules = {f"goldenami.cli.{where.partition(':')[0]}" for where, _ in COMMANDS.values()}
    assert imported("", "policy") & modules == {"goldenami.cli.policy"}
    assert imported("images") & modules == {"goldenami.cli.images"}


def test_what_the_list_of_commands_says_of_each_is_how_its_help_begins() -> None:
    root: Any = get_command(app)
    for group, table in ((root, COMMANDS), (root.commands["policy"], POLICY)):
        said = {name: words for name, (_, words) in table.items()}
        assert said == {name: summary(command) for name, command in group.commands.items()}


@pytest.mark.parametrize("module", ["auditing", "worker"])
def test_an_audit_imports_what_reads_and_judges_instances(module: str) -> None:
    """The first process and further ones; what few audits need is imported by these."""
    program = (
        f"import goldenami.workflows.audit.{module}, json, sys; print(json.dumps([*sys.modules]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = json.loads(ran.stdout)
    packages = {name.split(".")[0] for name in loaded}
    assert packages & {"boto3", "jinja2", "rich", "typer", "yaml"} == set()
    parts = {".".join(name.split(".")[:3]) for name in loaded}
    few = {
        "goldenami.spec",
        "goldenami.iam",
        "goldenami.aws.launches",
        "goldenami.aws.organizations",
    }
    assert parts & few == set()
