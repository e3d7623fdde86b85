"""IAM: quotas, conflicts, and AWS's own policies.

Mended: the size of managed and of inline policies, policies per group, user and role, deleting
what is attached or in use, the AWS-managed policies of an administrator's day.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
"""

import json
from functools import cache
from typing import Any

from moto.iam import urls
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import DeleteConflictException, LimitExceededException
from moto.iam.models import AWSManagedPolicy, ManagedPolicy, PolicyVersion

from goldenami_sandbox.iam import documents as iam_documents
from goldenami_sandbox.iam.boundaries import BoundaryStore

MANAGED_POLICY_CHARACTERS = 6144  # white space does not count
INLINE_POLICIES_CHARACTERS = {"group": 5120, "role": 10_240, "user": 2048}  # in sum
ATTACHED_POLICIES = 10
AWS_POLICIES = (
    "AdministratorAccess",
    "AmazonEC2FullAccess",
    "AmazonEC2ReadOnlyAccess",
    "AmazonSSMFullAccess",
    "AmazonSSMManagedInstanceCore",
    "IAMFullAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "SecurityAudit",
    "ViewOnlyAccess",
)


class IamStore(BoundaryStore):
    """moto's IAM store with AWS's limits."""

    @property
    def _url_module(self) -> Any:
        return urls

    def _init_aws_policies(self) -> list[ManagedPolicy]:
        return [
            AWSManagedPolicy.from_data(name, self.account_id, self.region_name, told)
            for name, told in _aws_policies().items()
        ]

    def create_policy(
        self,
        description: str,
        path: str,
        policy_document: str,
        policy_name: str,
        tags: list[dict[str, str]],
    ) -> ManagedPolicy:
        """Create a managed policy."""
        _check_managed(policy_document)
        return super().create_policy(description, path, policy_document, policy_name, tags)

    def create_policy_version(
        self, policy_arn: str, policy_document: str, set_as_default: bool
    ) -> PolicyVersion:
        """Create a version of a managed policy."""
        _check_managed(policy_document)
        return super().create_policy_version(policy_arn, policy_document, set_as_default)

    def delete_policy(self, policy_arn: str) -> None:
        """Delete a policy that is attached nowhere and has one version."""
        policy = self.get_policy(policy_arn)
        if policy.attachment_count or self.bounded_by(policy_arn):
            raise DeleteConflictException("Cannot delete a policy attached to entities.")
        if len(policy.versions) > 1:
            raise DeleteConflictException(
                "This policy has more than one version. Before you delete a policy, you must "
                "delete the policy's versions. The default version is deleted with the policy."
            )
        super().delete_policy(policy_arn)

    def attach_group_policy(self, policy_arn: str, group_name: str) -> None:
        """Attach a policy to a group that has room for it."""
        _check_room("PoliciesPerGroup", self.get_group(group_name).managed_policies, policy_arn)
        super().attach_group_policy(policy_arn, group_name)

    def attach_user_policy(self, policy_arn: str, user_name: str) -> None:
        """Attach a policy to a user who has room for it; twice is once."""
        attached = self.get_user(user_name).managed_policies
        _check_room("PoliciesPerUser", attached, policy_arn)
        if policy_arn not in attached:
            super().attach_user_policy(policy_arn, user_name)

    def attach_role_policy(self, policy_arn: str, role_name: str) -> None:
        """Attach a policy to a role that has room for it."""
        _check_room("PoliciesPerRole", self.get_role(role_name).managed_policies, policy_arn)
        super().attach_role_policy(policy_arn, role_name)

    def put_group_policy(self, group_name: str, policy_name: str, policy_json: str) -> None:
        """Write an inline policy that fits beside the group's others."""
        others = self.get_group(group_name).policies
        _check_inline("group", group_name, {**others, policy_name: policy_json})
        super().put_group_policy(group_name, policy_name, policy_json)

    def put_role_policy(self, role_name: str, policy_name: str, policy_json: str) -> None:
        """Write an inline policy that fits beside the role's others."""
        others = self.get_role(role_name).policies
        _check_inline("role", role_name, {**others, policy_name: policy_json})
        super().put_role_policy(role_name, policy_name, policy_json)

    def put_user_policy(self, user_name: str, policy_name: str, policy_json: str) -> None:
        """Write an inline policy that fits beside the user's others."""
        others = self.get_user(user_name).policies
        _check_inline("user", user_name, {**others, policy_name: policy_json})
        super().put_user_policy(user_name, policy_name, policy_json)

    def delete_group(self, group_name: str) -> None:
        """Delete a group that has neither users nor policies."""
        group = self.get_group(group_name)
        if group.users:
            raise DeleteConflictException(
                "Cannot delete entity, must remove users from group first."
            )
        if group.managed_policies or group.policies:
            raise DeleteConflictException("Cannot delete entity, must detach all policies first.")
        super().delete_group(group_name)


@cache
def _aws_policies() -> dict[str, Any]:
    known = json.loads(aws_managed_policies_data)
    return {name: known[name] for name in AWS_POLICIES}


def _characters(document: str) -> int:
    return len("".join(document.split()))


def _check_managed(document: str) -> None:
    iam_documents.check(document)
    if _characters(document) > MANAGED_POLICY_CHARACTERS:
        raise LimitExceededException(
            f"Cannot exceed quota for PolicySize: {MANAGED_POLICY_CHARACTERS}"
        )


def _check_inline(kind: str, name: str, documents: dict[str, str]) -> None:
    for document in documents.values():
        iam_documents.check(document)
    most = INLINE_POLICIES_CHARACTERS[kind]
    if sum(map(_characters, documents.values())) > most:
        raise LimitExceededException(
            f"Maximum policy size of {most} bytes exceeded for {kind} {name}"
        )


def _check_room(quota: str, attached: dict[str, ManagedPolicy], policy_arn: str) -> None:
    if policy_arn not in attached and len(attached) >= ATTACHED_POLICIES:
        raise LimitExceededException(f"Cannot exceed quota for {quota}: {ATTACHED_POLICIES}")
