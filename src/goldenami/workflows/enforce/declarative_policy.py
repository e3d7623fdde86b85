"""Mechanism ``declarative_policy``: Allowed AMIs for whole accounts, held by the organization.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative_syntax.html
"""

from typing import Any

from goldenami.aws.organizations import DECLARATIVE_EC2
from goldenami.iam.render import PolicyDocument
from goldenami.spec.model import DeclarativePolicy
from goldenami.workflows.enforce import organization
from goldenami.workflows.enforce.interface import EnforceContext, MechanismPlan

NAME = "allowed-images"
_FOR_GOOD = {"@@operators_allowed_for_child_policies": ["@@none"]}
"""Keeps a policy that is attached further down from saying otherwise, or from adding a criterion.

https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
"""


def part(context: EnforceContext) -> MechanismPlan:
    """Compare the organization's declarative policy with what it should be."""
    wanted = context.enforce.mechanisms.declarative_policy
    if wanted is None:
        return organization.part(context, None, DECLARATIVE_EC2)
    wish = organization.DesiredPolicies(
        DECLARATIVE_EC2, (PolicyDocument(NAME, content(wanted, context.owners)),), wanted.targets
    )
    return organization.part(context, wish, DECLARATIVE_EC2)


def content(wanted: DeclarativePolicy, owners: tuple[str, ...]) -> dict[str, Any]:
    """Return the declarative policy's document: keys and values have underscores here."""
    criterion: dict[str, Any] = {
        "allowed_image_providers": _assign(
            [one.replace("-", "_") for one in wanted.providers or owners]
        )
    }
    if wanted.names:
        criterion["image_names"] = _assign(list(wanted.names))
    if wanted.created_within_days is not None:
        criterion["creation_date_condition"] = {
            "maximum_days_since_created": _assign(wanted.created_within_days)
        }
    if wanted.deprecated_within_days is not None:
        criterion["deprecation_time_condition"] = {
            "maximum_days_since_deprecated": _assign(wanted.deprecated_within_days)
        }
    attributes: dict[str, Any] = {
        "allowed_images_settings": {
            **_FOR_GOOD,
            "state": _assign(wanted.state.replace("-", "_")),
            "image_criteria": {**_FOR_GOOD, "criteria_1": criterion},
        }
    }
    if wanted.exception_message:
        attributes["exception_message"] = _assign(wanted.exception_message)
    return {"ec2_attributes": attributes}


def _assign(value: Any) -> dict[str, Any]:
    return {**_FOR_GOOD, "@@assign": value}
