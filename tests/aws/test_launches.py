"""What will launch something, as AWS tells it: what it names, what is gone meanwhile, and why."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from goldenami.aws.ask import Asking
from goldenami.aws.auto_scaling import AutoScalingGroup
from goldenami.aws.launch_templates import ImageReference
from goldenami.aws.launches import Launches
from goldenami.domain.audit.subject import ImageSeen
from goldenami.errors import AwsError

AT = datetime(2026, 11, 23, tzinfo=UTC)
AMI, OTHER = "ami-0123456789abcdef0", "ami-00000000000000001"
TEMPLATE, EMPTY = "lt-0123456789abcdef0", "lt-00000000000000002"


class FakeAws(Asking):
    """A region that has what it is made with, by operation; a text is the code of a refusal."""

    region = where = "us-east-1"

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def client(self, service: str) -> Any:
        raise AssertionError(service)

    def raw(self, call: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._answers.get(call.partition(":")[2])
        if callable(answer):
            answer = answer(parameters)
        if isinstance(answer, str):
            raise AwsError("refused", code=answer)
        return answer if answer is not None else NOTHING[call.partition(":")[2]]


NOTHING: Mapping[str, dict[str, Any]] = {
    "DescribeLaunchTemplateVersions": {"LaunchTemplateVersions": []},
    "DescribeLaunchConfigurations": {"LaunchConfigurations": []},
    "ListClusters": {"clusters": ["shop"]},
    "ListNodegroups": {"nodegroups": ["web"]},
}


class Seen:
    """Knows every image."""

    def of(self, ids: Any) -> Mapping[str, ImageSeen]:
        return {image: ImageSeen(id=image, owner="1", state="available") for image in ids}


def launches(**answers: Any) -> Launches:
    return Launches(FakeAws(**answers), "111122223333", Seen())  # type: ignore[arg-type]


def read(kind: str, **answers: Any) -> dict[str, str]:
    """Return of each subject its image, or why it has none."""
    subjects = [subject for some in getattr(launches(**answers), kind)() for subject in some]
    return {each.id: each.image.id or each.facts.get("unresolved", "") for each in subjects}


def version(template: str, image: str, **more: Any) -> dict[str, Any]:
    return {
        "LaunchTemplateId": template, "LaunchTemplateName": f"name-of-{template}",
        "VersionNumber": 1, "DefaultVersion": True,
        "LaunchTemplateData": {"ImageId": image} if image else {}, **more,
    }  # fmt: skip


def group(**more: Any) -> dict[str, Any]:
    return {"AutoScalingGroups": [{"AutoScalingGroupName": "g", "Instances": [], **more}]}


def of_template(template: str, **more: Any) -> dict[str, Any]:
    return {"LaunchTemplateId": template, **more}


def mixed(template: str, *overrides: Mapping[str, Any]) -> dict[str, Any]:
    launch = {"LaunchTemplateSpecification": of_template(template), "Overrides": list(overrides)}
    return group(MixedInstancesPolicy={"LaunchTemplate": launch})


VERSIONS = {"LaunchTemplateVersions": [version(TEMPLATE, AMI), version(EMPTY, "")]}


def listed_or(code: str) -> Any:
    """Answer the listing of all templates, and refuse the question for one of them."""
    return lambda parameters: VERSIONS if len(parameters["Versions"]) == 2 else code


NODE_GROUP = {"nodegroup": {"launchTemplate": {"id": TEMPLATE, "version": "1"}}}
CONFIGURATION = {"LaunchConfigurationName": "c", "LaunchConfigurationARN": "arn:c", "ImageId": ""}

VANISHED: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "a cluster": ("node_groups", {"ListNodegroups": "ResourceNotFoundException"}, {}),
    "a node group": ("node_groups", {"DescribeNodegroup": "ResourceNotFoundException"}, {}),
    "a template by its id": (
        "auto_scaling_groups",
        {
            "DescribeAutoScalingGroups": group(LaunchTemplate=of_template("lt-9")),
            "DescribeLaunchTemplateVersions": listed_or("InvalidLaunchTemplateId.NotFound"),
        },
        {"g": "there is no launch template lt-9"},
    ),
    "a template by its name": (
        "auto_scaling_groups",
        {
            "DescribeAutoScalingGroups": group(LaunchTemplate={"LaunchTemplateName": "web"}),
            "DescribeLaunchTemplateVersions": listed_or(
                "InvalidLaunchTemplateName.NotFoundException"
            ),
        },
        {"g": "there is no launch template web"},
    ),
    "a version of a template": (
        "auto_scaling_groups",
        {
            "DescribeAutoScalingGroups": group(LaunchTemplate=of_template(TEMPLATE, Version="7")),
            "DescribeLaunchTemplateVersions": listed_or("InvalidLaunchTemplateId.VersionNotFound"),
        },
        {"g": f"there is no version 7 of launch template {TEMPLATE}"},
    ),
    "a launch configuration": (
        "auto_scaling_groups",
        {"DescribeAutoScalingGroups": group(LaunchConfigurationName="old")},
        {"g": "there is no launch configuration old"},
    ),
    "a parameter": (
        "launch_templates",
        {
            "DescribeLaunchTemplateVersions": {
                "LaunchTemplateVersions": [version(TEMPLATE, "resolve:ssm:/gone")]
            },
            "GetParameters": {"Parameters": [], "InvalidParameters": ["/gone"]},
        },
        {f"{TEMPLATE}:1": "there is no SSM parameter /gone"},
    ),
    "a group that is being deleted": (
        "auto_scaling_groups",
        {"DescribeAutoScalingGroups": group(Status="Delete in progress")},
        {},
    ),
    "a node group that is being deleted": (
        "node_groups", {"DescribeNodegroup": {"nodegroup": {"status": "DELETING"}}}, {},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "answers", "told"), VANISHED.values(), ids=VANISHED.keys())
def test_what_vanishes_between_two_calls_is_gone_and_not_unread(
    kind: str, answers: dict[str, Any], told: dict[str, str]
) -> None:
    assert read(kind, **answers) == told


@pytest.mark.parametrize(
    ("kind", "operation"),
    [("node_groups", "ListNodegroups"), ("node_groups", "DescribeNodegroup"),
     ("auto_scaling_groups", "DescribeLaunchTemplateVersions")],
)  # fmt: skip
def test_what_may_not_be_read_is_no_vanished_thing(kind: str, operation: str) -> None:
    answers = {"DescribeAutoScalingGroups": group(LaunchTemplate=of_template("lt-9"))}
    with pytest.raises(AwsError):
        read(kind, **answers, **{operation: "AccessDeniedException"})


IMAGES: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "a template without one": ("launch_templates", {}, {f"{TEMPLATE}:1": AMI, f"{EMPTY}:1": ""}),
    "a group on such a template": (
        "auto_scaling_groups",
        {"DescribeAutoScalingGroups": group(LaunchTemplate=of_template(EMPTY))},
        {"g": f"version $Default of launch template {EMPTY} names no image"},
    ),
    "a mixed group on it, whose overrides all bring one": (
        "auto_scaling_groups",
        {
            "DescribeAutoScalingGroups": mixed(
                EMPTY, {"ImageId": AMI}, {"LaunchTemplateSpecification": of_template(TEMPLATE)}
            )
        },
        {"g#2": AMI, "g#3": AMI},
    ),
    "a mixed group on it, one of whose overrides brings none": (
        "auto_scaling_groups",
        {"DescribeAutoScalingGroups": mixed(EMPTY, {"ImageId": AMI}, {"InstanceType": "t3.small"})},
        {"g": f"version $Default of launch template {EMPTY} names no image", "g#2": AMI},
    ),
    "a mixed group whose override names the empty template again": (
        "auto_scaling_groups",
        {
            "DescribeAutoScalingGroups": mixed(
                EMPTY, {"LaunchTemplateSpecification": of_template(EMPTY)}
            )
        },
        {"g": f"version $Default of launch template {EMPTY} names no image"},
    ),
    "a group that names nothing": (
        "auto_scaling_groups",
        {"DescribeAutoScalingGroups": group()},
        {"g": "it names nothing to launch from"},
    ),
    "a launch configuration whose image is empty": (
        "launch_configurations",
        {"DescribeLaunchConfigurations": {"LaunchConfigurations": [CONFIGURATION]}},
        {"c": "it names no image"},
    ),
    "a group on such a configuration": (
        "auto_scaling_groups",
        {
            "DescribeAutoScalingGroups": group(LaunchConfigurationName="c"),
            "DescribeLaunchConfigurations": {"LaunchConfigurations": [CONFIGURATION]},
        },
        {"g": "launch configuration c names no image"},
    ),
    "an EC2 fleet, with and without overrides": (
        "fleets",
        {
            "DescribeFleets": {
                "Fleets": [
                    {
                        "FleetId": fleet, "FleetState": "active",
                        "LaunchTemplateConfigs": [
                            {
                                "LaunchTemplateSpecification": of_template(EMPTY),
                                "Overrides": overrides,
                            }
                        ],
                    }
                    for fleet, overrides in (("fleet-1", [{"ImageId": AMI}]), ("fleet-2", []))
                ]
            }
        },
        {
            "fleet-1#2": AMI,
            "fleet-2": f"version $Default of launch template {EMPTY} names no image",
        },
    ),
    "a spot fleet by specifications": (
        "spot_fleets",
        {
            "DescribeSpotFleetRequests": {
                "SpotFleetRequestConfigs": [
                    {
                        "SpotFleetRequestId": "sfr-1", "SpotFleetRequestState": "active",
                        "SpotFleetRequestConfig": {
                            "LaunchSpecifications": [{"ImageId": AMI}, {"InstanceType": "t3.nano"}]
                        },
                    }
                ]
            }
        },
        {"sfr-1": AMI, "sfr-1#2": "it names no image"},
    ),
    "a parameter that holds something else": (
        "launch_templates",
        {
            "DescribeLaunchTemplateVersions": {
                "LaunchTemplateVersions": [version(TEMPLATE, "resolve:ssm:/ecs")]
            },
            "GetParameters": {
                "Parameters": [
                    {"Name": "/ecs", "Type": "String", "DataType": "text", "Version": 1,
                     "LastModifiedDate": AT, "Value": f'{{"image_id":"{AMI}"}}'}
                ],
                "InvalidParameters": [],
            },
        },
        {f"{TEMPLATE}:1": "SSM parameter /ecs holds no image id"},
    ),
    "EKS itself": (
        "node_groups",
        {"DescribeNodegroup": {"nodegroup": {"amiType": "AL2023_x86_64_STANDARD"}}},
        {"shop/web": "EKS chooses it (AL2023_x86_64_STANDARD)"},
    ),
    "a node group's own template": (
        "node_groups", {"DescribeNodegroup": NODE_GROUP}, {"shop/web": AMI},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "answers", "told"), IMAGES.values(), ids=IMAGES.keys())
def test_what_names_an_image_and_what_does_not(
    kind: str, answers: dict[str, Any], told: dict[str, str]
) -> None:
    assert read(kind, **{"DescribeLaunchTemplateVersions": VERSIONS, **answers}) == told


def test_a_template_that_is_called_like_the_id_of_another_is_not_taken_for_it() -> None:
    poser = version(EMPTY, OTHER, LaunchTemplateName=TEMPLATE)
    answers = {"LaunchTemplateVersions": [version(TEMPLATE, AMI), poser]}
    for naming, image in (("LaunchTemplateId", AMI), ("LaunchTemplateName", OTHER)):
        told = read(
            "auto_scaling_groups", DescribeLaunchTemplateVersions=answers,
            DescribeAutoScalingGroups=group(LaunchTemplate={naming: TEMPLATE}),
        )  # fmt: skip
        assert told == {"g": image}


def test_arns_are_those_that_aws_tells() -> None:
    answers = {
        "DescribeAutoScalingGroups": group(
            AutoScalingGroupARN="arn:g", LaunchConfigurationName="c"
        ),
        "DescribeLaunchConfigurations": {"LaunchConfigurations": [CONFIGURATION]},
        "DescribeNodegroup": {"nodegroup": {"nodegroupArn": "arn:n"}},
    }
    source = launches(**answers)
    kinds = (source.auto_scaling_groups, source.launch_configurations, source.node_groups)
    assert [subject.arn for kind in kinds for some in kind() for subject in some] == [
        "arn:g", "arn:c", "arn:n",
    ]  # fmt: skip


def test_a_template_that_is_known_by_its_name_alone_is_moved_by_its_name() -> None:
    own = {"LaunchTemplateId": TEMPLATE, "LaunchTemplateName": "web", "Version": "1"}
    override = {"LaunchTemplateSpecification": {"LaunchTemplateName": "ltb", "Version": "1"}}
    moved = AutoScalingGroup(
        name="g", mixed=True, launch={"LaunchTemplateSpecification": own, "Overrides": [override]}
    ).moved({ImageReference(template="ltb", by_name=True, version="1"): "2"}, AMI)
    launch = moved["MixedInstancesPolicy"]["LaunchTemplate"]
    assert launch["LaunchTemplateSpecification"] == {"LaunchTemplateId": TEMPLATE, "Version": "1"}
    assert launch["Overrides"] == [
        {"LaunchTemplateSpecification": {"LaunchTemplateName": "ltb", "Version": "2"}}
    ]


def lesser(part: Any) -> Iterator[Any]:
    """Yield what is left of an answer when one member of it is missing, or is something else."""
    items = enumerate(part) if isinstance(part, list) else part.items()
    for key, value in list(items):
        copies = list(part) if isinstance(part, list) else dict(part)
        if isinstance(part, dict):
            yield {name: other for name, other in part.items() if name != key}
        for odd in (None, 17, [], {}, *(lesser(value) if isinstance(value, (dict, list)) else ())):
            copies[key] = odd
            yield type(part)(copies)


READABLE: dict[str, dict[str, Any]] = {
    kind: {"DescribeLaunchTemplateVersions": VERSIONS, "DescribeNodegroup": NODE_GROUP, **answers}
    for kind, answers, _ in (*VANISHED.values(), *IMAGES.values())
}


@pytest.mark.parametrize("kind", sorted(READABLE))
def test_an_odd_row_makes_a_part_unread_and_is_never_a_traceback(kind: str) -> None:
    tried = refused = 0
    for operation, answer in READABLE[kind].items():
        for odd in lesser(answer) if isinstance(answer, dict) else ():
            tried += 1
            try:
                read(kind, **{**READABLE[kind], operation: odd})
            except AwsError:
                refused += 1
    assert 0 < refused < tried
