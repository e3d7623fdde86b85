"""`goldenami deploy`: what it renders is right, and what the project runs never looks green."""

import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import Struct

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

from .account import launch

pytestmark = pytest.mark.no_cover  # in processes of their own

REGION = "us-east-1"
BUCKET = f"goldenami-audit-{ACCOUNT_ID}-{REGION}"
TOPICS = ("goldenami-audit-findings", "goldenami-audit-incomplete")
WHEEL = "goldenami-9.9-py3-none-any.whl"
NOT_INSTALLED = """\
#!{bash}
# Python, but that a virtual environment has this goldenami, and a pip that does nothing.
if [ "$1 $2" != "-m venv" ]; then exec {python} "$@"; fi
mkdir -p "$3/bin"
printf '#!%s\n' {bash} > "$3/bin/pip"
printf '#!%s\\nexec %s -m goldenami "$@"\\n' {bash} {python} > "$3/bin/goldenami"
chmod +x "$3/bin/pip" "$3/bin/goldenami"
"""


class _Template(yaml.SafeLoader):
    """Reads a template with what CloudFormation fills in."""


def _resolved(loader: _Template, name: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    known = {
        "AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT_ID,
        "Key.Arn": f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/k",
    }  # fmt: skip
    if name == "Sub":
        return re.sub(r"\$\{([\w:.]+)\}", lambda match: known[match[1]], node.value)
    return known.get(node.value, f"<{node.value}>")


_Template.add_multi_constructor("!", _resolved)


def resources(template: str) -> Any:
    return yaml.load(template, _Template)["Resources"]


class Project:
    """What CodeBuild has of a rendered stack: its commands, its environment, its role."""

    def __init__(self, sandbox: Sandbox, stack: Any, folder: Path, aws_cli: str) -> None:
        self._sandbox, self._folder = sandbox, folder
        properties = stack["Project"]["Properties"]
        spec = yaml.safe_load(properties["Source"]["BuildSpec"])
        [self._command] = spec["phases"]["build"]["commands"]
        assert spec["env"]["shell"] == "bash"
        environment = properties["Environment"]["EnvironmentVariables"]
        self._variables = {each["Name"]: each["Value"] for each in environment}
        self._role(stack["AuditRole"]["Properties"]["Policies"])
        self._resources()
        tools = folder / "bin"
        tools.mkdir()
        (tools / "aws").symlink_to(aws_cli)
        shim = NOT_INSTALLED.format(bash="/bin/bash", python=sys.executable)
        (tools / "python3").write_text(shim)
        (tools / "python3").chmod(0o755)

    def _role(self, policies: list[dict[str, Any]]) -> None:
        iam = self._sandbox.client("iam")
        principal = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}  # CodeBuild itself is not here
        allowed = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        role = iam.create_role(RoleName="project", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        for policy in policies:
            iam.put_role_policy(
                RoleName="project", PolicyName=policy["PolicyName"],
                PolicyDocument=json.dumps(policy["PolicyDocument"]),
            )  # fmt: skip
        sts = self._sandbox.client("sts")
        keys = sts.assume_role(RoleArn=role, RoleSessionName="build")["Credentials"]
        self._credentials = {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    def _resources(self) -> None:
        self.s3, sns = self._sandbox.client("s3"), self._sandbox.client("sns")
        self._sqs = self._sandbox.client("sqs")
        self.s3.create_bucket(Bucket=BUCKET)
        self._queues = {}
        for name in TOPICS:
            topic = sns.create_topic(Name=name)["TopicArn"]
            self._queues[name] = self._sqs.create_queue(QueueName=name)["QueueUrl"]
            arn = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}"
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def put(self, key: str, content: bytes) -> None:
        """Put something into the bucket."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)

    def get(self, key: str) -> bytes:
        """Return what the bucket has."""
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def keys(self, prefix: str) -> list[str]:
        """List the bucket."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [each["Key"] for each in found.get("Contents", [])]

    def run(self, what: str = "audit") -> "Built":
        """Run the project's command as CodeBuild does, and return what came of it."""
        environment = {
            **self._sandbox.environment(base=os.environ), **self._credentials, **self._variables,
            "GOLDENAMI_RUN": what, "TMPDIR": str(self._folder),
            "PATH": f"{self._folder / 'bin'}:{os.environ['PATH']}", "PYTHONWARNINGS": "ignore",
        }  # fmt: skip
        complete = self._complete()
        ran = subprocess.run(
            ["bash", "-c", self._command], capture_output=True, text=True, check=False,
            env=environment,
        )  # fmt: skip
        subjects = {name: self._read(queue) for name, queue in self._queues.items()}
        findings, incomplete = (subjects[name] for name in TOPICS)
        return Built(ran.returncode, findings, incomplete, self._complete() - complete, ran.stderr)

    def _read(self, queue: str) -> list[str]:
        taken = self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        texts = []
        for message in taken.get("Messages", []):
            self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            notice = json.loads(message["Body"])
            texts.append(f"{notice['Subject']}\n{notice['Message']}")
        return texts

    def _complete(self) -> int:
        data = self.metric("CompleteAudit", {"Deployment": "goldenami-audit"})
        return int(data)

    def metric(self, name: str, dimensions: dict[str, str]) -> float:
        """Return the sum of a metric, as the alarm sees it."""
        cloudwatch = self._sandbox.client("cloudwatch")
        data = cloudwatch.get_metric_statistics(
            Namespace="goldenami", MetricName=name, StartTime="2000-01-01", EndTime="2100-01-01",
            Period=3600, Statistics=["Sum"],
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        )  # fmt: skip
        return float(sum(point["Sum"] for point in data["Datapoints"]))


class Built(Struct, frozen=True):
    """What came of a build: its exit code, what was told to whom, and whether it counts."""

    code: int
    findings: list[str]
    incomplete: list[str]
    complete: int
    log: str


@pytest.fixture
def stack(cli: Any, write: Any, tmp_path: Path) -> Any:
    wheel = tmp_path / WHEEL
    wheel.write_bytes(b"a wheel")
    release = write(audit={"approved": ["ami-00000000000000001"]}, enforce=None)
    ran = cli("deploy", release, "--as", "cloudformation", "--wheel", wheel)
    assert ran.code == 0, ran.err
    digest = hashlib.sha256(b"a wheel").hexdigest()
    parameters = yaml.load(ran.out, _Template)["Parameters"]
    assert parameters["WheelSha256"]["Default"] == digest
    found = resources(ran.out)
    variables = found["Project"]["Properties"]["Environment"]["EnvironmentVariables"]
    for each in variables:
        if each["Value"] == "<WheelSha256>":
            each["Value"] = digest
    return found


@pytest.fixture
def project(sandbox: Sandbox, stack: Any, write: Any, tmp_path: Path, aws_cli: str) -> Project:
    sandbox.pending_s = 0.0
    ready = Project(sandbox, stack, tmp_path, aws_cli)
    ready.put(f"tools/{WHEEL}", b"a wheel")
    ready.put("release/release.yaml", (tmp_path / "release.yaml").read_bytes())
    return ready


def test_an_audit_that_dies_does_not_look_green(
    project: Project, sandbox: Sandbox, stack: Any, write: Any, public: str
) -> None:
    bad = launch(sandbox.client("ec2"), public)
    first = project.run()
    assert (first.code, first.incomplete, first.complete) == (0, [], 1), first.log
    [message] = first.findings
    assert bad in message
    assert message.endswith(f"Report: s3://{BUCKET}/latest.html\n")
    assert message.count("1 open findings (1 high)") == 1
    assert b"<html" in project.get("latest.html")
    [kept] = project.keys("audits/dt=")
    assert project.get(kept) == project.get("complete.json")
    high = {"Deployment": "goldenami-audit", "Severity": "high"}
    assert project.metric("Findings", high) == 1

    another = launch(sandbox.client("ec2"), public)
    unheard = Fault(service="sns", operation="Publish", code="AuthorizationError", status=403)
    with sandbox.fail(unheard):
        untold = project.run()
    assert untold.code != 0
    assert (untold.findings, untold.complete) == ([], 0)
    assert "nobody could be told" in untold.log

    whole = project.get("complete.json")
    denied = Fault(
        service="ec2", region="eu-west-1", operation="DescribeLaunchTemplateVersions",
        code="UnauthorizedOperation", status=403,
    )  # fmt: skip
    with sandbox.fail(denied):
        partial = project.run()
    assert (partial.code, partial.findings, partial.complete) == (3, [], 0)
    [message] = partial.incomplete
    assert "INCOMPLETE (1 of 2 places unread)" in message
    assert f"- {ACCOUNT_ID}/eu-west-1: " in message
    assert another in message  # nobody has heard of it yet, so it is new still
    assert f"instance/{bad}" not in message
    assert project.get("complete.json") == whole

    project.put("release/release.yaml", write(enforce=None).read_bytes())
    refused = project.run()
    assert (refused.code, refused.findings, refused.complete) == (4, [], 0)
    [message] = refused.incomplete
    assert "FAILED, nothing is known\nthe audit failed with exit code 4" in message
    late = project.run("outdated")
    assert (late.code, late.incomplete) == (0, [])
    assert "goldenami goldenami-audit: out of date" in late.findings[0]

    project.put(f"tools/{WHEEL}", b"another wheel")
    tampered = project.run()
    assert tampered.code != 0
    assert (tampered.findings, tampered.complete) == ([], 0)
    assert "the installation failed" in tampered.incomplete[0]
    columns = stack["Inventories"]["Properties"]["TableInput"]["StorageDescriptor"]["Columns"]
    kept_inventory = project.get(project.keys("inventories/dt=")[0])
    lines = gzip.decompress(kept_inventory).splitlines()
    assert lines[1:]
    seen = {key for line in lines[1:] for key in json.loads(line)}
    assert seen <= {column["Name"] for column in columns}
    assert {"schema", "tool", "at"} <= set(json.loads(lines[0]))
    used = {call.name for call in sandbox.calls if call.service in ("s3", "sns", "monitoring")}
    assert used >= {"s3:ListObjectsV2", "s3:GetObject", "s3:PutObject", "sns:Publish"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--as", "terraform", "--name", "Audit"], "`Audit` is no name: 3 to 32 lower-case"),
        (["--as", "terraform", "--name", "a" * 33], "is no name"),
        (["--as", "terraform", "--wheel", "setup.sh"], "setup.sh: is no wheel of goldenami"),
        (["--as", "terraform", "--output", "/no/such/folder/main.tf"], "/no/such/folder"),
        (["--as", "terraform", "--source", "file:x"], "file:x: is neither live nor config:NAME"),
        (["--as", "yaml"], "--as yaml: needs `terraform` or `cloudformation`"),
        ([], "--as is missing"),
    ],
)
def test_what_cannot_be_rendered_is_told(
    cli: Any, write: Any, arguments: list[str], words: str
) -> None:
    ran = cli("deploy", write(enforce=None), *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_the_code_is_written_and_what_is_to_do_then_is_told(
    cli: Any, write: Any, tmp_path: Path
) -> None:
    target = tmp_path / "main.tf"
    release = write(enforce=None)
    ran = cli("deploy", release, "--as", "terraform", "--name", "golden-web", "-o", target)
    assert (ran.code, ran.out) == (0, "")
    assert f"aws s3 sync {tmp_path} s3://golden-web-ACCOUNT-REGION/release/" in ran.err
    assert 'resource "aws_scheduler_schedule" "audit" {' in target.read_text()
    again = cli("deploy", release, "--as", "terraform", "--name", "golden-web")
    assert again.out == target.read_text()
    aggregated = cli("deploy", release, "--as", "terraform", "--source", "config:all").out
    assert '"config:SelectAggregateResourceConfig"' in aggregated
    assert 'value = "config:all"' in aggregated
