"""Each runbook is followed, command by command, in an embedded AWS, and so are other pages."""

import ast
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import yaml
from tests.unmeasured import unmeasured

from goldenami_sandbox.server import Sandbox

from . import reader, scenes

pytestmark = pytest.mark.no_cover  # each command has tests of its own

ROOT = Path(__file__).parents[3]
RUNBOOKS = sorted(path for path in (ROOT / "docs/runbooks").glob("*.md") if path.stem != "index")
PAGES = [*RUNBOOKS, ROOT / "docs/why-policies-fail.md"]
SECTIONS = ["When", "What you need", "Steps", "If you see something else", "It is over when"]


def name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_whoever_follows_the_page_sees_what_it_says(
    path: Path, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sandbox.pending_s = 0.0
    page = reader.read(path)
    world = scenes.World(sandbox, tmp_path)
    scenes.SCENES[page.scene](world)
    ids = reader.Ids()
    for step in page.steps:
        place = f"{path.relative_to(ROOT)}:{step.line}"
        match step:
            case reader.Event():
                scenes.EVENTS[step.name](world)
            case reader.Edit():
                edit(tmp_path / step.file, ids.real(step.text))
            case reader.Shown():
                follow(step, ids, place)


def edit(file: Path, text: str) -> None:
    before = yaml.safe_load(file.read_text()) if file.exists() else {}
    file.write_text(yaml.safe_dump(before | yaml.safe_load(text), sort_keys=False))


def follow(step: reader.Shown, ids: reader.Ids, place: str) -> None:
    program, *words = shlex.split(ids.real(step.command))
    assert program == "goldenami", f"{place}: {step.command} is not executed"
    code, written = scenes.run(words)
    story = "\n".join(written)
    assert code == step.code, f"{place}: {step.command}: exit code {code}\n{story}"
    missing = ids.missing(step.output, written)
    assert missing is None, f"{place}: {step.command} does not write: {missing}\n{story}"


@pytest.mark.parametrize("path", RUNBOOKS, ids=name)
def test_a_page_has_the_parts_that_somebody_looks_for(path: Path) -> None:
    assert re.findall(r"^## (.*)$", path.read_text(), re.MULTILINE) == SECTIONS
    assert f"]({path.name})" in (path.parent / "index.md").read_text()


@cache
@unmeasured
def messages() -> str:
    """Return all texts of the code, what is put into them left out."""
    texts = []
    for file in (ROOT / "src/goldenami").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.JoinedStr):
                parts = [getattr(part, "value", "") for part in node.values]
                texts.append("".join(part if isinstance(part, str) else "\0" for part in parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return "\n".join(texts)


@pytest.mark.parametrize("path", RUNBOOKS, ids=name)
def test_what_else_may_be_seen_is_a_message_of_the_code(path: Path) -> None:
    section = path.read_text().split("## If you see something else")[1].split("\n## ")[0]
    for line in re.findall(r"^- (.*)$", section, re.MULTILINE):
        for message in re.findall(r"`([^`]* [^`]*)`", line):
            if not message.startswith(("goldenami ", "enforce ", "--")):
                pieces = [piece.strip() for piece in message.split("…")]
                assert all(piece in messages() for piece in pieces), message


def test_every_scene_and_event_is_used() -> None:
    pages = [reader.read(path) for path in PAGES]
    assert {page.scene for page in pages} == scenes.SCENES.keys()
    events = {step.name for page in pages for step in page.steps if isinstance(step, reader.Event)}
    assert events == scenes.EVENTS.keys()


PAGE = """---
scene: any
---
<!-- happens: an event -->
```yaml title="release.yaml"
version: "2"
```
```console
$ goldenami one  # exit code 3
first ami-0123456789abcdef0
…
last
$ goldenami two \\
    ami-0123456789abcdef0
```
"""


def test_a_page_is_read_as_its_steps(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    page = reader.read(path)
    event, change, one, two = page.steps
    assert page.scene == "any"
    assert event == reader.Event(4, "an event")
    assert change == reader.Edit(5, "release.yaml", 'version: "2"\n')
    assert one == reader.Shown(
        9, "goldenami one", ("first ami-0123456789abcdef0", "…", "last"), 3
    )  # fmt: skip
    assert two == reader.Shown(13, "goldenami two     ami-0123456789abcdef0", (), 0)
    path.write_text("```bash\n$ rm -r /\n```\n")
    with pytest.raises(AssertionError, match="line 1: a command that is not in a console block"):
        reader.read(path)


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        (("a ami-11111111", "b"), None),
        (("a ami-22222222", "b"), "a ami-22222222"),
        (("a ami-11111111",), "(the end; then b)"),
        (("b",), "b"),
        (("…", "b"), None),
        (("a …", "…"), None),
        (("a snap-11111111", "b"), "a snap-11111111"),
    ],
)
def test_lines_are_compared_as_they_are_shown(shown: tuple[str, ...], missing: str) -> None:
    ids = reader.Ids()
    written = ["x ami-aaaaaaaa", "y ami-bbbbbbbb"]
    assert ids.missing(("x ami-11111111", "y ami-22222222"), written) is None
    assert ids.missing(shown, ["a  ami-aaaaaaaa", "b"]) == missing
    assert ids.real("ami-22222222") == "ami-bbbbbbbb"
    with pytest.raises(AssertionError, match="nothing has shown it"):
        ids.real("ami-33333333")
