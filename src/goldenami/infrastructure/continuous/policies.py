"""Who may do what in the continuous audit: a document for each part, and no more than it does."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from goldenami.domain import arns
from goldenami.infrastructure.continuous import NAMESPACE, ContinuousAudit

Document = Mapping[str, Any]
_ACCOUNT = {"StringEquals": {"aws:SourceAccount": "<account>"}}


def _document(*statements: Mapping[str, Any]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(sid: str, actions: Sequence[str], resource: Any, **more: Any) -> Mapping[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def _trust(service: str, **more: Any) -> Document:
    principal = {"Service": f"{service}.amazonaws.com"}
    return _document(
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    )


def project_trust(audit: ContinuousAudit) -> Document:
    """Return who may be the project: CodeBuild, for this project alone."""
    source = {"aws:SourceArn": audit.arn("codebuild", f"project/{audit.name}")}
    return _trust("codebuild", Condition={"StringEquals": source})


def scheduler_trust() -> Document:
    """Return who may start the project: the scheduler, in this account."""
    return _trust("scheduler", Condition=_ACCOUNT)


def reading(audit: ContinuousAudit) -> Document:
    """Return what the audit reads."""
    return _document(*audit.permissions)


def _bucket(audit: ContinuousAudit) -> str:
    return arns.pattern("<partition>", "s3", "", "", audit.bucket)


def project(audit: ContinuousAudit) -> Document:
    """Return what the project does beside the audit: fetch, keep, tell, count, write its log."""
    bucket = _bucket(audit)
    read = [f"{bucket}/{prefix}" for prefix in ("release/*", "tools/*", "complete.json")]
    written = ("audits/*", "inventories/*", "latest.html", "complete.json")
    topics = [audit.arn("sns", topic) for topic in (audit.findings, audit.incomplete)]
    log = audit.arn("logs", f"log-group:{audit.log_group}:*")
    namespace = {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}
    return _document(
        _allow("List", ["s3:ListBucket"], bucket),
        _allow("Fetch", ["s3:GetObject"], read),
        _allow("Keep", ["s3:PutObject"], [f"{bucket}/{path}" for path in written]),
        _allow("Encrypt", ["kms:Decrypt", "kms:GenerateDataKey"], "<key>"),
        _allow("Tell", ["sns:Publish"], topics),
        _allow("Count", ["cloudwatch:PutMetricData"], "*", Condition=namespace),
        _allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], log),
    )


def start(audit: ContinuousAudit) -> Document:
    """Return what the scheduler does."""
    arn = audit.arn("codebuild", f"project/{audit.name}")
    return _document(_allow("Start", ["codebuild:StartBuild"], arn))


def receive(audit: ContinuousAudit) -> Document:
    """Return what whoever judges the events does with their queue."""
    actions = ("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
    return _document(
        _allow("Receive", [f"sqs:{action}" for action in actions], audit.arn("sqs", audit.events))
    )


def _without_tls(resources: Any, action: str) -> Mapping[str, Any]:
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def bucket(audit: ContinuousAudit) -> Document:
    """Return the bucket's own policy: nothing without TLS."""
    arn = _bucket(audit)
    return _document(_without_tls([arn, f"{arn}/*"], "s3:*"))


def topic(audit: ContinuousAudit, name: str) -> Document:
    """Return a topic's own policy: the account's alarms may publish, and nobody without TLS."""
    arn = audit.arn("sns", name)
    alarms = {"Principal": {"Service": "cloudwatch.amazonaws.com"}, "Condition": _ACCOUNT}
    return _document(
        _allow("Alarms", ["sns:Publish"], arn, **alarms), _without_tls(arn, "sns:Publish")
    )


def queue(audit: ContinuousAudit, name: str, rules: Iterable[str]) -> Document:
    """Return a queue's own policy: these rules may send, and nobody without TLS."""
    arn = audit.arn("sqs", name)
    sources = [audit.arn("events", f"rule/{rule}") for rule in rules]
    sent = {
        "Principal": {"Service": "events.amazonaws.com"},
        "Condition": {"ArnEquals": {"aws:SourceArn": sources}},
    }
    return _document(_allow("Events", ["sqs:SendMessage"], arn, **sent), _without_tls(arn, "sqs:*"))


def key() -> Document:
    """Return the key's own policy: IAM decides, and the account's alarms may use it."""
    root = {"Principal": {"AWS": arns.iam_arn("<partition>", "<account>", "root")}}
    alarms = {"Principal": {"Service": "cloudwatch.amazonaws.com"}, "Condition": _ACCOUNT}
    return _document(
        _allow("Account", ["kms:*"], "*", **root),
        _allow("Alarms", ["kms:Decrypt", "kms:GenerateDataKey*"], "*", **alarms),
    )
