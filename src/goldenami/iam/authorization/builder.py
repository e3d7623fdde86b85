"""What the builders of every service share: the call, and requests made from it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from goldenami.errors import UnknownResourceError
from goldenami.iam.authorization.resources import (
    Keys,
    Resource,
    ResourceLookup,
    Scope,
    condition_keys,
    request_tags,
    tag_names,
)
from goldenami.iam.evaluator.request import Principal, Request, Value
from goldenami.iam.reference import table


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
    lookup: ResourceLookup
    circumstances: Keys

    @property
    def service(self) -> str:
        """The service whose call it is."""
        return self.call.action.partition(":")[0]

    @property
    def scope(self) -> Scope:
        """The caller's account in the call's region."""
        return Scope(self.principal.partition, self.call.region, self.principal.account)

    def request(self, resource: str, *keys: Keys, action: str = "") -> Request:
        """Return a request of the call's action, or another one, on a resource."""
        context: dict[str, Value] = {"aws:RequestedRegion": self.call.region, **self.circumstances}
        for each in keys:
            context |= each
        return Request(
            principal=self.principal,
            action=action or self.call.action,
            resource=resource,
            context=context,
        )

    def on(self, resource: Resource, *keys: Keys, action: str = "") -> Request:
        """Return a request on a resource that exists."""
        return self.request(resource.arn, resource.keys, *keys, action=action)

    def on_each(
        self, resources: Iterable[Resource], keys: Keys, otherwise: str = "*"
    ) -> Iterator[Request]:
        """Yield a request on each resource of a kind that the call is authorized on.

        Args:
            resources: those that the call names.
            keys: the condition keys of the call.
            otherwise: the ARN of what it is authorized on if it is on none of them.
        """
        authorized = table.kinds(self.call.action)
        known = [each for each in resources if table.kind_of(each.arn) in authorized]
        for resource in known or [Resource(arn=otherwise)]:
            yield self.on(resource, keys)

    def resource(self, kind: str, name: str, region: str = "") -> Resource:
        """Return a resource that the call names.

        Raises:
            UnknownResourceError: it does not exist.
        """
        resource = self.lookup.find(kind, name, region or self.call.region)
        if resource is None:
            raise UnknownResourceError(kind, name)
        return resource

    def existing(
        self, kind: str, name: str, *keys: Keys, region: str = "", action: str = ""
    ) -> Request:
        """Return a request on a resource that the call names.

        Raises:
            UnknownResourceError: it does not exist.
        """
        return self.on(self.resource(kind, name, region), *keys, action=action)

    def new(self, kind: str, *keys: Keys, action: str = "") -> Request:
        """Return a request on an EC2 resource that the call makes: it has no id yet."""
        return self.request(self.arn("ec2", kind, "*"), *keys, action=action)

    def arn(self, service: str, kind: str, name: str) -> str:
        """Return the ARN of a resource of the caller's account in the call's region."""
        return self.scope.arn(service, kind, name)


def tag_keys(parameters: Mapping[str, Any]) -> dict[str, Value]:
    """Return the condition keys of the tags in a request, in whatever form its service has them."""
    tags = parameters.get("Tags") or parameters.get("tags") or ()
    if isinstance(tags, Mapping):
        tags = [{"Key": key, "Value": value} for key, value in tags.items()]
    keys = request_tags(
        {name.lower().removeprefix("tag").title(): value for name, value in tag.items()}
        for tag in tags
    )
    return keys | tag_names(parameters.get("TagKeys") or parameters.get("tagKeys") or ())


def specified_tags(parameters: Mapping[str, Any], kind: str) -> dict[str, Value]:
    """Return the condition keys of the tags that TagSpecifications give to a kind of resource."""
    return request_tags(
        tag
        for specification in parameters.get("TagSpecifications", ())
        if specification["ResourceType"] == kind
        for tag in specification.get("Tags", ())
    )


def tagging(builder: RequestBuilder, parameters: Mapping[str, Any]) -> Iterator[Request]:
    """Yield the requests to tag what an EC2 call creates.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
    """
    specifications = parameters.get("TagSpecifications", ())
    for kind in dict.fromkeys(each["ResourceType"] for each in specifications):
        if tags := specified_tags(parameters, kind):
            created = condition_keys("ec2", CreateAction=builder.call.operation)
            yield builder.new(kind, tags, created, action="ec2:CreateTags")


def texts(
    name: str, value: Any, leaving_out: frozenset[str] = frozenset()
) -> Iterator[tuple[str, str]]:
    """Yield every text in a value, however deep, with the name of its parameter.

    Args:
        name: the value's own.
        value: parameters, or one of them.
        leaving_out: names of parameters that are not looked into.
    """
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for parameter, inner in value.items():
            if parameter not in leaving_out:
                yield from texts(str(parameter), inner, leaving_out)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(name, inner, leaving_out)
