"""Mechanism ``declarative_policy``: Allowed AMIs for whole accounts, held by the organization.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative_syntax.html
"""

from typing import Any

from goldenami.aws.organizations import DECLARATIVE_EC2
from goldenami.iam.render import PolicyDocument
from goldenami.spec.model import DeclarativePolicy
from goldenami.workflows.enforce import organization_policies
from goldenami.workflows.enforce.interface import EnforceContext, MechanismPlan

NAME = "allowed-images"
_FOR_GOOD = {"@@operators_allowed_for_child_policies": ["@@none"]}
"""Keeps a policy that is attached further down from saying otherwise, or from adding a criterion.

https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
"""


def plan(context: EnforceContext) -> MechanismPlan:
    """Compare the organization's declarative policy with what it should be."""
    settings = context.enforce.mechanisms.declarative_policy
    if settings is None:
        return organization_policies.plan(context, DECLARATIVE_EC2)
    document = PolicyDocument(NAME, content(settings, context.owners))
    return organization_policies.plan(context, DECLARATIVE_EC2, [document], settings.targets)


def content(settings: DeclarativePolicy, owners: tuple[str, ...]) -> dict[str, Any]:
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
