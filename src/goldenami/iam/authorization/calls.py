"""From an API call to the requests it is authorized by: one per resource and action."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from goldenami.errors import UsageError
from goldenami.iam.authorization import (
    auto_scaling,
    ec2,
    ec2_launch,
    generic,
    iam,
    kms,
    organizations,
    sns,
    sqs,
    ssm,
    tag,
)
from goldenami.iam.authorization.builder import ApiCall, RequestBuilder
from goldenami.iam.authorization.resources import ResourceLookup
from goldenami.iam.evaluator.request import Principal, Request, Value
from goldenami.iam.reference import table

Builder = Callable[[RequestBuilder], Iterator[Request]]

_BUILDERS: Mapping[str, Builder] = {
    "autoscaling:CreateAutoScalingGroup": auto_scaling.configure_group,
    "autoscaling:StartInstanceRefresh": auto_scaling.configure_group,
    "autoscaling:UpdateAutoScalingGroup": auto_scaling.configure_group,
    "ebs:StartSnapshot": ec2.start_snapshot,
    "ec2:CopyImage": ec2.copy,
    "ec2:CopySnapshot": ec2.copy,
    "ec2:CreateFleet": ec2_launch.create_fleet,
    "ec2:CreateImage": ec2.create_image,
    "ec2:CreateReplaceRootVolumeTask": ec2_launch.create_replace_root_volume_task,
    "ec2:CreateSnapshots": ec2.create_snapshots,
    "ec2:CreateTags": ec2.create_tags,
    "ec2:CreateVolume": ec2.create_volume,
    "ec2:DeleteTags": ec2.delete_tags,
    "ec2:LockSnapshot": ec2.lock_snapshot,
    "ec2:ModifyFleet": ec2_launch.modify_fleet,
    "ec2:ModifySnapshotAttribute": ec2.modify_snapshot_attribute,
    "ec2:RegisterImage": ec2.register_image,
    "ec2:RequestSpotFleet": ec2_launch.request_spot_fleet,
    "ec2:RequestSpotInstances": ec2_launch.request_spot_instances,
    "ec2:RunInstances": ec2_launch.run_instances,
    "kms:ReEncrypt": kms.re_encrypt,
    "sts:AssumeRole": iam.assume_role,
    "tag:TagResources": tag.tag_or_untag,
    "tag:UntagResources": tag.tag_or_untag,
}
_BY_SERVICE: Mapping[str, Builder] = {
    "autoscaling": auto_scaling.generic,
    "ec2": ec2.generic,
    "iam": iam.generic,
    "kms": kms.generic,
    "organizations": organizations.generic,
    "sns": sns.generic,
    "sqs": sqs.generic,
    "ssm": ssm.generic,
    "sts": iam.anything,
}
"""Services with a builder of their own; the others are asked by the table alone."""

_S3_ACTIONS = {
    "CompleteMultipartUpload": "PutObject", "CreateMultipartUpload": "PutObject",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging", "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock", "HeadBucket": "ListBucket",
    "HeadObject": "GetObject", "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket", "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock", "UploadPart": "PutObject",
}  # fmt: skip
"""S3's actions by the operation that needs them; of the others it is their own name.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""
_ACTIONS = {f"s3:{operation}": f"s3:{action}" for operation, action in _S3_ACTIONS.items()}


class _Parameters(dict[str, Any]):
    """A call's parameters; one that a builder needs and the call lacks is the user's mistake."""

    def __missing__(self, name: str) -> Any:
        raise UsageError(f"the call lacks the parameter {name}", fix="name it in the call")


def requests(
    call: ApiCall,
    principal: Principal,
    lookup: ResourceLookup,
    circumstances: Mapping[str, Value] | None = None,
) -> tuple[Request, ...]:
    """Return what has to be allowed for a call to be allowed, the image of a launch first.

    Args:
        call: the call; its action may be in any case.
        principal: who makes it.
        lookup: finds the resources that the call names.
        circumstances: condition keys of the moment, such as ``aws:CurrentTime``.

    Raises:
        UnknownActionError: the reference does not have the action, or not its service.
        UnknownResourceError: the call names a resource that does not exist.
        UsageError: the call lacks a parameter that says what it touches.
    """
    action = table.spelled(_ACTIONS.get(call.action, call.action))
    service = action.partition(":")[0]
    build = _BUILDERS.get(action) or _BY_SERVICE.get(service, generic.generic)
    call = replace(call, action=action, parameters=_Parameters(call.parameters))
    return tuple(build(RequestBuilder(call, principal, lookup, circumstances or {})))


__all__ = ["ApiCall", "requests"]
