"""What CI systems are given: each by a tool that knows its form, and each line as it would run."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for

from .commands import parse

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
GITHUB = ROOT / "examples" / "ci" / "github.yml"
GITLAB = ROOT / "examples" / "ci" / "gitlab.yml"
ACTION = ROOT / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
DOCKERFILE = ROOT / "Dockerfile"
WORKFLOWS = [GITHUB, *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
ENDS = {">", ">>", "|", "||", "&&", ";", "<"}


class _Loader(yaml.SafeLoader):
    """Knows `on` as a name, and GitLab's references."""


_LOADER_BOOL = [
    (tag, pattern) for tag, pattern in _Loader.yaml_implicit_resolvers["o"] if "bool" not in tag
]
_Loader.yaml_implicit_resolvers = {**_Loader.yaml_implicit_resolvers, "o": _LOADER_BOOL}


def _reference(loader: Any, node: Any) -> Any:
    return loader.construct_sequence(node)


_Loader.add_constructor("!reference", _reference)


@cache
def loaded(path: Path) -> Any:
    return yaml.load(path.read_text(), _Loader)


def tool(name: str, *arguments: object) -> None:
    """Run a tool of the environment, which has to find nothing."""
    ran = subprocess.run(
        [BIN / name, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def steps(path: Path) -> Iterator[dict[str, Any]]:
    document = loaded(path)
    jobs = document.get("jobs", {"action": document.get("runs")})
    for job in jobs.values():
        yield from job["steps"]


def scripts(path: Path) -> Iterator[str]:
    """Yield what a file has shells run."""
    if path == GITLAB:
        for job in loaded(path).values():
            if isinstance(job, dict):
                yield "\n".join([*job.get("before_script", ()), *job.get("script", ())])
    else:
        yield from (step["run"] for step in steps(path) if "run" in step)


def goldenami(path: Path) -> Iterator[list[str]]:
    """Yield the command lines of goldenami in a file, each as far as it is its own."""
    for script in scripts(path):
        for line in re.findall(r"(?:^|[ ;(])goldenami ([a-z].*)", script, re.MULTILINE):
            lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            words = list(lexer)
            end = next((i for i, word in enumerate(words) if word in ENDS), len(words))
            yield words[:end]


FORMS = [
    (ACTION, "github-actions"),
    *((path, "github-workflows") for path in WORKFLOWS),
    (GITLAB, "gitlab-ci"),
]


@pytest.mark.parametrize(("path", "name"), FORMS, ids=lambda one: getattr(one, "name", one))
def test_each_has_the_form_that_its_reader_publishes(path: Path, name: str) -> None:
    """The schemas are those that check-jsonschema brings along."""
    published = files("check_jsonschema.builtin_schemas").joinpath("vendor", f"{name}.json")
    schema = json.loads(published.read_text())
    validator = validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(loaded(path))] == []
    broken = {**loaded(path), "jobs": 1, "runs": 1, "stages": {}}
    assert not validator.is_valid(broken)


def test_nothing_in_them_is_known_to_be_unsafe(tmp_path: Path) -> None:
    """A workflow is only looked at as one where GitHub would read it."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for path in WORKFLOWS:
        (folder / path.name).write_text(path.read_text())
    tool("zizmor", "--offline", "--quiet", ACTION, folder)


def test_the_dockerfile_has_no_known_fault() -> None:
    tool("hadolint", DOCKERFILE)


def test_the_hooks_are_a_manifest() -> None:
    tool("pre-commit", "validate-manifest", HOOKS)
    [hook] = loaded(HOOKS)
    parse(f"{hook['entry']} {' '.join(hook['args'])}".split()[1:])


def test_the_hook_looks_at_the_repository_that_has_it(tmp_path: Path) -> None:
    """The manifest's own hook by the real pre-commit, but for the environment that it makes."""
    [hook] = loaded(HOOKS)
    config = {"repos": [{"repo": "local", "hooks": [{**hook, "language": "system"}]}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    release = tmp_path / "release.yaml"
    release.write_text("schema: goldenami/v1\nimage: web\nbase: {source: {golden: os}}\n")
    environment = {
        **os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path),
        "PRE_COMMIT_HOME": str(tmp_path / "home"),
    }  # fmt: skip
    for command in (["git", "init", "-q"], ["git", "add", "-A"]):
        subprocess.run(command, cwd=tmp_path, check=True, env=environment)

    def commit() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BIN / "pre-commit", "run", "goldenami-check"], cwd=tmp_path, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    refused = commit()
    assert refused.returncode == 1
    assert "release.yaml:1: regions: is missing" in refused.stdout
    release.write_text(release.read_text() + "regions: [us-east-1]\n")
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True, env=environment)
    assert commit().returncode == 0


