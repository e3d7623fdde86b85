"""An enforcement as resources of Terraform's AWS provider.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs
"""

from collections.abc import Iterator
from typing import Any

from goldenami.iam.render import PolicyDocument
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
from goldenami.infrastructure.hcl import Expression, FunctionCall, jsonencode, quoted
from goldenami.infrastructure.terraform import Block, data, resource
from goldenami.spec.allowed import AllowedAmis

SNAPSHOTS = Expression("local.golden_snapshots")
"""What a release's code has for the ids of all golden snapshots."""
_EACH = Expression("each.value")


def blocks(code: EnforcementCode, snapshots: Expression | None = None) -> Iterator[Block]:
    """Yield the policies, their attachments, and the settings.

    Args:
        code: what is enforced.
        snapshots: what lists the ids of the golden snapshots, in place of those in the documents.
    """
    arns = (lambda start: _arns(start, snapshots)) if snapshots else None
    for mechanism, document, policy in policies(code, arns):
        yield from _attached(mechanism, document, policy)
    if code.allowed_amis:
        yield from _allowed_amis(code.allowed_amis, code.owners)


def _attached(
    mechanism: MechanismDocuments, document: PolicyDocument, policy: dict[str, Any]
) -> Iterator[Block]:
    label, holders = document.name.replace("-", "_"), sorted(set(mechanism.holders))
    common = {"name": policy_name(document), "description": description(document)}
    each = {"for_each": FunctionCall("toset", holders)}
    if mechanism.name in (GROUPS, BOUNDARY):
        arguments: dict[str, Any] = {**common, "policy": jsonencode(policy)}
        attached = resource("aws_iam_policy", label, arguments, comment=comment(mechanism))
        yield attached
        if holders and mechanism.name == GROUPS:
            arguments = {**each, "group": _EACH, "policy_arn": attached.attribute("arn")}
            yield resource("aws_iam_group_policy_attachment", label, arguments)
        return
    arguments = {**common, "type": TYPES[mechanism.name], "content": jsonencode(policy)}
    attached = resource("aws_organizations_policy", label, arguments, comment=comment(mechanism))
    yield attached
    arguments = {**each, "policy_id": attached.attribute("id"), "target_id": _EACH}
    yield resource("aws_organizations_policy_attachment", label, arguments)


def _arns(start: str, snapshots: Expression) -> Expression:
    arn = f'{quoted(start)[:-1]}${{snapshot}}"'
    return Expression(f"[for snapshot in {snapshots.text} : {arn}]")


def _allowed_amis(settings: AllowedAmis, owners: tuple[str, ...]) -> Iterator[Block]:
    """Yield the setting of each region.

    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ec2_allowed_images_settings
    """
    regions: Any = FunctionCall("toset", list(settings.regions))
    if settings.regions == "all":
        enabled = data("aws_regions", "enabled", {})
        yield enabled
        regions = enabled.attribute("names")
    conditions = (
        ("creation_date_condition", "maximum_days_since_created", settings.created_within_days),
        (
            "deprecation_time_condition",
            "maximum_days_since_deprecated",
            settings.deprecated_within_days,
        ),
    )
    criterion = Block(
        "image_criterion",
        (),
        {
            "image_providers": list(settings.providers or owners),
            "image_names": list(settings.names) or None,
        },
        tuple(Block(kind, (), {key: days}) for kind, key, days in conditions if days is not None),
    )
    yield resource(
        "aws_ec2_allowed_images_settings",
        "golden",
        {"for_each": regions, "region": _EACH, "state": settings.state},
        criterion,
        comment="It never restricts the account's own images.",
    )
