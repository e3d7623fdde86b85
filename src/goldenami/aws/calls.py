"""The calls of a plan, by their names, and which errors say that what one is for is so already.

An answer can be lost, and the call is then made again: by botocore, or here. What it was to bring
about is there by then, and AWS calls that an error.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from goldenami.aws import denials
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.actions import kinds
from goldenami.aws.answers.ec2 import DeregisterImage
from goldenami.aws.errors import Tolerated
from goldenami.aws.session import RegionalAws
from goldenami.aws.waits import answered
from goldenami.domain.plan import dig
from goldenami.errors import AwsError

_FINE = ("success", "skipped")
_PASSED = "DryRunOperation"

DONE: Final[Mapping[str, frozenset[str]]] = {
    "ec2:DeleteImageUsageReport": frozenset(),  # it goes by itself; AWS publishes no code
    "ec2:DeleteKeyPair": frozenset({"InvalidKeyPair.NotFound"}),
    "ec2:DeleteSecurityGroup": frozenset({"InvalidGroup.NotFound"}),
    "ec2:DeleteSnapshot": frozenset({"InvalidSnapshot.NotFound"}),
    "ec2:DeleteTags": frozenset(),  # a tag that is gone is no error; a resource that is, is one
    "ec2:DeleteVolume": frozenset({"InvalidVolume.NotFound"}),
    "ec2:DeregisterImage": frozenset({"InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"}),
    "ec2:DetachImageWatermark": frozenset(),  # a watermark that is not there is no error
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


def call(
    context: ActionContext, name: str, outputs: Mapping[str, str], *, created: bool = False
) -> dict[str, Any]:
    """Make one AWS call, as patiently as AWS wants it.

    Args:
        context: whose AWS, where, with which parameters.
        name: ``service:Operation``, such as ``ec2:CreateImage``.
        outputs: which places of the answer to return, by the name they get.
        created: whether it names what was created just before.

    Raises:
        AwsError: AWS refused it or could not be reached. That it is done already is no refusal.
    """
    with Tolerated(DONE.get(name, NONE)):
        answer = msgspec.to_builtins(
            answered(context, kinds()[name], created=created, **context.parameters)
        )
        return {output: dig(answer, place) for output, place in outputs.items()}
    return {}


def once(regional: RegionalAws, name: str, purpose: str, /, **parameters: Any) -> None:
    """Make one AWS call of which nothing is returned, and raise what AWS says of it.

    Raises:
        AwsError: AWS refused it or could not be reached; or it is done already.
    """
    with denials.explained(regional):
        regional.ask(kinds()[name], purpose, **parameters)


def deregister(context: ActionContext) -> dict[str, Any]:
    """Deregister an image; the call can succeed and leave snapshots behind.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html

    If it is gone already, an answer was lost, or somebody else was faster; what is left of its
    snapshots carries the build's tags then, for a sweep to find.

    Raises:
        AwsError: AWS refused, or snapshots are left; the message names them.
    """
    remaining = []
    with Tolerated(DONE[DeregisterImage.call]):
        remaining = [
            f"{result.snapshot_id} ({result.return_code})"
            for result in answered(
                context, DeregisterImage, **context.parameters
            ).delete_snapshot_results
            if result.return_code not in _FINE
        ]
    if remaining:
        raise AwsError(
            f"{context.headline}: the image is gone, but not {', '.join(remaining)}",
            fix="remove what uses these snapshots, then run `goldenami sweep`",
        )
    return {}


def refusal(
    regional: RegionalAws, call: str, purpose: str, /, **parameters: Any
) -> AwsError | None:
    """Try a call with ``DryRun``; return why it would fail, None if it would not.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html

    Args:
        regional: whose AWS, and where.
        call: one of a plan's calls: ``ec2:RunInstances``.
        purpose: what it is tried for, as a sentence starts.
        parameters: those of the call.
    """
    try:
        regional.ask(kinds()[call], purpose, **parameters, DryRun=True)
    except AwsError as error:
        return None if error.code == _PASSED else denials.decoded(regional, error)
    return None
