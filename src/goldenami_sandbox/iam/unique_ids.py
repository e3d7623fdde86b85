"""The unique ids of IAM's resources, which tell their kind by how they begin.

Otherwise than in moto: all of them do, and are made of an account as AWS makes them.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
"""

from typing import Any

from moto.iam.models import Group, IAMBackend, InstanceProfile, ManagedPolicy
from moto.iam.utils import generate_access_key_id_from_account_id

from goldenami_sandbox.overriding import overrides

GROUP, INSTANCE_PROFILE, POLICY, USER = "AGPA", "AIPA", "ANPA", "AIDA"
_CHARACTERS = 21


def unique_id(prefix: str, account_id: str) -> str:
    """Return a new id of a kind of resource."""
    return generate_access_key_id_from_account_id(account_id, prefix, _CHARACTERS)


class UniqueIdStore(IAMBackend):
    """Groups, instance profiles and policies with ids of AWS's form."""

    @overrides
    def create_group(self, group_name: str, path: str = "/") -> Group:
        """Create a group."""
        group = super().create_group(group_name, path)
        group.id = unique_id(GROUP, self.account_id)
        return group

    @overrides
    def create_instance_profile(
        self,
        name: str,
        path: str,
        role_names: list[str],
        tags: list[dict[str, str]] | None = None,
    ) -> InstanceProfile:
        """Create an instance profile."""
        profile = super().create_instance_profile(name, path, role_names, tags)
        profile.id = unique_id(INSTANCE_PROFILE, self.account_id)
        return profile

    @overrides
    def create_policy(self, *args: Any, **named: Any) -> ManagedPolicy:
        """Create a managed policy."""
        policy = super().create_policy(*args, **named)
        policy.id = unique_id(POLICY, self.account_id)
        return policy
