"""Who holds a lease, and whether that process has ended: told only where it can be proved.

Containers share host names and pids (each has a process 1), so neither says anything.
https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
"""

import os
import secrets
import socket
from pathlib import Path

from msgspec import Struct

from goldenami.aws.session import Aws

_PROC = Path("/proc")
_STARTED = 22
"""Which field of a process's ``stat`` is the time of its start, in ticks since the boot."""


class Process(Struct, frozen=True, kw_only=True):
    """A process, told apart from all others there ever were on any machine.

    Args:
        boot: the id of the machine's boot.
        namespace: the pid namespace.
        pid: its number there.
        started: when, in ticks since the boot.
    """

    boot: str
    namespace: str
    pid: int
    started: int

    @property
    def ended(self) -> bool:
        """Whether it was one of this boot and namespace, and has ended."""
        here = this_process()
        if here is None or (self.boot, self.namespace) != (here.boot, here.namespace):
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:  # it is somebody else's: its start tells whether it is still that one
            pass
        started = _started(self.pid)
        return started is not None and started != self.started


def this_process() -> Process | None:
    """Return this process; None where the system does not tell what is needed (macOS)."""
    pid = os.getpid()
    started = _started(pid)
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return None
    if started is None or not boot:
        return None
    return Process(boot=boot, namespace=namespace, pid=pid, started=started)


def _started(pid: int) -> int | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
        return int(stat.rpartition(")")[2].split()[_STARTED - 3])  # the name may hold anything
    except (OSError, ValueError, IndexError):
        return None


class LeaseHolder(Struct, frozen=True, kw_only=True):
    """Who bakes.

    Args:
        build: the build.
        by: the caller's ARN.
        host: the machine's name, for people.
        pid: the process's number, for people.
        id: a random one, by which a lease knows what it has written itself.
        claims: the version of the parameter that was to hold this. What was written for another
            version came too late, and claims nothing.
        process: the process, where the system tells enough of it.
    """

    build: str
    by: str
    host: str
    pid: int
    id: str = ""  # earlier versions of goldenami wrote none of these three
    claims: int | None = None
    process: Process | None = None

    def __str__(self) -> str:
        """Name the build, and who bakes it where."""
        return f"build {self.build} by {self.by} on {self.host} (process {self.pid})"

    def holds(self, version: int) -> bool:
        """Whether this, as a version of the parameter, was written in the knowledge of the last."""
        return self.claims in (None, version)


def new(aws: Aws, build: str) -> LeaseHolder:
    """Return this process as the holder of a lease."""
    return LeaseHolder(
        build=build, by=aws.caller, host=socket.gethostname(), pid=os.getpid(),
        id=secrets.token_hex(8), process=this_process(),
    )  # fmt: skip
