"""What many threads free goes back to the system, where glibc allocates."""

import platform
import subprocess
import sys

import pytest

from goldenami.aws import allocator

PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from goldenami.aws import allocator

if "few" in sys.argv:
    allocator.give_back()
THREADS = 24
there = Barrier(THREADS)

def take(_):
    there.wait()
    pages = [bytes(64 * 1024) for _ in range(64)]
    there.wait()
    del pages
    there.wait()

with ThreadPoolExecutor(THREADS) as pool:
    list(pool.map(take, range(THREADS)))
    status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmSize")))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no glibc")
def test_threads_share_few_parts_of_the_heap() -> None:
    def size(*arguments: str) -> int:
        command = [sys.executable, "-c", PROGRAM, *arguments]
        return int(subprocess.run(command, capture_output=True, check=True).stdout)

    arena = 64 * 1024  # kB, of its address space alone
    assert size() - size("few") > 3 * arena


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    allocator.give_back()
