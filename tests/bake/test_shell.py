"""The shell texts are run by a real shell, with stubs of what they call, below a folder."""

import os
import stat
import subprocess
from pathlib import Path

import pytest
from msgspec import Struct

from goldenami.bake import shell
from goldenami.spec.gates import ValidationStep

USUAL = ("cat", "find", "grep", "head", "ls", "rm", "sh", "sleep", "sync", "tail", "timeout",
         "truncate")  # fmt: skip
SUPPORTS_WAIT = '[ "$2" = --help ] && { echo "usage: [--wait]"; exit 0; }\n'


class Ended(Struct):
    """How a shell has ended."""

    code: int
    lines: list[str]


class Machine:
    """A root folder, and the commands that are there."""

    def __init__(self, folder: Path) -> None:
        self.root, self._bin = folder / "root", folder / "bin"
        self._bin.mkdir()
        (self.root / "run").mkdir(parents=True)
        for name in USUAL:
            (self._bin / name).symlink_to(f"/usr/bin/{name}")

    def command(self, name: str, script: str) -> None:
        """Put a command there, as a script."""
        path = self._bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(stat.S_IRWXU)

    def put(self, path: str, text: str = "x\n") -> Path:
        """Write a file of the machine."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def run(self, *commands: str) -> Ended:
        """Run commands as Packer does, one after the other until one fails."""
        done = subprocess.run(
            ["/bin/sh", "-c", shell.script(commands).replace("#!/bin/sh -e", "set -e")],
            env={"PATH": str(self._bin)}, cwd=self._bin, capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip
        assert "not found" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout.splitlines())

    @property
    def files(self) -> set[str]:
        """What is left that is not empty."""
        return {
            str(Path(folder, name).relative_to(self.root))
            for folder, _, names in os.walk(self.root)
            for name in names
            if Path(folder, name).stat().st_size
        }


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


LOG = "".join(f"line {number}\n" for number in range(30))
TAIL = LOG.splitlines()[-shell.TAIL_LINES :]


@pytest.mark.parametrize(
    ("cloud_init", "code", "lines"),
    [
        (
            None,
            0,
            ["there is no cloud-init here, so that nothing tells when the user data is through"],
        ),
        ("echo; echo status: done", 0, []),
        ("echo status: error; exit 1", 1, ["cloud-init failed:", *TAIL]),
        (
            '[ "$2" = --long ] && echo "WARNING: bad key"; exit 2',
            0,
            ["cloud-init is through, with recoverable errors:", "WARNING: bad key"],
        ),
        (
            "echo status: disabled",
            3,
            ["cloud-init is disabled here: the user data was not carried out"],
        ),
        ("sleep 30", 124, ["cloud-init is not through after 1 s:", *TAIL]),
        ("exit 70", 70, ["cloud-init failed:", *TAIL]),
    ],
    ids=["none", "done", "failed", "recoverable errors", "disabled", "late", "crashed"],
)
def test_the_wait_ends_as_cloud_init_does(
    machine: Machine, cloud_init: str | None, code: int, lines: list[str]
) -> None:
    machine.put("var/log/cloud-init-output.log", LOG)
    if cloud_init is not None:
        machine.command("cloud-init", SUPPORTS_WAIT + cloud_init)
    ended = machine.run(shell.wait_for_user_data(1, str(machine.root)), "printf 'next\\n'")
    assert (ended.code, ended.lines) == (code, [*lines, *([] if code else ["next"])])


@pytest.mark.parametrize(
    ("finished", "errors", "code"),
    [(True, "[]", 0), (True, '[\n"scripts-user"]', 1), (False, "[]", 124)],
    ids=["through", "failed", "late"],
)
def test_a_cloud_init_that_cannot_wait_is_known_by_its_files(
    machine: Machine, finished: bool, errors: str, code: int
) -> None:
    machine.command("cloud-init", "echo usage >&2; exit 2")
    machine.put("var/lib/cloud/data/result.json", f'{{"v1": {{"errors": {errors}}}}}')
    if finished:
        machine.put("var/lib/cloud/instance/boot-finished")
    assert machine.run(shell.wait_for_user_data(1, str(machine.root))).code == code


PRIVATE = (
    "etc/ssh/ssh_host_ed25519_key", "etc/ssh/ssh_host_rsa_key.pub", "root/.ssh/authorized_keys",
    "home/ec2-user/.ssh/authorized_keys", "root/.bash_history", "home/ec2-user/.zsh_history",
    "var/log/messages", "var/log/audit/audit.log", "var/log/journal/1/system.journal",
    "etc/machine-id", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed", "tmp/.hidden/a",
    "var/tmp/b",
)  # fmt: skip
KEPT = {"etc/ssh/sshd_config", "root/.ssh/known_hosts", "home/ec2-user/work", "var/lib/rpm/db"}


@pytest.mark.parametrize("cleans", [True, False], ids=["can clean", "cannot clean"])
def test_what_belongs_to_the_base_instance_alone_is_removed(machine: Machine, cleans: bool) -> None:
    state = "var/lib/cloud/instances/i-1/user-data.txt"
    for path in (*PRIVATE, *KEPT, state):
        machine.put(path)
    clean = f'rm -rf "{machine.root}/var/lib/cloud/instances"' if cleans else "exit 2"
    machine.command("cloud-init", clean)
    assert machine.run(shell.clean_up(str(machine.root))).code == 0
    assert machine.files == KEPT
    assert (machine.root / "etc/machine-id").exists()  # systemd takes an empty one for a new one
    assert not list((machine.root / "tmp").iterdir())


def test_user_data_was_through_before_a_clean_up(machine: Machine) -> None:
    for path in ("var/log/messages", "tmp/a", "var/tmp/b"):
        machine.put(path)
    machine.command("cloud-init", SUPPORTS_WAIT + '[ "$1" = clean ] || exit 1')
    root = str(machine.root)
    assert machine.run(shell.wait_for_user_data(1, root)).code == 1
    assert machine.run(shell.clean_up(root), shell.wait_for_user_data(1, root)) == Ended(
        0, ["the user data was through before the clean-up"]
    )


def test_host_keys_stay_where_nothing_makes_new_ones(machine: Machine) -> None:
    machine.put("etc/ssh/ssh_host_ed25519_key")
    machine.command("systemctl", "exit 1")
    ended = machine.run(shell.clean_up(str(machine.root)), "printf 'next\\n'")
    assert ended.code == 1
    assert ended.lines == [
        "nothing here makes new SSH host keys at boot: neither cloud-init nor sshd-keygen"
    ]
    assert machine.files == {"etc/ssh/ssh_host_ed25519_key"}


def test_a_cleaning_that_fails_fails_the_clean_up(machine: Machine) -> None:
    machine.put("var/log/messages")
    machine.command("cloud-init", '[ "$2" = --help ] || exit 5')
    assert machine.run(shell.clean_up(str(machine.root))).code == 5


@pytest.mark.parametrize(
    ("step", "code", "lines"),
    [
        (ValidationStep(run="printf 'once\\n'; (exit 4)"), 4, ["once"]),
        (ValidationStep(run="printf 'a\\n'; (exit 4)", retry=3), 4, ["a", "a", "a"]),
        (ValidationStep(run="[ -e b ] || { printf 'a\\n'; : >b; (exit 4); }", retry=3), 0, ["a"]),
        (ValidationStep(run='printf "it\'s\\n"\nsleep 30', timeout="1s", retry=1), 124, ["it's"]),
    ],
    ids=["as it is", "until the attempts are over", "until it succeeds", "within its deadline"],
)
def test_a_step_is_tried_as_often_as_its_retry_says(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, step: ValidationStep, code: int,
    lines: list[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(shell, "RETRY_S", 0)
    assert machine.run(shell.attempts(step)) == Ended(code, lines)
