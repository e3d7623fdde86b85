"""What the calls that change something answer, by their names in a plan."""

from collections.abc import Mapping
from functools import cache
from typing import ClassVar

from goldenami.aws.answers.interface import Answer

_OF_NO_USE = (
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
"""Calls of whose answers nothing is used: it is enough that they are whole."""


class _Nothing(Answer, frozen=True, kw_only=True):
    call: ClassVar[str] = ""


@cache
def kinds() -> Mapping[str, type[Answer]]:
    """Return the types of all answers; they are many, and what changes nothing needs none."""
    from goldenami.aws.answers.ec2 import CopyImage, CreateImage, DeregisterImage, RunInstances
    from goldenami.aws.answers.iam import CreatePolicy, CreatePolicyVersion
    from goldenami.aws.answers.image_use import AttachImageWatermark
    from goldenami.aws.answers.launches import (
        CreateLaunchTemplateVersion,
        RollbackInstanceRefresh,
        StartInstanceRefresh,
    )
    from goldenami.aws.answers.on_demand_scans import StartOnDemandScan
    from goldenami.aws.answers.organizations import CreateOrganizationPolicy
    from goldenami.aws.answers.recycle_bin import RestoreSnapshotFromRecycleBin
    from goldenami.aws.answers.ssm import LabelParameterVersion, PutParameter, SendCommand

    read = {
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
    }
    unread = {
        name: type(name.rpartition(":")[2], (_Nothing,), {"call": name}) for name in _OF_NO_USE
    }
    return {**read, **unread}
