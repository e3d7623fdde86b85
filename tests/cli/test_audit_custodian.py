"""The same fleet, judged by Cloud Custodian and by goldenami: the same instances."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from goldenami_sandbox.seed import seed, seed_compliant
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.world import RehearsalSeed


def test_both_find_the_same_instances(
    custodian: str, cli: Any, write: Any, sandbox: Sandbox, own_images: Any, tmp_path: Path
) -> None:
    sandbox.pending_s = 0.0
    release = write(regions=["us-east-1"], enforce=None, publish=None)
    assert cli("bake", release, "--yes").code == 0
    golden = own_images("us-east-1")[0]["ImageId"]
    seed(sandbox, RehearsalSeed(regions=("us-east-1",)))
    seed_compliant(sandbox, {"us-east-1": golden})
    document = json.loads(
        cli("audit", "--region", "us-east-1", "--only", "instances", "--format", "json").out
    )
    ours = {one["subject"]["id"] for one in document["findings"]}

    policy = {
        "name": "not-golden",
        "resource": "aws.ec2",
        "filters": [
            {"type": "value", "key": "ImageId", "op": "not-in", "value": [golden]},
            {"type": "value", "key": "State.Name", "op": "ne", "value": "terminated"},
        ],
    }
    (tmp_path / "policy.yml").write_text(yaml.safe_dump({"policies": [policy]}))
    subprocess.run(
        [
            custodian,
            "run",
            "--region",
            "us-east-1",
            "-s",
            tmp_path / "out",
            tmp_path / "policy.yml",
        ],
        env={**sandbox.environment(base=os.environ), "HOME": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    found = json.loads((tmp_path / "out" / "not-golden" / "resources.json").read_text())
    assert {one["InstanceId"] for one in found} == ours
    assert len(ours) == 6
