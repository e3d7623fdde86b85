"""What users choose among, in files and on the command line: each choice stands once."""

from enum import StrEnum


class BakeMethod(StrEnum):
    """How an image is made."""

    CREATE_IMAGE = "create-image"
    PACKER = "packer"


class AuditPart(StrEnum):
    """What an audit can look at."""

    INSTANCES = "instances"
    LAUNCHES = "launches"
    SETTINGS = "settings"
    GUARDRAILS = "guardrails"


class RemediationKind(StrEnum):
    """What is done with what the audit named."""

    TAG = "tag"
    STOP = "stop"
    QUARANTINE = "quarantine"
    RELEASE = "release"
    TERMINATE = "terminate"
    REFRESH = "refresh"


class PermissionCommand(StrEnum):
    """A command that a policy can be made for."""

    BAKE = "bake"
    APPROVE = "approve"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    DEPRECATE = "deprecate"
    REVOKE = "revoke"
    RESTORE = "restore"
    RETIRE = "retire"
    PRUNE = "prune"
    OUTDATED = "outdated"
    RESCAN = "rescan"
    SBOM = "sbom"
    SWEEP = "sweep"
    ENFORCE = "enforce"
    AUDIT = "audit"
    REMEDIATE = "remediate"


class CodeForm(StrEnum):
    """What infrastructure code is written as."""

    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


class BootstrapRole(StrEnum):
    """A role that `goldenami bootstrap` writes."""

    PIPELINE = "pipeline"
    APPROVER = "approver"
    AUDITOR = "auditor"
    REMEDIATOR = "remediator"
    REVOKER = "revoker"
    INSTANCE = "instance"
    COPIES = "copies"


class VerdictFormat(StrEnum):
    """How verdicts of events are written."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
