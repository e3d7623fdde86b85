"""The golden image, its copies, who may launch it and the parameter that names it, in Terraform.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ami_from_instance
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ami_copy
"""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.domain import names
from goldenami.infrastructure.hcl import Expression, FunctionCall, expression, quoted
from goldenami.infrastructure.release import ReleaseCode
from goldenami.infrastructure.release.terraform_base import image_named, suffix
from goldenami.infrastructure.terraform import Block, data, resource
from goldenami.spec import Release
from goldenami.spec.model import Copies

_KEY, _VALUE = Expression("each.key"), Expression("each.value")
_FIRST, _SECOND = Expression("each.value[0]"), Expression("each.value[1]")
_PAIRS = """{{
  for pair in setproduct({}, {}) : join(" ", pair) => pair
}}"""
_DEVICES = """distinct(concat(
  [for device in {}.block_device_mappings : device.device_name if try(length(device.ebs), 0) > 0],
  {}
))"""
_SNAPSHOTS = """{{
  for pair in setproduct(keys(local.images{0}), local.devices{0}) : join(" ", pair) => {{
    region = pair[0]
    id = one([
      for device in local.block_devices{0}[pair[0]] : device.snapshot_id
      if device.device_name == pair[1]
    ])
  }}
}}"""
_MERGED = """merge({{ {} = {} }}, {{
  for region, image in aws_ami_copy.golden{} : region => image.{}
}})"""
_APPROVED = "{{ for region, id in {} : region => id if var.approved }}"
_NAMED_DEVICES = (
    "[for device in {}.block_device_mappings : {{ device_name = device.device_name, "
    'snapshot_id = device.ebs["snapshot_id"] }} if try(length(device.ebs), 0) > 0]'
)
_SINCE = "timeadd(time_static.released.rfc3339, {})"


_NEW_FIRST = Block("lifecycle", (), {"create_before_destroy": True})


def description(release: Release, name: str) -> str | Expression:
    """Return the description of the image."""
    return release.description or Expression(f'"${{local.{name}}}, made by Terraform"')


def image(code: ReleaseCode, release: Release, architecture: str, base: Block | None) -> Block:
    """Return the image of the base instance; without one, the lookup of what Packer has made."""
    end = suffix(architecture)
    if base is None:
        return image_named(f"golden{end}", Expression(f"var.golden_image{end}"))
    return resource(
        "aws_ami_from_instance",
        f"golden{end}",
        {
            "name": Expression(f"local.name{end}"),
            "description": description(release, f"name{end}"),
            "source_instance_id": base.attribute("id"),
            "snapshot_without_reboot": not release.bake.reboot,
            "deprecation_time": _deprecation(release),
            "tags": Expression("local.tags"),
        },
        _NEW_FIRST,
        comment="The golden image; another release_version replaces it.",
    )


def stopped(architecture: str, base: Block, golden: Block) -> Block:
    """Return what stops the base instance once the image is made."""
    return resource(
        "aws_ec2_instance_state",
        f"base{suffix(architecture)}",
        {
            "instance_id": base.attribute("id"),
            "state": "stopped",
            "depends_on": [golden.attribute("")],
        },
    )


def local_values(
    code: ReleaseCode, release: Release, architecture: str, source: Block | None, golden: Block
) -> dict[str, Any]:
    """Return what the resources of an architecture go by: images, devices, snapshots, by region."""
    end, home = suffix(architecture), quoted(release.build_region)
    listed = expression([volume.device for volume in release.base.volumes])
    looked_up = golden.attribute("").text
    own = f"{looked_up}.ebs_block_device" if source else _NAMED_DEVICES.format(looked_up)
    images, devices = (
        Expression(f"{{ {home} = {looked_up}.id }}"),
        Expression(f"{{ {home} = {own} }}"),
    )
    if release.destinations:
        images = Expression(_MERGED.format(home, f"{looked_up}.id", end, "id"))
        devices = Expression(_MERGED.format(home, own, end, "ebs_block_device"))
    named_by = source.attribute("").text if source else looked_up
    values: dict[str, Any] = {
        f"images{end}": images,
        f"block_devices{end}": devices,
        f"devices{end}": Expression(_DEVICES.format(named_by, listed if source else "[]")),
        f"snapshots{end}": Expression(_SNAPSHOTS.format(end)),
    }
    if code.waits_for_approval:
        values[f"approved_images{end}"] = Expression(_APPROVED.format(f"local.images{end}"))
    return values


