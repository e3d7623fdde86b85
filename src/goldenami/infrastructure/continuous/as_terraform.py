"""The continuous audit as resources of Terraform's AWS provider.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.infrastructure import continuous as decided
from goldenami.infrastructure.continuous import ContinuousAudit, events, inventory_table, policies
from goldenami.infrastructure.continuous.alarms import Alarm, alarms
from goldenami.infrastructure.hcl import Expression, Text, jsonencode, quoted
from goldenami.infrastructure.terraform import Block, data, document, resource

_FILLED = {
    "partition": "data.aws_partition.current.partition",
    "region": "data.aws_region.current.id",
    "account": "data.aws_caller_identity.current.account_id",
    "key": "aws_kms_key.audit.arn",
}
_TOKEN = re.compile(r"<(partition|region|account|key)>")
_KEY = Expression("aws_kms_key.audit.arn")
_LABEL = "audit"
_WHEEL = "wheel_sha256"


def code(audit: ContinuousAudit) -> str:
    """Return the code (HCL), as `terraform fmt` leaves it."""
    return document(
        _blocks(audit),
        (
            f"goldenami: the continuous audit of {audit.image}.\n"
            "Rendered by `goldenami deploy`; render it anew rather than change it by hand.",
        ),
    )


def filled(value: Any) -> Any:
    """Return a value in whose texts Terraform fills in what only the account tells."""
    match value:
        case str() if alone := _TOKEN.fullmatch(value):
            return Expression(_FILLED[alone[1]])
        case str() if _TOKEN.search(value):
            return Expression(_TOKEN.sub(lambda token: f"${{{_FILLED[token[1]]}}}", quoted(value)))
        case Mapping():
            return {key: filled(each) for key, each in value.items()}
        case list() | tuple():
            return [filled(each) for each in value]
    return value


def _json(value: Any) -> Any:
    return jsonencode(filled(value))


def _blocks(audit: ContinuousAudit) -> Iterator[Block]:
    provider = {"aws": {"source": "hashicorp/aws", "version": ">= 5.70"}}
    needed = Block("required_providers", (), provider)
    yield Block("terraform", (), {"required_version": ">= 1.5"}, (needed,))
    for kind in ("aws_partition", "aws_region", "aws_caller_identity"):
        yield data(kind, "current", {})
    yield _digest(audit)
    yield from _storage(audit)
    yield from _topics(audit)
    yield from _project(audit)
    yield from _schedules(audit)
    yield from (_alarm(alarm) for alarm in alarms(audit))
    yield from _queues(audit)
    yield from _table(audit)
    yield from _outputs()


def _digest(audit: ContinuousAudit) -> Block:
    right = Expression(f'can(regex("^[0-9a-f]{{64}}$", var.{_WHEEL}))')
    check = {"condition": right, "error_message": "It is 64 hexadecimal digits."}
    described = {
        "type": Expression("string"),
        "description": f"SHA-256 of tools/{audit.wheel} in the bucket",
        "default": audit.wheel_sha256 or None,
    }
    return Block("variable", (_WHEEL,), described, (Block("validation", (), check),))


def _storage(audit: ContinuousAudit) -> Iterator[Block]:
    yield resource(
        "aws_kms_key",
        _LABEL,
        {
            "description": f"Reports and topics of {audit.name}",
            "enable_key_rotation": True,
            "policy": _json(policies.key()),
        },
    )
    bucket = resource(
        "aws_s3_bucket",
        _LABEL,
        {"bucket": filled(audit.bucket)},
        comment="Reports and inventories; the release file and the wheel are put here, too.",
    )
    yield bucket
    name = {"bucket": bucket.attribute("id")}
    encrypted = {"sse_algorithm": "aws:kms", "kms_master_key_id": _KEY}
    default = Block("apply_server_side_encryption_by_default", (), encrypted)
    yield resource(
        "aws_s3_bucket_server_side_encryption_configuration",
        _LABEL,
        name,
        Block("rule", (), {"bucket_key_enabled": True}, (default,)),
    )
    versioning = resource(
        "aws_s3_bucket_versioning",
        _LABEL,
        name,
        Block("versioning_configuration", (), {"status": "Enabled"}),
    )
    yield versioning
    yield resource(
        "aws_s3_bucket_ownership_controls",
        _LABEL,
        name,
        Block("rule", (), {"object_ownership": "BucketOwnerEnforced"}),
    )
    public = ("block_public_acls", "block_public_policy", "ignore_public_acls")
    refused = dict.fromkeys((*public, "restrict_public_buckets"), True)
    yield resource("aws_s3_bucket_public_access_block", _LABEL, {**name, **refused})
    yield resource(
        "aws_s3_bucket_policy", _LABEL, {**name, "policy": _json(policies.bucket(audit))}
    )
    yield resource(
        "aws_s3_bucket_lifecycle_configuration",
        _LABEL,
        {**name, "depends_on": [versioning.attribute("")]},
        *(_expiring(prefix) for prefix in ("audits", "inventories")),
        _lifecycle(
            "versions",
            "",
            Block(
                "noncurrent_version_expiration",
                (),
                {"noncurrent_days": decided.REPLACED_DAYS},
            ),
            Block("abort_incomplete_multipart_upload", (), {"days_after_initiation": 1}),
        ),
    )


def _expiring(prefix: str) -> Block:
    return _lifecycle(prefix, f"{prefix}/", Block("expiration", (), {"days": decided.KEPT_DAYS}))


def _lifecycle(name: str, prefix: str, *blocks: Block) -> Block:
    matched = Block("filter", (), {"prefix": prefix})
    return Block("rule", (), {"id": name, "status": "Enabled"}, (matched, *blocks))


def _topics(audit: ContinuousAudit) -> Iterator[Block]:
    for label, name in (("findings", audit.findings), ("incomplete", audit.incomplete)):
        topic = resource("aws_sns_topic", label, {"name": name, "kms_master_key_id": _KEY})
        yield topic
        yield resource(
            "aws_sns_topic_policy",
            label,
            {"arn": topic.attribute("arn"), "policy": _json(policies.topic(audit, name))},
        )


def _role(name: str, label: str, trust: Any, **documents: Any) -> Iterator[Block]:
    role = resource("aws_iam_role", label, {"name": name, "assume_role_policy": _json(trust)})
    yield role
    for policy, allowed in documents.items():
        arguments = {"name": policy, "role": role.attribute("id"), "policy": _json(allowed)}
        yield resource("aws_iam_role_policy", f"{label}_{policy}", arguments)


def _project(audit: ContinuousAudit) -> Iterator[Block]:
    log = resource(
        "aws_cloudwatch_log_group",
        _LABEL,
        {"name": audit.log_group, "retention_in_days": decided.LOG_DAYS},
    )
    yield log
    yield from _role(
        audit.name,
        _LABEL,
        policies.project_trust(audit),
        reads=policies.reading(audit),
        works=policies.project(audit),
    )
    variables: dict[str, Any] = {**filled(audit.environment)}
    variables["WHEEL_SHA256"] = Expression(f"var.{_WHEEL}")
    pairs = (
        Block("environment_variable", (), {"name": name, "value": value})
        for name, value in variables.items()
    )
    machine = {
        "type": "ARM_CONTAINER",
        "compute_type": "BUILD_GENERAL1_SMALL",
        "image": decided.IMAGE,
    }
    logs = {"status": "ENABLED", "group_name": log.attribute("name")}
    yield resource(
        "aws_codebuild_project",
        _LABEL,
        {
            "name": audit.name,
            "service_role": Expression("aws_iam_role.audit.arn"),
            "build_timeout": decided.TIMEOUT_MINUTES,
            "concurrent_build_limit": decided.BUILDS_AT_ONCE,
        },
        Block("artifacts", (), {"type": "NO_ARTIFACTS"}),
        Block("source", (), {"type": "NO_SOURCE", "buildspec": Text(audit.buildspec)}),
        Block("environment", (), machine, tuple(pairs)),
        Block("logs_config", (), {}, (Block("cloudwatch_logs", (), logs),)),
    )


def _schedules(audit: ContinuousAudit) -> Iterator[Block]:
    yield from _role(
        f"{audit.name}-start", "start", policies.scheduler_trust(), starts=policies.start(audit)
    )
    retried = {
        "maximum_retry_attempts": decided.START_ATTEMPTS,
        "maximum_event_age_in_seconds": decided.START_WITHIN_S,
    }
    for run, expression in audit.schedules.items():
        target = {
            "arn": filled(decided.START_BUILD),
            "role_arn": Expression("aws_iam_role.start.arn"),
            "input": audit.started_with(run),
        }
        yield resource(
            "aws_scheduler_schedule",
            run,
            {
                "name": f"{audit.name}-{run}",
                "schedule_expression": expression,
                "depends_on": [Expression("aws_codebuild_project.audit")],
            },
            Block("flexible_time_window", (), {"mode": "OFF"}),
            Block("target", (), target, (Block("retry_policy", (), retried),)),
        )


def _alarm(alarm: Alarm) -> Block:
    topic = [Expression("aws_sns_topic.incomplete.arn")]
    return resource(
        "aws_cloudwatch_metric_alarm",
        re.sub(r"(?<!^)(?=[A-Z])", "_", alarm.label).lower(),
        {
            "alarm_name": alarm.name,
            "alarm_description": alarm.description,
            "namespace": alarm.namespace,
            "metric_name": alarm.metric,
            "dimensions": alarm.dimensions,
            "statistic": alarm.statistic,
            "period": alarm.period_s,
            "evaluation_periods": alarm.periods,
            "comparison_operator": alarm.comparison,
            "threshold": alarm.threshold,
            "treat_missing_data": alarm.missing,
            "alarm_actions": topic,
            "ok_actions": topic,
        },
    )


def _queues(audit: ContinuousAudit) -> Iterator[Block]:
    dead = resource(
        "aws_sqs_queue",
        "dead_events",
        {
            "name": audit.dead_events,
            "sqs_managed_sse_enabled": True,
            "message_retention_seconds": decided.DEAD_DAYS * decided.DAY_S,
        },
    )
    redriven = {
        "deadLetterTargetArn": dead.attribute("arn"),
        "maxReceiveCount": decided.RECEIVED_AT_MOST,
    }
    queue = resource(
        "aws_sqs_queue",
        "events",
        {
            "name": audit.events,
            "sqs_managed_sse_enabled": True,
            "message_retention_seconds": decided.EVENT_DAYS * decided.DAY_S,
            "visibility_timeout_seconds": decided.VISIBILITY_S,
            "redrive_policy": jsonencode(redriven),
        },
        comment="`goldenami judge --queue` reads it.",
    )
    yield from (dead, queue)
    rules = events.patterns(audit)
    for block, name in ((dead, audit.dead_events), (queue, audit.events)):
        policy = _json(policies.queue(audit, name, [rule for rule, _ in rules.values()]))
        url = {"queue_url": block.attribute("id")}
        yield resource("aws_sqs_queue_policy", block.labels[1], {**url, "policy": policy})
    for about, (name, pattern) in rules.items():
        rule = resource(
            "aws_cloudwatch_event_rule",
            about,
            {"name": name, "event_pattern": jsonencode(pattern)},
        )
        yield rule
        yield resource(
            "aws_cloudwatch_event_target",
            about,
            {
                "rule": rule.attribute("name"),
                "target_id": "queue",
                "arn": queue.attribute("arn"),
            },
            Block("dead_letter_config", (), {"arn": dead.attribute("arn")}),
        )
    yield resource(
        "aws_iam_policy",
        "judge",
        {"name": f"{audit.name}-judge", "policy": _json(policies.receive(audit))},
        comment="For whoever runs `goldenami judge`, beside what the audit reads.",
    )


def _table(audit: ContinuousAudit) -> Iterator[Block]:
    database = resource("aws_glue_catalog_database", _LABEL, {"name": audit.database})
    yield database
    columns = [
        Block("columns", (), {"name": name, "type": kind})
        for name, kind in inventory_table.columns().items()
    ]
    serde = {"serialization_library": inventory_table.SERDE}
    storage = Block(
        "storage_descriptor",
        (),
        {
            "location": filled(f"{inventory_table.location(audit)}/"),
            "input_format": inventory_table.INPUT_FORMAT,
            "output_format": inventory_table.OUTPUT_FORMAT,
        },
        (*columns, Block("ser_de_info", (), serde)),
    )
    yield resource(
        "aws_glue_catalog_table",
        "inventories",
        {
            "name": inventory_table.NAME,
            "database_name": database.attribute("name"),
            "table_type": "EXTERNAL_TABLE",
            "parameters": filled(inventory_table.parameters(audit)),
        },
        Block("partition_keys", (), {"name": "dt", "type": "string"}),
        storage,
    )


def _outputs() -> Iterator[Block]:
    values = {
        "bucket": "aws_s3_bucket.audit.id",
        "findings_topic_arn": "aws_sns_topic.findings.arn",
        "incomplete_topic_arn": "aws_sns_topic.incomplete.arn",
        "events_queue_url": "aws_sqs_queue.events.url",
        "judge_policy_arn": "aws_iam_policy.judge.arn",
        "audit_role_arn": "aws_iam_role.audit.arn",
    }
    for name, value in values.items():
        yield Block("output", (name,), {"value": Expression(value)})
