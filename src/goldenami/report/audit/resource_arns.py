"""The ARN of what an audit judges: what AWS says, or what follows from the id."""

from collections.abc import Mapping

from goldenami.domain import arns
from goldenami.domain.audit.subject import Kind, Subject

_EC2: Mapping[Kind, str] = {
    Kind.INSTANCE: "instance",
    Kind.LAUNCH_TEMPLATE: "launch-template",
    Kind.FLEET: "fleet",
    Kind.SPOT_FLEET: "spot-fleet-request",
    Kind.SPOT_REQUEST: "spot-instances-request",
    Kind.IMAGE: "image",
}
"""What EC2 calls them in ARNs.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""


def arn_of(subject: Subject) -> str:
    """Return the ARN of a subject; empty if nothing says it, and for settings, which have none."""
    return subject.arn or _of_id(subject.kind, subject.account, subject.region, subject.id)


def arn_of_key(key: str) -> str:
    """Return the ARN of the subject of a finding's key; empty if it does not follow from that."""
    account, region, kind, rest = key.split("/", 3)
    subject_id = rest.rpartition("/")[0]
    return _of_id(Kind(kind), account, region, subject_id) if kind in set(Kind) else ""


def account_id(account: str) -> str:
    """Return how Security Hub names an account as a resource."""
    return f"AWS::::Account:{account}"


def _of_id(kind: Kind, account: str, region: str, subject_id: str) -> str:
    """Return the ARN of what an id names: without a template's version, or the nth image."""
    if kind not in _EC2:
        return ""
    plain = subject_id.partition("#")[0].partition(":")[0]
    return arns.arn(arns.partition_of(region), "ec2", region, account, _EC2[kind], plain)
