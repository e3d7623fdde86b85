"""Tagging through Resource Groups: needs each service's own permission to tag, too.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html
"""

from collections.abc import Iterator

from goldenami.iam.authorization.builder import RequestBuilder, tag_keys
from goldenami.iam.authorization.resources import Resource
from goldenami.iam.evaluator.request import Request
from goldenami.iam.reference import table

_OWN = {
    "autoscaling": ("CreateOrUpdateTags", "DeleteTags"),
    "ec2": ("CreateTags", "DeleteTags"),
    "s3": ("PutBucketTagging", "PutBucketTagging"),
    "ssm": ("AddTagsToResource", "RemoveTagsFromResource"),
}
"""The services whose actions are not called TagResource and UntagResource."""


def tag_or_untag(builder: RequestBuilder) -> Iterator[Request]:
    """The call itself, and the service's own action on each resource.

    Of a service that the table does not have, the action is not known.
    """
    keys = tag_keys(builder.call.parameters)
    yield builder.request("*")
    for arn in builder.call.parameters.get("ResourceARNList", ()):
        if action := _action(arn, removing=builder.call.operation == "UntagResources"):
            yield builder.on(_resource(builder, arn), keys, action=action)


def _action(arn: str, *, removing: bool) -> str:
    service = arn.split(":")[2]
    if service not in table.services():
        return ""
    if service == "iam":
        kind = "".join(word.title() for word in table.kind_of(arn).split("-"))
        names = (f"Tag{kind}", f"Untag{kind}")
    else:
        names = _OWN.get(service, ("TagResource", "UntagResource"))
    name = names[removing]
    return f"{service}:{name}" if name in table.actions(service) else ""


def _resource(builder: RequestBuilder, arn: str) -> Resource:
    service, kind, name = arn.split(":")[2], table.kind_of(arn), arn.rpartition("/")[2]
    if service not in ("ec2", "iam"):
        return Resource(arn=arn)
    return builder.resource(kind, arn if kind == "policy" else name)
