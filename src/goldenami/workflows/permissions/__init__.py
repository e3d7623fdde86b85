"""The tightest policies for a command of a release file: derived from what it does, without AWS."""

from goldenami.workflows.permissions.generation import (
    RolePermissions,
    generate,
)
from goldenami.workflows.permissions.scope import PermissionCommand

__all__ = ["PermissionCommand", "RolePermissions", "generate"]
