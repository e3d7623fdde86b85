"""What the calls that change something answer, by their names in a plan."""

from collections.abc import Iterable
from typing import ClassVar, Final

from goldenami.aws.answers.ec2 import CopyImage, CreateImage, DeregisterImage, RunInstances
from goldenami.aws.answers.iam import CreatePolicy, CreatePolicyVersion
from goldenami.aws.answers.image_use import AttachImageWatermark
from goldenami.aws.answers.interface import Answer
from goldenami.aws.answers.launches import (
    CreateLaunchTemplateVersion,
    RollbackInstanceRefresh,
    StartInstanceRefresh,
)
from goldenami.aws.answers.on_demand_scans import StartOnDemandScan
from goldenami.aws.answers.organizations import CreateOrganizationPolicy
from goldenami.aws.answers.recycle_bin import RestoreSnapshotFromRecycleBin
from goldenami.aws.answers.ssm import LabelParameterVersion, PutParameter, SendCommand


def _nothing(calls: Iterable[str]) -> dict[str, type[Answer]]:
    """Return types for calls of whose answers nothing is used: it is enough that they are whole."""
    return {name: type(name.rpartition(":")[2], (_Nothing,), {"call": name}) for name in calls}


class _Nothing(Answer, frozen=True, kw_only=True):
    call: ClassVar[str] = ""


ANSWERS: Final[dict[str, type[Answer]]] = {
    kind.call: kind
    for kind in (
        AttachImageWatermark,
        CopyImage,
        CreateImage,
        CreateLaunchTemplateVersion,
        CreateOrganizationPolicy,
        CreatePolicy,
        CreatePolicyVersion,
        DeregisterImage,
        LabelParameterVersion,
        PutParameter,
        RestoreSnapshotFromRecycleBin,
        RollbackInstanceRefresh,
        RunInstances,
        SendCommand,
        StartInstanceRefresh,
        StartOnDemandScan,
    )
} | _nothing(
    (
        "ec2:CreateTags",
        "ec2:DeleteImageUsageReport",
        "ec2:DeleteKeyPair",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteSnapshot",
        "ec2:DeleteTags",
        "ec2:DeleteVolume",
        "ec2:DetachImageWatermark",
        "ec2:DisableAllowedImagesSettings",
        "ec2:DisableImage",
        "ec2:DisableImageDeprecation",
        "ec2:DisableImageDeregistrationProtection",
        "ec2:EnableImage",
        "ec2:EnableAllowedImagesSettings",
        "ec2:EnableImageDeprecation",
        "ec2:EnableImageDeregistrationProtection",
        "ec2:ModifyImageAttribute",
        "ec2:ModifyLaunchTemplate",
        "ec2:ModifyNetworkInterfaceAttribute",
        "ec2:ModifySnapshotAttribute",
        "ec2:ReplaceImageCriteriaInAllowedImagesSettings",
        "ec2:RestoreImageFromRecycleBin",
        "ec2:StopInstances",
        "ec2:TerminateInstances",
        "iam:AttachGroupPolicy",
        "iam:DeletePolicy",
        "iam:DeletePolicyVersion",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DetachGroupPolicy",
        "iam:PutRolePermissionsBoundary",
        "iam:TagPolicy",
        "iam:UntagPolicy",
        "organizations:AttachPolicy",
        "organizations:DeletePolicy",
        "organizations:DetachPolicy",
        "organizations:TagResource",
        "organizations:UntagResource",
        "organizations:UpdatePolicy",
        "ssm:DeleteParameter",
        "ssm:UnlabelParameterVersion",
    )
)