def copies(code: ReleaseCode, release: Release, architecture: str) -> Iterator[Block]:
    """Yield the copies into the account's other regions, and the tags of all snapshots."""
    end = suffix(architecture)
    home, keys = release.build_region, _keys(release)
    if release.destinations:
        yield resource(
            "aws_ami_copy",
            f"golden{end}",
            {
                "for_each": FunctionCall("toset", list(release.destinations)),
                "region": _KEY,
                "name": Expression(f"local.name{end}"),
                "description": description(release, f"name{end}"),
                "source_ami_id": Expression(f"{_made(code, architecture)}.id"),
                "source_ami_region": home,
                **_encryption(keys, "copy"),
                "deprecation_time": _deprecation(release),
                "tags": Expression("local.tags"),
            },
            _NEW_FIRST,
        )
    if code.is_templated:
        yield resource(
            "aws_ec2_tag",
            f"image{end}",
            {
                "for_each": Expression("local.tags"),
                "resource_id": Expression(f"{_made(code, architecture)}.id"),
                "key": _KEY,
                "value": _VALUE,
            },
        )
    yield resource(
        "aws_ec2_tag",
        f"snapshot{end}",
        {
            "for_each": _pairs(f"keys(local.snapshots{end})", "keys(local.tags)"),
            "region": Expression(f"local.snapshots{end}[each.value[0]].region"),
            "resource_id": Expression(f"local.snapshots{end}[each.value[0]].id"),
            "key": _SECOND,
            "value": Expression("local.tags[each.value[1]]"),
        },
        comment="The provider tags images, and not their snapshots.",
    )


def shares(code: ReleaseCode, release: Release, architecture: str) -> Iterator[Block]:
    """Yield who may launch the image, and copy it."""
    end, share = suffix(architecture), release.share
    shared = _shared(code, release, architecture)
    accounts = dict.fromkeys([*share.accounts, *(each.account for each in release.copies)])
    for label, argument, several in (
        ("account", "account_id", accounts),
        ("organization", "organization_arn", share.organizations),
        ("unit", "organizational_unit_arn", share.organizational_units),
    ):
        if several:
            yield resource(
                "aws_ami_launch_permission",
                f"{label}{end}",
                {
                    "for_each": _pairs(f"keys({shared})", expression(list(several))),
                    "region": _FIRST,
                    "image_id": Expression(f"local.images{end}[each.value[0]]"),
                    argument: _SECOND,
                },
            )
    if release.copying_accounts:
        chosen = f"keys(local.snapshots{end})"
        if code.waits_for_approval and not release.share_candidates:
            chosen = f"[for key in keys(local.snapshots{end}) : key if var.approved]"
        yield resource(
            "aws_snapshot_create_volume_permission",
            f"account{end}",
            {
                "for_each": _pairs(chosen, expression(list(release.copying_accounts))),
                "region": Expression(f"local.snapshots{end}[each.value[0]].region"),
                "snapshot_id": Expression(f"local.snapshots{end}[each.value[0]].id"),
                "account_id": _SECOND,
            },
            comment="Who copies an image reads its snapshots.",
        )


