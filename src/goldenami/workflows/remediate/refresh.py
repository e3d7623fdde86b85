"""Moving launch templates and Auto Scaling groups to the current golden image.

What a waiver covers is not touched, nor is what it is part of: the template of a waived group, the
group of a waived instance.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from goldenami.aws import auto_scaling
from goldenami.aws.auto_scaling import AutoScalingGroup
from goldenami.aws.launch_templates import NAMED, ImageReference, read_version
from goldenami.aws.seen_images import SeenImages
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import Judge, outdated_image
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.image import Image
from goldenami.domain.plan import Action
from goldenami.errors import LeftAloneError
from goldenami.workflows.remediate import groups, templates
from goldenami.workflows.remediate.interface import RemediationStep, leaving_alone, reading
from goldenami.workflows.remediate.templates import in_order, move
from goldenami.workflows.remediate.verdicts import Verdicts

NO_IMAGE = "there is no approved image in this region"
GROUP_TAG = "aws:autoscaling:groupName"

PERMISSIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeInstanceRefreshes",
    "autoscaling:DescribeLaunchConfigurations",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
)
CHANGES = (
    templates.CREATE, templates.SET_DEFAULT, groups.START, "ec2:RunInstances",
    "cloudwatch:DescribeAlarms",
)  # fmt: skip
"""What its steps may take, for who cannot plan them yet."""


def steps(verdicts: Verdicts, named: Mapping[str, Sequence[Finding]]) -> list[RemediationStep]:
    """Return what to do with each launch template and group of a place, or why nothing.

    Args:
        verdicts: by what they are judged.
        named: what the audit holds against each, by `Subject.resource`.

    Raises:
        AwsError: images, templates or groups could not be read.
    """
    refreshes: list[RemediationStep] = []
    group_names: dict[str, None] = {}
    regional = verdicts.regional
    waived = _Waived(verdicts)
    current = _newest(verdicts.golden_versions())
    for findings in named.values():
        with leaving_alone(refreshes, verdicts.place, findings[0].subject.id):
            verdicts.refuse_unread()
            subject = verdicts.still_open(findings)[0].subject
            waived.refuse(subject)
            if subject.kind is Kind.LAUNCH_TEMPLATE:
                refreshes.append(_template(verdicts, subject, current))
            elif name := _group_of(subject):
                group_names[name] = None
            else:
                raise LeftAloneError("no Auto Scaling group launched it: replace it by hand")
    refreshes = [step for step in refreshes if step.id not in group_names]
    known = auto_scaling.groups(regional, group_names) if group_names else {}
    for name in group_names:
        with leaving_alone(refreshes, verdicts.place, name):
            if name not in known:
                raise LeftAloneError("it is gone")
            waived.refuse_templates(known[name])
            golden = usable(verdicts, groups.fitting(regional, known[name], current))
            refreshes += groups.steps(verdicts, known[name], golden)
    return [_guarded(verdicts, current, step) for step in in_order(regional, refreshes)]


def _newest(golden: Sequence[Image]) -> list[Image]:
    """Return the images of the newest version: one, or one of each architecture."""
    return [image for image in golden if image.version == golden[0].version]


def usable(verdicts: Verdicts, golden: Image | None) -> Image:
    """Return the golden image, unless the audit itself would hold something against it.

    That it is old is no reason against it: nothing newer is golden.

    Raises:
        LeftAloneError: there is none, or the audit would.
    """
    if golden is None:
        raise LeftAloneError(NO_IMAGE)
    region = verdicts.place.region
    seen = SeenImages(verdicts.aws.in_region(region), [golden]).of([golden.id])[golden.id]
    sample = Subject(
        kind=Kind.LAUNCH_TEMPLATE,
        account=verdicts.aws.account,
        region=region,
        id=golden.id,
        image=seen,
    )
    for finding in Judge(verdicts.judgement.approved)(sample):
        if finding.rule != outdated_image.RULE.id:
            raise LeftAloneError(f"{golden.id} cannot take its place: {finding.reason}")
    return golden


def _guarded(
    verdicts: Verdicts, current: Sequence[Image], step: RemediationStep
) -> RemediationStep:
    """Let each action of a step ask once more whether the version is still golden."""
    before = step.guard

    def guard(action: Action) -> None:
        approved = {image.id for image in verdicts.golden_versions()}
        if not current or not approved.issuperset(image.id for image in current):
            raise LeftAloneError("the image that it was to get is no longer approved")
        before(action)

    return replace(step, guard=guard)


class _Waived:
    """What waivers keep from being touched, and what that is part of."""

    def __init__(self, verdicts: Verdicts) -> None:
        place = verdicts.place
        self._templates: set[str] = set()
        self._template_names: set[str] = set()
        self._groups: dict[str, str] = {}
        for waived in verdicts.judgement.waived.values():
            subject = waived[0].finding.subject
            if (subject.account, subject.region) != (place.account, place.region):
                continue
            if subject.kind is Kind.LAUNCH_TEMPLATE:
                self._templates.add(_template_id(subject))
                self._template_names.add(subject.name)
            elif name := _group_of(subject):
                self._groups[name] = subject.id

    def refuse(self, subject: Subject) -> None:
        """Refuse what a waiver keeps."""
        name = _group_of(subject)
        if subject.kind is Kind.LAUNCH_TEMPLATE and _template_id(subject) in self._templates:
            raise LeftAloneError("a waiver covers another version of it")
        if name in self._groups:
            raise LeftAloneError(f"a waiver covers {self._groups[name]} of the group {name}")

    def refuse_templates(self, group: AutoScalingGroup) -> None:
        """Refuse a group if a waiver keeps one of its templates."""
        for reference in group.references:
            names = self._template_names if reference.by_name else self._templates
            if reference.template in names:
                raise LeftAloneError(f"a waiver covers its template {reference.template}")


def _template(verdicts: Verdicts, subject: Subject, current: Sequence[Image]) -> RemediationStep:
    regional = verdicts.regional
    template, number = _template_id(subject), subject.id.partition(":")[2]
    with reading("it"):
        version = read_version(regional, ImageReference(template=template, version=NAMED[0]))
        if version is None:
            raise LeftAloneError("it is gone")
        image = templates.image_of(regional, version) if current[1:] else ""
        fits = templates.fitting(regional, image, version.instance_type, current)
        golden = usable(verdicts, fits)
        if version.version != number and version.reference.image != golden.id:
            raise LeftAloneError(f"it is no default version: {version.version} is")
        moved = move(regional, version, golden)
    if moved.reason or not moved.actions:
        raise LeftAloneError(moved.reason or "its default version has the current image")
    guard = templates.guard(regional, moved.actions)
    return RemediationStep(place=regional.place, id=subject.id, actions=moved.actions, guard=guard)


def _template_id(subject: Subject) -> str:
    return subject.id.partition(":")[0]


def _group_of(subject: Subject) -> str:
    """Return the name of a group, or of that which launched an instance; empty if none has."""
    if subject.kind is Kind.AUTO_SCALING_GROUP:
        return subject.name
    return subject.tags.get(GROUP_TAG, "") if subject.kind is Kind.INSTANCE else ""
