"""ARNs: the one place that knows how AWS names its resources."""

GLOBAL = ("iam", "organizations", "sts")
"""Services whose ARNs have an empty region."""
WITHOUT_ACCOUNT = ("image", "snapshot")
"""EC2's resources whose ARNs have an empty account field."""
OF_AWS = {"parameter": ("/aws/service/",), "document": ("AWS-", "AmazonCloudWatch-")}
"""How the names of what Systems Manager has for everybody begin; the ARNs have no account."""

_PARTITIONS = {
    "cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f", "eusc-": "aws-eusc",
}  # fmt: skip


def partition_of(region: str) -> str:
    """Return the partition that a region belongs to.

    https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
    """
    special = (name for start, name in _PARTITIONS.items() if region.startswith(start))
    return next(special, "aws")


def arn(partition: str, service: str, region: str, account: str, kind: str, name: str = "") -> str:
    """Return the ARN of a resource, or a pattern of ARNs if a part of it is one.

    Args:
        partition: such as ``aws``.
        service: such as ``ec2``.
        region: left out where the service's ARNs have none.
        account: its owner; left out of what belongs to everybody: images, snapshots, AWS's own
            parameters and documents.
        kind: as it stands in the ARN, such as ``instance``.
        name: its id or name; empty for a kind that stands alone, as an account's ``root`` does.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    if service in GLOBAL:
        region = ""
    if service == "ec2" and kind in WITHOUT_ACCOUNT:
        account = ""
    if service == "ssm" and name.startswith(OF_AWS.get(kind, ())):
        account = ""
    name = name.removeprefix("/")  # the first slash of a path is that of its kind
    return pattern(partition, service, region, account, f"{kind}/{name}" if name else kind)


def iam_arn(partition: str, account: str, kind: str, name: str = "") -> str:
    """Return the ARN of a user, role, group or policy of IAM, or of an account's ``root``."""
    return arn(partition, "iam", "", account, kind, name)


def role_arn(partition: str, account: str, role: str) -> str:
    """Return the ARN of a role that is named, or is an ARN already."""
    return role if role.startswith("arn:") else iam_arn(partition, account, "role", role)


def is_role(caller: str, role: str) -> bool:
    """Tell whether a caller's ARN is that of a session of a role, which leaves out its path.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    account, name = role.split(":")[4], role.rpartition("/")[2]
    session = caller.split(":", 5)
    return session[4] == account and session[5].startswith(f"assumed-role/{name}/")


def pattern(partition: str, service: str, region: str, account: str, resource: str) -> str:
    """Return an ARN of fields that are taken as they are."""
    return ":".join(("arn", partition, service, region, account, resource))
