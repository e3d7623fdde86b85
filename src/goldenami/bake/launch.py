"""The base instance: how it is launched, and whether it can be."""

from typing import Any

from msgspec import structs

from goldenami.aws import instance_types
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.ec2 import DescribeInstances, RunInstances
from goldenami.aws.calls import answered
from goldenami.aws.errors import TERMINATED, code_of
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.identity import LAUNCH
from goldenami.domain.image import Build, Image
from goldenami.domain.instance import ALIVE
from goldenami.domain.plan import Action, Ref, Secret, resolve
from goldenami.domain.record import LAUNCHES, tokens
from goldenami.domain.tags import Tags
from goldenami.errors import AwsError, BakeError
from goldenami.spec import ReleaseFile
from goldenami.spec.model import Base, BaseVolume

DRY_RUN_PASSED = "DryRunOperation"


def launch_actions(file: ReleaseFile, source: Image, build: Build, own: Tags) -> tuple[Action, ...]:
    """Return the launch of the base instance with its own tags, and the wait for its checks."""
    region = file.release.build_region
    permissions = ["ec2:RunInstances", "ec2:CreateTags"]
    if file.release.base.instance_profile:
        permissions.append("iam:PassRole")
    launch = Action(
        id="launch",
        summary=f"launch the base instance from {source.id}",
        call="ec2:RunInstances",
        region=region,
        parameters=_parameters(file, source, build, own),
        permissions=tuple(permissions),
        outputs={"instance_id": "Instances.0.InstanceId"},
        undo=Action(
            id="undo-launch",
            summary="terminate the base instance",
            call="ec2:TerminateInstances",
            region=region,
            parameters={"InstanceIds": [Ref("launch", "instance_id")]},
            permissions=("ec2:TerminateInstances",),
        ),
    )
    ready = Action(
        id="ready",
        summary="wait until the base instance runs and its status checks pass",
        call="wait:instance",
        region=region,
        parameters={
            "InstanceId": Ref("launch", "instance_id"),
            "timeout_s": file.release.timeouts.seconds("instance"),
        },
        permissions=("ec2:DescribeInstances", "ec2:DescribeInstanceStatus"),
        after=("launch",),
    )
    return launch, ready


def launch(doing: ActionContext) -> dict[str, Any]:
    """Launch the base instance, or find the one that this build's token has launched.

    If that is gone, it is launched anew with the next token: see `record.tokens`.
    """
    for token in tokens(doing.parameters["ClientToken"]):
        doing = structs.replace(doing, parameters={**doing.parameters, "ClientToken": token})
        try:
            instance = answered(doing, RunInstances).instances[0]
            if instance.state.name in ALIVE:
                return {"instance_id": instance.instance_id}
        except AwsError as error:
            if code_of(error) not in TERMINATED:
                raise
    raise BakeError(f"{doing.summary}: {LAUNCHES} instances of this build were terminated")


def launch_problems(
    aws: Aws, file: ReleaseFile, source: Image, build: Build, own: Tags
) -> list[str]:
    """Say why the base instance could not be launched: its type, its parameters, permissions.

    The launch is tried with DryRun, which checks what it names and what the caller may do.
    """
    region = file.release.build_region
    parameters = resolve(_parameters(file, source, build, own), {})
    del parameters["ClientToken"]
    found = _architecture_problems(aws, region, file.release.base.instance_type, source)
    try:
        aws.in_region(region).ask(
            RunInstances, "trying the launch (DryRun)", **parameters, DryRun=True
        )
    except AwsError as error:
        if code_of(error) != DRY_RUN_PASSED:
            found.append(error.message)
    return found


def instance_problems(aws: Aws, region: str, instance_id: str) -> list[str]:
    """Say why an image cannot be made of an instance that is given by id."""
    try:
        answer = aws.in_region(region).ask(
            DescribeInstances, "looking at the base instance",
            InstanceIds=[instance_id],
        )  # fmt: skip
    except AwsError as error:
        return [error.message]
    state = answer.instances[0].state.name if answer.instances else "not there"
    return [] if state in ("pending", "running") else [f"{instance_id} in {region} is {state}"]


def _architecture_problems(aws: Aws, region: str, instance_type: str, source: Image) -> list[str]:
    try:
        known = instance_types.architectures(
            aws.in_region(region), instance_type, "looking at the instance type"
        )
    except AwsError as error:
        return [error.message]
    if source.architecture and source.architecture not in known:
        return [
            f"base.instance_type: {instance_type} is {'/'.join(known)}, "
            f"but {source.id} is {source.architecture}"
        ]
    return []


def one_instance(
    base: Base, image_id: str | Ref, instance_type: str, token: str, own: Tags
) -> dict[str, Any]:
    """Return the RunInstances parameters of one instance, placed as the release file says.

    Args:
        base: the network and the instance profile.
        image_id: what it is launched from.
        instance_type: its type.
        token: the client token.
        own: the tags of the instance, its volumes and its network interface.
    """
    parameters: dict[str, Any] = {
        "ImageId": image_id,
        "InstanceType": instance_type,
        "MinCount": 1,
        "MaxCount": 1,
        "ClientToken": token,
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        "TagSpecifications": [
            tags.specification(kind, own) for kind in ("instance", "volume", "network-interface")
        ],
    }
    if base.subnet:
        parameters["SubnetId"] = base.subnet
    if base.security_groups:
        parameters["SecurityGroupIds"] = list(base.security_groups)
    if base.instance_profile:
        parameters["IamInstanceProfile"] = {"Name": base.instance_profile}
    return parameters


def _parameters(file: ReleaseFile, source: Image, build: Build, own: Tags) -> dict[str, Any]:
    base = file.release.base
    parameters = one_instance(base, source.id, base.instance_type, build.token(LAUNCH), own)
    if base.key_name:
        parameters["KeyName"] = base.key_name
    if file.user_data is not None:
        parameters["UserData"] = Secret(file.user_data)  # boto3 does the base64
    if base.volumes:
        parameters["BlockDeviceMappings"] = [_mapping(volume) for volume in base.volumes]
    return parameters


def _mapping(volume: BaseVolume) -> dict[str, Any]:
    ebs: dict[str, Any] = {
        "VolumeSize": volume.size_gib,
        "VolumeType": volume.type,
        "Encrypted": volume.encrypted,
        "DeleteOnTermination": True,
    }
    if volume.kms_key:
        ebs["KmsKeyId"] = volume.kms_key
    return {"DeviceName": volume.device, "Ebs": ebs}
