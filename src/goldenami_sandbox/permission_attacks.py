"""What a role must not be able to do, tried with its credentials in the sandbox.

EC2's calls are dry runs; the others change what there is, so that they come last in a story.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from msgspec import Struct

from goldenami_sandbox import catalogue
from goldenami_sandbox.enforcement.guard import DecidedCall
from goldenami_sandbox.launch_attempts import INSTANCE_TYPES, STRANGER
from goldenami_sandbox.people import People
from goldenami_sandbox.seed import PUBLIC_NAMES, UNAPPROVED_IMAGE
from goldenami_sandbox.server import Sandbox

DENIED = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"})
BIG_TYPE = "u7i-12tb.224xlarge"
_STOLEN = "another-instance-role"
_GOLDEN_TAG, _STATUS = "goldenami:image", "goldenami:status"
_VOLUMES = {"Attribute": "createVolumePermission"}


class PermissionAttack(Struct, frozen=True, kw_only=True):
    """A call that a role must not be allowed, unless it is what its command is for.

    Args:
        title: what is tried, in words.
        service: whose call.
        operation: the call.
        parameters: its parameters, as boto3 takes them.
        region: where.
        by_design: the commands that do just that.
        why_open: why no policy can refuse it to who may do the same rightly; empty if one can.
    """

    title: str
    service: str
    operation: str
    parameters: Mapping[str, Any]
    region: str
    by_design: frozenset[str] = frozenset()
    why_open: str = ""


class PermissionAttackOutcome(Struct, frozen=True, kw_only=True):
    """How an attack ended.

    Args:
        attack: what was tried.
        code: the server's error code; empty if it did what was tried.
        decided: how IAM decided the call; None if it was not asked.
    """

    attack: PermissionAttack
    code: str
    decided: DecidedCall | None

    @property
    def refused(self) -> bool:
        """Whether IAM refused it."""
        return self.code in DENIED

    def worked(self, command: str) -> bool:
        """Tell whether it was not refused, though it could be, and is not what the command does."""
        own = command in self.attack.by_design or self.attack.why_open
        return not (self.refused or own)


class AttackedWorld(Struct, frozen=True, kw_only=True):
    """What is there to be attacked.

    Args:
        sandbox: running and seeded, after a bake.
        region: the build region.
        account: the account that bakes.
        image: the golden image's name.
        approval: key and value of the approval tag.
        role: the role that attacks, by name.
        elsewhere: a region that the release file does not name.
        surroundings: subnet, security groups and the like that the role may launch with.
        why_untagged: why the role has to change images that have no tags yet; empty if it has not.
    """

    sandbox: Sandbox
    region: str
    account: str
    image: str
    approval: tuple[str, str]
    role: str
    elsewhere: str
    surroundings: Mapping[str, Any] = {}
    why_untagged: str = ""


def attempts(world: AttackedWorld) -> Iterator[PermissionAttack]:
    """Yield the attacks on a world."""
    ec2 = world.sandbox.client("ec2", world.region, world.account)
    golden = _golden(ec2, world)
    foreign_instance = _instance(ec2, PUBLIC_NAMES[0])
    (unapproved,) = _images(ec2, "name", UNAPPROVED_IMAGE)
    yield from _launches(world, unapproved["ImageId"])
    yield from _on_instance(world, foreign_instance)
    yield from _on_images(world, unapproved["ImageId"], golden)
    yield from _elsewhere(world)


def attempt(
    sandbox: Sandbox, credentials: Mapping[str, str], attack: PermissionAttack
) -> PermissionAttackOutcome:
    """Try an attack with a role's credentials."""
    client = sandbox.client(attack.service, attack.region, **credentials)
    before, code = len(sandbox.decided), ""
    try:
        getattr(client, xform_name(attack.operation))(**attack.parameters)
    except ClientError as error:
        code = error.response["Error"]["Code"]
    code = "" if code == "DryRunOperation" else code
    decided = sandbox.decided[before:]
    return PermissionAttackOutcome(
        attack=attack, code=code, decided=decided[-1] if decided else None
    )


def _images(ec2: Any, name: str, value: str) -> list[dict[str, Any]]:
    filters = [{"Name": name, "Values": [value]}]
    return list(ec2.describe_images(Owners=["self"], Filters=filters)["Images"])


def _golden(ec2: Any, world: AttackedWorld) -> dict[str, Any] | None:
    """Return an approved image, if the command has left one."""
    key, value = world.approval
    return next(iter(_images(ec2, f"tag:{key}", value)), None)


def _instance(ec2: Any, name: str) -> str:
    filters = [{"Name": "tag:Name", "Values": [name]}]
    reservations = ec2.describe_instances(Filters=filters)["Reservations"]
    return str(reservations[0]["Instances"][0]["InstanceId"])


