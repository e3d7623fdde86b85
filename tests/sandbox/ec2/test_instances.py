from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

Make = Callable[..., str]


def metadata(ec2: Any, **parameters: Any) -> list[Any]:
    found: list[Any] = ec2.describe_instance_image_metadata(**parameters)["InstanceImageMetadata"]
    return found


def statuses(ec2: Any, **parameters: Any) -> list[tuple[str, str]]:
    answer = ec2.describe_instance_status(**parameters)["InstanceStatuses"]
    return [(one["InstanceState"]["Name"], one["InstanceStatus"]["Status"]) for one in answer]


class TestStatus:
    def test_checks_pass_after_the_instance_runs(
        self, sandbox: Sandbox, ec2: Any, launch: Make
    ) -> None:
        assert launch()
        assert statuses(ec2) == [("running", "ok")]
        sandbox.pending_s = 3600
        pending = launch()
        assert statuses(ec2) == [("running", "ok")]
        every = statuses(ec2, InstanceIds=[pending], IncludeAllInstances=True)
        assert every == [("pending", "initializing")]

    def test_the_waiter_of_boto3_sees_the_checks_pass(
        self, sandbox: Sandbox, ec2: Any, launch: Make
    ) -> None:
        sandbox.pending_s = 0.01
        instance_id = launch()
        quick = {"Delay": 0, "MaxAttempts": 1000}
        ec2.get_waiter("instance_status_ok").wait(InstanceIds=[instance_id], WaiterConfig=quick)
        assert statuses(ec2) == [("running", "ok")]

    def test_a_stopped_instance_has_no_status(self, ec2: Any, launch: Make) -> None:
        instance_id = launch()
        ec2.stop_instances(InstanceIds=[instance_id])
        assert statuses(ec2) == []
        assert statuses(ec2, IncludeAllInstances=True) == [("stopped", "not-applicable")]

    def test_an_unknown_instance_is_refused(self, ec2: Any, refused: Any) -> None:
        with refused("InvalidInstanceID.NotFound"):
            ec2.describe_instance_status(InstanceIds=["i-0123456789abcdef0"])


class TestImageMetadata:
    def test_it_tells_of_the_instance_and_its_image(
        self, ec2: Any, launch: Make, source_id: str
    ) -> None:
        tags = [{"Key": "Name", "Value": "web-1"}]
        instance_id = launch(TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
        (told,) = metadata(ec2)
        expected = {
            "InstanceId": instance_id,
            "InstanceType": "t3.micro",
            "State": {"Code": 16, "Name": "running"},
            "OwnerId": "123456789012",
            "Tags": tags,
        }
        assert told.items() >= expected.items()
        image = {
            "ImageId": source_id,
            "OwnerId": "137112412989",
            "ImageOwnerAlias": "amazon",
            "State": "available",
            "IsPublic": True,
            "ImageAllowed": True,
        }
        assert told["ImageMetadata"].items() >= image.items()
        assert told["ImageMetadata"]["Name"].startswith("al2023-ami-")

    @pytest.mark.parametrize("state", ["deprecated", "disabled", "deregistered"])
    def test_it_tells_of_an_image_that_others_no_longer_see(
        self, ec2: Any, launch: Make, bake: Make, state: str
    ) -> None:
        image_id = bake("old")
        instance_id = launch(image_id)
        ec2.enable_image_deprecation(ImageId=image_id, DeprecateAt="2030-01-01T00:00:00Z")
        if state == "disabled":
            ec2.disable_image(ImageId=image_id)
        if state == "deregistered":
            ec2.deregister_image(ImageId=image_id)
        (told,) = metadata(ec2, InstanceIds=[instance_id])
        image = told["ImageMetadata"]
        assert image["ImageId"] == image_id
        assert image["State"] == ("available" if state == "deprecated" else state)
        assert image["DeprecationTime"] == "2030-01-01T00:00:00.000Z"
        assert not image["IsPublic"]

    @pytest.mark.parametrize(
        ("name", "values", "found"),
        [
            ("instance-state-name", ["running"], 1),
            ("instance-state-name", ["pending", "stopped"], 1),
            ("instance-type", ["t3.*"], 2),
            ("owner-alias", ["amazon"], 2),
            ("image-allowed", ["true"], 2),
            ("availability-zone", ["us-east-1a"], 2),
            ("tag-key", ["Name"], 0),
        ],
    )
    def test_filters(
        self, ec2: Any, launch: Make, name: str, values: list[str], found: int
    ) -> None:
        launch()
        ec2.stop_instances(InstanceIds=[launch()])
        assert len(metadata(ec2, Filters=[{"Name": name, "Values": values}])) == found

    def test_instances_are_found_by_id_and_not_by_image(
        self, ec2: Any, launch: Make, source_id: str, refused: Any
    ) -> None:
        first, _ = launch(), launch()
        wish = [{"Name": "instance-id", "Values": [first]}]
        assert [one["InstanceId"] for one in metadata(ec2, Filters=wish)] == [first]
        assert [one["InstanceId"] for one in metadata(ec2, InstanceIds=[first])] == [first]
        wish = [{"Name": "image-id", "Values": [source_id]}]
        with refused("InvalidParameterValue", "image-id"):
            metadata(ec2, Filters=wish)

    def test_pages_hold_every_instance_once(self, ec2: Any, source_id: str) -> None:
        ec2.run_instances(ImageId=source_id, InstanceType="t3.micro", MinCount=5, MaxCount=5)
        pages = ec2.get_paginator("describe_instance_image_metadata").paginate(
            PaginationConfig={"PageSize": 2}
        )
        found = [page["InstanceImageMetadata"] for page in pages]
        assert [len(page) for page in found] == [2, 2, 1]
        assert len({one["InstanceId"] for page in found for one in page}) == 5

    def test_an_unknown_instance_is_refused(self, ec2: Any, refused: Any) -> None:
        with refused("InvalidInstanceID.NotFound", "i-0123456789abcdef0"):
            metadata(ec2, InstanceIds=["i-0123456789abcdef0"])

    def test_ids_and_pages_do_not_go_together(self, ec2: Any, launch: Make, refused: Any) -> None:
        with refused("InvalidParameterCombination"):
            metadata(ec2, InstanceIds=[launch()], MaxResults=5)
