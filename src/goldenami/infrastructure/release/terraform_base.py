"""The source image and the base instance, in Terraform.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/instance
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/ami
"""

import base64
import unicodedata
from collections.abc import Iterator
from typing import Any

from goldenami.domain import tags
from goldenami.infrastructure.hcl import Expression, Text, quoted
from goldenami.infrastructure.release import (
    ROOT_DEVICES,
    ReleaseCode,
    instance_type,
    subnet,
    volume,
)
from goldenami.infrastructure.terraform import Block, data, resource
from goldenami.spec import Release
from goldenami.spec.model import BaseSource, BaseVolume

_NAMES = {
    "VolumeSize": "volume_size",
    "VolumeType": "volume_type",
    "Iops": "iops",
    "Throughput": "throughput",
    "SnapshotId": "snapshot_id",
    "Encrypted": "encrypted",
    "DeleteOnTermination": "delete_on_termination",
}


_ONCE = {
    "ignore_changes": [Expression(name) for name in ("ami", "user_data", "user_data_base64")],
    "replace_triggered_by": [Expression("terraform_data.release")],
}
"""Only another version is made of a newer source, or of another script."""


def suffix(architecture: str) -> str:
    """Return what the names of an architecture's resources end with."""
    return f"_{architecture}" if architecture else ""


def source(code: ReleaseCode, release: Release, architecture: str) -> Iterator[Block]:
    """Yield the lookup of the source image; the last block is the image."""
    name = f"source{suffix(architecture)}"
    named = release.base.source
    image_id: str | Expression | None = named.ami
    if named.ssm:
        parameter = data("aws_ssm_parameter", name, {"name": named.ssm})
        yield parameter
        image_id = parameter.attribute("insecure_value")
    if image_id:
        yield image_named(name, image_id)
        return
    arguments, filters = _looked_for(named, code.approval)
    if architecture:
        filters["architecture"] = architecture
    yield data(
        "aws_ami",
        name,
        {"most_recent": True, **arguments},
        *(_filter(key, value) for key, value in filters.items()),
    )


def image_named(name: str, image_id: str | Expression) -> Block:
    """Return the lookup of an image by its id."""
    return data("aws_ami", name, {"include_deprecated": True}, _filter("image-id", image_id))


def _looked_for(
    named: BaseSource, approval: dict[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    if named.golden:
        golden = {tags.IMAGE: named.golden, **approval}
        return {"owners": ["self"]}, {f"tag:{key}": value for key, value in golden.items()}
    image_filter = named.filter
    assert image_filter is not None  # noqa: S101  the checks of the release file see to it
    filters = {"name": image_filter.name, "state": "available"}
    if image_filter.architecture:
        filters["architecture"] = image_filter.architecture
    return {"owners": list(image_filter.owners)}, filters


def _filter(name: str, value: str | Expression) -> Block:
    return Block("filter", (), {"name": name, "values": [value]})


def instance(code: ReleaseCode, release: Release, architecture: str, image: Block) -> Block:
    """Return the base instance.

    Args:
        code: the release.
        release: of the architecture.
        architecture: its name, empty if there is but one.
        image: the lookup of its source.
    """
    base, root = release.base, _root(release)
    further = [each for each in base.volumes if each is not root]
    name = f"${{local.name{suffix(architecture)}}} base"
    arguments = {
        "ami": image.attribute("id"),
        "instance_type": instance_type(release),
        "key_name": base.key_name,
        "subnet_id": subnet(release),
        "vpc_security_group_ids": list(base.security_groups) or None,
        "iam_instance_profile": base.instance_profile,
        **_user_data(code.file.user_data),
        "tags": {"Name": Expression(f'"{name}"'), **code.base_tags},
        "volume_tags": {"Name": Expression(f'"{name}"'), **code.base_tags},
    }
    blocks = [
        Block("metadata_options", (), {"http_endpoint": "enabled", "http_tokens": "required"})
    ]
    blocks += [Block("root_block_device", (), _volume(root))] if root else []
    blocks += [
        Block("ebs_block_device", (), {"device_name": each.device, **_volume(each)})
        for each in further
    ]
    conditions = tuple(_conditions(release, architecture, image, root))
    blocks.append(Block("lifecycle", (), _ONCE, conditions))
    return resource(
        "aws_instance",
        f"base{suffix(architecture)}",
        arguments,
        *blocks,
        comment="The base instance: another release_version makes another.",
    )


def _root(release: Release) -> BaseVolume | None:
    """Return the volume that is taken for the root; a condition holds that it is."""
    volumes = release.base.volumes
    return next(
        (each for each in volumes if each.device in ROOT_DEVICES and not each.snapshot), None
    )


def _volume(named: BaseVolume) -> dict[str, Any]:
    key = named.kms_key
    arn = key and Expression(f"data.aws_kms_key.volume[{quoted(key)}].arn")
    values = volume(named)
    arguments = {name: values[of_aws] for of_aws, name in _NAMES.items()}
    return {**arguments, "kms_key_id": arn}


def _user_data(script: bytes | None) -> dict[str, Any]:
    """Return user data as a text, or by its bytes where Terraform would keep other ones."""
    if script is None:
        return {}
    try:
        text = script.decode()
    except UnicodeDecodeError:
        text = ""
    if not text or "\0" in text or unicodedata.normalize("NFC", text) != text:
        encoded = base64.b64encode(script).decode()
        return {"user_data_base64": encoded}
    return {"user_data": Text(text)}


def _conditions(
    release: Release, architecture: str, image: Block, root: BaseVolume | None
) -> Iterator[Block]:
    """Yield what has to hold of the source, so that the code means what the release file does."""
    devices = [each.device for each in release.base.volumes]
    actual = image.attribute("root_device_name").text
    if root:
        yield _precondition(
            f"{actual} == {quoted(root.device)}",
            f"The source does not call its root {root.device}.",
        )
    elif devices:
        listed = ", ".join(quoted(device) for device in devices)
        yield _precondition(
            f"!contains([{listed}], {actual})",
            "A further volume has the name of the source's root: it has to be a root_block_device.",
        )
    expected = {
        "architecture": architecture,
        "boot_mode": release.attributes.boot_mode,
        "tpm_support": release.attributes.tpm,
    }
    for attribute, value in expected.items():
        if value:
            yield _precondition(
                f"{image.attribute(attribute).text} == {quoted(value)}",
                f"The source's {attribute} is not {value}, and the image inherits it.",
            )


def _precondition(condition: str, message: str) -> Block:
    return Block("precondition", (), {"condition": Expression(condition), "error_message": message})
