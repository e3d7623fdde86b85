"""Who asks to do what, to which resource, in which circumstances."""

from collections.abc import Mapping
from functools import cached_property
from sys import intern
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

Value = str | tuple[str, ...]
"""A condition key's value; a tuple is that of a multivalued key, such as ``aws:TagKeys``."""

SERVICE_LINKED_PATH = ":role/aws-service-role/"
FEDERATED = "federated:"
"""Stands for every condition key that an identity provider tells, such as ``saml:sub``."""

CIRCUMSTANCES = frozenset({
    "aws:chatbotsourcearn", "aws:currenttime", "aws:epochtime", "aws:federatedprovider",
    "aws:multifactorauthage", "aws:multifactorauthpresent", "aws:principalorgid",
    "aws:principalorgpaths", "aws:referer", "aws:resourceaccount", "aws:resourceorgid",
    "aws:resourceorgpaths", "aws:securetransport", "aws:signinsessionarn", "aws:sourceidentity",
    "aws:sourceip", "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce", "aws:tokenissuetime",
    "aws:useragent", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths", "aws:vpcsourceip",
})  # fmt: skip
"""Keys that depend on when, where and how somebody asks, or on what else is not told."""

OF_SESSIONS = frozenset({
    "aws:ec2instancesourceprivateipv4", "aws:ec2instancesourcevpc", "ec2:roledelivery",
    "ec2:sourceinstancearn", "lambda:sourcefunctionarn", "ssm:sourceinstancearn", FEDERATED,
})  # fmt: skip
"""What only a role's session can have, by how it began."""


class Principal(Struct, frozen=True, kw_only=True, dict=True):
    """A user or a role, with the condition keys that are true of it whatever it does.

    Args:
        arn: the user's or the role's own ARN; a session has its role's.
        keys: condition keys such as ``aws:PrincipalArn`` and ``aws:username``.
        in_management_account: whether its account is the organization's management account.
        unknown: keys that are not told and may have a value all the same, in lower case; a family
            ends in ``/``.
    """

    arn: str
    keys: Mapping[str, Value]
    in_management_account: bool = False
    unknown: frozenset[str] = frozenset()

    @cached_property
    def keys_in_lower_case(self) -> Mapping[str, Value]:
        """Its condition keys as the evaluator compares them."""
        return {intern(name.lower()): value for name, value in self.keys.items()}

    @cached_property
    def bound_by_scps(self) -> bool:
        """Whether service control policies apply to it.

        https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
        """
        return not self.in_management_account and SERVICE_LINKED_PATH not in self.arn

    def anywhere(self) -> Self:
        """Return the same principal asking by itself, at a time and from a place nobody knows.

        Its requests are its own: no service makes them for it.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        sessions = frozenset() if ":user/" in self.arn else OF_SESSIONS
        return replace(
            self,
            keys={"aws:ViaAWSService": "false", **self.keys},
            unknown=self.unknown | CIRCUMSTANCES | sessions,
        )

    @property
    def account(self) -> str:
        """Its account id."""
        return self.arn.split(":")[4]

    @property
    def partition(self) -> str:
        """Its partition, such as ``aws``."""
        return self.arn.split(":")[1]

    @classmethod
    def from_arn(
        cls,
        arn: str,
        *,
        tags: Mapping[str, str] | None = None,
        unique_id: str = "",
        session: str = "",
        organization: str = "",
        in_management_account: bool = False,
    ) -> Self:
        """Return a user, a role, or a session of a role, by its ARN.

        Args:
            arn: ``arn:P:iam::ACCOUNT:user/NAME`` or ``…:role/NAME``.
            tags: the principal's tags, a session's own among them.
            unique_id: ``AIDA…`` or ``AROA…``, empty if it is not known.
            session: the name of a role's session.
            organization: the id of its organization (``o-…``), empty if it has none.
            in_management_account: whether its account manages the organization.
        """
        kind, _, path = arn.split(":", 5)[5].partition("/")
        name = path.rpartition("/")[2]
        keys: dict[str, Value] = {
            "aws:PrincipalArn": arn,
            "aws:PrincipalAccount": arn.split(":")[4],
            "aws:PrincipalType": "User" if kind == "user" else "AssumedRole",
            "aws:PrincipalIsAWSService": "false",
        }
        if unique_id:
            keys["aws:userid"] = f"{unique_id}:{session}" if session else unique_id
        if kind == "user":
            keys["aws:username"] = name
        if organization:
            keys["aws:PrincipalOrgID"] = organization
        keys |= {f"aws:PrincipalTag/{key}": value for key, value in (tags or {}).items()}
        return cls(arn=arn, keys=keys, in_management_account=in_management_account)


class Request(Struct, frozen=True, kw_only=True):
    """One action on one resource. An API call is as many of these as it touches resources.

    Args:
        principal: who asks.
        action: ``service:Action``, such as ``ec2:RunInstances``.
        resource: the resource's ARN; ``*`` for an action that has no resource.
        context: the condition keys of the request and the resource, in any case. A key that does
            not exist for the action and the resource counts as absent.
    """

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, Value] = {}