LINES = [(path, line) for path in (*WORKFLOWS, GITLAB) for line in goldenami(path)]


@pytest.mark.parametrize("line", [line for _, line in LINES], ids=lambda line: " ".join(line))
def test_each_command_line_is_one(line: list[str]) -> None:
    parse(line)


def test_each_kit_goes_the_whole_way() -> None:
    for path in (GITHUB, GITLAB):
        commands = {line[0] for kit, line in LINES if kit == path}
        assert commands == {"check", "bake", "enforce", "approve", "audit"}


@pytest.mark.parametrize("path", [*WORKFLOWS, GITLAB, ACTION], ids=lambda path: path.name)
def test_no_script_has_text_of_others_put_into_it(path: Path) -> None:
    for script in scripts(path):
        assert "${{" not in script
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.name)
def test_each_action_is_pinned_by_its_commit(path: Path) -> None:
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", name) for name in used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_job_may_do_what_it_has_to(path: Path) -> None:
    """By default nothing; an identity only where a role is taken, or something is signed."""
    workflow = loaded(path)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        used = " ".join(step.get("uses", "") for step in job["steps"])
        signs = re.search(r"configure-aws-credentials|gh-action-pypi-publish|actions/attest", used)
        may = job["permissions"]
        assert (may.get("id-token") == "write") == bool(signs)
        assert ("security-events" in may) == ("upload-sarif" in used)
        assert job["timeout-minutes"]


def step_named(path: Path, name: str) -> str:
    [run] = [step["run"] for step in steps(path) if step.get("name", "").startswith(name)]
    return str(run)


def run(script: str, folder: Path, code: int, out: str = "") -> int:
    """Run a script as GitHub does, with a goldenami that ends with a code."""
    fake = folder / "bin" / "goldenami"
    fake.parent.mkdir(exist_ok=True)
    fake.write_text(f"#!/bin/sh\nprintf '%s' '{out}'\nexit {code}\n")
    fake.chmod(0o755)
    environment = {
        "PATH": f"{fake.parent}:{os.environ['PATH']}", "GITHUB_OUTPUT": str(folder / "output"),
    }  # fmt: skip
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(
        shell, cwd=folder, env=environment, check=False, stdout=subprocess.DEVNULL
    ).returncode


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (10, 0), (3, 3), (1, 1), (2, 2), (4, 4)])
def test_findings_are_a_result_of_the_audit_and_all_else_fails(
    tmp_path: Path, code: int, ends: int
) -> None:
    assert run(step_named(GITHUB, "Audit"), tmp_path, code) == ends


@pytest.mark.parametrize("name", ["What a bake", "What an enforcement", "Bake", "Approve", "Prove"])
@pytest.mark.parametrize("code", [1, 2, 3, 4, 10])
def test_every_other_step_ends_as_its_command_does(tmp_path: Path, name: str, code: int) -> None:
    assert loaded(GITHUB)["defaults"]["run"]["shell"] == "bash"
    assert run(step_named(GITHUB, name), tmp_path, code) == code


@pytest.mark.parametrize(("out", "released"), [("[]", "released=true\n"), ("", "")])
def test_only_what_was_baked_is_approved(tmp_path: Path, out: str, released: str) -> None:
    (tmp_path / "output").touch()
    assert run(step_named(GITHUB, "Bake"), tmp_path, 0, out) == 0
    assert (tmp_path / "output").read_text() == released
    assert loaded(GITHUB)["jobs"]["approve"]["if"] == "needs.bake.outputs.released == 'true'"


def test_what_the_audit_wrote_is_uploaded_however_it_ended() -> None:
    [upload] = [step for step in steps(GITHUB) if "upload-sarif" in step.get("uses", "")]
    assert upload["if"].startswith("always() && ")
    assert loaded(GITLAB)["audit"]["artifacts"]["when"] == "always"
    assert loaded(GITLAB)["audit"]["allow_failure"] == {"exit_codes": [10]}


def test_the_dockerfile_takes_what_make_wheel_builds_and_runs_as_nobody() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    assert "COPY dist/${WHEEL} /wheels/" in lines
    assert (ROOT / ".dockerignore").read_text() == "*\n!dist/*.whl\n"
    assert 'ENTRYPOINT ["goldenami"]' in lines
    last = max(index for index, line in enumerate(lines) if line.startswith("FROM"))
    assert "USER 65532:65532" in lines[last:]
    assert "sha256sum --check --strict" in "\n".join(lines[:last])
