"""What people read in a terminal of any width: ids can be copied, and none is a piece of one."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

WIDTHS = (40, 80, 120)
WHAT = re.compile(r"\b(?:ami|i|snap|subnet|sg)-[0-9a-f]*|[0-9]{8}T[0-9]{6}Z[0-9a-f-]*")


def test_every_table_of_every_command_has_whole_ids_or_none(
    cli: Any, write: Any, sandbox: Sandbox, golden: str, public: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ec2 = sandbox.client("ec2")
    launched_bad = ec2.run_instances(
        ImageId=public, MinCount=1, MaxCount=1, InstanceType="t3.micro"
    )
    bad = launched_bad["Instances"][0]["InstanceId"]
    release = write(regions=["us-east-1"], enforce=None, version="2.0")
    launched = cli("base", "launch", release, "--yes").out.strip()
    audit = tmp_path / "audit.json"
    here = ("--region", "us-east-1")
    cli("audit", *here, "--only", "instances", "--format", "json", "--output", audit)
    commands = {
        ("images", *here): golden,
        ("history", "web-base", *here): "",
        ("show", golden, *here): golden,
        ("base", "list", *here): launched,
        ("audit", *here, "--only", "instances"): bad,
        ("remediate", audit, "--action", "tag", "--plan"): "",
    }
    for command, key in commands.items():
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", "40")
        ran = cli(*command, "--wide")
        wide = ran.out
        whole = set(WHAT.findall(wide))
        assert whole, ran.err
        for width in WIDTHS:
            monkeypatch.setenv("COLUMNS", str(width))
            out = cli(*command).out
            assert key in out
            assert set(WHAT.findall(out)) <= whole, (command, width)
            if key:
                assert out != wide or width > 100
