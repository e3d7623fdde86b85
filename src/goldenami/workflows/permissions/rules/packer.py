"""What Packer does otherwise than the calls of a create-image bake.

It launches with a key pair and a security group of its own, and tags what it makes by the template.
https://developer.hashicorp.com/packer/integrations/hashicorp/amazon
"""

from collections.abc import Iterator

from goldenami.domain import tags
from goldenami.domain.choices import BakeMethod
from goldenami.domain.status import Status
from goldenami.iam.permissions.grant import GrantUse, PolicyCondition, condition, equals
from goldenami.workflows.permissions.rules.interface import GrantBounds, GrantRule, GrantRules, conditions, of_each
from goldenami.workflows.permissions.scope import ANY, PermissionCommand, PermissionScope


def is_for(scope: PermissionScope) -> bool:
    """Tell whether a role runs Packer."""
    by_packer = scope.release.bake.method == BakeMethod.PACKER
    return by_packer and scope.is_home and scope.command is PermissionCommand.BAKE


RULES: GrantRules = {}
