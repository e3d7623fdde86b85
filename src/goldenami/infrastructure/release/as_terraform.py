"""A release as a Terraform document, as the guide of EC2-028 lays it out.

It asks for version 6 of the AWS provider, by which a resource says its region itself.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/enhanced-region-support
"""

from collections.abc import Iterator
from typing import Any

from goldenami.domain import arns, names
from goldenami.infrastructure.enforcement import as_terraform
from goldenami.infrastructure.enforcement.as_terraform import SNAPSHOTS
from goldenami.infrastructure.hcl import Expression, expression
from goldenami.infrastructure.release import ReleaseCode, terraform_image
from goldenami.infrastructure.release.gaps import head
from goldenami.infrastructure.release.terraform_base import instance, source, suffix
from goldenami.infrastructure.terraform import Block, document

AWS = {"source": "hashicorp/aws", "version": "~> 6.25"}
"""The first version whose schema this code is held to; it knows regions and Allowed AMIs."""
TIME = {"source": "hashicorp/time", "version": "~> 0.12"}
_IMAGE_ID = "^ami-([0-9a-f]{8}|[0-9a-f]{17})$"


def text(code: ReleaseCode) -> str:
    """Return the document, with what it does not do at its head."""
    release = code.release
    values = _local_values(code)
    parts = [part for name, file in code.parts.items() for part in _part(code, file.release, name)]
    golden = [block for block, _ in parts]
    for _, further in parts:
        values |= further
    if code.enforcement.lists_snapshots:
        values["golden_snapshots"] = Expression(_golden_snapshots(code))
    blocks = [
        *_settings(code),
        *_variables(code),
        Block("locals", (), values),
        *terraform_image.released(release),
        *terraform_image.keys(release),
        *golden,
        *as_terraform.blocks(code.enforcement, SNAPSHOTS),
        *_outputs(code),
    ]
    return document(blocks, head(code, "terraform"))


def _settings(code: ReleaseCode) -> Iterator[Block]:
    release = code.release
    deprecates = release.lifecycle.deprecate_after
    providers = {"aws": AWS, "time": TIME if deprecates else None}
    yield Block(
        "terraform",
        (),
        {"required_version": ">= 1.5"},
        (Block("required_providers", (), providers),),
    )
    account = {"allowed_account_ids": [code.account]}
    yield Block("provider", ("aws",), {"region": release.build_region, **account})
    partition = arns.partition_of(release.build_region)
    for each in release.copies:
        role = {"role_arn": arns.role_arn(partition, each.account, each.role)}
        yield Block(
            "provider",
            ("aws",),
            {
                "alias": terraform_image.alias(each),
                "region": release.build_region,
                "allowed_account_ids": [each.account],
            },
            (Block("assume_role", (), role),),
        )


def _variables(code: ReleaseCode) -> Iterator[Block]:
    release = code.release
    fixed = None if release.version == "auto" else release.version
    yield _variable(
        "release_version", "string", "The version of the image; another one makes another.", fixed
    )
    if code.waits_for_approval:
        words = "Whether somebody has approved the image: then others get it."
        yield _variable("approved", "bool", words, False)
    if code.is_templated:
        for name in code.parts:
            check = Expression(
                f"can(regex({expression(_IMAGE_ID)}, var.golden_image{suffix(name)}))"
            )
            message = "It is no image id (ami-…)."
            yield _variable(
                f"golden_image{suffix(name)}",
                "string",
                "The id of the image that Packer has made, in the build region.",
                None,
                Block("validation", (), {"condition": check, "error_message": message}),
            )
    if code.enforcement.lists_snapshots:
        words = "Snapshots of golden images beside this release's: what is not listed is denied."
        yield _variable("golden_snapshots", "list(string)", words, list(code.snapshots))


def _variable(name: str, kind: str, words: str, default: Any, *blocks: Block) -> Block:
    arguments = {"type": Expression(kind), "description": words, "default": default}
    return Block("variable", (name,), arguments, blocks)


def _local_values(code: ReleaseCode) -> dict[str, Any]:
    release, values = code.release, dict[str, Any]()
    for name in code.parts:
        version = names.ami_name(release.image, "${var.release_version}", name)
        values[f"name{suffix(name)}"] = Expression(f'"{version}"')
    values["tags"] = {**code.own_tags, **code.approval}
    if code.waits_for_approval:
        values["approval_tag"] = code.approval
        values["tags"] = Expression(
            f"merge({expression(code.own_tags)}, "
            "{ for key, value in local.approval_tag : key => value if var.approved })"
        )
    return values


def _part(code: ReleaseCode, release: Any, name: str) -> Iterator[tuple[Block, dict[str, Any]]]:
    """Yield the blocks of an architecture, and the local values that they go by."""
    base: Block | None = None
    looked_up: Block | None = None
    if not code.is_templated:
        for block in source(code, release, name):
            yield block, {}
            looked_up = block
        assert looked_up is not None  # noqa: S101  a source has an image
        base = instance(code, release, name, looked_up)
        yield base, {}
    golden = terraform_image.image(code, release, name, base)
    yield golden, terraform_image.local_values(code, release, name, looked_up, golden)
    if base is not None:
        yield terraform_image.stopped(name, base, golden), {}
    for blocks in (
        terraform_image.copies,
        terraform_image.shares,
        terraform_image.copies_elsewhere,
        terraform_image.published,
    ):
        for block in blocks(code, release, name):
            yield block, {}


def _golden_snapshots(code: ReleaseCode) -> str:
    every = ", ".join(f"values(local.snapshots{suffix(name)})[*].id" for name in code.parts)
    return f"distinct(concat(var.golden_snapshots, {every}))"


def _outputs(code: ReleaseCode) -> Iterator[Block]:
    for name in code.parts:
        yield Block(
            "output",
            (f"images{suffix(name)}",),
            {
                "description": "The golden image of each region.",
                "value": Expression(f"local.images{suffix(name)}"),
            },
        )
