"""Reads a page as what somebody does who follows it: commands, edits of files, events.

- ``console`` blocks are commands, each with the lines that it writes. ``…`` as a line stands for
  any lines, within one for any text; without it, line follows line. ``# exit code 10`` behind a
  command says how it ends, 0 if nothing is said.
- ``yaml`` blocks with a title are edits of that file: its keys are replaced.
- ``<!-- happens: NAME -->`` is what somebody or something else does meanwhile.

An id that is shown stands for whatever is written in its place, from then on, in commands, too.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

_ID = re.compile(
    r"\b(?P<id>(?P<kind>ami|snap|i|vol|sg|lt)-[0-9a-f]{8,17}"
    r"|(?P<build>\d{8}T\d{6}Z-[0-9a-f]{6})|(?P<version>\d{4}\.\d\d\.\d\d\.\d{6}))\b"
    r"|(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)|(?P<day>\d{4}-\d\d-\d\d)"
    r"|(?P<any>…)|(?P<space>\s+)"
)
_FREE = {
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?", "day": r"\d{4}-\d\d-\d\d", "any": ".*",
    "space": r"\s+",
}  # fmt: skip
_BUILD, _VERSION = r"\d{8}T\d{6}Z-[0-9a-f]{6}", r"\d{4}\.\d\d\.\d\d\.\d{6}"
_TOOK = r"(  \(\d+ (?:s|min|min \d\d s)\))?"
"""What is behind a step that took a second or more, which any may on a busy machine."""
_PART = re.compile(
    r"^```(?P<language>\w*)(?: (?P<options>[^\n]*))?\n(?P<text>.*?)^```$"
    r"|^<!-- happens: (?P<event>.+?) -->$",
    re.MULTILINE | re.DOTALL,
)
_TITLE = re.compile(r'title="([^"]+)"')
_CODE = re.compile(r"\s+# exit code (\d+)$")


class Shown(Struct, frozen=True):
    """A command of a page, the lines that it writes there, and how it ends."""

    line: int
    command: str
    output: tuple[str, ...]
    code: int


class Edit(Struct, frozen=True):
    """What becomes of the keys of a file."""

    line: int
    file: str
    text: str


class Event(Struct, frozen=True):
    """What happens meanwhile."""

    line: int
    name: str


Step = Shown | Edit | Event


class Page(Struct, frozen=True):
    """A page: the scene that it begins in, and its steps."""

    scene: str
    steps: tuple[Step, ...]


def read(path: Path) -> Page:
    """Return what somebody does who follows a page."""
    text = path.read_text()
    head = re.match(r"---\n(.*?)^---\n", text, re.MULTILINE | re.DOTALL)
    settings: dict[str, Any] = yaml.safe_load(head[1]) if head else {}
    return Page(settings.get("scene", ""), tuple(_steps(text)))


def _steps(text: str) -> Iterator[Step]:
    for part in _PART.finditer(text):
        line = text[: part.start()].count("\n") + 1
        title = _TITLE.search(part["options"] or "")
        if part["event"]:
            yield Event(line, part["event"])
        elif part["language"] == "console":
            yield from _commands(part["text"], line)
        elif part["language"] == "yaml" and title:
            yield Edit(line, title[1], part["text"])
        elif re.search(r"^\s*(\$ |goldenami )", part["text"], re.MULTILINE):
            raise AssertionError(f"line {line}: a command that is not in a console block")


def _commands(block: str, line: int) -> Iterator[Shown]:
    for part in re.split(r"^(?=\$ )", block, flags=re.MULTILINE):
        line += 1
        if not part.startswith("$ "):
            assert not part, f"line {line}: lines before the first command"
            line -= 1
            continue
        first, *output = part.replace("\\\n", "").rstrip("\n").split("\n")
        code = _CODE.search(first)
        command = first.removeprefix("$ ")[: code.start() - 2 if code else None]
        yield Shown(line, command, tuple(output), int(code[1]) if code else 0)
        line += part.count("\n") - 1


class Ids:
    """Which ids of the page stand for which."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}

    def real(self, text: str) -> str:
        """Return a text with the ids that those of the page stand for."""

        def real(match: re.Match[str]) -> str:
            if not match["id"]:
                return match[0]
            assert match[0] in self._real, f"{match[0]}: nothing has shown it before"
            return self._real[match[0]]

        return _ID.sub(real, text)

    def missing(self, shown: tuple[str, ...], written: list[str]) -> str | None:
        """Return the first line that is shown and not written in its place, None if all are."""
        at, gap = 0, False
        for line in shown:
            if line.strip() == "…":
                gap = True
                continue
            places = range(at, len(written)) if gap else range(at, min(at + 1, len(written)))
            place = next((index for index in places if self._is(line, written[index])), None)
            if place is None:
                return line
            at, gap = place + 1, False
        return None if gap or at == len(written) or not shown else f"(the end; then {written[at]})"

    def _is(self, shown: str, written: str) -> bool:
        ids: list[str] = []
        pattern = ""
        end = 0
        for match in _ID.finditer(shown := shown.rstrip()):
            pattern += re.escape(shown[end : match.start()])
            end = match.end()
            if match["id"]:
                ids.append(match["id"])
                kind = match["kind"]
                pattern += (
                    f"({kind}-[0-9a-f]+|{_BUILD}|{_VERSION})"
                    if not kind
                    else (f"({kind}-[0-9a-f]+)")
                )
            else:
                pattern += _FREE[str(match.lastgroup)]
        matched = re.fullmatch(pattern + re.escape(shown[end:]) + _TOOK, written.rstrip())
        if not matched:
            return False
        real = dict(zip(ids, matched.groups()[: len(ids)], strict=True))
        if any(self._real.get(name, value) != value for name, value in real.items()):
            return False
        self._real |= real
        return True
