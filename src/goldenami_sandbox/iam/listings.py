"""IAM's listings that moto leaves without pages, and policy versions without their documents.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyVersions.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html
"""

from collections.abc import Iterable
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import PolicyVersion

from goldenami_sandbox.iam.base import IamBase
from goldenami_sandbox.overriding import overrides


class ListingsResponse(IamBase):
    """Groups, access keys, instance profiles and policy versions."""

    @overrides
    def list_groups(self) -> ActionResult:
        """List groups below a path."""
        return self._below("Groups", self.backend.groups.values())

    @overrides
    def list_instance_profiles(self) -> ActionResult:
        """List instance profiles below a path."""
        return self._below("InstanceProfiles", self.backend.instance_profiles.values())

    @overrides
    def get_group(self) -> ActionResult:
        """Describe a group and its users."""
        group = self.backend.get_group(self._get_param("GroupName"))
        page: Any = self.paged(["Users"], [("Users", user) for user in group.users]).result
        return ActionResult({"Group": group, **page})

    @overrides
    def list_access_keys(self) -> ActionResult:
        """List a user's access keys."""
        key = "AccessKeyMetadata"
        answer: Any = super().list_access_keys().result
        return self.paged([key], [(key, each) for each in answer[key]])

    @overrides
    def list_policy_versions(self) -> ActionResult:
        """List the versions of a managed policy, in pages."""
        versions = self.backend.list_policy_versions(self._get_param("PolicyArn"))
        return self.paged(["Versions"], [("Versions", _listed(each)) for each in versions])

    @overrides
    def create_policy_version(self) -> ActionResult:
        """Make a version of a managed policy."""
        answer: Any = super().create_policy_version().result
        return ActionResult({"PolicyVersion": _listed(answer["PolicyVersion"])})

    def _below(self, key: str, items: Iterable[Any]) -> ActionResult:
        prefix = self._get_param("PathPrefix", "/")
        return self.paged([key], [(key, each) for each in items if each.path.startswith(prefix)])


def _listed(version: PolicyVersion) -> dict[str, Any]:
    return {
        "VersionId": version.version_id,
        "IsDefaultVersion": version.is_default_version,
        "CreateDate": version.create_date,
    }
