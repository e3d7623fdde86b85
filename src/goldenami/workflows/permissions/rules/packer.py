"""What Packer does otherwise than the calls of a create-image bake.

It launches with a key pair, and perhaps a security group, of its own, and tags the image after it
has made it. A template of the user's own may do more; it gets what Packer's builders can do.
https://developer.hashicorp.com/packer/integrations/hashicorp/amazon
"""

from collections.abc import Iterator

from goldenami.aws.leftovers import TEMPORARY
from goldenami.domain import tags
from goldenami.domain.choices import BakeMethod, PermissionCommand
from goldenami.domain.status import Status
from goldenami.iam.permissions.grant import GrantUse, PolicyCondition, condition, equals
from goldenami.iam.reference import table
from goldenami.workflows.permissions.rules import images, instances
from goldenami.workflows.permissions.rules.interface import (
    GrantBounds,
    GrantRule,
    GrantRules,
    conditions,
    sometimes,
)
from goldenami.workflows.permissions.scope import ANY, PermissionScope

_OWN_TEMPLATE = "amazon-ebs"
_GOLDEN_ALREADY = f"aws:ResourceTag/{tags.IMAGE}"


def is_for(scope: PermissionScope) -> bool:
    """Tell whether a role runs Packer."""
    by_packer = scope.release.bake.method == BakeMethod.PACKER
    return by_packer and scope.is_home and scope.command is PermissionCommand.BAKE


def _launch(scope: PermissionScope) -> Iterator[GrantBounds]:
    """Packer tags no network interface, and has a key pair of its own."""
    yield from instances.launch(scope)
    interface = (scope.arn("ec2", "network-interface", ANY), _key_pairs(scope))
    yield GrantBounds("LaunchInto", interface, conditions(scope.here))


def _key_pairs(scope: PermissionScope) -> str:
    return scope.arn("ec2", "key-pair", f"{TEMPORARY}*")


def _create_key_pair(scope: PermissionScope) -> Iterator[GrantBounds]:
    pair = (scope.arn("ec2", "key-pair", ANY),)
    yield GrantBounds("MakeKeyPair", pair, conditions(scope.here))


def _delete_key_pair(scope: PermissionScope) -> Iterator[GrantBounds]:
    yield GrantBounds("DeleteKeyPair", (_key_pairs(scope),), conditions(scope.here))


def _security_group(scope: PermissionScope) -> Iterator[GrantBounds]:
    """A group for the build, unless the file names some."""
    if not all(base.security_groups for base in scope.bases):
        kinds = (scope.arn("ec2", "security-group", ANY), scope.arn("ec2", "vpc", ANY))
        yield GrantBounds("MakeSecurityGroup", kinds, conditions(scope.here), GrantUse.SOMETIMES)


def _create_image(scope: PermissionScope) -> Iterator[GrantBounds]:
    kinds = tuple(scope.arn("ec2", kind, ANY) for kind in ("image", "snapshot"))
    yield GrantBounds("MakeUntaggedImages", kinds, conditions(scope.here))
    instance = conditions(scope.golden, scope.here)
    yield GrantBounds("UseInstances", (scope.arn("ec2", "instance", ANY),), instance)


def _not_golden_yet(scope: PermissionScope) -> Iterator[PolicyCondition]:
    yield condition("Null", _GOLDEN_ALREADY, ["true"])
    yield scope.here


def _describe_image(scope: PermissionScope) -> Iterator[GrantBounds]:
    """The description of the image that was just made, and then what any bake sets."""
    image = (scope.arn("ec2", "image", ANY),)
    own = conditions(_not_golden_yet(scope), scope.owned(scope.home))
    yield GrantBounds("DescribeNewImage", image, own)
    yield from images.own_image(scope)


def _tag(scope: PermissionScope) -> Iterator[GrantBounds]:
    """Tags of the image after it was made: as one that is being built, and of no other image."""
    yield from images.tag(scope)
    kinds = tuple(scope.arn("ec2", kind, ANY) for kind in ("image", "snapshot"))
    building = [Status.BUILDING.value]
    yield GrantBounds(
        "TagNewImage",
        kinds,
        conditions(
            scope.named_golden,
            scope.here,
            equals(f"aws:RequestTag/{tags.STATUS}", *building),
            condition("StringEqualsIfExists", _GOLDEN_ALREADY, [scope.image]),
            condition("StringEqualsIfExists", f"aws:ResourceTag/{tags.STATUS}", building),
        ),
    )
    instance = (scope.arn("ec2", "instance", ANY), scope.arn("ec2", "volume", ANY))
    again = conditions(scope.named_golden, scope.golden, scope.here)
    yield GrantBounds("TagInstances", instance, again)


def _profile(scope: PermissionScope) -> Iterator[GrantBounds]:
    named = {base.instance_profile for base in scope.bases} - {None}
    if profiles := tuple(sorted(scope.arn("iam", "instance-profile", str(name)) for name in named)):
        yield GrantBounds("ReadInstanceProfile", profiles)


def _of_templates(action: str) -> GrantRule:
    """What only other templates than goldenami's own do, on anything of the account."""
    kinds = [kind for kind, access in table.kinds(action).items() if access.required]

    def rule(scope: PermissionScope) -> Iterator[GrantBounds]:
        if scope.release.bake.template != _OWN_TEMPLATE:
            resources = tuple(scope.arn("ec2", kind, ANY) for kind in kinds)
            yield GrantBounds("OwnTemplate", resources, conditions(scope.here), GrantUse.SOMETIMES)

    return rule


_SOMETIMES = dict.fromkeys(
    ("ec2:DescribeInstanceStatus", "ec2:DescribeKeyPairs", "ec2:DescribeSecurityGroups",
     "ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeVolumes"),
)  # fmt: skip


def _read_if_need_be(scope: PermissionScope) -> Iterator[GrantBounds]:
    yield GrantBounds("Read", (ANY,), conditions(scope.looking()), GrantUse.SOMETIMES)


RULES: GrantRules = {
    **dict.fromkeys(_SOMETIMES, _read_if_need_be),
    "ec2:AuthorizeSecurityGroupIngress": _security_group,
    "ec2:CreateImage": _create_image,
    "ec2:CreateKeyPair": _create_key_pair,
    "ec2:CreateSecurityGroup": _security_group,
    "ec2:CreateTags": _tag,
    "ec2:DeleteKeyPair": _delete_key_pair,
    "ec2:DeleteSecurityGroup": _security_group,
    "ec2:DeregisterImage": sometimes(images.deregister),
    "ec2:ModifyImageAttribute": _describe_image,
    "ec2:ModifySnapshotAttribute": sometimes(images.share_snapshots),
    "ec2:RunInstances": _launch,
    "iam:GetInstanceProfile": _profile,
    **{
        action: _of_templates(action)
        for action in (
            "ec2:AttachVolume", "ec2:CreateSnapshot", "ec2:CreateVolume", "ec2:DeleteVolume",
            "ec2:DetachVolume", "ec2:ModifyInstanceAttribute", "ec2:RegisterImage",
        )
    },
}  # fmt: skip
