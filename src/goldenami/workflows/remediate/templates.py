"""Moving launch templates to a golden image: a new version that differs in its image alone.

Every new version becomes ``$Latest``, whatever it was made from. So those of one template are made
in the order of what they are made from, and after them all, if need be, once more the latest.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from goldenami.aws import images, instances, parameters
from goldenami.aws.launch_templates import (
    NAMED,
    ImageReference,
    LaunchTemplateVersion,
    read_version,
    versions,
)
from goldenami.aws.session import RegionalAws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import Image
from goldenami.domain.plan import Action, Ref
from goldenami.errors import LeftAloneError
from goldenami.workflows.remediate.interface import Guard, RemediationStep

CREATE = "ec2:CreateLaunchTemplateVersion"
SET_DEFAULT = "ec2:ModifyLaunchTemplate"


class Move(Struct, frozen=True):
    """What moving a version of a template comes to; ``reason`` is why it is not moved.

    ``version`` is the number of the version with the golden image: that of the version itself if it
    has it already, else the output of the first of ``actions``.
    """

    version: str | Ref = ""
    actions: tuple[Action, ...] = ()
    reason: str = ""


def move(regional: RegionalAws, version: LaunchTemplateVersion, golden: Image) -> Move:
    """Return how a version of a template gets the golden image.

    The new version becomes the default if the old one was.

    Raises:
        AwsError: its image, parameter or instance type could not be read.
    """
    image, parameter = image_of(regional, version), version.reference.parameter
    if image == golden.id:
        return Move(version.version)
    if parameter:
        return Move(reason=f"it follows the SSM parameter {parameter}: publish the release there")
    if unfit := misfit(regional, image, version.instance_type, golden):
        return Move(reason=unfit)
    actions = tuple(_actions(regional.place, version, golden.id))
    return Move(Ref(actions[0].id, "version"), actions)


def image_of(regional: RegionalAws, version: LaunchTemplateVersion) -> str:
    """Return the image that a version of a template launches now, empty if it names none.

    Raises:
        AwsError: its parameter could not be read.
    """
    image, parameter = version.reference.image, version.reference.parameter
    return parameters.image_ids(regional, [parameter]).get(parameter, "") if parameter else image


def fitting(
    regional: RegionalAws, image_id: str, instance_type: str, current: Sequence[Image]
) -> Image | None:
    """Return which image of a golden version can take the place of another one.

    It is the first if there is but one, or none is of that architecture; None if there is none.

    Raises:
        AwsError: the image or the instance type could not be read.
    """
    if len(current) > 1:
        known = _architectures(regional, image_id, instance_type)
        current = [each for each in current if each.architecture in known] or current
    return next(iter(current), None)


def misfit(regional: RegionalAws, image_id: str, instance_type: str, golden: Image) -> str:
    """Say why a golden image cannot take the place of another one, as far as that can be told.

    An image that is gone leaves the instance type to tell the architecture by.

    Raises:
        AwsError: the image or the instance type could not be read.
    """
    known = _architectures(regional, image_id, instance_type)
    if not known or golden.architecture in known:
        return ""
    return f"it is {'/'.join(known)}, and {golden.id} is {golden.architecture}"


def _architectures(regional: RegionalAws, image_id: str, instance_type: str) -> list[str]:
    described = images.by_id(regional, [image_id]) if image_id else []
    if not described and instance_type:
        return instances.architectures(regional, instance_type, f"looking at {instance_type}")
    return [image.architecture for image in described]


def in_order(regional: RegionalAws, steps: Iterable[RemediationStep]) -> list[RemediationStep]:
    """Return steps whose new versions leave ``$Latest`` of each template what it should be.

    Raises:
        AwsError: a template could not be read.
    """
    steps = list(steps)
    actions = {action.id: action for step in steps for action in step.actions}
    creations: dict[str, list[Action]] = {}
    for action in actions.values():
        if action.call == CREATE:
            creations.setdefault(action.parameters["LaunchTemplateId"], []).append(action)
    last: dict[str, tuple[Action]] = {}
    for template, several in creations.items():
        several.sort(key=_source)
        for before, later in pairwise(several):
            actions[later.id] = replace(later, after=(*later.after, before.id))
        there = versions(regional, template)
        if latest := _latest_to_keep(there, several):
            creation = _creation(regional.place, latest, latest.reference.image)
            summary = f"let {latest.id} have its latest version again"
            end = several[-1].id
            last[end] = (replace(creation, summary=summary, after=(end,)),)
    return [
        replace(
            step,
            actions=tuple(
                each
                for action in step.actions
                for each in (actions[action.id], *last.get(action.id, ()))
            ),
        )
        for step in steps
    ]


def _latest_to_keep(
    there: Sequence[LaunchTemplateVersion], creations: Sequence[Action]
) -> LaunchTemplateVersion | None:
    """Return the version that is to be the latest again; None if there is none.

    A run that was broken off may have made some of the new versions, or all and the latest too:
    making one again answers with the one that is there.
    """
    descriptions = [action.parameters["VersionDescription"] for action in creations]
    new = {
        int(version.version): version for version in there if version.description in descriptions
    }
    ends = [number for number, version in new.items() if version.description == descriptions[-1]]
    if ends and max(int(version.version) for version in there) > max(ends):
        return None
    old = [version for version in there if int(version.version) not in new]
    latest = max(old, key=lambda version: int(version.version), default=None)
    return latest if latest and int(latest.version) > _source(creations[-1]) else None


def guard(regional: RegionalAws, actions: Iterable[Action]) -> Guard:
    """Return what refuses to move the default version of a template that was moved since.

    Args:
        regional: whose, and where.
        actions: those of the plan that make versions, among others.
    """
    sources = {
        action.id: action.parameters["SourceVersion"] for action in actions if action.call == CREATE
    }

    def check(action: Action) -> None:
        if action.call != SET_DEFAULT:
            return
        template = action.parameters["LaunchTemplateId"]
        now = read_version(regional, ImageReference(template=template, version=NAMED[0]))
        if now is None or now.version != sources[action.after[0]]:
            raise LeftAloneError(f"the default version of {template} was changed since")

    return check


def _source(action: Action) -> int:
    return int(action.parameters["SourceVersion"])


def _actions(
    place: AccountRegion, version: LaunchTemplateVersion, image_id: str
) -> Iterator[Action]:
    creation = _creation(place, version, image_id)
    yield creation
    if version.default:
        yield Action.at(
            place,
            f"{place}/{version.id}/default",
            SET_DEFAULT,
            f"make it the default of {version.id}",
            {"LaunchTemplateId": version.id, "DefaultVersion": Ref(creation.id, "version")},
            after=(creation.id,),
        )


def _creation(place: AccountRegion, version: LaunchTemplateVersion, image_id: str) -> Action:
    template, number = version.id, version.version
    return Action.at(
        place,
        f"{place}/{template}:{number}/version",
        CREATE,
        f"make a version of {template} with {image_id}",
        {
            "LaunchTemplateId": template,
            "SourceVersion": number,
            "VersionDescription": f"goldenami: {image_id} in version {number}",
            "LaunchTemplateData": {"ImageId": image_id} if image_id else {},
            # The same step again, after a lost answer or by another run, makes no second version.
            "ClientToken": f"{template}-{number}-{image_id}"[:64],
        },
        outputs={"version": "LaunchTemplateVersion.VersionNumber"},
    )
