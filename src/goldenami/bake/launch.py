"""The base instance: how it is launched, and whether it can be."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Struct, structs

from goldenami.aws import calls, instances, watermarks
from goldenami.aws.action import ActionContext
from goldenami.aws.calls import call
from goldenami.aws.errors import USED_TOKEN, code_of
from goldenami.aws.parallel import ahead, side_by_side
from goldenami.aws.patience import is_not_here
from goldenami.aws.session import RegionalAws
from goldenami.bake import volumes
from goldenami.bake.actions import instance_ready, terminate
from goldenami.bake.interface import Recipe
from goldenami.bake.way_out import in_list
from goldenami.domain import tags
from goldenami.domain.identity import LAUNCH, TEST_LAUNCH
from goldenami.domain.instance import ALIVE
from goldenami.domain.plan import Action, Ref, Secret, resolve
from goldenami.domain.record import LAUNCHES, tokens
from goldenami.errors import AwsError, BakeError
from goldenami.spec.model import Base

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
        lambda several: {"BlockDeviceMappings": [volumes.mapping(volume) for volume in several]},
        "block_devices",
        lambda several: [volumes.block_device(volume) for volume in several],
        tested=False,
    ),
)
"""Every key of ``base`` that RunInstances takes as it is; a new one needs its line here alone."""


def types(base: Base) -> tuple[str, ...]:
    """Return the instance types, in the order in which they are tried."""
    return base.instance_types or (base.instance_type or "t3.micro",)


def subnets(base: Base) -> tuple[str | None, ...]:
    """Return the subnets, in the order in which they are tried; None leaves it to AWS."""
    return base.subnets or (base.subnet,)


def packer_variables(base: Base) -> dict[str, Any]:
    """Return what Packer launches its instance with, by variable: it takes one type and subnet."""
    return {
        **{
            parameter.variable: parameter.packer_value(getattr(base, parameter.key))
            for parameter in LAUNCH_PARAMETERS
            if parameter.variable
        },
        "instance_type": types(base)[0],
        "subnet_id": subnets(base)[0] or "",
    }


def run_instances(recipe: Recipe, booted: Ref | None = None) -> dict[str, Any]:
    """Return the RunInstances parameters of one instance, as the release file says.

    ``Otherwise`` are what takes the place of some where AWS has no room, in turn: see `launch`.

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
    if booted and (mappings := volumes.outliving(base.volumes, deleted=True)):
        parameters["BlockDeviceMappings"] = mappings
    kinds = (test.instance_type,) if test and test.instance_type else types(base)
    first, *further = [
        {"InstanceType": kind, **({"SubnetId": subnet} if subnet else {})}
        for kind in kinds
        for subnet in subnets(base)
    ]
    parameters |= {**first, **({"Otherwise": further} if further else {})}
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
        patience_s=recipe.release.timeouts.seconds("instance"),
        undo=terminate(recipe.region, f"undo-{LAUNCH}", "terminate the base instance", INSTANCE),
    )
    summary = "wait until the base instance runs and its status checks pass"
    return launch, instance_ready(recipe, "ready", summary, INSTANCE, LAUNCH)


def launch(context: ActionContext) -> dict[str, Any]:
    """Launch an instance, or find the one that this build's token has launched.

    If that is gone, it is launched anew with the next token: see `record.tokens`. Where AWS has no
    room for it, the next subnet is tried, and then the next type, each with a token of its own.

    Raises:
        AwsError: AWS refused it, or has no room anywhere; the notes say what was tried.
    """
    parameters = {**context.parameters}
    places, full = [{}, *parameters.pop("Otherwise", ())], list[str]()
    unused = iter(tokens(parameters["ClientToken"]))
    while True:
        parameters |= places.pop(0)
        try:
            return _launched(context, parameters, unused)
        except AwsError as error:
            if not is_not_here(error):
                raise
            full.append(f"tried {_where(parameters)}: {error.code}")
            context.progress(full[-1])
            if not places:
                error.notes = (*error.notes, *full)
                raise


def _launched(
    context: ActionContext, parameters: Mapping[str, Any], unused: Iterator[str]
) -> dict[str, Any]:
    for token in unused:
        attempt = structs.replace(context, parameters={**parameters, "ClientToken": token})
        try:
            instance = call(attempt, "ec2:RunInstances", _LAUNCHED)
            if instance["state"] in ALIVE:
                return {"instance_id": instance["instance_id"]}
        except AwsError as error:
            if code_of(error) not in USED_TOKEN:
                raise
    raise BakeError(f"{context.summary}: {LAUNCHES} launches of this build came to nothing")


