"""The one table that `make bench` prints: what each module measures is rows of it.

A module of benchmarks has a function `rows(*, quick)` that yields them, and stands in `bench`:

    def rows(*, quick: bool) -> Iterator[Row]:
        ours, peer = seconds(...), seconds(...)
        yield Row("10,000 instances", ours, "s", Held.FASTER, 12, yardstick=peer, beside="AWS CLI")
        yield Row("peak memory", memory_mb, "MB", Held.AT_MOST, 120)
        yield Row("start-up", ours, "s", Held.WITHIN, 0.5, yardstick=boto3, beside="import boto3")
        yield Row("decisions a second", rate, "/s", Held.AT_LEAST, 100_000)
        yield Row("what a lazy client saves", saved_ms, "ms")

What a row is held to is a target of the project, not a limit of a test: a row that falls short
says so, and nothing fails.
"""

import os
import platform
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from importlib import metadata
from pathlib import Path

import msgspec
from msgspec import Struct


class Held(StrEnum):
    """How a row is held to its target."""

    FASTER = "faster"
    """The yardstick is at least so many times the value."""
    WITHIN = "within"
    """The value is at most so many times the yardstick."""
    AT_MOST = "at most"
    """The value is at most that."""
    AT_LEAST = "at least"
    """The value is at least that."""


_RATIOS = (Held.FASTER, Held.WITHIN)


class Row(Struct, frozen=True):
    """Something that was measured.

    Args:
        name: what.
        value: how much it was.
        unit: of what: `s`, `MB`, `/s`, empty for a plain number.
        held: how it is held to its target.
        target: what it ought to reach; None for what is only told.
        yardstick: what was measured beside it.
        beside: what that is.
    """

    name: str
    value: float
    unit: str
    held: Held = Held.AT_MOST
    target: float | None = None
    yardstick: float | None = None
    beside: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times faster it is than its yardstick, or how many times as much."""
        if self.yardstick is None:
            return None
        ours, other = self.value, self.yardstick
        above, below = (other, ours) if self.held is Held.FASTER else (ours, other)
        return above / below if below else float("inf")

    @property
    def reached(self) -> bool | None:
        """Tell whether it reaches its target; None if it has none."""
        if self.target is None:
            return None
        compared = self.ratio if self.held in _RATIOS else self.value
        if compared is None:
            raise ValueError(f"{self.name}: there is no yardstick to hold it to")
        if self.held in (Held.FASTER, Held.AT_LEAST):
            return compared >= self.target
        return compared <= self.target


class Section(Struct, frozen=True):
    """The rows of one subject, and why there are no more of them if measuring them failed."""

    title: str
    rows: tuple[Row, ...]
    failed: str = ""


class Machine(Struct, frozen=True):
    """What was measured on, with which versions, and how busy it was already."""

    at: str
    load: float
    processor: str
    cores: int
    memory_gb: int
    system: str
    versions: Mapping[str, str]

    @classmethod
    def here(cls, peers: Mapping[str, Sequence[str]]) -> "Machine":
        """Describe this machine.

        Args:
            peers: what else is measured, by name: the command that tells its version.
        """
        told = {name: _said(command) for name, command in peers.items()}
        own = {name: metadata.version(name) for name in ("goldenami", "boto3")}
        return cls(
            at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            load=os.getloadavg()[0],
            processor=_processor(),
            cores=len(os.sched_getaffinity(0)),
            memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
            system=f"{platform.system()} {platform.release()}",
            versions={"Python": platform.python_version(), **own, **told},
        )


class Table(Struct, frozen=True):
    """All that was measured in one session; if quick, less of it and with fewer runs."""

    machine: Machine
    sections: tuple[Section, ...]
    quick: bool = False

    @property
    def short(self) -> list[tuple[Section, Row]]:
        """The rows that do not reach their targets."""
        return [
            (section, row)
            for section in self.sections
            for row in section.rows
            if row.reached is False
        ]

    @property
    def failed(self) -> list[Section]:
        """The sections that could not be measured."""
        return [section for section in self.sections if section.failed]

    def json(self) -> bytes:
        """Return it as JSON, to be kept."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)


HEADINGS = ("", "measured", "yardstick", "ratio", "target", "reached")


def cells(row: Row) -> tuple[str, ...]:
    """Return what a row says under each heading."""
    beside = "" if row.yardstick is None else f"{amount(row.yardstick, row.unit)} {row.beside}"
    ratio = "" if row.ratio is None else f"{_number(row.ratio)} x"
    reached = {None: "", True: "yes", False: "NO, it falls short"}[row.reached]
    return row.name, amount(row.value, row.unit), beside.rstrip(), ratio, _target(row), reached


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    if row.held is Held.FASTER:
        return f"{_number(row.target)} x faster"
    if row.held is Held.WITHIN:
        return f"{_number(row.target)} x at most"
    return f"{amount(row.target, row.unit)} at {row.held.removeprefix('at ')}"


def amount(value: float, unit: str) -> str:
    """Return a number with its unit, with as many digits as it deserves."""
    return f"{_number(value)} {unit}".rstrip()


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def preamble(table: Table) -> Iterator[str]:
    """Yield what is to be known before the rows: the machine, what it did besides, versions."""
    machine = table.machine
    yield (
        f"{machine.processor}, {machine.cores} cores, {machine.memory_gb} GB, {machine.system}, "
        f"load {machine.load:.1f} when it began"
    )
    known = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    yield f"{known}; {machine.at}{', quick' if table.quick else ''}"


def text(table: Table) -> str:
    """Return the table for a terminal."""
    lines = list(preamble(table))
    widths = [
        max(len(cell) for cell in column)
        for column in zip(HEADINGS, *(cells(row) for row in _rows(table)), strict=True)
    ]
    for section in table.sections:
        lines += ["", _line((section.title, *HEADINGS[1:]), widths)]
        lines += [_line(("  " + row[0], *row[1:]), widths) for row in map(cells, section.rows)]
    held = sum(row.target is not None for row in _rows(table))
    lines += ["", *(f"{one.title} could not be measured: {one.failed}" for one in table.failed)]
    lines += [f"{held - len(table.short)} of {held} targets reached"]
    for section, row in table.short:
        name, value, beside, ratio, target, _ = cells(row)
        got = f"{ratio} {row.beside}" if beside and row.held in _RATIOS else value
        lines.append(f"falls short: {section.title}: {name}: {got}, to be {target}")
    return "\n".join(lines)


def _rows(table: Table) -> Iterable[Row]:
    return (row for section in table.sections for row in section.rows)


def _line(cells_: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = cells_
    aligned = [cell.rjust(width) for cell, width in zip(others[:1], widths[1:2], strict=True)]
    aligned += [cell.ljust(width) for cell, width in zip(others[1:], widths[2:], strict=True)]
    return "  ".join([first.ljust(widths[0] + 2), *aligned]).rstrip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _said(command: Sequence[str]) -> str:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "is not here"
    version = re.search(r"\d+\.\d[\w.]*", ran.stdout + ran.stderr)
    return version[0] if version else "?"