def copies_elsewhere(code: ReleaseCode, release: Release, architecture: str) -> Iterator[Block]:
    """Yield the copies that belong to other accounts, made by a role of theirs."""
    end = suffix(architecture)
    shared = _shared(code, release, architecture)
    permissions = [
        Expression(f"aws_ami_launch_permission.account{end}"),
        Expression(f"aws_snapshot_create_volume_permission.account{end}"),
    ]
    for each in release.copies:
        regions = expression(list(each.regions or release.regions))
        yield resource(
            "aws_ami_copy",
            f"{alias(each)}{end}",
            {
                "provider": Expression(f"aws.{alias(each)}"),
                "for_each": Expression(f"setintersection(keys({shared}), {regions})"),
                "region": _KEY,
                "name": Expression(f"local.name{end}"),
                "description": description(release, f"name{end}"),
                "source_ami_id": Expression(f"local.images{end}[each.key]"),
                "source_ami_region": _KEY,
                **_encryption(each.kms_keys, alias(each)),
                "deprecation_time": _deprecation(release),
                "tags": Expression("local.tags"),
                "depends_on": permissions,
            },
            _NEW_FIRST,
            comment=f"The copies of account {each.account}; their snapshots are its own to tag.",
        )


def published(code: ReleaseCode, release: Release, architecture: str) -> Iterator[Block]:
    """Yield the parameter that names the image, in each region."""
    if name := code.parameter(architecture):
        yield resource(
            "aws_ssm_parameter",
            f"golden{suffix(architecture)}",
            {
                "for_each": Expression(_approved(code, architecture)),
                "region": _KEY,
                "name": name,
                "description": Expression(f"local.name{suffix(architecture)}"),
                "type": "String",
                "data_type": "aws:ec2:image",
                "insecure_value": _VALUE,
            },
        )


def released(release: Release) -> Iterator[Block]:
    """Yield what changes with the release_version, and its time, from which deprecation counts."""
    yield resource("terraform_data", "release", {"input": Expression("var.release_version")})
    if release.lifecycle.deprecate_after:
        triggers = {"version": Expression("var.release_version")}
        yield resource("time_static", "released", {"triggers": triggers})


def keys(release: Release) -> Iterator[Block]:
    """Yield the lookups of KMS keys, whose ARNs the provider wants."""
    volumes = [volume.kms_key for volume in release.base.volumes if volume.kms_key]
    if volumes:
        for_each = FunctionCall("toset", list(dict.fromkeys(volumes)))
        yield data("aws_kms_key", "volume", {"for_each": for_each, "key_id": _VALUE})
    if copied := _keys(release):
        yield data("aws_kms_key", "copy", {"for_each": copied, "region": _KEY, "key_id": _VALUE})
    for each in release.copies:
        if each.kms_keys:
            arguments = {
                "provider": Expression(f"aws.{alias(each)}"),
                "for_each": dict(each.kms_keys),
                "region": _KEY,
                "key_id": _VALUE,
            }
            yield data("aws_kms_key", alias(each), arguments)


def alias(other: Copies) -> str:
    """Return what the provider of another account is called."""
    return f"account_{other.account}"


def _made(code: ReleaseCode, architecture: str) -> str:
    kind = "data.aws_ami" if code.is_templated else "aws_ami_from_instance"
    return f"{kind}.golden{suffix(architecture)}"


def _keys(release: Release) -> dict[str, str]:
    keys = {region: release.kms_key(region) for region in release.destinations}
    return {region: key for region, key in keys.items() if key}


def _encryption(keys: Mapping[str, str], label: str) -> dict[str, Any]:
    if not keys:
        return {}
    looked_up = f"data.aws_kms_key.{label}"
    return {
        "encrypted": Expression(f"contains(keys({looked_up}), each.key) ? true : null"),
        "kms_key_id": Expression(f"try({looked_up}[each.key].arn, null)"),
    }


def _deprecation(release: Release) -> Expression | None:
    after = int(names.seconds(release.lifecycle.deprecate_after or ""))
    length = f"{after}s" if after % 3600 else f"{after // 3600}h"
    return Expression(_SINCE.format(quoted(length))) if after else None


def _pairs(first: str, second: str) -> Expression:
    return Expression(_PAIRS.format(first, second))


def _approved(code: ReleaseCode, architecture: str) -> str:
    name = "approved_images" if code.waits_for_approval else "images"
    return f"local.{name}{suffix(architecture)}"


def _shared(code: ReleaseCode, release: Release, architecture: str) -> str:
    if release.share_candidates:
        return f"local.images{suffix(architecture)}"
    return _approved(code, architecture)
