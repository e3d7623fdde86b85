"""`goldenami check` tells all that is wrong with all files at once; `schema` and `init` agree."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from tests.cli.conftest import Cli
from tests.workflows.check.mistakes import TREE, write

from goldenami import resources
from goldenami.cli import main
from goldenami.files import DOCUMENT_BYTES
from goldenami.workflows import check as workflow

RELEASE = "schema: goldenami/v1\nimage: web\nregions: [us-east-1]\nbase: {source: {golden: os}}\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_everything_is_told_at_once_with_its_line(tree: Path, cli: Cli) -> None:
    ran = cli("check", ".")
    assert ran.code == 2
    told = [line.partition(" (")[0] for line in ran.out.splitlines()]
    assert told == [line for text in TREE.values() for line in text.problems]
    assert "problems: 23, in 9 of 12 files" in ran.err


def test_one_file_is_checked_with_what_it_names(tree: Path, cli: Cli) -> None:
    ran = cli("check", "apps/named.yaml")
    assert ran.code == 2
    assert {line.partition(":")[0] for line in ran.out.splitlines()} == {"accepted.yaml"}


def test_a_file_is_known_by_its_keys_if_it_does_not_say_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("waivers: [{owner: a}]\n")
    (tmp_path / "b.yaml").write_text("schema: goldenami/v1\nno: 1")
    (tmp_path / "c.yaml").write_text("apiVersion: v1\n")
    (tmp_path / "d.yaml").write_text("schema: goldenami.waiver/v1\n")
    found = workflow.check([tmp_path / f"{name}.yaml" for name in "abcd"], date(2026, 1, 1))
    words = [f"{Path(each.path).stem} {each.key}: {each.words}" for each in found.problems]
    assert "a schema: is missing" in words
    assert "a waivers[0].reason: is missing" in words
    assert "b no: unknown key" in words
    assert "c schema: is missing" in words
    assert "d schema: `goldenami.waiver/v1` is no file that goldenami reads" in words


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_each_format_has_every_problem(tree: Path, cli: Cli, form: str) -> None:
    text = cli("check", ".").out.splitlines()
    ran = cli("check", ".", "--format", form)
    assert ran.code == 2
    places = [tuple(line.split(":")[:2]) for line in text]
    match form:
        case "json":
            document = json.loads(ran.out)
            assert document["schema"] == "goldenami.check/v1"
            assert [(one["path"], str(one["line"])) for one in document["problems"]] == places
            assert {one["level"] for one in document["problems"]} == {"error", "warning"}
        case "sarif":
            results = json.loads(ran.out)["runs"][0]["results"]
            physical = [one["locations"][0]["physicalLocation"] for one in results]
            assert [
                (one["artifactLocation"]["uri"], str(one["region"]["startLine"]))
                for one in physical
            ] == places
        case "github":
            starts = [line.split("::")[1] for line in ran.out.splitlines()]
            assert [one.split(" ", 1)[1] for one in starts] == [
                f"file={path},line={line}" for path, line in places
            ]


@pytest.mark.parametrize(
    "key", ["audit: {waivers: [1]}", "bake: {method: packer, template: [1]}", "audit: 1", "bake: 1",
            "enforce: {groups: [a], profile: [1]}", "enforce: {mechanisms: {scp: {profile: 1}}}"],
)  # fmt: skip
def test_a_file_named_by_what_is_no_text_is_one_problem(tmp_path: Path, cli: Cli, key: str) -> None:
    path = tmp_path / "release.yaml"
    path.write_text(RELEASE + key)
    lines = cli("check", path).out.splitlines()
    assert lines
    assert all(line.startswith(f"{path}:5: ") for line in lines)


def test_an_annotation_is_one_line_whatever_the_file_holds(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "a,b.yaml"
    path.write_text(RELEASE + 'version: "1%\\n::warning::x"\n')
    [line] = cli("check", path, "--format", "github").out.splitlines()
    assert line.startswith(f"::error file={tmp_path}/a%2Cb.yaml,line=5::version: `1%25%0A::warning")


def test_warnings_fail_if_they_are_to(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "release.yaml"
    path.write_text(RELEASE + "bake: {reboot: false}\n")
    ran = cli("check", path)
    assert (ran.code, ran.out) == (
        0,
        f"{path}:5: warning: bake.reboot: false makes an image that is only crash-consistent\n",
    )
    assert "files checked: 1, nothing is wrong, 1 warnings" in ran.err
    assert cli("check", path, "--strict").code == 2


def test_a_folder_without_a_file_is_no_success(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "other.yaml").write_text("a: 1\n")
    ran = cli("check", tmp_path)
    assert ran.code == 2
    assert "no file of goldenami is below it" in ran.err


def test_a_large_file_is_not_read(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "release.yaml"
    path.write_text(RELEASE + "#" * DOCUMENT_BYTES)
    for named in (path, tmp_path):
        ran = cli("check", named)
        assert ran.code == 2
        assert ran.out.startswith(f"{path}:1: too large")


def test_the_examples_are_right(cli: Cli) -> None:
    ran = cli("check", "--strict", resources.folder("examples"))
    assert (ran.code, ran.out) == (0, "")


def test_nothing_of_aws_is_even_imported() -> None:
    program = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise AssertionError('a connection')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from goldenami.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: code = end.code\n"
        "print(code, *sorted({name.split('.')[0] for name in sys.modules}))\n"
    )
    folder = str(resources.folder("examples"))
    ran = subprocess.run(
        [sys.executable, "-c", program, "check", folder], capture_output=True, text=True, check=True
    )
    code, *modules = ran.stdout.split()
    assert code == "0"
    assert not {"boto3", "botocore", "moto"} & set(modules)


def test_what_init_writes_is_right_and_its_schemas_are_those_of_this_version(
    tmp_path: Path, cli: Cli
) -> None:
    assert cli("init", tmp_path).code == 0
    ran = cli("check", "--strict", tmp_path)
    assert (ran.code, ran.out) == (0, "")
    for name, kind in (("release.yaml", "release"), ("waivers.yaml", "waivers")):
        line = (tmp_path / name).read_text().splitlines()[0]
        schema = tmp_path / line.removeprefix("# yaml-language-server: $schema=")
        assert schema.read_text() == cli("schema", kind).out
    schema.write_text("{}")
    [stale] = cli("check", tmp_path).out.splitlines()
    assert "is not the schema of this goldenami" in stale
    assert f"goldenami schema waivers > {schema}" in stale
    schema.unlink()
    assert "cannot be read" in cli("check", tmp_path).out


def test_schema_prints_that_of_release_files(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["schema"])
    assert json.loads(capsys.readouterr().out)["title"] == "goldenami/v1"
