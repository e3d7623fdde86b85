"""Mechanism ``scp``: each document as a service control policy of roots, units or accounts.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
"""

from collections.abc import Iterator, Mapping

from goldenami.aws import organizations
from goldenami.aws.organizations import SCP
from goldenami.workflows.enforce import organization_policies, rendering
from goldenami.workflows.enforce.interface import (
    EnforceContext,
    MechanismPlan,
    RenderedPolicies,
    joined,
)

NAME = "scp"
NOTE = (
    "service control policies bind neither the organization's management account nor "
    "service-linked roles (Auto Scaling): use allowed_amis or declarative_policy for those"
)
_SHOWN = 3


def plan(context: EnforceContext) -> MechanismPlan:
    """Compare the organization's SCPs with what they should be.

    Tags of an image are seen by its owner alone, so a profile that tests them is refused for a
    target that has other accounts under it: there every golden launch would be denied.
    """
    settings, policies = context.enforce.mechanisms.scp, context.policies.get(NAME)
    if settings is None or policies is None:
        return organization_policies.plan(context, SCP)
    compared = organization_policies.plan(context, SCP, policies.documents, settings.targets)
    if compared.problems:
        return compared
    accounts = {
        target: organizations.accounts_under(context.aws, target) for target in settings.targets
    }
    blind = MechanismPlan()
    if rendering.tests_tags(policies.profiles[0]):
        blind = MechanismPlan(
            problems=tuple(_blind(context, policies, accounts)), notes=tuple(_empty(accounts))
        )
    return joined([compared, blind, MechanismPlan(notes=(NOTE,), accounts=tuple(accounts.items()))])


def _blind(
    context: EnforceContext,
    policies: RenderedPolicies,
    accounts: Mapping[str, tuple[str, ...] | None],
) -> Iterator[str]:
    """Say under which targets the tags of golden images cannot be seen."""
    for target, under in accounts.items():
        others = [account for account in under or () if account not in context.owners]
        if others:
            more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
            yield (
                f"scp: `{policies.profiles[0].name}` tests tags, which the accounts under {target} "
                f"cannot see of a shared image ({', '.join(others[:_SHOWN])}{more}): every golden "
                "launch would be denied there; write `scp: {targets: [...], profile: owner-only}`, "
                "and keep the tags' profile for group_policy and permissions_boundary"
            )


def _empty(accounts: Mapping[str, tuple[str, ...] | None]) -> Iterator[str]:
    for target, under in accounts.items():
        if under == ():
            yield (
                f"scp: no account that it binds is under {target}; one that comes needs "
                "`profile: owner-only`"
            )
