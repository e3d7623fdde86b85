"""Makes a release of goldenami: `make release VERSION=0.2.0`.

The version, and the day in CHANGELOG.md, are written where they stand; then wheel, source package,
SBOM and checksums are built, looked at, and put in dist/ together. The day is the time of all
files in them, so that the same commit gives the same bytes anywhere.

With --as-committed nothing is written: the tag of a release has to say it all already.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
_ASSIGNED = re.compile(r'^__version__ = "(.*)"$', re.MULTILINE)
_SECTION = re.compile(
    r"^## (\S+) \((unreleased|\d{4}-\d\d-\d\d)\)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)
_PACKAGES = ("goldenami", "goldenami_sandbox")
_NEEDED = (
    *(f"{package}/py.typed" for package in _PACKAGES),
    *(f"goldenami/_resources/{name}/" for name in ("templates", "packer", "policies", "examples")),
    *(
        f"goldenami-{{version}}.data/data/share/{name}"
        for name in (
            "man/man1/goldenami.1", "man/man1/goldenami-bake.1", "zsh/site-functions/_goldenami",
            "bash-completion/completions/goldenami", "fish/vendor_completions.d/goldenami.fish",
        )
    ),
    "goldenami-{version}.dist-info/licenses/LICENSE",
)  # fmt: skip


class ReleaseError(Exception):
    """The release cannot be made; nothing is in dist/ that was not there."""


class Section(NamedTuple):
    """What CHANGELOG.md says of a version; without a day it is not released."""

    version: str
    day: date | None
    text: str


def sections(changelog: str) -> list[Section]:
    """Return the sections of a changelog, the newest first."""
    return [
        Section(version, None if day == "unreleased" else date.fromisoformat(day), text.strip())
        for version, day, text in _SECTION.findall(changelog)
    ]


def prepare(root: Path, version: str, today: date, *, as_committed: bool) -> Section:
    """Let version and day stand where they have to; return the version's section.

    Raises:
        ReleaseError: the version is none, is not the newest of the changelog, or says nothing; or
            something would have to be written, and may not.
    """
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"`{version}` is no version, such as 1.2.3 or 1.2.3rc1")
    module, changelog = root / "src/goldenami/__init__.py", root / "CHANGELOG.md"
    code, text = module.read_text(), changelog.read_text()
    [newest, *_] = sections(text) or [Section("", None, "")]
    if newest.version != version:
        raise ReleaseError(f"CHANGELOG.md begins with {newest.version or 'nothing'}, not {version}")
    if not newest.text:
        raise ReleaseError(f"CHANGELOG.md says nothing of {version}")
    changed = {
        module: _ASSIGNED.sub(f'__version__ = "{version}"', code, count=1),
        changelog: text.replace(f"## {version} (unreleased)", f"## {version} ({today})", 1),
    }
    unlike = [path for path, new in changed.items() if new != path.read_text()]
    if unlike and as_committed:
        names = ", ".join(str(path.relative_to(root)) for path in unlike)
        raise ReleaseError(
            f"{names} do not say {version}: commit what `make release` writes, first"
        )
    for path in unlike:
        path.write_text(changed[path])
    return newest._replace(day=newest.day or today)


def build(root: Path, section: Section, out: Path, *options: str) -> tuple[Path, Path]:
    """Build source package and, of that, the wheel; return both.

    ``options`` are of `python -m build`, such as ``--no-isolation``.

    Raises:
        ReleaseError: it cannot be built, or lacks what it is to bring.
    """
    _run(
        [sys.executable, "-m", "build", *options, "--outdir", str(out), str(root)],
        SOURCE_DATE_EPOCH=_epoch(section), PYTHONPATH="",
    )  # fmt: skip
    wheel = out / f"goldenami-{section.version}-py3-none-any.whl"
    source = out / f"goldenami-{section.version}.tar.gz"
    with zipfile.ZipFile(wheel) as archive:
        _look(wheel, archive.namelist(), [each.format(version=section.version) for each in _NEEDED])
    with tarfile.open(source) as archive:
        needed = ("CHANGELOG.md", "src/goldenami/py.typed", "tests/smoke.py", ".ci/build_hook.py")
        prefix = f"goldenami-{section.version}"
        _look(source, archive.getnames(), [f"{prefix}/{name}" for name in needed])
    return wheel, source


def _epoch(section: Section) -> str:
    day = section.day or date.min
    return str(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()))


def _look(archive: Path, names: list[str], needed: list[str]) -> None:
    lacking = [each for each in needed if not any(name.startswith(each) for name in names)]
    if lacking:
        raise ReleaseError(f"{archive.name} lacks {', '.join(lacking)}")


def bill_of_materials(wheel: Path, section: Section, out: Path, python: Path) -> Path:
    """Write the SBOM (CycloneDX) of an environment that has the wheel and what it needs.

    Args:
        wheel: what was built.
        section: its version and day.
        out: the folder to write to.
        python: the environment's interpreter.
    """
    path = out / f"goldenami-{section.version}.cdx.json"
    tool = Path(sys.executable).with_name("cyclonedx-py")
    options = ["--output-reproducible", "--pyproject", str(ROOT / "pyproject.toml")]
    _run(
        [str(tool), "environment", *options, "--output-file", str(path), str(python)],
        SOURCE_DATE_EPOCH=_epoch(section),
    )
    document = json.loads(path.read_text())
    document["metadata"]["component"] |= {
        "version": section.version,
        "hashes": [{"alg": "SHA-256", "content": _sha256(wheel)}],
    }
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    return path


def checksums(files: list[Path], out: Path) -> Path:
    """Write SHA256SUMS, which `sha256sum --check` reads."""
    path = out / "SHA256SUMS"
    path.write_text("".join(f"{_sha256(file)}  {file.name}\n" for file in sorted(files)))
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _environment(wheel: Path, folder: Path) -> Path:
    """Return the interpreter of a new environment with a wheel and what it needs alone."""
    _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    python = folder / "bin" / "python"
    quiet = ["--quiet", "--disable-pip-version-check", "--no-compile"]
    _run([sys.executable, "-m", "pip", "--python", str(python), "install", *quiet, str(wheel)])
    return python


def _run(command: list[str], **environment: str) -> None:
    ran = subprocess.run(
        command, env={**os.environ, **environment}, check=False, stdout=subprocess.DEVNULL
    )
    if ran.returncode:
        raise ReleaseError(f"`{' '.join(command)}` failed with exit code {ran.returncode}")


def release(version: str, *, as_committed: bool) -> Mapping[str, Path]:
    """Make a release in dist/, whole or not at all; return its files by name."""
    section = prepare(ROOT, version, datetime.now(UTC).date(), as_committed=as_committed)
    with tempfile.TemporaryDirectory(prefix="goldenami-release-") as name:
        out = Path(name, "dist")
        out.mkdir()
        wheel, source = build(ROOT, section, out)
        python = _environment(wheel, Path(name, "environment"))
        _run([str(python), "-m", "goldenami", "--version"])
        checksums([wheel, source, bill_of_materials(wheel, section, out, python)], out)
        shutil.rmtree(ROOT / "dist", ignore_errors=True)
        shutil.move(out, ROOT / "dist")
    return {path.name: path for path in sorted((ROOT / "dist").iterdir())}


def main() -> None:
    """Make a release, or print what CHANGELOG.md says of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version")
    parser.add_argument("--as-committed", action="store_true")
    parser.add_argument("--notes", action="store_true", help="print its notes, and build nothing")
    chosen = parser.parse_args()
    try:
        if chosen.notes:
            today = datetime.now(UTC).date()
            print(prepare(ROOT, chosen.version, today, as_committed=True).text)
            return
        files = release(chosen.version, as_committed=chosen.as_committed)
    except ReleaseError as error:
        sys.exit(f"no release: {error}")
    print(*(f"dist/{name}" for name in files), sep="\n")
    if not chosen.as_committed:
        print(f"next: git commit -am 'Release {chosen.version}'; git tag -s v{chosen.version}")


if __name__ == "__main__":
    main()
