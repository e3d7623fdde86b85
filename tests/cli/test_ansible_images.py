"""Ansible as another client: its modules make, copy and delete images as on AWS, and only once."""

import os
import re
import subprocess
from pathlib import Path

from goldenami_sandbox.server import Sandbox

PLAYBOOK = Path(__file__).parent / "ansible" / "images.yml"
_RECAP = re.compile(r"^(\w+) +: ok=\d+ +changed=(\d+) ", re.MULTILINE)


def test_a_playbook_makes_shares_copies_and_deletes_an_image_and_changes_nothing_twice(
    ansible_playbook: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.pending_s = 0.0
    ran = subprocess.run(
        [ansible_playbook, "-i", "first,again,gone,", PLAYBOOK],
        env=sandbox.environment(base=os.environ)
        | {
            "ANSIBLE_HOME": str(tmp_path),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_REMOTE_TMP": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert dict(_RECAP.findall(ran.stdout)) == {"first": "4", "again": "0", "gone": "2"}
    for region in ("us-east-1", "eu-west-1"):
        ec2 = sandbox.client("ec2", region)
        assert ec2.describe_images(Owners=["self"])["Images"] == []
        assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    reservations = sandbox.client("ec2").describe_instances()["Reservations"]
    instances = [each for reservation in reservations for each in reservation["Instances"]]
    assert [each["State"]["Name"] for each in instances] == ["terminated"]
