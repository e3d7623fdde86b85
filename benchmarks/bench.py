"""Everything that is measured, in one table: `make bench`.

    python benchmarks/bench.py --only audit --quick

Each section is a module beside this one, whose `rows` measures: see `table`. Sections run one after
the other, nothing beside them. What is measured is the goldenami of GOLDENAMI, as a user has it.
"""

import argparse
import os
import resource
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import page
from table import Machine, Section, Table, text

SECTIONS: Mapping[str, str] = {
    "run": "Start-up",
    "audit": "One region",
    "million": "All cores",
    "network": "A slow network",
    "evaluator": "The policy evaluator",
    "sandbox": "The embedded AWS",
    "rehearsal": "Rehearsal",
    "bake": "Bake",
    "revoke": "Revoke",
}
"""The modules, in their order in the table, and the title of each."""

PEERS = {
    "AWS CLI": (os.environ.get("GOLDENAMI_AWSCLI", "aws"), "--version"),
    "Cloud Custodian": (os.environ.get("GOLDENAMI_CUSTODIAN", "custodian"), "version"),
}


def measured(names: list[str], *, quick: bool) -> Table:
    """Measure some sections."""
    machine, sections = Machine.here(PEERS), []
    for name in names:
        print(f"measuring: {SECTIONS[name]}", file=sys.stderr, flush=True)
        sections.append(_section(name, quick=quick))
    return Table(machine, tuple(sections), quick=quick)


def _section(name: str, *, quick: bool) -> Section:
    rows = []
    try:
        for row in import_module(name).rows(quick=quick):
            rows.append(row)  # noqa: PERF402  what there is until it fails
    except (SystemExit, Exception) as error:
        return Section(SECTIONS[name], tuple(rows), failed=f"{type(error).__name__}: {error}")
    return Section(SECTIONS[name], tuple(rows))


def main() -> None:
    """Measure, print the table, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=list(SECTIONS), help="this section")
    parser.add_argument(
        "--quick", action="store_true", default=bool(os.environ.get("QUICK")),
        help="smaller, and fewer runs: in three minutes; so does QUICK=1",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, help="where the table is kept as JSON")
    parser.add_argument("--page", action="store_true", help="write it into docs/speed.md")
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    table = measured(given.only or list(SECTIONS), quick=given.quick)
    print(text(table))
    if given.json:
        given.json.write_bytes(table.json())
    if given.page and not table.failed:
        page.PAGE.write_text(page.written(page.PAGE.read_text(), table))
    sys.exit(bool(table.failed))


if __name__ == "__main__":
    main()
