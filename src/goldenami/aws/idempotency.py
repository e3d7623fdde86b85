"""Which errors say that what was wanted is so already: an earlier attempt did it, or somebody else.

An answer can be lost, and the call is then made again: by botocore, or here. What it was to bring
about is there by then, and AWS calls that an error.
"""

from collections.abc import Mapping
from typing import Final

DONE: Final[Mapping[str, frozenset[str]]] = {
    "ec2:DeleteKeyPair": frozenset({"InvalidKeyPair.NotFound"}),
    "ec2:DeleteSecurityGroup": frozenset({"InvalidGroup.NotFound"}),
    "ec2:DeleteSnapshot": frozenset({"InvalidSnapshot.NotFound"}),
    "ec2:DeleteTags": frozenset(),  # a tag that is gone is no error; a resource that is, is one
    "ec2:DeleteVolume": frozenset({"InvalidVolume.NotFound"}),
    "ec2:DeregisterImage": frozenset({"InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"}),
    "ec2:TerminateInstances": frozenset({"InvalidInstanceID.NotFound"}),
    "iam:DeletePolicy": frozenset({"NoSuchEntity"}),
    "iam:DeletePolicyVersion": frozenset({"NoSuchEntity"}),
    "iam:DeleteRolePermissionsBoundary": frozenset({"NoSuchEntity"}),
    "iam:DetachGroupPolicy": frozenset({"NoSuchEntity"}),
    "iam:UntagPolicy": frozenset({"NoSuchEntity"}),
    "organizations:AttachPolicy": frozenset({"DuplicatePolicyAttachmentException"}),
    "organizations:DeletePolicy": frozenset({"PolicyNotFoundException"}),
    "organizations:DetachPolicy": frozenset(
        {"PolicyNotAttachedException", "PolicyNotFoundException", "TargetNotFoundException"}
    ),
    "organizations:UntagResource": frozenset({"TargetNotFoundException"}),
    "ssm:DeleteParameter": frozenset({"ParameterNotFound"}),
    "ssm:UnlabelParameterVersion": frozenset({"ParameterNotFound", "ParameterVersionNotFound"}),
}
"""The codes that mean success, by call. Each call that takes something away has a row."""

THERE: Final[Mapping[str, frozenset[str]]] = {
    "ec2:CopyImage": frozenset({"InvalidAMIName.Duplicate"}),
    "ec2:CreateImage": frozenset({"InvalidAMIName.Duplicate"}),
    "iam:CreatePolicy": frozenset({"EntityAlreadyExists"}),
    "iam:CreatePolicyVersion": frozenset({"LimitExceeded"}),
    "organizations:CreatePolicy": frozenset({"DuplicatePolicyException"}),
}
"""The codes that mean that something is there whose name or place is wanted, by call.

Whether it is what was wanted is for an action's ``adopt`` to say.
"""

NONE: Final[frozenset[str]] = frozenset()
