"""Moving launch templates and Auto Scaling groups to the current golden image.

A launch template gets a new version that differs in its image alone and becomes the default; a
group that names a version by number is moved to it; then the group's instances are replaced by an
instance refresh.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html
"""

from collections.abc import Iterable, Iterator, Sequence

from goldenami.aws import auto_scaling, images
from goldenami.aws.auto_scaling import Group
from goldenami.aws.session import Aws
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.domain.place import Place
from goldenami.domain.plan import Action, Ref
from goldenami.domain.tags import Status
from goldenami.workflows.remediate.interface import Asked, Step

KINDS = (Kind.INSTANCE, Kind.LAUNCH_TEMPLATE, Kind.AUTO_SCALING_GROUP)
GROUP_TAG = "aws:autoscaling:groupName"

PERMISSIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeInstanceRefreshes",
    "ec2:DescribeImages",
    "ec2:DescribeLaunchTemplateVersions",
)


def steps(
    aws: Aws, place: Place, findings: Sequence[Finding], waived: Iterable[str], asked: Asked
) -> list[Step]:
    """Return what to do with each launch template and group of a place, or why nothing.

    Raises:
        AwsError: templates, groups or images could not be read.
    """
    there = aws.at(place.role)
    golden = _current(aws, place.region, asked.image)
    subjects = {one.subject.resource: one.subject for one in findings}
    covered = frozenset(waived)
    found: list[Step] = []
    groups: dict[str, Subject] = {}
    for subject in subjects.values():
        if subject.resource in covered:
            found.append(Step(place=place, id=subject.id, left="a waiver covers it"))
        elif subject.kind is Kind.LAUNCH_TEMPLATE:
            found.append(_template(there, place, subject, golden))
        elif name := _group_of(subject):
            groups.setdefault(name, subject)
        else:
            left = "no Auto Scaling group launched it: replace it by hand"
            found.append(Step(place=place, id=subject.id, left=left))
    known = auto_scaling.groups(there, place.region, groups) if groups else {}
    moved = (_group(there, place, name, known.get(name), golden) for name in groups)
    return [*found, *moved]


def _group_of(subject: Subject) -> str:
    if subject.kind is Kind.AUTO_SCALING_GROUP:
        return subject.name
    return subject.tags.get(GROUP_TAG, "")


def _current(aws: Aws, region: str, image: str) -> str:
    """Return the newest approved version of a golden image in a region; empty if there is none."""
    found = images.produced(aws, region, image=image)
    usable = [one.id for one in found if one.state == "available" and one.status == Status.APPROVED]
    return usable[0] if usable else ""


def _template(aws: Aws, place: Place, subject: Subject, golden: str) -> Step:
    template, _, version = subject.id.partition(":")
    now = auto_scaling.version(aws, place.region, template, "$Default")
    if not golden:
        return Step(place=place, id=subject.id, left="there is no approved image in this region")
    if now is None:
        return Step(place=place, id=subject.id, left="it is gone")
    if now.image == golden:
        return Step(place=place, id=subject.id, left="its default version has the current image")
    if now.number != version:
        left = f"it is no default version: {now.number} is"
        return Step(place=place, id=subject.id, left=left)
    return Step(place=place, id=subject.id, actions=tuple(_moved(place, template, version, golden)))


def _moved(place: Place, template: str, version: str, golden: str) -> Iterator[Action]:
    """Make a version with the golden image, and make it the default."""
    made = Action(
        id=f"{place}/{template}/version",
        summary=f"make a version of {template} with {golden}",
        call="ec2:CreateLaunchTemplateVersion",
        region=place.region,
        role=place.role,
        parameters={
            "LaunchTemplateId": template,
            "SourceVersion": version,
            "VersionDescription": f"goldenami: {golden}",
            "LaunchTemplateData": {"ImageId": golden},
            # The same step again, after a lost answer or by another run, makes no second version.
            "ClientToken": f"{template}-{version}-{golden}"[:64],
        },
        permissions=("ec2:CreateLaunchTemplateVersion",),
        outputs={"version": "LaunchTemplateVersion.VersionNumber"},
    )
    yield made
    yield Action(
        id=f"{place}/{template}/default",
        summary=f"make it the default of {template}",
        call="ec2:ModifyLaunchTemplate",
        region=place.region,
        role=place.role,
        parameters={"LaunchTemplateId": template, "DefaultVersion": Ref(made.id, "version")},
        permissions=("ec2:ModifyLaunchTemplate",),
        after=(made.id,),
    )


def _group(aws: Aws, place: Place, name: str, group: Group | None, golden: str) -> Step:
    left = _group_left(group, golden)
    if left or group is None:
        return Step(place=place, id=name, left=left)
    if auto_scaling.refreshing(aws, place.region, name):
        return Step(place=place, id=name, left="an instance refresh is under way")
    actions: list[Action] = []
    now = auto_scaling.version(aws, place.region, group.template, group.version)
    if now is None:
        return Step(place=place, id=name, left=f"its template {group.template} is gone")
    if now.image != golden:
        actions += _moved(place, group.template, now.number, golden)
        if group.version != "$Default":
            actions.append(_repointed(place, name, group, actions[0]))
    actions.append(
        Action(
            id=f"{place}/{name}/refresh",
            summary=f"replace the instances of {name}",
            call="autoscaling:StartInstanceRefresh",
            region=place.region,
            role=place.role,
            parameters={"AutoScalingGroupName": name, "Preferences": {"SkipMatching": True}},
            permissions=("autoscaling:StartInstanceRefresh",),
            outputs={"refresh": "InstanceRefreshId"},
            after=tuple(one.id for one in actions),
        )
    )
    return Step(place=place, id=name, actions=tuple(actions))


def _group_left(group: Group | None, golden: str) -> str:
    if not golden:
        return "there is no approved image in this region"
    if group is None:
        return "it is gone"
    if group.mixed:
        return "it has a mixed instances policy: move its templates, then refresh it by hand"
    if not group.template:
        return "it has a launch configuration, which cannot be changed: give it a launch template"
    return ""


def _repointed(place: Place, name: str, group: Group, made: Action) -> Action:
    return Action(
        id=f"{place}/{name}/template",
        summary=f"move {name} to it",
        call="autoscaling:UpdateAutoScalingGroup",
        region=place.region,
        role=place.role,
        parameters={
            "AutoScalingGroupName": name,
            "LaunchTemplate": {
                "LaunchTemplateId": group.template,
                "Version": Ref(made.id, "version"),
            },
        },
        permissions=("autoscaling:UpdateAutoScalingGroup",),
        after=(made.id,),
    )
