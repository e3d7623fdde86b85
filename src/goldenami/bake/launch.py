"""The base instance: how it is launched, and whether it can be."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct, structs

from goldenami.aws import calls, instances
from goldenami.aws.action import ActionContext
from goldenami.aws.calls import call
from goldenami.aws.errors import TERMINATED, code_of
from goldenami.aws.session import RegionalAws
from goldenami.bake.actions import instance_ready, terminate
from goldenami.bake.interface import Recipe
from goldenami.domain import tags
from goldenami.domain.identity import LAUNCH, TEST_LAUNCH
from goldenami.domain.image import Image
from goldenami.domain.instance import ALIVE
from goldenami.domain.plan import Action, Ref, Secret, resolve
from goldenami.domain.record import LAUNCHES, tokens
from goldenami.errors import AwsError, BakeError
from goldenami.spec.model import Base, BaseVolume

INSTANCE = Ref(LAUNCH, "instance_id")
"""Stands for the base instance in later actions."""
_WINDOWS = (
    "runs Windows, which goldenami does not bake: it has no PowerShell steps, does not wait for "
    "EC2Launch, and runs no Sysprep; EC2 Image Builder does"
)
_LAUNCHED = {"instance_id": "Instances.0.InstanceId", "state": "Instances.0.State.Name"}


class LaunchParameter(Struct, frozen=True):
    """What the release file says of an instance under ``base``, as both bakers launch with it.

    Args:
        key: the key of the release file.
        run_instances: the RunInstances parameters that a value of it makes.
        variable: Packer's variable for it, empty if Packer has none.
        packer_value: what the variable is for a value of it, or for None.
        tested: whether the instance of the boot test has it too.
    """

    key: str
    run_instances: Callable[[Any], dict[str, Any]]
    variable: str = ""
    packer_value: Callable[[Any], Any] = lambda value: value or ""
    tested: bool = True


LAUNCH_PARAMETERS = (
    LaunchParameter("subnet", lambda subnet: {"SubnetId": subnet}, "subnet_id"),
    LaunchParameter(
        "security_groups", lambda ids: {"SecurityGroupIds": list(ids)}, "security_group_ids", list
    ),
    LaunchParameter(
        "instance_profile",
        lambda name: {"IamInstanceProfile": {"Name": name}},
        "iam_instance_profile",
    ),
    LaunchParameter("key_name", lambda name: {"KeyName": name}, tested=False),
    LaunchParameter(
        "volumes",
        lambda volumes: {"BlockDeviceMappings": [_mapping(volume) for volume in volumes]},
        "block_devices",
        lambda volumes: [_block_device(volume) for volume in volumes],
        tested=False,
    ),
)
"""Every key of ``base`` that RunInstances takes as it is; a new one needs its line here alone."""


def packer_variables(base: Base) -> dict[str, Any]:
    """Return what Packer launches its instance with, by variable."""
    return {
        "instance_type": base.instance_type,
        **{
            parameter.variable: parameter.packer_value(getattr(base, parameter.key))
            for parameter in LAUNCH_PARAMETERS
            if parameter.variable
        },
    }


def run_instances(recipe: Recipe, booted: Ref | None = None) -> dict[str, Any]:
    """Return the RunInstances parameters of one instance, as the release file says.

    Args:
        recipe: what is baked.
        booted: the image, for the instance of the boot test; None for the base instance.
    """
    base, test = recipe.release.base, recipe.release.test if booted else None
    own = recipe.base_tags
    if booted:
        own |= {"Name": f"{recipe.build.ami_name} test", tags.ROLE: tags.InstanceRole.TEST.value}
    parameters: dict[str, Any] = {
        "ImageId": booted or recipe.source.id,
        "InstanceType": (test and test.instance_type) or base.instance_type,
        "MinCount": 1,
        "MaxCount": 1,
        "ClientToken": recipe.build.token(TEST_LAUNCH if booted else LAUNCH),
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        "TagSpecifications": [
            tags.specification(kind, own) for kind in ("instance", "volume", "network-interface")
        ],
    }
    for parameter in LAUNCH_PARAMETERS:
        value = getattr(base, parameter.key)
        if value and (parameter.tested or not booted):
            _merge(parameters, parameter.run_instances(value))
    if not booted and recipe.file.user_data is not None:
        parameters["UserData"] = Secret(recipe.file.user_data)  # boto3 does the base64
    return parameters


def _merge(parameters: dict[str, Any], further: Mapping[str, Any]) -> None:
    """Add parameters to others; a structure that is there already gets further members."""
    for name, value in further.items():
        there = parameters.get(name)
        parameters[name] = {**there, **value} if isinstance(there, dict) else value


def launch_actions(recipe: Recipe) -> tuple[Action, Action]:
    """Return the launch of the base instance, and the wait for its checks."""
    profile = ("iam:PassRole",) if recipe.release.base.instance_profile else ()
    launch = Action(
        id=LAUNCH,
        summary=f"launch the base instance from {recipe.source.id}",
        call="ec2:RunInstances",
        region=recipe.region,
        parameters=run_instances(recipe),
        permissions=("ec2:RunInstances", "ec2:CreateTags", *profile),
        outputs={"instance_id": "Instances.0.InstanceId"},
        undo=terminate(recipe.region, f"undo-{LAUNCH}", "terminate the base instance", INSTANCE),
    )
    summary = "wait until the base instance runs and its status checks pass"
    return launch, instance_ready(recipe, "ready", summary, INSTANCE, LAUNCH)


def launch(context: ActionContext) -> dict[str, Any]:
    """Launch the base instance, or find the one that this build's token has launched.

    If that is gone, it is launched anew with the next token: see `record.tokens`.
    """
    for token in tokens(context.parameters["ClientToken"]):
        context = structs.replace(context, parameters={**context.parameters, "ClientToken": token})
        try:
            instance = call(context, "ec2:RunInstances", _LAUNCHED)
            if instance["state"] in ALIVE:
                return {"instance_id": instance["instance_id"]}
        except AwsError as error:
            if code_of(error) not in TERMINATED:
                raise
    raise BakeError(f"{context.summary}: {LAUNCHES} instances of this build were terminated")


def launch_problems(recipe: Recipe) -> list[str]:
    """Say why the base instance could not be launched: its type, its parameters, permissions.

    The launch is tried with DryRun, which checks what it names and what the caller may do.
    """
    regional = recipe.aws.in_region(recipe.region)
    parameters = resolve(run_instances(recipe), {})
    del parameters["ClientToken"]
    problems = [
        *source_problems(recipe),
        *_architecture_problems(regional, recipe.release.base.instance_type, recipe.source),
    ]
    refusal = calls.refusal(
        regional, "ec2:RunInstances", "trying the launch (DryRun)", **parameters
    )
    return [*problems, refusal.message] if refusal else problems


def instance_problems(regional: RegionalAws, instance_id: str) -> list[str]:
    """Say why an image cannot be made of an instance that is there already."""
    purpose = "looking at the base instance"
    try:
        described = instances.described(regional, purpose, InstanceIds=[instance_id])
    except AwsError as error:
        return [error.message]
    state = described[0].state if described else "not there"
    if state not in ("pending", "running"):
        return [f"{instance_id} in {regional.region} is {state}"]
    is_windows = described[0].platform.lower() == "windows"
    return [f"{instance_id} {_WINDOWS}"] if is_windows else []


def source_problems(recipe: Recipe) -> Iterator[str]:
    """Yield why no image can be made of the source as the release file wants it.

    CreateImage takes over boot mode and TPM support: only RegisterImage sets them.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html
    """
    source, attributes = recipe.source, recipe.release.attributes
    if source.is_windows:
        yield f"base.source: {source.id} {_WINDOWS}"
    for name, wish, actual in (
        ("boot_mode", attributes.boot_mode, source.boot_mode),
        ("tpm", attributes.tpm, source.tpm),
    ):
        if wish and wish != actual:
            yield (
                f"attributes.{name}: an image inherits it from its source, and that of "
                f"{source.id} is {actual or 'not set'}, not {wish}: choose another base.source"
            )


def _architecture_problems(regional: RegionalAws, instance_type: str, source: Image) -> list[str]:
    try:
        known = instances.architectures(regional, instance_type, "looking at the instance type")
    except AwsError as error:
        return [error.message]
    if not source.architecture or source.architecture in known:
        return []
    return [
        f"base.instance_type: {instance_type} is {'/'.join(known)}, "
        f"but {source.id} is {source.architecture}"
    ]


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


def _block_device(volume: BaseVolume) -> dict[str, Any]:
    return {
        "device": volume.device,
        "size_gib": volume.size_gib,
        "type": volume.type,
        "encrypted": volume.encrypted,
        "kms_key_id": volume.kms_key or "",
    }
