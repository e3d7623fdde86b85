"""Whole processes are measured with all that they start."""

import os
import sys
from pathlib import Path

import pytest
from processes import Spent, median, peak_mb, spent

FAMILY = """
import subprocess, sys
held = bytearray(b"x" * 30_000_000)
code = "import time; held = bytearray(b'x' * 30_000_000); time.sleep(0.5); sum(range(10**6))"
subprocess.run([sys.executable, "-c", code], check=True)
"""


def test_the_memory_of_all_processes_is_added_up(tmp_path: Path) -> None:
    alone = peak_mb(
        [sys.executable, "-c", "import time; time.sleep(0.3)"], os.environ, tmp_path / "out"
    )
    both = peak_mb([sys.executable, "-c", FAMILY], os.environ, tmp_path / "out")
    assert 0 < alone < 60 < both


def test_the_time_of_processes_that_are_waited_for_counts(tmp_path: Path) -> None:
    took = spent([sys.executable, "-c", FAMILY], os.environ, tmp_path / "out")
    assert took.cpu_s > 0
    assert took.wall_s > 0.5


def test_a_command_that_fails_ends_it(tmp_path: Path) -> None:
    for measure in (spent, peak_mb):
        with pytest.raises(SystemExit, match="no such thing"):
            measure([sys.executable, "-c", "exit('no such thing')"], os.environ, tmp_path / "out")


def test_the_median_is_of_each_figure() -> None:
    assert median([Spent(1, 9), Spent(2, 8), Spent(9, 1)]) == Spent(2, 8)
