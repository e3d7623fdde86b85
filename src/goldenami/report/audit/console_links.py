"""Where the AWS console shows what an audit names; empty if it has no page of its own there.

https://docs.aws.amazon.com/general/latest/gr/endpoints.html
"""

from collections.abc import Mapping
from urllib.parse import quote

from goldenami.domain import arns, names
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject

_DOMAINS: Mapping[str, str] = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""Of the partitions whose console everybody reaches by a name that is known."""

_IMAGE = "ec2/home?region={region}#ImageDetails:imageId={id}"
_PAGES: Mapping[Kind, str] = {
    Kind.INSTANCE: "ec2/home?region={region}#InstanceDetails:instanceId={id}",
    Kind.LAUNCH_TEMPLATE: "ec2/home?region={region}#LaunchTemplateDetails:launchTemplateId={id}",
    Kind.LAUNCH_CONFIGURATION: "ec2/home?region={region}#LaunchConfigurations:id={id}",
    Kind.AUTO_SCALING_GROUP: "ec2/home?region={region}#AutoScalingGroupDetails:id={id}",
    Kind.NODE_GROUP: "eks/home?region={region}#/clusters/{cluster}/nodegroups/{id}",
    Kind.IMAGE: _IMAGE,
}


def of_subject(subject: Subject) -> str:
    """Return the page of a subject: of the template whose version it is, of the group itself."""
    cluster, plain = "", subject.id
    match subject.kind:
        case Kind.LAUNCH_TEMPLATE:
            plain = subject.id.partition(":")[0]
        case Kind.AUTO_SCALING_GROUP:
            plain = subject.name
        case Kind.NODE_GROUP:
            cluster, _, plain = subject.id.partition("/")
    return _page(_PAGES.get(subject.kind, ""), subject.region, plain, cluster)


def of_image(region: str, image: ImageSeen) -> str:
    """Return the page of an image, as far as it is there to be looked at."""
    return _page(_IMAGE, region, image.id) if image.known else ""


def _page(page: str, region: str, plain: str, cluster: str = "") -> str:
    domain = _DOMAINS.get(arns.partition_of(region))
    if not page or not domain or not names.REGION.fullmatch(region):
        return ""
    parts = {"region": region, "id": quote(plain, safe=""), "cluster": quote(cluster, safe="")}
    return f"https://{region}.{domain}/{page.format(**parts)}"
