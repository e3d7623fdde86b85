"""The table of `make bench`: what is compared how, and that a row that falls short says so."""

import msgspec
import pytest
from table import Held, Machine, Row, Section, Table, amount, text

MACHINE = Machine(
    at="2026-11-26 12:00 UTC",
    load=0.25,
    processor="One of them",
    cores=2,
    memory_gb=16,
    system="Linux 6",
    versions={"Python": "3.11.7"},
)
FASTER = Row("many", 2.0, "s", Held.FASTER, 12, yardstick=30.0, beside="AWS CLI")
SLOWER = Row("few", 4.0, "s", Held.FASTER, 12, yardstick=30.0, beside="AWS CLI")


@pytest.mark.parametrize(
    ("row", "ratio", "reached"),
    [
        (FASTER, 15, True),
        (SLOWER, 7.5, False),
        (Row("", 8, "s", Held.WITHIN, 4, 2, "expat"), 4, True),
        (Row("", 9, "s", Held.WITHIN, 4, 2, "expat"), 4.5, False),
        (Row("", 120, "MB", Held.AT_MOST, 120), None, True),
        (Row("", 121, "MB", Held.AT_MOST, 120), None, False),
        (Row("", 9, "/s", Held.AT_LEAST, 10), None, False),
        (Row("", 10, "/s", Held.AT_LEAST, 10), None, True),
        (Row("", 10, "s", Held.FASTER, None, 5, "by hand"), 0.5, None),
        (Row("", 10, "s"), None, None),
    ],
)
def test_a_row_is_held_to_its_target(row: Row, ratio: float | None, reached: bool | None) -> None:
    assert row.ratio == ratio
    assert row.reached is reached


def test_a_ratio_needs_a_yardstick() -> None:
    with pytest.raises(ValueError, match="lonely"):
        _ = Row("lonely", 1, "s", Held.FASTER, 2).reached


def test_what_falls_short_is_said_in_its_row_and_at_the_end() -> None:
    table = Table(MACHINE, (Section("Audit", (FASTER, SLOWER)), Section("Bake", ())))
    lines = text(table).splitlines()
    assert lines[0] == "One of them, 2 cores, 16 GB, Linux 6, load 0.2 when it began"
    assert "Python 3.11.7" in lines[1]
    many, few = (
        next(line for line in lines if line.startswith(f"  {it}")) for it in ("many", "few")
    )
    assert many.endswith("12 x faster  yes")
    assert few.endswith("12 x faster  NO, it falls short")
    assert lines[-2:] == [
        "1 of 2 targets reached",
        "falls short: Audit: few: 7.50 x AWS CLI, to be 12 x faster",
    ]


def test_what_could_not_be_measured_is_said() -> None:
    table = Table(MACHINE, (Section("Audit", (FASTER,), failed="SystemExit: no CLI"),))
    assert text(table).endswith(
        "Audit could not be measured: SystemExit: no CLI\n1 of 1 targets reached"
    )


def test_a_table_is_kept_as_it_is() -> None:
    table = Table(MACHINE, (Section("Audit", (FASTER, SLOWER)),))
    assert msgspec.json.decode(table.json(), type=Table) == table


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.25, "s", "0.25 s"),
        (12.34, "s", "12.3 s"),
        (119.6, "MB", "120 MB"),
        (61_000.4, "/s", "61,000 /s"),
        (3, "", "3"),
    ],
)
def test_numbers_have_the_digits_they_deserve(value: float, unit: str, said: str) -> None:
    assert amount(value, unit) == said
