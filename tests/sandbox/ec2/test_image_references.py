"""What of the account names images, by kind and option."""

from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]
HOME = f"us-east-1:{ACCOUNT_ID}"
INSTANCE, TEMPLATE, PARAMETER = "ec2:Instance", "ec2:LaunchTemplate", "ssm:Parameter"


def arns(client: Any, *image_ids: str, **request: Any) -> list[str]:
    request = request or {"IncludeAllResourceTypes": True}
    answer = client.describe_image_references(ImageIds=list(image_ids), **request)
    return [reference["Arn"] for reference in answer["ImageReferences"]]


def of_kind(kind: str, name: str = "", *values: str) -> dict[str, Any]:
    option = {"OptionName": name, "OptionValues": list(values)}
    return {"ResourceType": kind} | ({"ResourceTypeOptions": [option]} if name else {})


def template(ec2: Any, name: str, *image_ids: str) -> str:
    first, *later = ({"LaunchTemplateData": {"ImageId": each}} for each in image_ids)
    made = ec2.create_launch_template(LaunchTemplateName=name, **first)
    for data in later:
        ec2.create_launch_template_version(LaunchTemplateName=name, **data)
    return f"arn:aws:ec2:{HOME}:launch-template/{made['LaunchTemplate']['LaunchTemplateId']}"


def test_everything_that_names_an_image_is_listed(
    sandbox: Sandbox, ec2: Any, ec2_away: Any, ssm: Any, launch: Make, bake: Make, source_id: str
) -> None:
    image_id, plain = bake("web"), bake("plain")
    instance = f"arn:aws:ec2:{HOME}:instance/{launch(image_id)}"
    web = template(ec2, "web", image_id, image_id, plain)
    for name, data_type in (("/golden/web", "aws:ec2:image"), ("web", "text")):
        ssm.put_parameter(Name=name, Value=image_id, Type="String", DataType=data_type)
    ssm.put_parameter(Name="secret", Value=image_id, Type="SecureString")
    ssm.put_parameter(Name="list", Value=f"{image_id},x", Type="StringList")
    ssm.put_parameter(Name="moved", Value=image_id, Type="String")
    ssm.put_parameter(Name="moved", Value=plain, Type="String", Overwrite=True)
    template(ec2, "aliased", "resolve:ssm:/golden/web")
    parameters = [f"arn:aws:ssm:{HOME}:parameter/{name}" for name in ("golden/web", "web")]
    moved = f"arn:aws:ssm:{HOME}:parameter/moved"

    assert arns(ec2, image_id) == [instance, web, *parameters]
    assert arns(ec2, plain, "ami-0123456789abcdef0") == [web, moved]
    assert arns(ec2, plain, image_id) == [instance, web, web, *parameters, moved]
    ec2.deregister_image(ImageId=image_id)  # what names it, does so
    assert arns(ec2, image_id) == [instance, web, *parameters]
    assert arns(ec2_away, image_id) == []
    assert arns(sandbox.client("ec2", account="444455556666"), image_id) == []
    assert len(arns(ec2, source_id)) == 2  # a public parameter is not the account's

    (first, *_) = ec2.describe_image_references(ImageIds=[image_id], IncludeAllResourceTypes=True)[
        "ImageReferences"
    ]
    assert first == {"ImageId": image_id, "ResourceType": INSTANCE, "Arn": instance}
    kinds = [of_kind(PARAMETER), of_kind("imagebuilder:ImageRecipe")]
    assert arns(ec2, image_id, ResourceTypes=kinds) == parameters
    with_pages = ec2.get_paginator("describe_image_references").paginate(
        ImageIds=[image_id], IncludeAllResourceTypes=True, PaginationConfig={"PageSize": 5}
    )
    assert len(with_pages.build_full_result()["ImageReferences"]) == 4


def test_instances_are_asked_for_by_their_state(ec2: Any, launch: Make, bake: Make) -> None:
    image_id = bake()
    ids = [launch(image_id) for _ in range(3)]
    ec2.stop_instances(InstanceIds=ids[:1])
    ec2.terminate_instances(InstanceIds=ids[1:2])
    for states, expected in (
        (["stopped"], ids[:1]),
        (["terminated", "running"], ids[1:]),
        (["pending"], []),
    ):
        kinds = [of_kind(INSTANCE, "state-name", *states)]
        listed = arns(ec2, image_id, ResourceTypes=kinds)
        assert [arn.rpartition("/")[2] for arn in listed] == expected
    assert len(arns(ec2, image_id)) == 3


def test_the_newest_versions_of_a_template_count(ec2: Any, bake: Make) -> None:
    image_id, other = bake("web"), bake("other")
    web = template(ec2, "web", image_id, *[other] * 10)
    assert arns(ec2, image_id) == []  # eleven versions ago
    for depth, expected in (("10", []), ("11", [web]), ("10000", [web])):
        options = [of_kind(TEMPLATE, "version-depth", depth)]
        assert arns(ec2, image_id, ResourceTypes=options) == expected
        both = arns(ec2, image_id, ResourceTypes=options, IncludeAllResourceTypes=True)
        assert both == expected


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (None, "MissingParameter"),
        (of_kind("ec2:Volume"), "InvalidParameterValue"),
        (of_kind(INSTANCE, "state-name", "asleep"), "InvalidParameterValue"),
        (of_kind(INSTANCE, "version-depth", "1"), "InvalidParameterCombination"),
        (of_kind(TEMPLATE, "version-depth", "0"), "InvalidParameterValue"),
        (of_kind(TEMPLATE, "version-depth", "10001"), "InvalidParameterValue"),
        (of_kind(TEMPLATE, "version-depth", "all"), "InvalidParameterValue"),
        (of_kind(TEMPLATE, "version-depth", "1", "2"), "InvalidParameterValue"),
        (of_kind(TEMPLATE, "version-depth"), "InvalidParameterValue"),
        (of_kind(PARAMETER, "version-depth", "1"), "InvalidParameterCombination"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(ec2: Any, refused: Any, kind: Any, code: str) -> None:
    request = {"ResourceTypes": [kind]} if kind else {}
    with refused(code):
        ec2.describe_image_references(ImageIds=["ami-01234567"], **request)


def test_ten_images_at_most_are_looked_for(ec2: Any, refused: Any) -> None:
    ids = [f"ami-0000000{number:x}" for number in range(11)]
    assert arns(ec2, *ids[:10]) == []
    with refused("InvalidParameterValue"):
        arns(ec2, *ids)
    with refused("InvalidAMIID.Malformed"):
        arns(ec2, "web")
    with refused("DryRunOperation"):
        arns(ec2, *ids[:1], IncludeAllResourceTypes=True, DryRun=True)
