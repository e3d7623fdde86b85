"""The example that hardens by Ansible: its script is run, with the test's role and packages."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from goldenami import resources

Harden = Callable[..., tuple[int, str]]
ROLE = """\
- ansible.builtin.file: {path: "{{ lookup('env', 'DONE') }}/level-1", state: touch}
  tags: level1-server
- ansible.builtin.file: {path: "{{ lookup('env', 'DONE') }}/level-2", state: touch}
  tags: level2-server
- ansible.builtin.assert: {that: not amzn2023cis_rule_4_6_6}
  tags: level1-server
"""
STUBS = {
    "dnf": "",
    "ansible-galaxy": "",
    "git": 'mkdir -p AMAZON2023-CIS/tasks; cp "$ROLE" AMAZON2023-CIS/tasks/main.yml',
    "sudo": 'while [ "$1" != /bin/sh ]; do shift; done; exec "$@"',
}


@pytest.fixture
def harden(tmp_path: Path, ansible_playbook: str) -> Harden:
    """Run the example's script with a role; get the exit code and the log."""
    text = (resources.folder("examples") / "cis" / "setup.sh").read_text()
    script = tmp_path / "setup.sh"
    script.write_text(re.sub(r"/(var/log|etc)/", f"{tmp_path}/", text))
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, lines in STUBS.items():
        (commands / name).write_text(f'#!/bin/sh\necho {name} "$@" >&2\n{lines}\n')
        (commands / name).chmod(0o755)

    def run(role: str) -> tuple[int, str]:
        (tmp_path / "role.yml").write_text(role)
        ran = subprocess.run(
            ["bash", script],
            env={
                "ANSIBLE_GATHERING": "explicit",
                "ANSIBLE_HOME": str(tmp_path),
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_PYTHON_INTERPRETER": str(Path(ansible_playbook).parent / "python3"),
                "ANSIBLE_REMOTE_TMP": str(tmp_path),
                "DONE": str(tmp_path),
                "PATH": f"{commands}:{Path(ansible_playbook).parent}:{os.environ['PATH']}",
                "ROLE": str(tmp_path / "role.yml"),
                "TMPDIR": str(tmp_path),
            },
            check=False,
        )
        return ran.returncode, (tmp_path / "cis-hardening.log").read_text()

    return run


def test_the_script_applies_level_1_of_a_pinned_role_and_says_so_last(
    harden: Harden, tmp_path: Path
) -> None:
    code, log = harden(ROLE)
    assert code == 0, log
    assert (tmp_path / "level-1").exists()
    assert not (tmp_path / "level-2").exists()
    assert (tmp_path / "golden-ami").read_text() == "cis-level-1-server\n"
    (clone,) = re.findall("^git clone .*", log, re.MULTILINE)
    assert re.search(r" --branch \d+\.\d+\.\d+ ", clone)
    (collections,) = re.findall("^ansible-galaxy collection install (.*)", log, re.MULTILINE)
    assert all(":<" in collection for collection in collections.split())


def test_a_task_that_fails_fails_the_script(harden: Harden, tmp_path: Path) -> None:
    code, log = harden(ROLE + "- ansible.builtin.fail: {msg: no}\n  tags: level1-server\n")
    assert code != 0
    assert "failed=1" in log
    assert not (tmp_path / "golden-ami").exists()
