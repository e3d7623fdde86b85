"""Cloud Custodian as another client: its policies about images do in the sandbox what they say."""

import json
import os
import subprocess
from pathlib import Path

import yaml

from goldenami_sandbox import catalogue
from goldenami_sandbox.server import Sandbox

POLICIES = [
    {"name": "old", "resource": "aws.ami", "filters": [{"type": "image-age", "days": 1}]},
    {"name": "young", "resource": "aws.ami",
     "filters": [{"type": "image-age", "op": "lt", "days": 1}]},
    {"name": "copied", "resource": "aws.ami", "filters": [{"type": "unused"}],
     "actions": [{"type": "copy", "region": "eu-west-1", "name": "copied"}]},
    {"name": "gone", "resource": "aws.ami", "filters": [{"type": "unused"}],
     "actions": [{"type": "deregister", "delete-snapshots": True}]},
]  # fmt: skip


def test_its_policies_find_copy_and_deregister_images(
    custodian: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.pending_s = 0.0
    ec2, away = sandbox.client("ec2"), sandbox.client("ec2", "eu-west-1")

    def launch(image_id: str) -> str:
        launched = ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)
        return str(launched["Instances"][0]["InstanceId"])

    base = launch(catalogue.IMAGES[0].id_in("us-east-1"))
    used, unused = (
        ec2.create_image(InstanceId=base, Name=name)["ImageId"] for name in ("used", "unused")
    )
    launch(used)
    policies = tmp_path / "policies.yml"
    policies.write_text(yaml.safe_dump({"policies": POLICIES}))
    out = tmp_path / "out"
    subprocess.run(
        [custodian, "run", "--region", "us-east-1", "-s", out, policies],
        env={**sandbox.environment(base=os.environ), "HOME": str(tmp_path)},
        capture_output=True,
        check=True,
    )

    def names(policy: str) -> set[str]:
        found = json.loads((out / policy / "resources.json").read_text())
        return {image["Name"] for image in found}

    assert names("old") == set()
    assert names("young") == {"used", "unused"}
    assert names("gone") == {"unused"}
    images = away.describe_images(Owners=["self"])["Images"]
    assert [image["Name"] for image in images] == ["copied"]
    left = ec2.describe_images(Owners=["self"])["Images"]
    assert [image["ImageId"] for image in left] == [used]
    assert unused not in {image["ImageId"] for image in left}
