"""What a Packer build leaves that failed or was killed, found and removed.

Packer cleans up after itself, unless it is killed. Its instance is the recorded one, or carries the
build's tags, or has the key pair that Packer's log names; its key pair and security group carry no
tags (1.6), so their names are taken from the instance and from its log.
"""

from collections.abc import Callable, Iterator, Set
from functools import partial
from typing import Any

from msgspec import structs

from goldenami.aws import builds, calls, instances, leftovers, records, waits
from goldenami.aws.action import ActionContext
from goldenami.aws.calls import once
from goldenami.aws.errors import NOT_FOUND, code_of
from goldenami.aws.leftovers import TEMPORARY
from goldenami.bake.packer_products import NOTHING, Mentions, Products, is_recent, look
from goldenami.domain import tags
from goldenami.domain.identity import origin, removal_problem
from goldenami.domain.image import Build, Image
from goldenami.domain.instance import Instance
from goldenami.errors import GoldenamiError

TERMINATION_TIMEOUT_S = 600.0


def remove(
    context: ActionContext, build: Build, mentions: Mentions | None = None, *, image: bool
) -> list[str]:
    """Remove what a build of Packer has left: its instance, its key pairs, its security group.

    Args:
        context: whose AWS, where.
        build: the build.
        mentions: what Packer's log speaks of.
        image: whether its image goes too, and all copies of it.

    Returns:
        What was removed and what could not be, each by id, and what else there is of the build.
    """
    lines: list[str] = []
    mentions = mentions or Mentions()
    try:
        launched = _launched(context, build, mentions)
        ids = {instance.id for instance in launched}
        products = look(context.regional, build, ids, mentions) if image else NOTHING
        lines += _images(context, build, products)
        for instance in launched:
            of_instance = (instance.key_name, *(name for _, name in instance.groups))
            mentions.names.update(name for name in of_instance if name.startswith(TEMPORARY))
            if instance.alive:
                lines += _try(f"instance {instance.id}", partial(_terminate, context, instance))
        steps = dict(_temporary(context, build, mentions.names))
    except GoldenamiError as error:
        return [*lines, f"what Packer left could not be looked for: {error.message}"]
    lines += (line for step in steps.items() for line in _try(*step))
    tried = {what.rpartition(" ")[2] for what in steps}
    own = {each.id for each in products.images}
    return [*lines, *(f"left: {line}" for line in products.lines(but=ids | own | tried))]


def _images(context: ActionContext, build: Build, products: Products) -> Iterator[str]:
    """Deregister what was made of the build's instances, copies first; nothing else."""
    for image in reversed(products.images):
        there = structs.replace(context, regional=context.aws.in_region(image.region))
        yield from _try(f"image {image.id}", partial(_deregister, there, image))
    for image in products.mentioned:
        if image.tags.get(tags.BUILD) == build.id:
            yield f"left alone: {image.id}: EC2 says that it was {origin(image)}"


def _launched(context: ActionContext, build: Build, mentions: Mentions) -> list[Instance]:
    """Return the build's own instances, those that were terminated lately among them."""
    recorded = records.read(context.regional, build.image, build.id)
    if recorded is None:
        return []
    regional, purpose = context.regional, "looking for Packer's instance"
    known = [recorded.record.instance_id] if recorded.record.instance_id else []
    candidates = (
        *builds.instances(regional, tags.BUILD, build.id, alive=False),
        *instances.having(regional, "instance-id", known, purpose),
    )
    keyed = instances.having(regional, "key-name", sorted(mentions.keys), purpose)
    own = [
        *(each for each in candidates if not removal_problem(recorded.record, each)),
        *(each for each in keyed if is_recent(each, build)),
    ]
    return list({each.id: each for each in own}.values())


def _try(what: str, step: Callable[[], Any]) -> list[str]:
    try:
        step()
    except GoldenamiError as error:
        return [] if code_of(error) in NOT_FOUND else [f"LEFT BEHIND: {what}: {error.message}"]
    return [f"removed what Packer had left: {what}"]


def _deregister(context: ActionContext, image: Image) -> None:
    parameters = {"ImageId": image.id, "DeleteAssociatedSnapshots": True}
    calls.deregister(structs.replace(context, summary="deregister", parameters=parameters))


def _terminate(context: ActionContext, instance: Instance) -> None:
    summary = f"terminate {instance.id}"
    once(context.regional, "ec2:TerminateInstances", summary, InstanceIds=[instance.id])
    parameters = {"InstanceId": instance.id, "timeout_s": TERMINATION_TIMEOUT_S}
    waits.terminated(structs.replace(context, parameters=parameters))


def _temporary(
    context: ActionContext, build: Build, names: Set[str]
) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the removal of each key pair and security group that is still there."""
    patterns = [f"{TEMPORARY}{build.id}-*", *sorted(names)]
    key_pairs, groups = leftovers.temporary(context.regional, patterns)

    def delete(what: str, call: str, **parameters: str) -> tuple[str, Callable[[], Any]]:
        return what, partial(once, context.regional, call, f"delete {what}", **parameters)

    for name in key_pairs:
        yield delete(f"key pair {name}", "ec2:DeleteKeyPair", KeyName=name)
    for group_id in groups:
        yield delete(f"security group {group_id}", "ec2:DeleteSecurityGroup", GroupId=group_id)
