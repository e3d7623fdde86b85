"""The instances of a region, by either of the two listings."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from goldenami.aws.ask import Asking
from goldenami.aws.inventory import InstanceInventory
from goldenami.domain.audit.subject import ImageSeen
from goldenami.errors import AwsError

AT = datetime(2026, 11, 23, tzinfo=UTC)
STATES = ("pending", "running", "stopping", "stopped", "shutting-down", "terminated")


class AnyState(Asking):
    """A region that heeds no filter, and names another owner than the account that asks."""

    region = where = "us-east-1"
    account = "111122223333"

    def __init__(self, *, metadata: bool, image: Mapping[str, Any]) -> None:
        self._metadata = metadata
        self._image = image

    def client(self, service: str) -> Any:
        raise AssertionError(service)

    def raw(self, call: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        common = [{"InstanceId": f"i-{state}", "State": {"Name": state}} for state in STATES]
        if call == "ec2:DescribeInstances":
            rows = [
                {**each, "ImageId": "ami-1", "InstanceType": "t3.micro", "LaunchTime": AT}
                for each in common
            ]
            return {"Reservations": [{"OwnerId": "999988887777", "Instances": rows}]}
        if not self._metadata:
            raise AwsError("refused", code="UnauthorizedOperation")
        more = {"OwnerId": "999988887777", "ImageMetadata": self._image}
        return {"InstanceImageMetadata": [{**each, **more} for each in common]}


class Hidden:
    """Shows no image."""

    def of(self, ids: Any) -> Mapping[str, ImageSeen]:
        return {image: ImageSeen(id=image, state="not-visible") for image in ids}


@pytest.mark.parametrize(
    ("metadata", "image", "state"),
    [
        (True, {"ImageId": "ami-1"}, "not-visible"),
        (True, {"ImageId": "ami-1", "State": "deregistered"}, "deregistered"),
        (True, {"ImageId": "ami-1", "State": "available", "OwnerId": "9"}, "available"),
        (False, {}, "not-visible"),
    ],
)
def test_instances_are_those_that_live_and_belong_to_the_account_that_lists_them(
    metadata: bool, image: dict[str, Any], state: str
) -> None:
    aws = AnyState(metadata=metadata, image=image)
    with ThreadPoolExecutor(1) as pool:
        inventory = InstanceInventory(aws, pool)  # type: ignore[arg-type]
        some = inventory.instances(Hidden())  # type: ignore[arg-type]
        found = [subject for each in some for subject in each.subjects]
    assert [each.state for each in found] == list(STATES[:4])
    assert {(each.account, each.image.state) for each in found} == {(aws.account, state)}