def _launches(world: AttackedWorld, unapproved: str) -> Iterator[PermissionAttack]:
    public = catalogue.IMAGES[0]
    kind = INSTANCE_TYPES[public.architecture]
    tags = [
        {"ResourceType": resource, "Tags": [{"Key": _GOLDEN_TAG, "Value": world.image}]}
        for resource in ("instance", "volume", "network-interface")
    ]
    usual = {
        "ImageId": public.id_in(world.region), "InstanceType": kind, "MinCount": 1, "MaxCount": 1,
        "DryRun": True, **world.surroundings,
    }  # fmt: skip
    tagged = {**usual, "TagSpecifications": tags}

    def launch(title: str, parameters: dict[str, Any], region: str = "") -> PermissionAttack:
        return PermissionAttack(
            title=title, service="ec2", operation="RunInstances", parameters=parameters,
            region=region or world.region,
        )  # fmt: skip

    yield launch("launch without the tags of a bake", usual)
    yield launch("launch an own image that nobody approved", {**tagged, "ImageId": unapproved})
    yield launch(f"launch a {BIG_TYPE}", {**tagged, "InstanceType": BIG_TYPE})
    here = {name: value for name, value in tagged.items() if name not in world.surroundings}
    abroad = {**here, "ImageId": public.id_in(world.elsewhere)}
    yield launch(f"launch in {world.elsewhere}", abroad, world.elsewhere)
    People(world.sandbox, world.region, world.account).instance_profile(_STOLEN)
    stolen = {**tagged, "IamInstanceProfile": {"Name": _STOLEN}}
    yield launch("pass another role to an instance", stolen)


def _on_instance(world: AttackedWorld, instance: str) -> Iterator[PermissionAttack]:
    remediate = frozenset({"remediate"})
    yield PermissionAttack(
        title="run a command on an instance of somebody else", service="ssm",
        operation="SendCommand", region=world.region,
        parameters={
            "DocumentName": "AWS-RunShellScript", "InstanceIds": [instance],
            "Parameters": {"commands": ["id"]},
        },
    )  # fmt: skip
    yield PermissionAttack(
        title="make an image of an instance of somebody else", service="ec2",
        operation="CreateImage", region=world.region,
        parameters={"InstanceId": instance, "Name": "stolen", "DryRun": True},
    )  # fmt: skip
    yield PermissionAttack(
        title="terminate an instance of somebody else", service="ec2",
        operation="TerminateInstances", region=world.region,
        parameters={"InstanceIds": [instance], "DryRun": True}, by_design=remediate,
    )  # fmt: skip


def _on_images(
    world: AttackedWorld, unapproved: str, golden: dict[str, Any] | None
) -> Iterator[PermissionAttack]:
    key, value = world.approval

    def on(
        title: str, operation: str, parameters: Mapping[str, Any], *by_design: str, why: str = ""
    ) -> PermissionAttack:
        return PermissionAttack(
            title=title, service="ec2", operation=operation, region=world.region,
            parameters={**parameters, "DryRun": True}, by_design=frozenset(by_design), why_open=why,
        )  # fmt: skip

    approve = {"Resources": [unapproved], "Tags": [{"Key": key, "Value": value}]}
    share = {"Add": [{"UserId": STRANGER}]}
    foreign = {"ImageId": unapproved}
    yield on("approve an image that no bake made", "CreateTags", approve)
    yield on("deregister an image of somebody else", "DeregisterImage", foreign)
    shared = {**foreign, "LaunchPermission": share}
    untagged = world.why_untagged
    yield on("share an image of somebody else", "ModifyImageAttribute", shared, why=untagged)
    source = {"SourceImageId": unapproved, "SourceRegion": world.region, "Name": "stolen"}
    yield on("copy an image without the tags of a bake", "CopyImage", source)
    if golden is None:
        return
    image = golden["ImageId"]
    devices = (mapping.get("Ebs", {}) for mapping in golden["BlockDeviceMappings"])
    snapshots = [device["SnapshotId"] for device in devices if "SnapshotId" in device]
    going = ("retire", "prune")
    yield on("deregister an approved image", "DeregisterImage", {"ImageId": image}, *going)
    drop = {"Resources": [image], "Tags": [{"Key": key}]}
    leaving = ("revoke", "deprecate", *going) if key != _STATUS else ()
    yield on("take the approval tag away", "DeleteTags", drop, *leaving)
    overwrite = {"Resources": [image], "Tags": [{"Key": _STATUS, "Value": "building"}]}
    yield on("make an approved image one that is being built", "CreateTags", overwrite)
    for snapshot in snapshots[:1]:
        call, what = "ModifySnapshotAttribute", {"SnapshotId": snapshot, **_VOLUMES}
        stranger = {**what, "CreateVolumePermission": share}
        yield on("let a stranger have a golden snapshot", call, stranger)
        public = {**what, "CreateVolumePermission": {"Add": [{"Group": "all"}]}}
        yield on("let everybody have a golden snapshot", call, public)
    yield PermissionAttack(
        title="make a golden image public", service="ec2", operation="ModifyImageAttribute",
        region=world.region,
        parameters={
            "ImageId": image, "LaunchPermission": {"Add": [{"Group": "all"}]}, "DryRun": True,
        },
        why_open="AWS has no condition key for who an image is shared with: "
        "`aws ec2 enable-image-block-public-access` closes it",
    )  # fmt: skip


def _elsewhere(world: AttackedWorld) -> Iterator[PermissionAttack]:
    yield PermissionAttack(
        title="write another parameter", service="ssm", operation="PutParameter",
        region=world.region,
        parameters={"Name": "/app/password", "Value": "x", "Type": "String"},
    )  # fmt: skip
    yield PermissionAttack(
        title="read another parameter", service="ssm", operation="GetParameter",
        region=world.region, parameters={"Name": "/app/password"},
    )  # fmt: skip
    yield PermissionAttack(
        title="give the role more rights", service="iam", operation="AttachRolePolicy",
        region=world.region,
        parameters={
            "RoleName": world.role, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
        },
    )  # fmt: skip
    yield PermissionAttack(
        title="make an access key", service="iam", operation="CreateAccessKey",
        region=world.region, parameters={"UserName": "rehearsal-admin"},
    )  # fmt: skip
