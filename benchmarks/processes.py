"""Whole processes, measured: how long they take, on how much of the processors, in what memory.

Time and memory are measured in runs of their own, since looking at memory takes time.
"""

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple

EACH_S: Final = 0.02
"""How often memory is looked at."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")
OK: Final = (0, 10)
"""Exit codes that are no failure: nothing found, and something."""


class Spent(Struct, frozen=True):
    """What a command took, in seconds.

    Args:
        wall_s: from its start to its end.
        cpu_s: of processors, with all that it started and waited for.
    """

    wall_s: float
    cpu_s: float


def spent(command: Sequence[str | Path], environment: Mapping[str, str], out: Path) -> Spent:
    """Run a command to its end; what it prints goes to a file.

    Raises:
        SystemExit: it failed.
    """
    start = time.perf_counter()
    running = _started(command, environment, out)
    _, status, used = os.wait4(running.pid, 0)
    wall_s = time.perf_counter() - start
    _ended(running, command, os.waitstatus_to_exitcode(status), out)
    return Spent(wall_s, used.ru_utime + used.ru_stime)


def own_cpu_s(process: int) -> float:
    """Return the processor time that a process has taken so far, without its children, in seconds.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_mb(command: Sequence[str | Path], environment: Mapping[str, str], out: Path) -> float:
    """Return the most memory that a command and all that it starts have at any moment, in MB.

    It is the sum over all of its processes, looked at every 20 ms: what they share (PSS) is counted
    once, or where that cannot be read, once for each (RSS).
    """
    running, peak = _started(command, environment, out), 0
    while running.poll() is None:
        peak = max(peak, sum(map(_bytes, _tree(running.pid))))
        time.sleep(EACH_S)
    _ended(running, command, running.returncode, out)
    return peak / 1e6


def median(runs: Sequence[Spent]) -> Spent:
    """Return the median of each of several runs' figures."""
    return Spent(*map(statistics.median, zip(*map(astuple, runs), strict=True)))


def _started(
    command: Sequence[str | Path], environment: Mapping[str, str], out: Path
) -> "subprocess.Popen[bytes]":
    with out.open("wb") as file, Path(f"{out}.err").open("wb") as errors:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=errors)


def _ended(
    running: "subprocess.Popen[bytes]", command: Sequence[str | Path], code: int, out: Path
) -> None:
    running.returncode = code
    if code not in OK:
        raise SystemExit(f"{command[0]} failed: {Path(f'{out}.err').read_text()}")


def _tree(process: int) -> list[int]:
    """Return a process and all that it has started."""
    tree = [process]
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            children = (task / "children").read_text().split()
            tree += [one for child in children for one in _tree(int(child))]
    return tree


def _bytes(process: int) -> int:
    for name, field in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        with suppress(OSError):
            for line in Path(f"/proc/{process}/{name}").read_text().splitlines():
                if line.startswith(field):
                    return int(line.split()[1]) * 1024
    return 0
