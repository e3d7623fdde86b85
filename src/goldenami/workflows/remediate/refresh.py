"""Moving launch templates and Auto Scaling groups to the current golden image.

What a waiver covers is not touched, nor is what it is part of: the template of a waived group, the
group of a waived instance.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from goldenami.aws import auto_scaling
from goldenami.aws.auto_scaling import AutoScalingGroup
from goldenami.aws.launch_templates import NAMED, read_version
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import judge, outdated_image
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.image import Image
from goldenami.domain.plan import Action
from goldenami.errors import AwsError, LeftAloneError
from goldenami.workflows import goldens
from goldenami.workflows.remediate import groups, templates
from goldenami.workflows.remediate.interface import RemediationStep, left_alone
from goldenami.workflows.remediate.templates import in_order, move
from goldenami.workflows.remediate.verdicts import Verdicts

KINDS = frozenset({Kind.INSTANCE, Kind.LAUNCH_TEMPLATE, Kind.AUTO_SCALING_GROUP})
GROUP_TAG = "aws:autoscaling:groupName"

PERMISSIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeInstanceRefreshes",
    "autoscaling:DescribeLaunchConfigurations",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
)


def steps(
    court: Verdicts, place: AccountRegion, named: Mapping[str, Sequence[Finding]]
) -> list[RemediationStep]:
    """Return what to do with each launch template and group of a place, or why nothing.

    Args:
        court: by what they are judged.
        place: where they are.
        named: what the audit holds against each, by `Subject.resource`.

    Raises:
        AwsError: images, templates or groups could not be read.
    """
    found: list[RemediationStep] = []
    wanted: dict[str, None] = {}
    there = court.aws.acting_as(place.role)
    held = _Held(court, place)
    golden = _newest(court, place)
    for findings in named.values():
        subject = findings[0].subject
        try:
            held.refuse_unread()
            subject = court.still_open(place, findings)[0].subject
            held.refuse(subject)
            if subject.kind is Kind.LAUNCH_TEMPLATE:
                found.append(_template(there, place, subject, usable(court, place, golden)))
            else:
                wanted[_launching(subject)] = None
        except LeftAloneError as reason:
            found.append(left_alone(place, subject.id, reason))
    found = [one for one in found if one.id not in wanted]
    known = auto_scaling.groups(there.in_region(place.region), wanted) if wanted else {}
    for name in wanted:
        try:
            group = _there(known.get(name))
            held.refuse_templates(one.template for one in group.references)
            image = usable(court, place, golden)
            found += groups.steps(there, place, group, image, court.asked.rollout)
        except LeftAloneError as reason:
            found.append(left_alone(place, name, reason))
    return [_guarded(court, place, golden, one) for one in in_order(there, place, found)]


def _newest(court: Verdicts, place: AccountRegion) -> Image | None:
    found = goldens.versions(
        court.aws.in_region(place.region), court.asked.image, court.question.approval
    )
    return found[0] if found else None


def usable(court: Verdicts, place: AccountRegion, golden: Image | None) -> Image:
    """Return the golden image, unless the audit itself would hold something against it.

    That it is old is no reason against it: nothing newer is golden.

    Raises:
        LeftAloneError: there is none, or the audit would.
    """
    if golden is None:
        raise LeftAloneError("there is no approved image in this region")
    seen = SeenImages(court.aws.in_region(place.region), [golden]).of([golden.id])[golden.id]
    sample = Subject(
        kind=Kind.LAUNCH_TEMPLATE,
        account=court.aws.account,
        region=place.region,
        id=golden.id,
        image=seen,
    )
    for finding in judge(sample, court.judgement.approved):
        if finding.rule != outdated_image.RULE.id:
            raise LeftAloneError(f"{golden.id} cannot take its place: {finding.reason}")
    return golden


def _guarded(
    court: Verdicts, place: AccountRegion, golden: Image | None, step: RemediationStep
) -> RemediationStep:
    """Let each action of a step ask once more whether the image is still golden."""
    before = step.guard

    def guard(action: Action) -> None:
        approved = goldens.versions(
            court.aws.in_region(place.region), court.asked.image, court.question.approval
        )
        if golden is None or golden.id not in [one.id for one in approved]:
            raise LeftAloneError("the image that it was to get is no longer approved")
        before(action)

    return replace(step, guard=guard)


class _Held:
    """What waivers keep from being touched, and what that is part of."""

    def __init__(self, court: Verdicts, place: AccountRegion) -> None:
        self._unread = court.judgement.unread.get(place, ())
        self._templates: set[str] = set()
        self._groups: dict[str, str] = {}
        for waived in court.judgement.waived.values():
            subject = waived[0].finding.subject
            if (subject.account, subject.region) != (place.account, place.region):
                continue
            if subject.kind is Kind.LAUNCH_TEMPLATE:
                self._templates.add(_template_id(subject))
            elif name := _group_of(subject):
                self._groups[name] = subject.id

    def refuse_unread(self) -> None:
        """Refuse everything, if it is not known what is waived.

        Raises:
            LeftAloneError: something of the place could not be read.
        """
        for why in self._unread:
            raise LeftAloneError(f"its region could not be read: {why}", unread=True)

    def refuse(self, subject: Subject) -> None:
        """Refuse what a waiver keeps.

        Raises:
            LeftAloneError: one does.
        """
        name = _group_of(subject)
        if subject.kind is Kind.LAUNCH_TEMPLATE and _template_id(subject) in self._templates:
            raise LeftAloneError("a waiver covers another version of it")
        if name in self._groups:
            raise LeftAloneError(f"a waiver covers {self._groups[name]} of the group {name}")

    def refuse_templates(self, templates: Iterable[str]) -> None:
        """Refuse a group with these templates, if a waiver keeps one.

        Raises:
            LeftAloneError: one does.
        """
        for one in templates:
            if one in self._templates:
                raise LeftAloneError(f"a waiver covers its template {one}")


def _template(aws: Aws, place: AccountRegion, subject: Subject, golden: Image) -> RemediationStep:
    template, number = _template_id(subject), subject.id.partition(":")[2]
    try:
        version = read_version(aws.in_region(place.region), template, NAMED[0])
        if version is None:
            raise LeftAloneError("it is gone")
        if version.version != number and version.reference.image != golden.id:
            raise LeftAloneError(f"it is no default version: {version.version} is")
        moved = move(aws, place, version, golden)
    except AwsError as error:
        raise LeftAloneError(f"it could not be read: {error.message}", unread=True) from error
    if moved.left or not moved.actions:
        raise LeftAloneError(moved.left or "its default version has the current image")
    guard = templates.guard(aws, place, moved.actions)
    return RemediationStep(place=place, id=subject.id, actions=moved.actions, guard=guard)


def _there(group: AutoScalingGroup | None) -> AutoScalingGroup:
    if group is None:
        raise LeftAloneError("it is gone")
    return group


def _launching(subject: Subject) -> str:
    """Return the name of a group, or of that which launched an instance."""
    if name := _group_of(subject):
        return name
    raise LeftAloneError("no Auto Scaling group launched it: replace it by hand")


def _template_id(subject: Subject) -> str:
    return subject.id.partition(":")[0]


def _group_of(subject: Subject) -> str:
    if subject.kind is Kind.AUTO_SCALING_GROUP:
        return subject.name
    return subject.tags.get(GROUP_TAG, "") if subject.kind is Kind.INSTANCE else ""
