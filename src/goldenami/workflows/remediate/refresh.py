"""Moving launch templates and Auto Scaling groups to the current golden image.

What a waiver covers is not touched, nor is what it is part of: the template of a waived group, the
group of a waived instance.
"""

from collections.abc import Iterable, Sequence

from goldenami.aws import auto_scaling
from goldenami.aws.launch_templates import read_version
from goldenami.aws.session import Aws
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.image import Image
from goldenami.domain.place import Place
from goldenami.domain.tags import ApprovalTag
from goldenami.workflows import goldens
from goldenami.workflows.remediate import groups
from goldenami.workflows.remediate.interface import Asked, Step
from goldenami.workflows.remediate.templates import in_order, move

KINDS = (Kind.INSTANCE, Kind.LAUNCH_TEMPLATE, Kind.AUTO_SCALING_GROUP)
GROUP_TAG = "aws:autoscaling:groupName"

PERMISSIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeInstanceRefreshes",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ssm:GetParameters",
)
_NO_GOLDEN = "there is no approved image in this region"
_WAIVED = "a waiver covers it"


def steps(
    aws: Aws, place: Place, findings: Sequence[Finding], waived: Iterable[Subject], asked: Asked
) -> list[Step]:
    """Return what to do with each launch template and group of a place, or why nothing.

    Raises:
        AwsError: templates, groups or images could not be read.
    """
    there = aws.at(place.role)
    golden = goldens.current(aws, place.region, asked.image, ApprovalTag())
    held = _Held(one for one in waived if _in(one, place))
    found: list[Step] = []
    names: dict[str, None] = {}
    for subject in {one.subject.resource: one.subject for one in findings}.values():
        if why := held.by(subject):
            found.append(Step(place=place, id=subject.id, left=why))
        elif subject.kind is Kind.LAUNCH_TEMPLATE:
            found.append(_template(there, place, subject, golden))
        elif name := _group_of(subject):
            names[name] = None
        else:
            left = "no Auto Scaling group launched it: replace it by hand"
            found.append(Step(place=place, id=subject.id, left=left))
    known = auto_scaling.groups(there, place.region, names) if names else {}
    for name in names:
        group = known.get(name)
        if golden is None or group is None:
            left = _NO_GOLDEN if group else "it is gone"
            found.append(Step(place=place, id=name, left=left))
        elif why := held.by_template(one.template for one in group.references):
            found.append(Step(place=place, id=name, left=why))
        else:
            found += groups.steps(there, place, group, golden)
    return in_order(there, place, found)


class _Held:
    """What waivers keep from being touched, and what that is part of."""

    def __init__(self, waived: Iterable[Subject]) -> None:
        self._resources: set[str] = set()
        self._templates: set[str] = set()
        self._groups: dict[str, str] = {}
        for one in waived:
            self._resources.add(one.resource)
            if one.kind is Kind.LAUNCH_TEMPLATE:
                self._templates.add(_template_id(one))
            elif name := _group_of(one):
                self._groups[name] = one.id

    def by(self, subject: Subject) -> str:
        """Say what keeps a subject, empty if nothing does."""
        name = _group_of(subject)
        if subject.resource in self._resources or _template_id(subject) in self._templates:
            return _WAIVED
        if name in self._groups:
            return f"a waiver covers {self._groups[name]} of the group {name}"
        return ""

    def by_template(self, templates: Iterable[str]) -> str:
        """Say what keeps a group with these templates, empty if nothing does."""
        held = next((one for one in templates if one in self._templates), "")
        return f"a waiver covers its template {held}" if held else ""


def _template(aws: Aws, place: Place, subject: Subject, golden: Image | None) -> Step:
    template, number = _template_id(subject), subject.id.partition(":")[2]
    version = read_version(aws, place.region, template, "$Default")
    if golden is None or version is None:
        left = _NO_GOLDEN if version else "it is gone"
        return Step(place=place, id=subject.id, left=left)
    if version.version != number and version.reference.image != golden.id:
        left = f"it is no default version: {version.version} is"
        return Step(place=place, id=subject.id, left=left)
    moved = move(aws, place, version, golden)
    left = moved.left or ("" if moved.actions else "its default version has the current image")
    return Step(place=place, id=subject.id, actions=moved.actions, left=left)


def _template_id(subject: Subject) -> str:
    return subject.id.partition(":")[0]


def _group_of(subject: Subject) -> str:
    if subject.kind is Kind.AUTO_SCALING_GROUP:
        return subject.name
    return subject.tags.get(GROUP_TAG, "")


def _in(subject: Subject, place: Place) -> bool:
    return (subject.account, subject.region) == (place.account, place.region)
