"""Roles as Terraform and CloudFormation: trust, policies, boundary; a StackSet of one of them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from goldenami.iam.render import PolicyDocument
from goldenami.infrastructure import cloudformation, terraform
from goldenami.infrastructure.cloudformation import SectionEntry
from goldenami.infrastructure.hcl import Expression, jsonencode
from goldenami.infrastructure.terraform import Block


class RoleResource(Struct, frozen=True, kw_only=True):
    """A role with all that belongs to it.

    Args:
        account: whose it is.
        name: its name, with its path.
        trust: who may become it.
        documents: its own policies.
        managed: the ARNs of further ones.
        boundary: what bounds it.
        profile: whether an instance profile of its name has it.
    """

    account: str
    name: str
    trust: Mapping[str, Any]
    documents: tuple[PolicyDocument, ...] = ()
    managed: tuple[str, ...] = ()
    boundary: PolicyDocument | None = None
    profile: bool = False

    @property
    def path(self) -> str | None:
        """Its path, if it has one."""
        path = self.name.rpartition("/")[0]
        return f"/{path}/" if path else None

    @property
    def short(self) -> str:
        """Its name without its path."""
        return self.name.rpartition("/")[2]


def as_terraform(roles: Sequence[RoleResource], title: str) -> str:
    """Return a Terraform file; each further account than the first's needs a provider's alias."""
    home = roles[0].account if roles else ""
    comments = [title, "The identity provider of GitHub has to be there: one for each account."]
    comments += [
        f"{_alias(role)} is a provider's alias for account {role.account}."
        for role in roles
        if role.account != home
    ]
    return terraform.document((block for role in roles for block in _blocks(role, home)), comments)


def _alias(role: RoleResource) -> str:
    return f"aws.account_{role.account}"


def _blocks(role: RoleResource, home: str) -> Iterator[Block]:
    abroad = role.account != home
    provider = {"provider": Expression(_alias(role))} if abroad else {}
    label = re.sub(r"[^A-Za-z0-9_]", "_", role.short) + (f"_{role.account}" if abroad else "")
    bound = {}
    if role.boundary:
        boundary = terraform.resource(
            "aws_iam_policy", f"{label}_boundary",
            {**provider, "name": role.boundary.name, "policy": jsonencode(role.boundary.policy)},
        )  # fmt: skip
        yield boundary
        bound = {"permissions_boundary": boundary.attribute("arn")}
    own_role = terraform.resource(
        "aws_iam_role", label,
        {
            **provider, "name": role.short, "path": role.path,
            "assume_role_policy": jsonencode(role.trust), **bound,
        },
    )  # fmt: skip
    yield own_role
    named: dict[str, Any] = {**provider, "role": own_role.attribute("name")}
    for document in role.documents:
        own = f"{label}_{re.sub(r'[^A-Za-z0-9_]', '_', document.name)}"
        policy = terraform.resource(
            "aws_iam_policy", own,
            {**provider, "name": document.name, "policy": jsonencode(document.policy)},
        )  # fmt: skip
        yield policy
        attached = {**named, "policy_arn": policy.attribute("arn")}
        yield terraform.resource("aws_iam_role_policy_attachment", own, attached)
    for number, arn in enumerate(role.managed, 1):
        yield terraform.resource(
            "aws_iam_role_policy_attachment", f"{label}_{number}", {**named, "policy_arn": arn}
        )
    if role.profile:
        yield terraform.resource("aws_iam_instance_profile", label, {**named, "name": role.short})


def as_cloudformation(roles: Sequence[RoleResource], title: str) -> str:
    """Return a CloudFormation template of the roles of one account."""
    entries = tuple(entry for role in roles for entry in _entries(role))
    return cloudformation.document(cloudformation.Stack(description=title, resources=entries))


def as_stack_set(role: RoleResource, units: Sequence[str], region: str, title: str) -> str:
    """Return a template with a StackSet that gives a role to every account of some units.

    It is made by the delegated administrator, deploys itself to accounts that join, and does not
    reach the organization's management account.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-manage-auto-deployment.html
    """
    stack_set = cloudformation.resource(
        "RoleInEveryAccount",
        "AWS::CloudFormation::StackSet",
        {
            "StackSetName": role.short,
            "Description": title,
            "PermissionModel": "SERVICE_MANAGED",
            "CallAs": "DELEGATED_ADMIN",
            "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": False},
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "ManagedExecution": {"Active": True},
            "StackInstancesGroup": [
                {
                    "DeploymentTargets": {"OrganizationalUnitIds": list(units)},
                    "Regions": [region],
                }
            ],
            "TemplateBody": as_cloudformation([role], title),
        },
    )
    return cloudformation.document(cloudformation.Stack(description=title, resources=(stack_set,)))


def _entries(role: RoleResource) -> Iterator[SectionEntry]:
    label = _logical(role.short)
    bound: dict[str, Any] = {}
    if role.boundary:
        boundary = _policy(f"{label}Boundary", role.boundary)
        yield boundary
        bound = {"PermissionsBoundary": boundary.ref}
    policies = [_policy(label + _logical(each.name), each) for each in role.documents]
    yield from policies
    own_role = cloudformation.resource(
        label,
        "AWS::IAM::Role",
        {
            "RoleName": role.short,
            "Path": role.path,
            "AssumeRolePolicyDocument": role.trust,
            "ManagedPolicyArns": [*(each.ref for each in policies), *role.managed],
            **bound,
        },
    )
    yield own_role
    if role.profile:
        properties = {"InstanceProfileName": role.short, "Roles": [own_role.ref]}
        yield cloudformation.resource(f"{label}Profile", "AWS::IAM::InstanceProfile", properties)


def _policy(label: str, document: PolicyDocument) -> SectionEntry:
    properties = {"ManagedPolicyName": document.name, "PolicyDocument": document.policy}
    return cloudformation.resource(label, "AWS::IAM::ManagedPolicy", properties)


def _logical(name: str) -> str:
    return "".join(part.title() for part in re.split(r"[^A-Za-z0-9]+", name))
