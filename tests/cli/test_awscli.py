"""The AWS CLI as an independent client: it sees what the release file says."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from goldenami.domain import tags
from goldenami_sandbox.server import Sandbox

from . import account, trail


@pytest.fixture
def aws(sandbox: Sandbox, aws_cli: str) -> Any:
    """Run the AWS CLI against the sandbox and return what it prints."""

    def run(*arguments: str) -> Any:
        ran = subprocess.run(
            [aws_cli, *arguments, "--output", "json"], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout) if ran.stdout else {}

    return run


def test_the_aws_cli_sees_what_the_release_file_says(
    cli: Any, write: Any, sandbox: Sandbox, aws: Any
) -> None:
    group = ("--group-name", "ec2-admin-group")
    broad = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
    aws("iam", "create-group", *group)
    aws("iam", "attach-group-policy", *group, "--policy-arn", broad)
    release = write(
        share={"accounts": ["111122223333"]},
        lifecycle={"deprecate_after": "90d"},
        base__volumes=[{"device": "/dev/xvda", "size_gib": 12, "encrypted": False}],
    )
    assert cli("bake", release, "--yes").code == 0
    assert cli("enforce", release, "--yes").code == 0
    for region in ("us-east-1", "eu-west-1"):
        place = ("--region", region)
        (image,) = aws("ec2", "describe-images", "--owners", "self", *place)["Images"]
        assert image["Name"] == "web-base-1.0"
        assert image["State"] == "available"
        assert image["DeprecationTime"]
        written = tags.from_aws(image["Tags"])
        assert written.items() >= {
            "Name": "Golden AMI", "Team": "platform", tags.IMAGE: "web-base",
            tags.VERSION: "1.0", tags.STATUS: "approved",
        }.items()  # fmt: skip
        ebs = image["BlockDeviceMappings"][0]["Ebs"]
        assert ebs["VolumeSize"] == 12
        (snapshot,) = aws("ec2", "describe-snapshots", "--snapshot-ids", ebs["SnapshotId"], *place)[
            "Snapshots"
        ]
        assert snapshot["VolumeSize"] == 12
        assert tags.from_aws(snapshot["Tags"]) == written
        parameter = aws("ssm", "get-parameter", "--name", "/golden-ami/web-base", *place)
        assert parameter["Parameter"]["Value"] == image["ImageId"]
        shared = aws(
            "ec2", "describe-image-attribute", "--image-id", image["ImageId"],
            "--attribute", "launchPermission", *place,
        )  # fmt: skip
        assert shared["LaunchPermissions"] == [{"UserId": "111122223333"}]
    attached = aws("iam", "list-attached-group-policies", "--group-name", "ec2-admin-group")
    assert {one["PolicyName"] for one in attached["AttachedPolicies"]} == {
        "AmazonEC2FullAccess",
        "goldenami-guardrail",
        "goldenami-tag-protection",
        "goldenami-untestable-launches",
    }


def test_a_rendered_policy_is_one_that_the_aws_cli_can_create(
    cli: Any, sandbox: Sandbox, aws: Any, tmp_path: Path
) -> None:
    rendered = cli(
        "policy", "render", "-p", "owner-only", "--account", "123456789012", "--owner",
        "444455556666", "--minify",
    )  # fmt: skip
    path = tmp_path / "policy.json"
    path.write_text(rendered.out)
    created = aws(
        "iam", "create-policy", "--policy-name", "p", "--policy-document", f"file://{path}"
    )
    assert created["Policy"]["PolicyName"] == "p"


def test_the_aws_cli_fills_the_queue_that_is_judged_and_sees_it_empty(
    cli: Any, golden: str, sandbox: Sandbox, aws: Any
) -> None:
    here = ("--endpoint-url", sandbox.endpoint_url)  # it has an endpoint of its own for SQS else
    url = aws("sqs", "create-queue", "--queue-name", "events", *here)["QueueUrl"]
    launched = account.launch(sandbox.client("ec2"), golden)
    event = json.dumps(trail.bridged(trail.run_instances({launched: golden})))
    aws("sqs", "send-message", "--queue-url", url, "--message-body", event, *here)
    ran = cli("judge", "--region", "us-east-1", "--queue", url)
    assert ran.code == 0, ran.err
    assert f"compliant: {launched} ({golden})" in ran.out
    assert "Messages" not in aws("sqs", "receive-message", "--queue-url", url, *here)
