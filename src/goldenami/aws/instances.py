"""Reading instances, and their types."""

from collections.abc import Sequence
from typing import Any

from goldenami.aws.answers.ec2 import (
    DescribeInstances,
    InstanceAnswer,
)
from goldenami.aws.answers.instance_types import DescribeInstanceTypes, InstanceType
from goldenami.aws.images import FILTER_VALUES
from goldenami.aws.session import RegionalAws
from goldenami.domain.instance import ALIVE, Instance

PAGE = 1000


def described(regional: RegionalAws, purpose: str, /, **parameters: Any) -> list[Instance]:
    """Return the instances of a region that DescribeInstances tells of by these parameters.

    Raises:
        AwsError: they could not be read, or one of those that are named is not there.
    """
    pages = regional.listed(DescribeInstances, purpose, **parameters)
    return [_instance(regional.region, answer) for page in pages for answer in page.instances]


def having(
    regional: RegionalAws, filter_name: str, values: Sequence[str], purpose: str
) -> list[Instance]:
    """Return the instances of a region with such a value, those that ended lately among them.

    Args:
        regional: whose, and where.
        filter_name: a filter of DescribeInstances, such as ``instance-id``.
        values: none of them is an error if no instance has it.
        purpose: what they are read for, as a sentence starts.
    """
    if not values:
        return []
    return described(regional, purpose, Filters=[{"Name": filter_name, "Values": list(values)}])


def launched_from(regional: RegionalAws, image_ids: Sequence[str], purpose: str) -> list[Instance]:
    """Return the instances of a region that these images run in and that did not end.

    What others launch costs nothing: EC2 itself leaves it out.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    """
    alive = {"Name": "instance-state-name", "Values": list(ALIVE)}
    return [
        instance
        for start in range(0, len(image_ids), FILTER_VALUES)
        for instance in described(
            regional, purpose,
            Filters=[
                {"Name": "image-id", "Values": [*image_ids[start : start + FILTER_VALUES]]}, alive,
            ],
            MaxResults=PAGE,
        )
    ]  # fmt: skip


def _instance(region: str, answer: InstanceAnswer) -> Instance:
    return Instance(
        region=region,
        id=answer.instance_id,
        state=answer.state.name,
        tags=answer.tag_values,
        image_id=answer.image_id,
        platform=answer.platform,
        platform_details=answer.platform_details,
        token=answer.client_token,
        launched=answer.launch_time,
        key_name=answer.key_name,
        groups=tuple((group.group_id, group.group_name) for group in answer.security_groups),
    )


def instance_type(regional: RegionalAws, name: str, purpose: str) -> InstanceType:
    """Return an instance type, which there has to be."""
    answer = regional.ask(DescribeInstanceTypes, purpose, InstanceTypes=[name])
    return answer.rows[0]


def architectures(regional: RegionalAws, name: str, purpose: str) -> list[str]:
    """Return the architectures of an instance type, which there has to be: ``x86_64``."""
    return list(instance_type(regional, name, purpose).processor_info.supported_architectures)
