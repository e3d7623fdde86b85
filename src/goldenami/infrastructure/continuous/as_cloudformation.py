"""The continuous audit as a CloudFormation template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.infrastructure import cloudformation as cfn
from goldenami.infrastructure import continuous as decided
from goldenami.infrastructure.cloudformation import Function, SectionEntry, resource, sub
from goldenami.infrastructure.continuous import ContinuousAudit, events, inventory_table, policies
from goldenami.infrastructure.continuous.alarms import Alarm, alarms

_FILLED = {
    "partition": "AWS::Partition",
    "region": "AWS::Region",
    "account": "AWS::AccountId",
    "key": "Key.Arn",
}
_KEY = Function("GetAtt", _FILLED["key"])
_TOKEN = re.compile(r"<(partition|region|account|key)>")
_DIGEST = "WheelSha256"
_KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def template(audit: ContinuousAudit) -> str:
    """Return the template (YAML)."""
    return cfn.document(
        cfn.Stack(
            description=f"goldenami: the continuous audit of {audit.image}",
            comments=(
                "Rendered by `goldenami deploy`; render it anew rather than change it by hand.",
            ),
            parameters=(_digest(audit),),
            resources=tuple(_resources(audit)),
            outputs=tuple(_outputs()),
        )
    )


def filled(value: Any) -> Any:
    """Return a value in whose texts CloudFormation fills in what only the account tells."""
    match value:
        case "<key>":
            return _KEY
        case str() if alone := _TOKEN.fullmatch(value):
            return Function("Ref", _FILLED[alone[1]])
        case str() if _TOKEN.search(value):
            escaped = value.replace("${", "${!")
            return sub(_TOKEN.sub(lambda token: f"${{{_FILLED[token[1]]}}}", escaped))
        case Mapping():
            return {key: filled(each) for key, each in value.items()}
        case list() | tuple():
            return [filled(each) for each in value]
    return value


def _digest(audit: ContinuousAudit) -> SectionEntry:
    return SectionEntry(
        _DIGEST,
        {
            "Type": "String",
            "Description": f"SHA-256 of tools/{audit.wheel} in the bucket",
            "AllowedPattern": "^[0-9a-f]{64}$",
            "Default": audit.wheel_sha256 or None,
        },
    )


def _resources(audit: ContinuousAudit) -> Iterator[SectionEntry]:
    yield from _storage(audit)
    yield from _topics(audit)
    yield from _project(audit)
    yield from _schedules(audit)
    yield from (_alarm(alarm) for alarm in alarms(audit))
    yield from _queues(audit)
    yield from _table(audit)


def _storage(audit: ContinuousAudit) -> Iterator[SectionEntry]:
    yield resource(
        "Key", "AWS::KMS::Key",
        {
            "Description": f"Reports and topics of {audit.name}",
            "EnableKeyRotation": True,
            "KeyPolicy": filled(policies.key()),
        },
        **_KEPT,
    )  # fmt: skip
    name = filled(audit.bucket)
    encrypted = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": _KEY}
    rules = [
        {
            "Id": prefix,
            "Prefix": f"{prefix}/",
            "Status": "Enabled",
            "ExpirationInDays": decided.KEPT_DAYS,
        }
        for prefix in ("audits", "inventories")
    ]
    versions = {
        "Id": "versions",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": decided.REPLACED_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    yield resource(
        "Bucket", "AWS::S3::Bucket",
        {
            "BucketName": name,
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": encrypted, "BucketKeyEnabled": True}
                ]
            },
            "VersioningConfiguration": {"Status": "Enabled"},
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "LifecycleConfiguration": {"Rules": [*rules, versions]},
        },
        **_KEPT,
        comment="Reports and inventories; the release file and the wheel are put here, too.",
    )  # fmt: skip
    yield resource(
        "BucketPolicy", "AWS::S3::BucketPolicy",
        {"Bucket": Function("Ref", "Bucket"), "PolicyDocument": filled(policies.bucket(audit))},
    )  # fmt: skip


def _topics(audit: ContinuousAudit) -> Iterator[SectionEntry]:
    topics = (("Findings", audit.findings), ("Incomplete", audit.incomplete))
    for label, name in topics:
        topic = resource(
            f"{label}Topic", "AWS::SNS::Topic", {"TopicName": name, "KmsMasterKeyId": _KEY}
        )
        yield topic
        yield resource(
            f"{label}TopicPolicy", "AWS::SNS::TopicPolicy",
            {"Topics": [topic.ref], "PolicyDocument": filled(policies.topic(audit, name))},
        )  # fmt: skip


def _role(name: str, label: str, trust: Any, **documents: Any) -> SectionEntry:
    inline = [
        {"PolicyName": policy, "PolicyDocument": filled(document)}
        for policy, document in documents.items()
    ]
    return resource(
        label, "AWS::IAM::Role",
        {"RoleName": name, "AssumeRolePolicyDocument": filled(trust), "Policies": inline},
    )  # fmt: skip


def _project(audit: ContinuousAudit) -> Iterator[SectionEntry]:
    yield resource(
        "Log", "AWS::Logs::LogGroup",
        {"LogGroupName": audit.log_group, "RetentionInDays": decided.LOG_DAYS},
    )  # fmt: skip
    role = _role(
        audit.name, "AuditRole", policies.project_trust(audit),
        reads=policies.reading(audit), works=policies.project(audit),
    )  # fmt: skip
    yield role
    variables: list[Mapping[str, Any]] = [
        {"Name": name, "Value": filled(value)} for name, value in audit.environment.items()
    ]
    variables.append({"Name": "WHEEL_SHA256", "Value": Function("Ref", _DIGEST)})
    yield resource(
        "Project", "AWS::CodeBuild::Project",
        {
            "Name": audit.name,
            "ServiceRole": role.attribute("Arn"),
            "Artifacts": {"Type": "NO_ARTIFACTS"},
            "Source": {"Type": "NO_SOURCE", "BuildSpec": audit.buildspec},
            "Environment": {
                "Type": "ARM_CONTAINER",
                "ComputeType": "BUILD_GENERAL1_SMALL",
                "Image": decided.IMAGE,
                "EnvironmentVariables": variables,
            },
            "LogsConfig": {
                "CloudWatchLogs": {"Status": "ENABLED", "GroupName": Function("Ref", "Log")}
            },
            "TimeoutInMinutes": decided.TIMEOUT_MINUTES,
            "ConcurrentBuildLimit": decided.BUILDS_AT_ONCE,
        },
    )  # fmt: skip


def _schedules(audit: ContinuousAudit) -> Iterator[SectionEntry]:
    role = _role(
        f"{audit.name}-start", "StartRole", policies.scheduler_trust(),
        starts=policies.start(audit),
    )  # fmt: skip
    yield role
    for run, expression in audit.schedules.items():
        yield resource(
            f"{run.title()}Schedule", "AWS::Scheduler::Schedule",
            {
                "Name": f"{audit.name}-{run}",
                "ScheduleExpression": expression,
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": filled(decided.START_BUILD),
                    "RoleArn": role.attribute("Arn"),
                    "Input": audit.started_with(run),
                    "RetryPolicy": {
                        "MaximumRetryAttempts": decided.START_ATTEMPTS,
                        "MaximumEventAgeInSeconds": decided.START_WITHIN_S,
                    },
                },
            },
            DependsOn="Project",
        )  # fmt: skip


def _alarm(alarm: Alarm) -> SectionEntry:
    topic = Function("Ref", "IncompleteTopic")
    return resource(
        alarm.label, "AWS::CloudWatch::Alarm",
        {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "Namespace": alarm.namespace,
            "MetricName": alarm.metric,
            "Dimensions": [
                {"Name": name, "Value": value} for name, value in alarm.dimensions.items()
            ],
            "Statistic": alarm.statistic,
            "Period": alarm.period_s,
            "EvaluationPeriods": alarm.periods,
            "ComparisonOperator": alarm.comparison,
            "Threshold": alarm.threshold,
            "TreatMissingData": alarm.missing,
            "AlarmActions": [topic],
            "OKActions": [topic],
        },
    )  # fmt: skip


def _queues(audit: ContinuousAudit) -> Iterator[SectionEntry]:
    dead = resource(
        "DeadEvents", "AWS::SQS::Queue",
        {
            "QueueName": audit.dead_events,
            "SqsManagedSseEnabled": True,
            "MessageRetentionPeriod": decided.DEAD_DAYS * decided.DAY_S,
        },
    )  # fmt: skip
    redriven = {
        "deadLetterTargetArn": dead.attribute("Arn"), "maxReceiveCount": decided.RECEIVED_AT_MOST,
    }  # fmt: skip
    queue = resource(
        "Events", "AWS::SQS::Queue",
        {
            "QueueName": audit.events,
            "SqsManagedSseEnabled": True,
            "MessageRetentionPeriod": decided.EVENT_DAYS * decided.DAY_S,
            "VisibilityTimeout": decided.VISIBILITY_S,
            "RedrivePolicy": redriven,
        },
        comment="`goldenami judge --queue` reads it.",
    )  # fmt: skip
    yield from (dead, queue)
    rules = events.patterns(audit)
    for entry, name in ((dead, audit.dead_events), (queue, audit.events)):
        document = filled(policies.queue(audit, name, [rule for rule, _ in rules.values()]))
        yield resource(
            f"{entry.name}Policy", "AWS::SQS::QueuePolicy",
            {"Queues": [entry.ref], "PolicyDocument": document},
        )  # fmt: skip
    for about, (name, pattern) in rules.items():
        target = {
            "Id": "queue",
            "Arn": queue.attribute("Arn"),
            "DeadLetterConfig": {"Arn": dead.attribute("Arn")},
        }
        yield resource(
            f"{about.title()}Rule", "AWS::Events::Rule",
            {"Name": name, "EventPattern": pattern, "Targets": [target]},
        )  # fmt: skip
    yield resource(
        "JudgePolicy", "AWS::IAM::ManagedPolicy",
        {
            "ManagedPolicyName": f"{audit.name}-judge",
            "PolicyDocument": filled(policies.receive(audit)),
        },
        comment="For whoever runs `goldenami judge`, beside what the audit reads.",
    )  # fmt: skip


def _table(audit: ContinuousAudit) -> Iterator[SectionEntry]:
    catalog = Function("Ref", "AWS::AccountId")
    database = resource(
        "Database", "AWS::Glue::Database",
        {"CatalogId": catalog, "DatabaseInput": {"Name": audit.database}},
    )  # fmt: skip
    yield database
    columns = [{"Name": name, "Type": kind} for name, kind in inventory_table.columns().items()]
    parameters = inventory_table.parameters(audit)
    storage = {
        "Location": filled(f"{inventory_table.location(audit)}/"),
        "Columns": columns,
        "InputFormat": inventory_table.INPUT_FORMAT,
        "OutputFormat": inventory_table.OUTPUT_FORMAT,
        "SerdeInfo": {"SerializationLibrary": inventory_table.SERDE},
    }
    yield resource(
        "Inventories", "AWS::Glue::Table",
        {
            "CatalogId": catalog,
            "DatabaseName": database.ref,
            "TableInput": {
                "Name": inventory_table.NAME,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": filled(parameters),
                "PartitionKeys": [{"Name": "dt", "Type": "string"}],
                "StorageDescriptor": storage,
            },
        },
    )  # fmt: skip


def _outputs() -> Iterator[SectionEntry]:
    values = {
        "BucketName": Function("Ref", "Bucket"),
        "FindingsTopicArn": Function("Ref", "FindingsTopic"),
        "IncompleteTopicArn": Function("Ref", "IncompleteTopic"),
        "EventsQueueUrl": Function("Ref", "Events"),
        "JudgePolicyArn": Function("Ref", "JudgePolicy"),
        "AuditRoleArn": Function("GetAtt", "AuditRole.Arn"),
    }
    yield from (SectionEntry(name, {"Value": value}) for name, value in values.items())