def _where(parameters: Mapping[str, Any]) -> str:
    subnet = parameters.get("SubnetId", "a subnet of AWS's choice")
    return f"{parameters['InstanceType']} in {subnet}"


def launch_problems(recipe: Recipe) -> list[str]:
    """Say why the base instance could not be launched: its type, its parameters, permissions.

    The launch is tried with DryRun, which checks what it names and what the caller may do.
    """
    regional = recipe.aws.in_region(recipe.region)
    base, parameters = recipe.release.base, resolve(run_instances(recipe), {})
    del parameters["ClientToken"]
    kinds = ahead(
        partial(
            side_by_side, types(base), lambda kind: _architecture_problems(regional, kind, recipe)
        )
    )
    mappings = volumes.problems(regional, recipe.source, base.volumes)
    if mappings:  # AWS would say the same of them once more
        parameters.pop("BlockDeviceMappings", None)
    places = ({}, *parameters.pop("Otherwise", ()))

    def tried(place: int) -> AwsError | None:
        trying = "trying the launch (DryRun)"
        return calls.refusal(regional, "ec2:RunInstances", trying, **parameters | places[place])

    refusals = side_by_side(range(len(places)), tried).values()
    problems = [*source_problems(recipe), *mappings]
    problems += [problem for several in kinds().values() for problem in several]
    room = not all(refusal and is_not_here(refusal) for refusal in refusals)
    wrong = [each for each in refusals if each and not (room and is_not_here(each))]
    return [*problems, *dict.fromkeys(in_list(recipe, refusal) for refusal in wrong)]


def instance_problems(regional: RegionalAws, instance_id: str) -> list[str]:
    """Say why an image cannot be made of an instance that is there already."""
    purpose = "looking at the base instance"
    try:
        described = instances.described(regional, purpose, InstanceIds=[instance_id])
    except AwsError as error:
        return [error.with_fix]
    state = described[0].state if described else "not there"
    if state not in ("pending", "running"):
        return [f"{instance_id} in {regional.region} is {state}"]
    return [f"{instance_id} {_WINDOWS}"] if described[0].is_windows else []


def source_problems(recipe: Recipe) -> Iterator[str]:
    """Yield why no image can be made of the source as the release file wants it.

    CreateImage takes over boot mode and TPM support: only RegisterImage sets them.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html
    """
    source, attributes = recipe.source, recipe.release.attributes
    where, architecture = recipe.base_key, recipe.build.architecture
    if source.is_windows:
        yield f"{where}.source: {source.id} {_WINDOWS}"
    if architecture not in ("", source.architecture):
        yield (
            f"{where}.source: {source.id} ({source.name}) is {source.architecture}: name an image "
            f"that is {architecture}"
        )
    marks = {mark.key for mark in source.watermarks} - {recipe.watermark}
    if recipe.watermark and len(marks) >= watermarks.MOST:
        yield (
            f"watermark: an image inherits those of its source, and {source.id} has "
            f"{len(marks)}, as many as EC2 allows: leave `watermark` out"
        )
    for name, wish, actual in (
        ("boot_mode", attributes.boot_mode, source.boot_mode),
        ("tpm", attributes.tpm, source.tpm),
    ):
        if wish and wish != actual:
            yield (
                f"attributes.{name}: an image inherits it from its source, and that of "
                f"{source.id} is {actual or 'not set'}, not {wish}: choose another {where}.source"
            )


def _architecture_problems(regional: RegionalAws, instance_type: str, recipe: Recipe) -> list[str]:
    try:
        known = instances.architectures(regional, instance_type, "looking at the instance type")
    except AwsError as error:
        return [error.with_fix]
    source, architecture = recipe.source, recipe.build.architecture
    if (architecture or source.architecture or known[0]) in known:
        return []
    mismatch = f"{recipe.base_key}: instance type {instance_type} is {'/'.join(known)}"
    if architecture:
        return [f"{mismatch}: name a type that is {architecture}"]
    return [f"{mismatch}, but {source.id} is {source.architecture}"]
