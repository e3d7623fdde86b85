"""A release is one command: versions in one place, the same bytes twice, nothing left out."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import date
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

from goldenami import __version__

from .commands import COMMANDS

pytestmark = pytest.mark.no_cover  # builds, in processes of their own

ROOT = Path(__file__).parents[1]
TODAY = date(2026, 11, 30)
CHANGELOG = "# Changelog\n\n## 1.2.3 (unreleased)\n\n- New.\n\n## 1.2.2 (2026-01-02)\n\n- Old.\n"


def _module(name: str) -> ModuleType:
    """Import a module of `.ci/`, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


release = _module("release")
man_pages = _module("man_pages")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "src" / "goldenami").mkdir(parents=True)
    (tmp_path / "src/goldenami/__init__.py").write_text('"""It."""\n\n__version__ = "1.2.2"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def test_version_and_day_are_written_where_they_stand_and_nowhere_else(tree: Path) -> None:
    section = release.prepare(tree, "1.2.3", TODAY, as_committed=False)
    assert section == ("1.2.3", TODAY, "- New.")
    assert '__version__ = "1.2.3"' in (tree / "src/goldenami/__init__.py").read_text()
    assert "## 1.2.3 (2026-11-30)\n" in (tree / "CHANGELOG.md").read_text()
    again = release.prepare(tree, "1.2.3", date(2027, 1, 1), as_committed=True)
    assert again.day == TODAY  # the day of the release, whenever it is built again


@pytest.mark.parametrize(
    ("version", "changelog", "words"),
    [
        ("1.2", CHANGELOG, "`1.2` is no version"),
        ("1.2.4", CHANGELOG, "CHANGELOG.md begins with 1.2.3, not 1.2.4"),
        ("1.2.2", CHANGELOG, "CHANGELOG.md begins with 1.2.3, not 1.2.2"),
        ("1.2.3", "# Changelog\n", "CHANGELOG.md begins with nothing"),
        ("1.2.3", CHANGELOG.replace("- New.\n", ""), "CHANGELOG.md says nothing of 1.2.3"),
    ],
)
def test_what_is_no_release_is_refused_and_writes_nothing(
    tree: Path, version: str, changelog: str, words: str
) -> None:
    (tree / "CHANGELOG.md").write_text(changelog)
    with pytest.raises(release.ReleaseError, match=re.escape(words)):
        release.prepare(tree, version, TODAY, as_committed=False)
    assert '"1.2.2"' in (tree / "src/goldenami/__init__.py").read_text()
    assert (tree / "CHANGELOG.md").read_text() == changelog


def test_a_tag_says_it_all_already(tree: Path) -> None:
    with pytest.raises(release.ReleaseError, match=r"__init__\.py, CHANGELOG\.md do not say 1\.2"):
        release.prepare(tree, "1.2.3", TODAY, as_committed=True)
    assert (tree / "CHANGELOG.md").read_text() == CHANGELOG


def test_the_changelog_begins_with_what_comes_next_and_every_section_is_read() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = [section.version for section in release.sections(text)]
    assert len(versions) == len(re.findall(r"^## ", text, re.MULTILINE))
    assert __version__ in versions
    assert all(release.VERSION.fullmatch(version) for version in versions)


SECTION = release.Section(__version__, TODAY, "")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    out = tmp_path_factory.mktemp("dist")
    wheel, source = release.build(ROOT, SECTION, out, "--no-isolation")
    return wheel, source


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_files_give_the_same_bytes_anywhere(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    """Of the source package that was built, which has the sources with other times."""
    wheel, source = built
    shutil.unpack_archive(source, tmp_path)  # its own: Python before 3.11.4 has no filter
    [copy] = tmp_path.iterdir()
    for path in copy.rglob("*"):
        os.utime(path, (2_000_000_000, 2_000_000_000))
    again, same = release.build(copy, SECTION, tmp_path / "out", "--no-isolation")
    assert (sha256(again), sha256(same)) == (sha256(wheel), sha256(source))


def test_a_wheel_brings_types_and_a_page_for_each_command(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as archive:
        names = archive.namelist()
        data = f"goldenami-{__version__}.data/data"
        shared = {name: archive.read(f"{data}/{name}").decode() for name in man_pages.shared()}
    assert shared == man_pages.shared()
    assert {"goldenami/py.typed", "goldenami_sandbox/py.typed"} <= set(names)
    pages = {Path(name).stem for name in shared if name.endswith(".1")}
    assert {f"goldenami-{name.replace(' ', '-')}" for name in COMMANDS} | {"goldenami"} <= pages
    assert "loadautofunc" in shared[man_pages.COMPLETIONS["zsh"]]  # its first Tab is answered, too


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_page_has_every_option_with_its_words(name: str) -> None:
    page = man_pages.shared()[f"share/man/man1/goldenami-{name.replace(' ', '-')}.1"]
    plain = page.replace("\\-", "-").replace("\\&", "").replace("\\[u2026]", "…")
    for parameter in COMMANDS[name].params:
        assert " ".join(parameter.help.split()) in plain
        assert all(option in plain for option in parameter.opts if option.startswith("-"))
    assert f".SH NAME\ngoldenami-{name.replace(' ', '-')} - " in plain


def test_man_finds_nothing_wrong_with_the_pages(tmp_path: Path) -> None:
    if not shutil.which("groff"):
        pytest.skip("needs groff")
    pages = []
    for name, text in man_pages.shared().items():
        if name.endswith(".1"):
            pages.append(tmp_path / Path(name).name)
            pages[-1].write_text(text)
            assert text.isascii()
    ran = subprocess.run(
        ["groff", "-man", "-Tutf8", "-wall", "-Wbreak", *pages], capture_output=True, check=True
    )
    assert ran.stderr == b""
    assert b"GOLDENAMI-BAKE(1)" in ran.stdout


def test_bash_completes_by_what_is_shipped(tmp_path: Path) -> None:
    script = tmp_path / "goldenami"
    script.write_text(man_pages.shared()[man_pages.COMPLETIONS["bash"]])
    command = tmp_path / "bin" / "goldenami"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m goldenami "$@"\n')
    command.chmod(0o755)
    asked = (
        f"source {script}; COMP_WORDS=(goldenami che); COMP_CWORD=1; "
        "_goldenami_completion goldenami; echo ${COMPREPLY[@]}"
    )
    environment = {**os.environ, "PATH": f"{command.parent}:{os.environ['PATH']}"}
    ran = subprocess.run(
        ["bash", "-c", asked], capture_output=True, text=True, check=True, env=environment
    )
    assert ran.stdout == "check\n"


RUNTIME = ("boto3", "botocore", "typer", "jinja2", "pyyaml", "msgspec")


def environment(wheel: Path, folder: Path) -> Path:
    """Return an environment where, by what is told of them, the wheel and what it needs are."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        told = [name for name in archive.namelist() if ".dist-info/" in name]
        archive.extractall(packages, told)
    for name in RUNTIME:
        path = Path(str(metadata.distribution(name).locate_file("")))
        [info] = [
            each for each in path.glob("*.dist-info") if each.name.lower().startswith(f"{name}-")
        ]
        shutil.copytree(info, packages / info.name)
    return folder / "bin" / "python"


def test_the_bill_of_materials_names_what_is_installed(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    wheel, _ = built
    python = environment(wheel, tmp_path / "environment")
    path = release.bill_of_materials(wheel, SECTION, tmp_path, python)
    document = json.loads(path.read_text())
    root = document["metadata"]["component"]
    assert (document["bomFormat"], root["name"], root["version"]) == (
        "CycloneDX", "goldenami", __version__,
    )  # fmt: skip
    assert root["hashes"] == [{"alg": "SHA-256", "content": sha256(wheel)}]
    versions = {one["name"].lower(): one["version"] for one in document["components"]}
    assert versions == {name: metadata.version(name) for name in RUNTIME}


def test_the_checksums_are_those_that_sha256sum_checks(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    release.checksums([*built], tmp_path)
    shutil.copy(built[0], tmp_path)
    shutil.copy(built[1], tmp_path)
    ran = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=False,
        capture_output=True,
    )  # fmt: skip
    assert ran.returncode == 0


TEXTS = [
    path
    for folder in ("src", "docs", "examples", "templates", ".ci", ".github")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".md", ".j2", ".yml", ".yaml"}
] + [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "Makefile", "action.yml")]
FROM_AN_INDEX = re.compile(
    r"\b(?:pip|pipx|uv|uvx)\b[^\n`]*\b(?:install|run|add|tool)\b[^\n`]*[ '\"]goldenami(?![-./\w])"
)


def test_no_text_installs_goldenami_by_a_name_that_an_index_may_give_to_others() -> None:
    assert FROM_AN_INDEX.search('pip install "goldenami[sandbox]"')
    assert FROM_AN_INDEX.search("pipx install goldenami")
    assert not FROM_AN_INDEX.search('pip install "$(ls dist/goldenami-*.whl)[sandbox]"')
    named = {
        str(path.relative_to(ROOT)): found[0]
        for path in TEXTS
        if (found := FROM_AN_INDEX.search(path.read_text()))
    }
    assert named == {}
