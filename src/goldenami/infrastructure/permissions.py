"""The policies of roles as Terraform or CloudFormation, attached where the role has a name."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from goldenami.iam.render import PolicyDocument
from goldenami.infrastructure import cloudformation, terraform
from goldenami.infrastructure.hcl import Expression, jsonencode
from goldenami.infrastructure.terraform import Block

ANY = "*"


class RolePolicies(Struct, frozen=True):
    """The policies of a role of an account; ``*`` stands for a role or account without a name."""

    account: str
    role: str
    documents: tuple[PolicyDocument, ...]


def as_terraform(roles: Sequence[RolePolicies], title: str) -> str:
    """Return a Terraform file of the policies; each further account needs a provider's alias."""
    home = roles[0].account if roles else ANY
    blocks = (block for each in roles for block in _blocks(each, home))
    comments = [title]
    comments += [
        f"{_alias(each)} is a provider's alias for account {each.account}."
        for each in roles
        if each.account != home
    ]
    return terraform.document(blocks, comments)


def _blocks(role: RolePolicies, home: str) -> Iterator[Block]:
    provider = {} if role.account == home else {"provider": Expression(_alias(role))}
    for document in role.documents:
        label = _label(document.name, "" if role.account == home else role.account)
        policy = terraform.resource(
            "aws_iam_policy",
            label,
            {**provider, "name": document.name, "policy": jsonencode(document.policy)},
        )
        yield policy
        if role.role != ANY:
            yield terraform.resource(
                "aws_iam_role_policy_attachment",
                label,
                {
                    **provider,
                    "role": role.role.rpartition("/")[2],
                    "policy_arn": policy.attribute("arn"),
                },
            )


def _alias(role: RolePolicies) -> str:
    return f"aws.account_{role.account}"


def _label(name: str, account: str) -> str:
    label = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return f"{label}_{account}" if account else label


def as_cloudformation(role: RolePolicies, title: str) -> str:
    """Return a CloudFormation template of one account's policies."""
    return cloudformation.document(
        cloudformation.Stack(description=title, resources=tuple(policies([role])))
    )


def policies(roles: Iterable[RolePolicies]) -> Iterator[cloudformation.SectionEntry]:
    """Yield the policies of roles as resources of a template."""
    for role in roles:
        attached: dict[str, Any] = {}
        if role.role != ANY:
            attached = {"Roles": [role.role.rpartition("/")[2]]}
        for document in role.documents:
            logical = "".join(part.title() for part in re.split(r"[^A-Za-z0-9]+", document.name))
            yield cloudformation.resource(
                logical,
                "AWS::IAM::ManagedPolicy",
                {
                    "ManagedPolicyName": document.name,
                    "PolicyDocument": document.policy,
                    **attached,
                },
            )
