"""The tightest policies for a command of a release file: derived from what it does, without AWS."""

from goldenami.domain.choices import PermissionCommand
from goldenami.workflows.permissions.generation import (
    RolePermissions,
    generate,
)

__all__ = ["PermissionCommand", "RolePermissions", "generate"]
