"""The documentation says what the code does."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from goldenami import __version__, yamlfile
from goldenami.iam.profiles import load_profiles
from goldenami.spec import load_enforcement
from goldenami.spec.model import Release

from .commands import COMMANDS, parse

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
}
EVERYTHING = "\n".join(PAGES.values())


def test_every_command_has_an_example_in_its_help_that_names_it() -> None:
    without = [
        name
        for name, command in COMMANDS.items()
        if f"Example: goldenami {name}" not in " ".join(command.help.split())
    ]
    assert without == []


def test_every_option_has_a_help_text() -> None:
    silent = [
        (name, option.name)
        for name, command in COMMANDS.items()
        for option in command.params
        if not getattr(option, "help", None)
    ]
    assert silent == []


PROMISES = "".join(
    (ROOT / "docs" / f"{name}.md").read_text() for name in ("reliability", "security")
)
HELD_BY = re.findall(r"`(tests/[^`]+)`", PROMISES)


def is_there(named: str) -> bool:
    path, _, test = named.partition("::")
    return (ROOT / path).exists() and (not test or f"def {test}(" in (ROOT / path).read_text())


def test_every_promise_names_a_test_that_is_there() -> None:
    assert HELD_BY
    assert [named for named in sorted(set(HELD_BY)) if not is_there(named)] == []


def test_every_command_that_changes_something_can_be_planned_and_asked_for() -> None:
    for name in ("base launch", "base terminate", "bake", "tag", "enforce"):
        options = {option for one in COMMANDS[name].params for option in one.opts}
        assert {"--plan", "--yes", "--format", "--region", "--profile", "--endpoint-url"} <= options


def shown() -> list[str]:
    """Return the command lines of all pages and of the help, each once."""
    blocks = re.findall(r"```console\n(.*?)```", EVERYTHING.replace("\\\n", ""), re.DOTALL)
    lines = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    for command in COMMANDS.values():
        _, _, example = " ".join(command.help.split()).partition("Example: ")
        lines += example.split(" && ")
    own = [re.split(r" # | [|>] ", line)[0] for line in lines if line.startswith("goldenami ")]
    return sorted({" ".join(line.split()) for line in own})


@pytest.mark.parametrize("line", shown())
def test_every_command_line_that_is_shown_is_one(line: str) -> None:
    words = shlex.split(line)[1:]
    if words != ["--version"]:
        parse(words)


MENTIONED = sorted(set(re.findall(r"`goldenami ([a-z][^`]*)`", EVERYTHING)))


def options_of(words: str) -> set[str]:
    """Return the options of the command that some words begin with; none if there is no such."""
    groups = {name.split()[0] for name in COMMANDS}
    names = sorted({*COMMANDS, *groups}, key=len, reverse=True)
    name = next(name for name in names if re.match(rf"{name}\b", words))
    command = COMMANDS.get(name)
    return {option for part in command.params for option in part.opts} if command else set()


def test_every_command_that_is_mentioned_exists_with_its_options() -> None:
    used = {words: set(re.findall(r"(?<!\S)--[\w-]+", words)) for words in MENTIONED}
    assert used
    unknown = {words: named - options_of(words) for words, named in used.items()}
    assert {words: more for words, more in unknown.items() if more} == {}


def exact() -> list[tuple[str, str]]:
    found = re.findall(
        r"<!-- output: exact -->\n```console\n\$ (.*?)\n(.*?)```", EVERYTHING, re.DOTALL
    )
    assert len(found) >= 2
    return [(line, output) for line, output in found]


@pytest.mark.parametrize(("line", "output"), exact(), ids=[line for line, _ in exact()])
def test_outputs_that_are_marked_exact_are(line: str, output: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", *shlex.split(line)], capture_output=True, text=True, check=True,
        cwd=tmp_path,
    )  # fmt: skip
    assert (ran.stdout or ran.stderr) == output


def test_the_release_file_in_the_tutorial_is_one(tmp_path: Path) -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", PAGES["docs/tutorial.md"], re.DOTALL)
    path = tmp_path / "release.yaml"
    path.write_text(block)
    shown = yamlfile.load(path, Release)
    example = yaml.safe_load((ROOT / "examples/web-base/release.yaml").read_text())
    for key, value in yaml.safe_load(block).items():
        assert key in example
        if key in ("image", "regions", "tags", "publish", "enforce", "audit"):
            assert value == example[key]
    assert shown.build_region == "us-east-1"


def test_the_enforcement_file_in_the_guide_is_one(tmp_path: Path) -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", PAGES["docs/how-to/enforce.md"], re.DOTALL)
    path = tmp_path / "enforce.yaml"
    path.write_text(block)
    shown = load_enforcement(path).enforce.attaching
    assert {name: one.profile for name, one in shown.items()} == {
        "group_policy": "guardrail",
        "permissions_boundary": "guardrail",
        "scp": "owner-only",
    }


def test_every_profile_is_explained() -> None:
    for name in load_profiles():
        assert f"`{name}`" in PAGES["docs/reference/profiles.md"]


def test_the_changelog_tells_of_this_version() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_every_key_of_a_release_file_is_in_the_commented_example() -> None:
    text = (ROOT / "examples/web-base/release.yaml").read_text()
    for field in Release.__struct_fields__:
        if field not in ("description", "approval_tag"):
            assert re.search(rf"^(# )?{field}:", text, re.MULTILINE), field


def test_the_docs_speak_of_the_project_alone() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("not a git checkout")
    home = os.environ.get("HOME", "/nowhere")
    for name in tracked.stdout.splitlines():
        path = ROOT / name
        if path.suffix in (".md", ".py", ".yaml", ".toml", ".j2") and path.is_file():
            assert f"{home}/" not in path.read_text(), name


def test_every_rule_and_format_of_the_audit_is_explained() -> None:
    from goldenami.domain.audit.rules import RULES
    from goldenami.report.audit import FORMATS

    names = [*(rule.id for rule in RULES), *FORMATS]
    assert not [name for name in names if f"`{name}`" not in PAGES["docs/reference/audit.md"]]


def test_the_readme_is_one_screenful_and_its_links_lead_somewhere() -> None:
    readme = PAGES["README.md"]
    assert len(readme.splitlines()) < 60
    links = re.findall(r"\]\(([^)]+)\)", readme)
    assert len(links) > 15
    assert not [link for link in links if not (ROOT / link).exists()]


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
PATHS = re.compile(r"`((?:[\w.-]+/)+(?:[\w-]+(?:\.\w+)+)?|[\w-]+\.py)`")
TO_MAKE = "report/audit/as_NAME.py"


def test_what_a_maintainer_is_led_to_is_there() -> None:
    named = {*PATHS.findall(ARCHITECTURE + CONTRIBUTING)} - {TO_MAKE}
    assert named
    folders = (ROOT, ROOT / "src" / "goldenami")
    gone = [path for path in named if not any((folder / path).exists() for folder in folders)]
    assert gone == []
