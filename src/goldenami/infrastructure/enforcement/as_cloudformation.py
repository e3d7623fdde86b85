"""An enforcement as resources of CloudFormation.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-managedpolicy.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-organizations-policy.html
"""

from collections.abc import Iterator
from typing import Any

from goldenami.iam.render import PolicyDocument
from goldenami.infrastructure.cloudformation import Function, SectionEntry, resource
from goldenami.infrastructure.enforcement import (
    BOUNDARY,
    GROUPS,
    TYPES,
    EnforcementCode,
    MechanismDocuments,
    comment,
    description,
    policies,
    policy_name,
)


def resources(
    code: EnforcementCode, snapshots: Function | None = None, **attributes: Any
) -> Iterator[SectionEntry]:
    """Yield the policies with what they are attached to.

    Args:
        code: what is enforced.
        snapshots: what lists the ids of the golden snapshots, in place of those in the documents.
        attributes: further attributes of each resource, such as its ``Condition``.
    """
    arns = (lambda start: _arns(start, snapshots)) if snapshots else None
    for mechanism, document, policy in policies(code, arns):
        yield _policy(mechanism, document, policy, attributes)


def _policy(
    mechanism: MechanismDocuments, document: PolicyDocument, policy: dict[str, Any], attributes: Any
) -> SectionEntry:
    name, holders = _logical_id(document.name), sorted(set(mechanism.holders))
    if mechanism.name in (GROUPS, BOUNDARY):
        return resource(
            name,
            "AWS::IAM::ManagedPolicy",
            {
                "ManagedPolicyName": policy_name(document),
                "Description": description(document),
                "PolicyDocument": policy,
                "Groups": holders if holders and mechanism.name == GROUPS else None,
            },
            comment=comment(mechanism),
            **attributes,
        )
    return resource(
        f"Organization{name}",
        "AWS::Organizations::Policy",
        {
            "Name": policy_name(document),
            "Description": description(document),
            "Type": TYPES[mechanism.name],
            "Content": policy,
            "TargetIds": holders,
        },
        comment=comment(mechanism),
        **attributes,
    )


def _arns(start: str, snapshots: Function) -> Function:
    """Return the ARNs of a list of ids, which are joined by how an ARN begins, and split."""
    joined = Function("Join", [f",{start}", snapshots])
    return Function("Split", [",", Function("Join", ["", [start, joined]])])


def _logical_id(name: str) -> str:
    return "".join(part.title() for part in name.split("-"))
