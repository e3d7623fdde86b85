"""EBS direct APIs: a snapshot that is written block by block.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticblockstore.html
"""

from collections.abc import Iterator

from goldenami.iam.authorization.builder import RequestBuilder, tag_keys
from goldenami.iam.authorization.resources import condition_keys
from goldenami.iam.evaluator.request import Request


def start_snapshot(builder: RequestBuilder) -> Iterator[Request]:
    """The new snapshot; to tag it is a permission of EC2's, on which the action depends."""
    parameters = builder.call.parameters
    parent = parameters.get("ParentSnapshotId")
    keys = condition_keys(
        "ebs",
        Description=parameters.get("Description"),
        VolumeSize=parameters.get("VolumeSize"),
        ParentSnapshot=builder.arn("ec2", "snapshot", parent) if parent else None,
    )
    tags = tag_keys(parameters)
    yield builder.new("snapshot", keys, tags)
    if tags:
        yield builder.new("snapshot", tags, action="ec2:CreateTags")
