"""Moving launch templates and Auto Scaling groups to the current golden image.

What a waiver covers is not touched, nor is what it is part of: the template of a waived group, the
group of a waived instance.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from goldenami.aws import auto_scaling
from goldenami.aws.auto_scaling import AutoScalingGroup
from goldenami.aws.launch_templates import NAMED, read_version
from goldenami.aws.regional import RegionalAws
from goldenami.aws.seen_images import SeenImages
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import Judge, outdated_image
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.image import Image
from goldenami.domain.plan import Action
from goldenami.errors import AwsError, LeftAloneError
from goldenami.workflows.remediate import groups, templates
from goldenami.workflows.remediate.interface import RemediationStep, could_not_read, left_alone
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
    verdicts: Verdicts, place: AccountRegion, named: Mapping[str, Sequence[Finding]]
) -> list[RemediationStep]:
    """Return what to do with each launch template and group of a place, or why nothing.

    Args:
        verdicts: by what they are judged.
        place: where they are.
        named: what the audit holds against each, by `Subject.resource`.

    Raises:
        AwsError: images, templates or groups could not be read.
    """
    refreshes: list[RemediationStep] = []
    group_names: dict[str, None] = {}
    regional = verdicts.aws.at(place)
    judgements = _Held(verdicts, place)
    golden = next(iter(verdicts.golden_versions(place.region)), None)
    for findings in named.values():
        subject = findings[0].subject
        try:
            judgements.refuse_unread()
            subject = verdicts.still_open(place, findings)[0].subject
            judgements.refuse(subject)
            if subject.kind is Kind.LAUNCH_TEMPLATE:
                refreshes.append(_template(regional, subject, usable(verdicts, place, golden)))
            else:
                group_names[_launching(subject)] = None
        except LeftAloneError as reason:
            refreshes.append(left_alone(place, subject.id, reason))
    refreshes = [step for step in refreshes if step.id not in group_names]
    known = auto_scaling.groups(regional, group_names) if group_names else {}
    for name in group_names:
        try:
            group = _there(known.get(name))
            judgements.refuse_templates(reference.template for reference in group.references)
            image = usable(verdicts, place, golden)
            refreshes += groups.steps(regional, group, image, verdicts.request.rollout)
        except LeftAloneError as reason:
            refreshes.append(left_alone(place, name, reason))
    return [_guarded(verdicts, place, golden, step) for step in in_order(regional, refreshes)]


def usable(verdicts: Verdicts, place: AccountRegion, golden: Image | None) -> Image:
    """Return the golden image, unless the audit itself would hold something against it.

    That it is old is no reason against it: nothing newer is golden.

    Raises:
        LeftAloneError: there is none, or the audit would.
    """
    if golden is None:
        raise LeftAloneError("there is no approved image in this region")
    seen = SeenImages(verdicts.aws.in_region(place.region), [golden]).of([golden.id])[golden.id]
    sample = Subject(
        kind=Kind.LAUNCH_TEMPLATE,
        account=verdicts.aws.account,
        region=place.region,
        id=golden.id,
        image=seen,
    )
    for finding in Judge(verdicts.judgement.approved)(sample):
        if finding.rule != outdated_image.RULE.id:
            raise LeftAloneError(f"{golden.id} cannot take its place: {finding.reason}")
    return golden


def _guarded(
    verdicts: Verdicts, place: AccountRegion, golden: Image | None, step: RemediationStep
) -> RemediationStep:
    """Let each action of a step ask once more whether the image is still golden."""
    before = step.guard

    def guard(action: Action) -> None:
        approved = verdicts.golden_versions(place.region)
        if golden is None or golden.id not in [image.id for image in approved]:
            raise LeftAloneError("the image that it was to get is no longer approved")
        before(action)

    return replace(step, guard=guard)


class _Held:
    """What waivers keep from being touched, and what that is part of."""

    def __init__(self, verdicts: Verdicts, place: AccountRegion) -> None:
        self._unread = verdicts.judgement.unread.get(place, ())
        self._templates: set[str] = set()
        self._groups: dict[str, str] = {}
        for waived in verdicts.judgement.waived.values():
            subject = waived[0].finding.subject
            if (subject.account, subject.region) != (place.account, place.region):
                continue
            if subject.kind is Kind.LAUNCH_TEMPLATE:
                self._templates.add(_template_id(subject))
            elif name := _group_of(subject):
                self._groups[name] = subject.id

    def refuse_unread(self) -> None:
        """Refuse everything, if it is not known what is waived."""
        for why in self._unread:
            raise LeftAloneError(f"its region could not be read: {why}", unread=True)

    def refuse(self, subject: Subject) -> None:
        """Refuse what a waiver keeps."""
        name = _group_of(subject)
        if subject.kind is Kind.LAUNCH_TEMPLATE and _template_id(subject) in self._templates:
            raise LeftAloneError("a waiver covers another version of it")
        if name in self._groups:
            raise LeftAloneError(f"a waiver covers {self._groups[name]} of the group {name}")

    def refuse_templates(self, templates: Iterable[str]) -> None:
        """Refuse a group with these templates, if a waiver keeps one."""
        for template in templates:
            if template in self._templates:
                raise LeftAloneError(f"a waiver covers its template {template}")


def _template(regional: RegionalAws, subject: Subject, golden: Image) -> RemediationStep:
    template, number = _template_id(subject), subject.id.partition(":")[2]
    try:
        version = read_version(regional, template, NAMED[0])
        if version is None:
            raise LeftAloneError("it is gone")
        if version.version != number and version.reference.image != golden.id:
            raise LeftAloneError(f"it is no default version: {version.version} is")
        moved = move(regional, version, golden)
    except AwsError as error:
        raise could_not_read("it", error) from error
    if moved.reason or not moved.actions:
        raise LeftAloneError(moved.reason or "its default version has the current image")
    guard = templates.guard(regional, moved.actions)
    return RemediationStep(place=regional.place, id=subject.id, actions=moved.actions, guard=guard)


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
