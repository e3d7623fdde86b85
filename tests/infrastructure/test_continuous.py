"""The continuous audit as code: read by those who know each kind, and the same in both."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import Struct

from goldenami import spec
from goldenami.domain.audit.subject import ImageSeen, Subject
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.reference import table
from goldenami.infrastructure.continuous import (
    ContinuousAudit,
    alarms,
    as_cloudformation,
    as_terraform,
    events,
    inventory_table,
    policies,
)
from goldenami.resources import folder
from goldenami.workflows.permissions import continuous

from . import tools
from .terraform_checks import NEEDS_SCHEMA, problems, schema_problems

SCRIPT = (folder("templates") / "continuous" / "run.sh").read_text()
EXAMPLES = folder("examples")


def deployed(example: str, **parts: Any) -> ContinuousAudit:
    file = spec.load(EXAMPLES / example / "release.yaml")
    return ContinuousAudit(
        name="golden-web", release="release.yaml", image=file.release.image,
        wheel="goldenami-1-py3-none-any.whl", script=SCRIPT,
        permissions=tuple(continuous.statements(file, "<account>", parts.get("source", "live"))),
        **{"wheel_sha256": "", **parts},
    )  # fmt: skip


ONE = deployed("web-base")
ALL = (
    ONE,
    deployed("several-accounts", wheel_sha256="0" * 64),
    deployed("arm64", source="config:all"),
)


def test_cloudformation_is_what_its_linter_takes(tmp_path: Path) -> None:
    templates = [as_cloudformation.template(audit) for audit in ALL]
    tools.lint(tmp_path, *templates, ignored=["W3037"])  # actions: see below, by a newer list
    assert max(map(len, templates)) < 51_200


def test_terraform_is_formatted_as_it_formats(tmp_path: Path) -> None:
    tools.check_format(tmp_path, *(as_terraform.code(audit) for audit in ALL))


def test_what_terraform_refers_to_is_there() -> None:
    assert [*problems(as_terraform.code(ONE))] == []


@NEEDS_SCHEMA
def test_each_resource_has_what_the_provider_s_schema_says() -> None:
    assert [*schema_problems(as_terraform.code(ONE))] == []


KINDS = {
    "AWS::KMS::Key": "aws_kms_key",
    "AWS::S3::Bucket": "aws_s3_bucket",
    "AWS::S3::BucketPolicy": "aws_s3_bucket_policy",
    "AWS::SNS::Topic": "aws_sns_topic",
    "AWS::SNS::TopicPolicy": "aws_sns_topic_policy",
    "AWS::Logs::LogGroup": "aws_cloudwatch_log_group",
    "AWS::IAM::Role": "aws_iam_role",
    "AWS::IAM::ManagedPolicy": "aws_iam_policy",
    "AWS::CodeBuild::Project": "aws_codebuild_project",
    "AWS::Scheduler::Schedule": "aws_scheduler_schedule",
    "AWS::CloudWatch::Alarm": "aws_cloudwatch_metric_alarm",
    "AWS::SQS::Queue": "aws_sqs_queue",
    "AWS::SQS::QueuePolicy": "aws_sqs_queue_policy",
    "AWS::Events::Rule": "aws_cloudwatch_event_rule",
    "AWS::Glue::Database": "aws_glue_catalog_database",
    "AWS::Glue::Table": "aws_glue_catalog_table",
}
OF_TERRAFORM_ALONE = re.compile(
    r"aws_(s3_bucket_(?!policy)|iam_role_policy|cloudwatch_event_target)"
)


def test_both_kinds_of_code_have_the_same_resources() -> None:
    template = tools.loaded(as_cloudformation.template(ONE))
    code = as_terraform.code(ONE)
    declared = re.findall(r'^resource "(\w+)" "\w+"', code, re.MULTILINE)
    kinds = [KINDS[each["Type"]] for each in template["Resources"].values()]
    assert sorted(kinds) == sorted(kind for kind in declared if not OF_TERRAFORM_ALONE.match(kind))
    assert code.count(f"    {SCRIPT.splitlines()[0]}") == 1
    spec = template["Resources"]["Project"]["Properties"]["Source"]["BuildSpec"]
    assert SCRIPT in yaml.safe_load(spec)["phases"]["build"]["commands"][0]


def test_the_script_is_bash_that_ends_where_it_is_meant_to() -> None:
    [command] = yaml.safe_load(ONE.buildspec)["phases"]["build"]["commands"]
    assert command.count("GOLDENAMI_END\n") == 1
    subprocess.run(["bash", "-n"], input=command, text=True, check=True)
    used = set(re.findall(r"\$\{?([A-Z][A-Z0-9_]+)", SCRIPT))
    assert used - {"PATH", "COUNT"} == {*ONE.environment, "WHEEL_SHA256"}


def document(value: Any) -> Mapping[str, Any]:
    """Return a document as an account has it."""
    text = json.dumps(value)
    for token, filled in (("partition", "aws"), ("region", "us-east-1"), ("account", "1" * 12)):
        text = text.replace(f"<{token}>", filled)
    read: Mapping[str, Any] = json.loads(text.replace("<key>", "arn:aws:kms:us-east-1:1:key/k"))
    return read


@pytest.mark.parametrize("audit", ALL, ids=["alone", "accounts", "aggregator"])
def test_what_the_project_may_is_a_policy_and_nothing_but_reads_is_everywhere(
    audit: ContinuousAudit,
) -> None:
    for policy in (policies.reading(audit), policies.project(audit), policies.start(audit)):
        compile_policy("p", document(policy))  # which refuses what it does not know
        names = [statement["Sid"] for statement in policy["Statement"]]
        assert len(names) == len(set(names))
        for statement in policy["Statement"]:
            named = statement["Action"]
            actions = [named] if isinstance(named, str) else named
            known = [each for each in actions if each.partition(":")[0] in table.services()]
            assert [table.spelled(each) for each in known] == known
            reads = all(re.match(r"\w+:(Describe|Get|List|Select)", action) for action in actions)
            assert reads or statement["Resource"] != "*" or statement["Condition"], statement


def test_the_project_reads_what_its_release_file_takes_it_to() -> None:
    def actions(audit: ContinuousAudit) -> str:
        return json.dumps(policies.reading(audit))

    assert "arn:aws:iam::444455556666:role/golden-ami-audit" in actions(ALL[1])
    assert "sts:AssumeRole" not in actions(ONE)
    assert "config:SelectAggregateResourceConfig" in actions(ALL[2])
    assert "config:" not in actions(ONE)
    assert "sns:Publish" not in actions(ONE)


def test_silence_alarms() -> None:
    silent, dead = alarms.alarms(ONE)
    assert (silent.metric, silent.missing) == ("CompleteAudit", "breaching")
    assert silent.period_s * silent.periods == 3 * 3_600
    assert (silent.comparison, silent.threshold) == ("LessThanThreshold", 1)
    assert f'"{silent.metric}"' in SCRIPT
    assert dead.dimensions == {"QueueName": ONE.dead_events}


def test_a_rule_sends_what_it_is_about_and_to_a_queue_that_takes_it() -> None:
    rules = events.patterns(ONE)
    sent = {kind for _, pattern in rules.values() for kind in pattern["detail-type"]}
    assert sent == {
        "AWS API Call via CloudTrail", "EC2 AMI State Change",
        "EC2 Instance State-change Notification",
    }  # fmt: skip
    _, pattern = rules["ec2"]
    assert {"RunInstances", "CreateFleet", "CopyImage", "DeregisterImage"} <= set(
        pattern["detail"]["eventName"]
    )
    queue = policies.queue(ONE, ONE.events, [name for name, _ in rules.values()])
    [sources] = queue["Statement"][0]["Condition"].values()
    assert len(sources["aws:SourceArn"]) == len(rules)


def test_a_column_is_what_a_line_of_an_inventory_has() -> None:
    columns = inventory_table.columns()
    assert set(columns) >= set(Subject.__struct_fields__)
    for field in ImageSeen.__struct_fields__:
        assert re.search(rf"[<,]{field}:", columns["image"])
    assert columns["tags"] == "map<string,string>"
    assert "watermarks:array<struct<key:string," in columns["image"]


class _Odd(Struct):
    """Types that an inventory has not had so far."""

    number: int
    flag: bool | None = None
    several: tuple[float, ...] = ()


def test_every_plain_type_has_one_of_hive() -> None:
    assert inventory_table.fields(_Odd) == {
        "number": "bigint", "flag": "boolean", "several": "array<double>",
    }  # fmt: skip
