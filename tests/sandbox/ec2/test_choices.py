"""Values of no choice are refused wherever they stand in a request."""

from typing import Any

import pytest

WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "in a part of a launch": (
        "run_instances", {"MetadataOptions": {"HttpTokens": "maybe"}}, "httpTokens",
    ),
    "of a launch itself": (
        "run_instances", {"InstanceInitiatedShutdownBehavior": "explode"},
        "instanceInitiatedShutdownBehavior",
    ),
    "in lists": (
        "create_fleet",
        {
            "LaunchTemplateConfigs": [
                {
                    "LaunchTemplateSpecification": {"LaunchTemplateName": "web", "Version": "1"},
                    "Overrides": [{"Placement": {"Tenancy": "alone"}}],
                }
            ],
            "TargetCapacitySpecification": {"TotalTargetCapacity": 1},
        },
        "tenancy",
    ),
    "of a setting": (
        "enable_image_block_public_access", {"ImageBlockPublicAccessState": "some"},
        "imageBlockPublicAccessState",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("operation", "parameters", "name"), WRONG.values(), ids=WRONG.keys())
def test_a_value_that_is_none_is_refused(
    ec2: Any, source_id: str, refused: Any, operation: str, parameters: dict[str, Any], name: str
) -> None:
    if operation == "run_instances":
        parameters = {"ImageId": source_id, "MinCount": 1, "MaxCount": 1, **parameters}
    with refused("InvalidParameterValue", f"for parameter {name} is invalid"):
        getattr(ec2, operation)(**parameters)


def test_what_is_only_kept_is_not_checked(ec2: Any) -> None:
    data = {"InstanceInitiatedShutdownBehavior": "explode"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)


def test_an_instance_type_that_is_none_has_an_error_of_its_own(ec2: Any, refused: Any) -> None:
    with refused("InvalidInstanceType", "do not exist: [t9.micro]"):
        ec2.describe_instance_types(InstanceTypes=["t3.micro", "t9.micro"])
