"""Mechanisms ``scp`` and ``declarative_policy``: policies of roots, units or accounts.

Service control policies bind who is under a target; a declarative policy holds Allowed AMIs for
whole accounts.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative_syntax.html
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from goldenami.aws import organizations
from goldenami.aws.organizations import DECLARATIVE_EC2, SCP
from goldenami.aws.parallel import ahead, side_by_side
from goldenami.domain import prefixes
from goldenami.errors import RefusedError
from goldenami.iam.render import PolicyDocument
from goldenami.spec.allowed import DeclarativePolicy
from goldenami.workflows.enforce import rendering
from goldenami.workflows.enforce.interface import EnforceContext, MechanismPlan, joined
from goldenami.workflows.enforce.operations import Operation, PolicyOperations
from goldenami.workflows.enforce.reconcile import Comparison

NOTE = (
    "service control policies bind neither the organization's management account nor "
    "service-linked roles (Auto Scaling): use allowed_amis or declarative_policy for those"
)
_SHOWN = 3
_FOR_GOOD = {"@@operators_allowed_for_child_policies": ["@@none"]}
"""Keeps a policy that is attached further down from saying otherwise, or from adding a criterion.

https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
"""


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


def scp(context: EnforceContext) -> MechanismPlan:
    """Compare the organization's SCPs with what they should be.

    Tags of an image are seen by its owner alone, so a profile that tests them is refused for a
    target that has other accounts under it: there every golden launch would be denied.
    """
    settings = context.enforce.mechanisms.scp
    policies = context.policies().get("scp") if settings else None
    if settings is None or policies is None:
        return _compared(context, SCP)
    main, under, targets = policies.profiles[0], organizations.accounts_under, settings.targets
    reading = ahead(partial(side_by_side, targets, partial(under, context.aws)))
    compared = _compared(context, SCP, policies.documents, targets)
    if compared.problems:
        return compared
    accounts = reading()
    unseen = [
        _unseen(context, main.name, target, ids)
        for target, ids in accounts.items()
        if rendering.tests_tags(main)
    ]
    known = MechanismPlan(notes=(NOTE,), accounts=tuple(accounts.items()))
    return joined([compared, *unseen, known])


def declarative_policy(context: EnforceContext) -> MechanismPlan:
    """Compare the organization's declarative policy with what it should be."""
    settings = context.enforce.mechanisms.declarative_policy
    if settings is None:
        return _compared(context, DECLARATIVE_EC2)
    document = declarative_document(settings, context.owners)
    return _compared(context, DECLARATIVE_EC2, [document], settings.targets)


def declarative_document(settings: DeclarativePolicy, owners: tuple[str, ...]) -> PolicyDocument:
    """Return the declarative policy; it allows the owners' images if it names no providers."""
    return PolicyDocument("allowed-images", _content(settings, owners))


def _compared(
    context: EnforceContext,
    kind: str,
    documents: Iterable[PolicyDocument] = (),
    targets: tuple[str, ...] = (),
) -> MechanismPlan:
    """Compare an organization's policies of a type with what there should be.

    Where none are desired, what goldenami made is taken away. A caller who may not read the
    organization's policies has then made none: only a removal says so.

    Raises:
        RefusedError: policies are desired, and the organization's cannot be read.
    """
    targets = () if context.remove else targets
    enabled = ahead(partial(organizations.enabled_types, context.aws)) if targets else frozenset
    having = partial(organizations.attached, context.aws, kind)
    asking = ahead(partial(side_by_side, targets, having))
    try:
        current = organizations.named(context.aws, kind, prefixes.POLICIES)
    except RefusedError as error:
        if targets:
            raise
        note = f"policies of an organization were not looked for: {error.message}"
        return MechanismPlan(notes=(note,) if context.remove else ())
    attached: dict[str, tuple[str, ...]] = {}
    problems = []
    if targets and kind not in enabled():
        problems.append(
            f"{kind} is not enabled in the organization's root: "
            f"`aws organizations enable-policy-type --policy-type {kind} --root-id r-…`"
        )
    else:
        for target, names in asking().items():
            if names is None:
                problems.append(f"the organization has no root, unit or account {target}")
            else:
                attached[target] = names
    desired = {f"{prefixes.POLICIES}{document.name}": document for document in documents}
    comparison = Comparison(
        context=context,
        operations=operations(kind),
        desired=desired if targets else {},
        current=current,
        holders=targets,
        attached=attached,
        quota=organizations.POLICIES_PER_TARGET,
        in_use=bool(targets),
    )
    return joined([comparison.plan(), MechanismPlan(problems=tuple(problems))])


def _unseen(
    context: EnforceContext, profile: str, target: str, under: tuple[str, ...] | None
) -> MechanismPlan:
    """Say that the tags of golden images cannot be seen under a target, or not by who comes."""
    others = [account for account in under or () if account not in context.owners]
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        problem = (
            f"scp: `{profile}` tests tags, which the accounts under {target} cannot see of a "
            f"shared image ({', '.join(others[:_SHOWN])}{more}): every golden launch would be "
            "denied there; write `scp: {targets: [...], profile: owner-only}`, and keep the tags' "
            "profile for group_policy and permissions_boundary"
        )
        return MechanismPlan(problems=(problem,))
    if under == ():
        note = (
            f"scp: no account that it binds is under {target}; one that comes needs "
            "`profile: owner-only`"
        )
        return MechanismPlan(notes=(note,))
    return MechanismPlan()


def _content(settings: DeclarativePolicy, owners: tuple[str, ...]) -> dict[str, Any]:
    """Return the declarative policy's document: keys and values have underscores here."""
    criterion: dict[str, Any] = {
        "allowed_image_providers": _assign(
            [provider.replace("-", "_") for provider in settings.providers or owners]
        )
    }
    if settings.names:
        criterion["image_names"] = _assign(list(settings.names))
    if settings.created_within_days is not None:
        criterion["creation_date_condition"] = {
            "maximum_days_since_created": _assign(settings.created_within_days)
        }
    if settings.deprecated_within_days is not None:
        criterion["deprecation_time_condition"] = {
            "maximum_days_since_deprecated": _assign(settings.deprecated_within_days)
        }
    attributes: dict[str, Any] = {
        "allowed_images_settings": {
            **_FOR_GOOD,
            "state": _assign(settings.state.replace("-", "_")),
            "image_criteria": {**_FOR_GOOD, "criteria_1": criterion},
        }
    }
    if settings.exception_message:
        attributes["exception_message"] = _assign(settings.exception_message)
    return {"ec2_attributes": attributes}


def _assign(value: Any) -> dict[str, Any]:
    return {**_FOR_GOOD, "@@assign": value}
