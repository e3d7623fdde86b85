"""What of one account and region names images: instances, launch templates, parameters.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/your-ec2-ami-usage.html
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from moto.utilities.utils import get_partition

from goldenami_sandbox.ec2 import image_aliases
from goldenami_sandbox.ec2.errors import bad_combination, bad_value
from goldenami_sandbox.ec2.instance_state import CODES
from goldenami_sandbox.ec2.store import Ec2Store

INSTANCE, TEMPLATE, PARAMETER = "ec2:Instance", "ec2:LaunchTemplate", "ssm:Parameter"
RECIPES = ("imagebuilder:ImageRecipe", "imagebuilder:ContainerRecipe")
"""What the sandbox knows none of."""
STATES, DEPTH = "state-name", "version-depth"
MOST_VERSIONS = 10_000

Kinds = Mapping[str, Sequence[str]]
"""The kinds of resources to look at, each with the values of its option; none for the default."""


class Reference(NamedTuple):
    """A resource that names an image."""

    image_id: str
    kind: str
    arn: str


def requested_kinds(requested: Sequence[Mapping[str, Any]], options: Mapping[str, str]) -> Kinds:
    """Return the kinds of a request.

    Args:
        requested: the request's ResourceTypes.
        options: what the operation knows: each kind with the name of its option, or nothing.

    Raises:
        EC2ClientError: a kind or an option that is none, or values that the option does not have.
    """
    kinds: dict[str, Sequence[str]] = {}
    for each in requested:
        kind = each.get("ResourceType", "")
        if kind not in options:
            raise bad_value(f"Invalid value '{kind}' for ResourceType")
        kinds[kind] = ()
        for option in each.get("ResourceTypeOptions", ()):
            name, values = option.get("OptionName"), option.get("OptionValues", ())
            if name != options[kind]:
                raise bad_combination(f"The option '{name}' is not valid for {kind}")
            _check_values(name, values)
            kinds[kind] = values
    return kinds


def references(
    store: Ec2Store, image_ids: Collection[str], kinds: Kinds, default_depth: int
) -> Iterator[Reference]:
    """Yield what names one of the images, in the order of the kinds, each resource once an image.

    Args:
        store: the account and region to look at.
        image_ids: the images, be they whose they are, or gone.
        kinds: what to look at.
        default_depth: of how many versions of a launch template, if the request tells nothing.
    """
    for kind, values in kinds.items():
        if kind == INSTANCE:
            yield from _instances(store, image_ids, values or tuple(CODES))
        elif kind == TEMPLATE:
            yield from _templates(store, image_ids, int(values[0]) if values else default_depth)
        elif kind == PARAMETER:
            yield from _parameters(store, image_ids)


def _instances(
    store: Ec2Store, image_ids: Collection[str], states: Sequence[str]
) -> Iterator[Reference]:
    for instance in store.all_instances():
        if instance.image_id in image_ids and instance.state in states:
            arn = _arn(store, "ec2", f"instance/{instance.id}")
            yield Reference(instance.image_id, INSTANCE, arn)


def _templates(store: Ec2Store, image_ids: Collection[str], depth: int) -> Iterator[Reference]:
    for template in store.launch_templates.values():
        named = {version.data.get("ImageId") for version in template.versions[-depth:]}
        arn = _arn(store, "ec2", f"launch-template/{template.id}")
        yield from (Reference(each, TEMPLATE, arn) for each in image_ids if each in named)


def _parameters(store: Ec2Store, image_ids: Collection[str]) -> Iterator[Reference]:
    for parameter in image_aliases.own_parameters(store.account_id, store.region_name):
        if parameter.value in image_ids:
            arn = _arn(store, "ssm", f"parameter/{parameter.name.lstrip('/')}")
            yield Reference(str(parameter.value), PARAMETER, arn)


def _arn(store: Ec2Store, service: str, resource: str) -> str:
    region = store.region_name
    return f"arn:{get_partition(region)}:{service}:{region}:{store.account_id}:{resource}"


def _check_values(name: str, values: Sequence[str]) -> None:
    if name == STATES:
        wrong = [value for value in values if value not in CODES]
    else:
        wrong = [value for value in values if not _is_depth(value)] or list(values[1:])
    if wrong or not values:
        raise bad_value(f"Invalid value '{', '.join(wrong)}' for {name}")


def _is_depth(value: str) -> bool:
    return value.isdecimal() and value.isascii() and 1 <= int(value) <= MOST_VERSIONS
