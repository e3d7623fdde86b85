"""Policies of an organization, of any type: made, changed, attached and detached."""

from collections.abc import Collection, Iterable

from goldenami.aws import organizations
from goldenami.domain import prefixes
from goldenami.errors import RefusedError
from goldenami.iam.render import PolicyDocument
from goldenami.workflows.enforce.interface import EnforceContext, MechanismPlan, joined
from goldenami.workflows.enforce.operations import Operation, PolicyOperations
from goldenami.workflows.enforce.reconcile import Comparison, reconcile


def operations(kind: str) -> PolicyOperations:
    """Return how an organization's policies of a type are kept, which are known by their names."""
    targets = {"PolicyId": "reference", "TargetId": "holder"}
    return PolicyOperations(
        # a setting is no policy that a request is decided by
        holder="organization-target" if kind == organizations.SCP else None,
        policy="the organization's policy {key}",
        title=f"{kind} {{key}}",
        foreign="the organization's policy {key} was not made by goldenami (it has no tag {tag})",
        full=f"{{holder}} would have {{count}} policies of type {kind}, of {{quota}} allowed",
        calls={
            "create": Operation(
                "organizations:CreatePolicy",
                {"Name": "key", "Content": "text", "Description": "description", "Tags": "tags"},
                f"create {{policy}} ({kind})",
                constants={"Type": kind},
                permissions=("organizations:CreatePolicy", "organizations:TagResource"),
                outputs={"policy_id": "Policy.PolicySummary.Id"},
                adopt="adopt:organization-policy",
            ),
            "update": Operation(
                "organizations:UpdatePolicy", {"PolicyId": "reference", "Content": "text"}
            ),
            "delete": Operation("organizations:DeletePolicy", {"PolicyId": "reference"}),
            "tag": Operation(
                "organizations:TagResource", {"ResourceId": "reference", "Tags": "tags"}
            ),
            "untag": Operation(
                "organizations:UntagResource", {"ResourceId": "reference", "TagKeys": "tag_keys"}
            ),
            "attach": Operation("organizations:AttachPolicy", targets),
            "detach": Operation("organizations:DetachPolicy", targets),
            "verify": Operation(
                "verify:organization-policy",
                {"Name": "key", "Content": "text", "Targets": "holders"},
                constants={"Type": kind},
                permissions=(
                    "organizations:DescribePolicy",
                    "organizations:ListPolicies",
                    "organizations:ListTagsForResource",
                    "organizations:ListTargetsForPolicy",
                ),
            ),
        },
    )


def plan(
    context: EnforceContext,
    kind: str,
    documents: Iterable[PolicyDocument] = (),
    targets: tuple[str, ...] = (),
) -> MechanismPlan:
    """Compare an organization's policies of a type with what there should be.

    Where none are desired, what goldenami made is taken away. A caller who may not read the
    organization's policies has then made none: only a removal says so.

    Args:
        context: as everywhere.
        kind: the type.
        documents: what the policies should be.
        targets: what they should be attached to; nothing if there should be none.

    Raises:
        RefusedError: policies are desired, and the organization's cannot be read.
    """
    targets = () if context.remove else targets
    try:
        current = organizations.named(context.aws, kind, prefixes.POLICIES)
    except RefusedError as error:
        if targets:
            raise
        note = f"policies of an organization were not looked for: {error.message}"
        return MechanismPlan(notes=(note,) if context.remove else ())
    attached: dict[str, Collection[str]] = {}
    problems = []
    if targets and kind not in organizations.enabled_types(context.aws):
        problems.append(
            f"{kind} is not enabled in the organization's root: "
            f"`aws organizations enable-policy-type --policy-type {kind} --root-id r-…`"
        )
    else:
        for target in targets:
            names = organizations.attached(context.aws, kind, target)
            if names is None:
                problems.append(f"the organization has no root, unit or account {target}")
            else:
                attached[target] = names.values()
    desired = {f"{prefixes.POLICIES}{document.name}": document for document in documents}
    comparison = Comparison(
        desired=desired if targets else {},
        current=[*current.values()],
        holders=targets,
        attached=attached,
        quota=organizations.POLICIES_PER_TARGET,
        in_use=bool(targets),
    )
    compared = reconcile(context, operations(kind), comparison)
    return joined([compared, MechanismPlan(problems=tuple(problems))])
