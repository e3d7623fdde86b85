"""The table: within which bounds each action of goldenami is granted."""

from collections.abc import Iterator

from goldenami.iam.permissions.grant import Grant, GrantUse
from goldenami.iam.reference import table
from goldenami.workflows.permissions.rules import (
    images,
    instances,
    keys,
    others,
    packer,
    parameters,
    policies,
)
from goldenami.workflows.permissions.rules.interface import (
    GrantRule,
    GrantRules,
    read,
    read_anywhere,
)
from goldenami.workflows.permissions.scope import PermissionScope

RULES: GrantRules = {
    **images.RULES,
    **instances.RULES,
    **keys.RULES,
    **others.RULES,
    **parameters.RULES,
    **policies.RULES,
}
_WITHOUT_REGION = ("iam", "organizations", "sts")


def grants(scope: PermissionScope, action: str, use: GrantUse) -> Iterator[Grant]:
    """Yield what a role is granted of an action.

    Args:
        scope: the command, the release file and the role.
        action: ``service:Action``.
        use: when the command calls it, unless its rule says more.
    """
    rules = packer.RULES if packer.is_for(scope) else {}
    for bounds in (rules.get(action) or rule_of(action))(scope):
        yield Grant(
            action=action,
            resources=bounds.resources,
            conditions=bounds.conditions,
            sid=bounds.sid,
            use=bounds.use if bounds.use and use is not GrantUse.UNDO else use,
        )


def rule_of(action: str) -> GrantRule:
    """Return the rule of an action; what AWS authorizes on no resource needs none of its own.

    Raises:
        LookupError: it has none, and would be granted on anything.
    """
    if rule := RULES.get(action):
        return rule
    if table.kinds(action):
        raise LookupError(f"no rule says on which resources {action} is needed")
    return read_anywhere if action.partition(":")[0] in _WITHOUT_REGION else read
