"""IAM: its calls.

Otherwise than in moto: the boundaries of users; a policy's use as a
boundary; who uses a policy, by path and use; the whole account in pages, with boundaries and tags;
the policy simulator, which moto lacks.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast
from urllib.parse import quote

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.models import AWSManagedPolicy, ManagedPolicy, Role

from goldenami_sandbox.iam.base import Found
from goldenami_sandbox.iam.listings import ListingsResponse
from goldenami_sandbox.iam.simulator import SimulateResponse
from goldenami_sandbox.overriding import overrides

AS_POLICY, AS_BOUNDARY = "PermissionsPolicy", "PermissionsBoundary"


class IamResponse(SimulateResponse, ListingsResponse):
    """Answers IAM's operations: the ones that differ, and moto's own for the rest."""

    @overrides
    def create_user(self) -> ActionResult:
        """Create a user."""
        user = self.backend.create_user(
            self.region,
            self._get_param("UserName"),
            self._get_param("Path"),
            self._get_param("Tags", []),
            self._get_param("PermissionsBoundary"),
        )
        return ActionResult({"User": user})

    def put_user_permissions_boundary(self) -> ActionResult:
        """Set the boundary of a user."""
        self.backend.put_user_permissions_boundary(
            self._get_param("UserName"), self._get_param("PermissionsBoundary")
        )
        return EmptyResult()

    def delete_user_permissions_boundary(self) -> ActionResult:
        """Take the boundary of a user away."""
        self.backend.delete_user_permissions_boundary(self._get_param("UserName"))
        return EmptyResult()

    @overrides
    def get_policy(self) -> ActionResult:
        """Describe a managed policy."""
        policy = self.backend.get_policy(self._get_param("PolicyArn"))
        return ActionResult({"Policy": self._described(policy)})

    @overrides
    def list_policies(self) -> ActionResult:
        """List managed policies, by scope, path and use."""
        scope, usage = self._get_param("Scope", "All"), self._get_param("PolicyUsageFilter")
        attached = self._get_param("OnlyAttached", False)
        uses: Mapping[str | None, Callable[[ManagedPolicy], int]] = {
            AS_POLICY: lambda policy: policy.attachment_count,
            AS_BOUNDARY: self._boundary_uses,
            None: lambda policy: policy.attachment_count or not attached,
        }
        policies = [
            ("Policies", self._described(policy))
            for policy in self.backend.managed_policies.values()
            if scope in ("All", "AWS" if isinstance(policy, AWSManagedPolicy) else "Local")
            and policy.path.startswith(self._get_param("PathPrefix", "/"))
            and uses[usage](policy)
        ]
        return self.paged(["Policies"], policies)

    @overrides
    def list_entities_for_policy(self) -> ActionResult:
        """List who has a policy attached, or as boundary."""
        arn, usage = self._get_param("PolicyArn"), self._get_param("PolicyUsageFilter")
        self.backend.get_policy(arn)
        bounded = self.backend.bounded_by(arn) if usage != AS_POLICY else []
        kind, prefix = self._get_param("EntityFilter"), self._get_param("PathPrefix", "/")
        store = self.backend
        entities: Mapping[str, Iterable[Any]] = {
            "Group": store.groups.values(),
            "User": store.users.values(),
            "Role": store.roles.values(),
        }
        users = [
            (f"Policy{name}s", entity)
            for name, several in entities.items()
            for entity in several
            if kind in (None, name) and entity.path.startswith(prefix)
            and (entity in bounded or (usage != AS_BOUNDARY and arn in entity.managed_policies))
        ]  # fmt: skip
        return self.paged(["PolicyGroups", "PolicyUsers", "PolicyRoles"], users)

    @overrides
    def get_account_authorization_details(self) -> ActionResult:
        """Describe every user, group, role and policy; of AWS's policies those in use."""
        kinds = self._get_param("Filter", [])
        store = self.backend
        entities = {
            "User": ("UserDetailList", list(store.users.values())),
            "Group": ("GroupDetailList", list(store.groups.values())),
            "Role": ("RoleDetailList", [_detailed_role(role) for role in store.roles.values()]),
        }
        items: list[Found] = [
            (key, entity)
            for kind, (key, several) in entities.items()
            for entity in cast(list[Any], several)
            if not kinds or kind in kinds
        ]
        for policy in store.managed_policies.values():
            aws = isinstance(policy, AWSManagedPolicy)
            kind = "AWSManagedPolicy" if aws else "LocalManagedPolicy"
            used = policy.attachment_count or self._boundary_uses(policy)
            if (used or not aws) and (not kinds or kind in kinds):
                versions = {"PolicyVersionList": policy.policy_version_list}
                items.append(("Policies", self._described(policy) | versions))
        keys = [key for key, _ in entities.values()]
        return self.paged([*keys, "Policies"], items)

    def _described(self, policy: ManagedPolicy) -> dict[str, Any]:
        return {
            "PolicyName": policy.name,
            "PolicyId": policy.id,
            "Arn": policy.arn,
            "Path": policy.path,
            "DefaultVersionId": policy.default_version_id,
            "AttachmentCount": policy.attachment_count,
            "PermissionsBoundaryUsageCount": self._boundary_uses(policy),
            "IsAttachable": True,
            "Description": policy.description,
            "CreateDate": policy.create_date,
            "UpdateDate": policy.versions[-1].create_date,
            "Tags": policy.get_tags(),
        }

    def _boundary_uses(self, policy: ManagedPolicy) -> int:
        return len(self.backend.bounded_by(policy.arn))


def _detailed_role(role: Role) -> dict[str, Any]:
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.create_date,
        "AssumeRolePolicyDocument": quote(role.assume_role_policy_document),
        "InstanceProfileList": role.instance_profile_list,
        "RolePolicyList": role.role_policy_list,
        "AttachedManagedPolicies": role.attached_managed_policies,
        "PermissionsBoundary": role.permissions_boundary,
        "Tags": role.tags,
        "RoleLastUsed": role.role_last_used,
    }
