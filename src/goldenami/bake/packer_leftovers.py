"""What a Packer build leaves that failed or was killed, found and removed.

Packer cleans up after itself, unless it is killed. Its instance carries the build's tags and is the
recorded one, or was launched before it could be recorded; its key pair and security group carry no
tags (1.6), so their names are taken from the instance and from its log.
"""

import re
from collections.abc import Callable, Iterator, Set
from functools import partial
from typing import Any

from msgspec import structs

from goldenami.aws import builds, calls, images, leftovers, records, waits
from goldenami.aws.action import ActionContext
from goldenami.aws.calls import once
from goldenami.aws.errors import NOT_FOUND, code_of
from goldenami.aws.leftovers import TEMPORARY
from goldenami.domain import tags
from goldenami.domain.identity import origin, removal_problem
from goldenami.domain.image import Build, Image
from goldenami.domain.instance import Instance
from goldenami.errors import GoldenamiError

TERMINATION_TIMEOUT_S = 600.0
_NAME = re.compile(rf"{TEMPORARY}[0-9A-Za-z-]{{8,}}")


def names_in(line: str) -> frozenset[str]:
    """Return the names of temporary key pairs and security groups in a line of Packer's log."""
    return frozenset(_NAME.findall(line))


def remove(
    context: ActionContext, build: Build, names: Set[str] = frozenset(), *, image: bool
) -> list[str]:
    """Remove what a build of Packer has left: its instance, its key pairs, its security group.

    Args:
        context: whose AWS, where.
        build: the build.
        names: temporary key pairs and security groups that Packer spoke of.
        image: whether its image goes too.

    Returns:
        What was removed and what could not be, each by id.
    """
    lines: list[str] = []
    try:
        launched = _launched(context, build)
        if image:
            lines += _images(context, build, {instance.id for instance in launched})
        for instance in launched:
            of_instance = (instance.key_name, *(name for _, name in instance.groups))
            names |= {name for name in of_instance if name.startswith(TEMPORARY)}
            if instance.alive:
                lines += _try(f"instance {instance.id}", partial(_terminate, context, instance))
        steps = list(_temporary(context, build, names))
    except GoldenamiError as error:
        return [*lines, f"what Packer left could not be looked for: {error.message}"]
    return [*lines, *(line for step in steps for line in _try(*step))]


def _images(context: ActionContext, build: Build, instances: Set[str]) -> Iterator[str]:
    """Deregister the build's image; one that it has not made is left alone."""
    for image in images.named(context.regional, build.ami_name):
        if image.source_instance in instances:
            yield from _try(f"image {image.id}", partial(_deregister, context, image))
        elif image.tags.get(tags.BUILD) == build.id:
            yield f"left alone: {image.id}: EC2 says that it was {origin(image)}"


def _launched(context: ActionContext, build: Build) -> list[Instance]:
    """Return the build's own instances, those that were terminated lately among them."""
    recorded = records.read(context.regional, build.image, build.id)
    if recorded is None:
        return []
    return [
        instance
        for instance in builds.instances(context.regional, tags.BUILD, build.id, alive=False)
        if not removal_problem(recorded.record, instance)
    ]


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
