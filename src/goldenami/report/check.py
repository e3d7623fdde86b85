"""What `goldenami check` found: lines for people, documents and annotations for programs."""

import sys
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote

from goldenami import __version__
from goldenami.errors import FileProblem, cut
from goldenami.report import listing
from goldenami.report.audit import as_sarif
from goldenami.report.terminal import clean
from goldenami.workflows.check import Checked

SCHEMA = "goldenami.check/v1"
Level = Literal["error", "warning"]
FORMATS = ("text", "json", "sarif", "github")


def write(checked: Checked, form: str) -> None:
    """Write it to stdout in one of ``FORMATS``."""
    match form:
        case "json":
            problems = [_fields(problem, level) for problem, level in _all(checked)]
            listing.write_document(SCHEMA, files=checked.files, problems=problems)
        case "sarif":
            listing.write_json(_sarif(checked))
        case "github":
            for problem, level in _all(checked):
                sys.stdout.write(_annotation(problem, level) + "\n")
        case _:
            for problem, level in _all(checked):
                warning = "warning: " if level == "warning" else ""
                text = f"{problem.path}:{problem.line}: {warning}{_words(problem)}"
                sys.stdout.write(clean(text.replace("\n", " ")) + "\n")


def _all(checked: Checked) -> Iterator[tuple[FileProblem, Level]]:
    """Yield everything that was found, file by file."""
    both: list[tuple[FileProblem, Level]] = [(each, "error") for each in checked.problems]
    both += [(each, "warning") for each in checked.warnings]
    yield from sorted(both, key=lambda each: (each[0].path, each[0].line, each[0].order))


def _words(problem: FileProblem) -> str:
    words = f"{problem.key}: {problem.words}" if problem.key else problem.words
    return f"{cut(words)} ({cut(problem.fix)})" if problem.fix else cut(words)


def _fields(problem: FileProblem, level: Level) -> dict[str, Any]:
    return {
        "level": level,
        "path": problem.path,
        "line": problem.line,
        "key": cut(problem.key),
        "message": cut(problem.words),
        "fix": cut(problem.fix),
    }


def _annotation(problem: FileProblem, level: Level) -> str:
    """Return a workflow command of GitHub Actions.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    place = f"file={_escaped(problem.path, ':,')},line={problem.line}"
    return f"::{level} {place}::{_escaped(_words(problem))}"


def _escaped(text: str, further: str = "") -> str:
    for character in f"%\r\n{further}":  # the percent sign first
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _sarif(checked: Checked) -> dict[str, Any]:
    driver = {
        "name": "goldenami check",
        "version": __version__,
        "informationUri": as_sarif.INFORMATION,
        "rules": [
            {"id": level, "shortDescription": {"text": title}}
            for level, title in (
                ("error", "A command would refuse the file"),
                ("warning", "Allowed, and worth a word"),
            )
        ],
    }
    results = [
        {
            "ruleId": level,
            "level": level,
            "message": {"text": _words(problem).replace("](", "] (")},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(problem.path)},
                        "region": {"startLine": problem.line},
                    }
                }
            ],
        }
        for problem, level in _all(checked)
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": as_sarif.SCHEMA, "version": "2.1.0", "runs": [run]}
