"""EBS direct APIs: a snapshot that is written block by block.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticblockstore.html
"""

from collections.abc import Iterator

from goldenami.iam.authorization.builder import RequestBuilder, request_tags
from goldenami.iam.evaluator.request import Request, Value


def start_snapshot(builder: RequestBuilder) -> Iterator[Request]:
    """The new snapshot; to tag it is a permission of EC2's, on which the action depends."""
    parameters = builder.call.parameters
    keys: dict[str, Value] = {
        f"ebs:{name}": str(parameters[name])
        for name in ("Description", "VolumeSize")
        if name in parameters
    }
    if parent := parameters.get("ParentSnapshotId"):
        keys["ebs:ParentSnapshot"] = builder.arn("ec2", f"snapshot/{parent}")
    tags = request_tags(parameters.get("Tags", ()))
    yield builder.request(builder.new("snapshot"), keys, tags)
    if tags:
        yield builder.request(builder.new("snapshot"), tags, action="ec2:CreateTags")
