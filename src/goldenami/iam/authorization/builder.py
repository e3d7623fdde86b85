"""What the builders of every service share: the call, and requests made from it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from goldenami.errors import UnknownResourceError
from goldenami.iam.authorization.resources import Resource, ResourceLookup
from goldenami.iam.evaluator.request import Principal, Request, Value

Keys = Mapping[str, Value]

WITHOUT_ACCOUNT = ("image", "snapshot")
"""EC2's resources whose ARNs have an empty account field."""


class ApiCall(Struct, frozen=True):
    """A call of an AWS API.

    Args:
        action: ``service:Operation``, such as ``ec2:RunInstances``.
        region: where it goes.
        parameters: in boto3's names and shape.
    """

    action: str
    region: str
    parameters: Mapping[str, Any] = {}

    @property
    def operation(self) -> str:
        """The operation without its service."""
        return self.action.partition(":")[2]


class RequestBuilder(Struct, frozen=True):
    """Makes the requests of one call."""

    call: ApiCall
    principal: Principal
    world: ResourceLookup
    circumstances: Keys

    @property
    def service(self) -> str:
        """The service whose call it is."""
        return self.call.action.partition(":")[0]

    def request(self, resource: str, *keys: Keys, action: str = "") -> Request:
        """Return a request of the call's action, or another one, on a resource."""
        context: dict[str, Value] = {"aws:RequestedRegion": self.call.region, **self.circumstances}
        for several in keys:
            context |= several
        return Request(
            principal=self.principal,
            action=action or self.call.action,
            resource=resource,
            context=context,
        )

    def found(self, kind: str, name: str, region: str = "") -> Resource:
        """Return a resource that the call names.

        Raises:
            UnknownResourceError: it does not exist.
        """
        resource = self.world.find(kind, name, region or self.call.region)
        if resource is None:
            raise UnknownResourceError(kind, name)
        return resource

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of the caller's account in the call's region."""
        prefix = f"arn:{self.principal.partition}:{service}"
        if service in ("iam", "organizations"):
            return f"{prefix}::{self.principal.account}:{resource}"
        account = "" if resource.startswith(WITHOUT_ACCOUNT) else self.principal.account
        return f"{prefix}:{self.call.region}:{account}:{resource}"

    def new(self, kind: str) -> str:
        """Return the ARN of an EC2 resource that the call makes: it has no id yet."""
        return self.arn("ec2", f"{kind}/*")


def request_tags(tags: Iterable[Mapping[str, Any]]) -> dict[str, Value]:
    """Return the condition keys of the tags in a request (``[{"Key": …, "Value": …}]``)."""
    listed = list(tags)
    if not listed:
        return {}
    keys: dict[str, Value] = {"aws:TagKeys": tuple(dict.fromkeys(one["Key"] for one in listed))}
    return keys | {f"aws:RequestTag/{one['Key']}": str(one.get("Value", "")) for one in listed}


def specified_tags(parameters: Mapping[str, Any], kind: str) -> dict[str, Value]:
    """Return the condition keys of the tags that TagSpecifications give to a kind of resource."""
    specifications = parameters.get("TagSpecifications", ())
    return request_tags(
        tag for one in specifications if one["ResourceType"] == kind for tag in one.get("Tags", ())
    )


def tagging(builder: RequestBuilder, parameters: Mapping[str, Any]) -> Iterator[Request]:
    """Yield the requests to tag what an EC2 call creates.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
    """
    kinds = dict.fromkeys(one["ResourceType"] for one in parameters.get("TagSpecifications", ()))
    for kind in kinds:
        if tags := specified_tags(parameters, kind):
            yield builder.request(
                builder.new(kind),
                tags,
                {"ec2:CreateAction": builder.call.operation},
                action="ec2:CreateTags",
            )
