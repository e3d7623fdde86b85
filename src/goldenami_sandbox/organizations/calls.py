"""Organizations: its calls, and who may make them.

Otherwise than in moto: a call from a member account is about the organization it is in, and refused
unless it is one that members may make, or the account is a delegated administrator; pages;
effective policies.
https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeEffectivePolicy.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
"""

import json
from collections.abc import Sequence
from typing import Any, cast

from moto.ec2.exceptions import EC2ClientError
from moto.organizations.exceptions import (
    AWSOrganizationsNotInUseException,
    OrganizationsClientError,
)
from moto.organizations.models import organizations_backends
from moto.organizations.responses import OrganizationsResponse as MotoResponse

from goldenami_sandbox.listing import page
from goldenami_sandbox.organizations.documents import invalid
from goldenami_sandbox.organizations.store import OrganizationsStore, organization_of
from goldenami_sandbox.overriding import overrides

PAGE_SIZE = 20
_OF_ANYBODY = {"CreateOrganization", "DescribeEffectivePolicy", "DescribeOrganization"}


class OrganizationsResponse(MotoResponse):
    """Answers the operations of Organizations: the ones that differ, and moto's own."""

    @property
    @overrides
    def organizations_backend(self) -> OrganizationsStore:
        """The organization of the calling account, if the account may make this call."""
        operation, account = self._get_action(), self.current_account
        store = organization_of(account)
        if store is None:
            if operation != "CreateOrganization":
                raise AWSOrganizationsNotInUseException
            return cast(OrganizationsStore, organizations_backends[account][self.partition])
        if operation == "CreateOrganization":
            raise OrganizationsClientError(
                "AlreadyInOrganizationException",
                "The AWS account is already a member of an organization.",
            )
        if not (store.manages(account) or operation in _OF_ANYBODY or account in store.delegated):
            raise OrganizationsClientError(
                "AccessDeniedException", "You don't have permissions to access this resource."
            )
        return store

    @overrides
    def list_policies(self) -> str:
        """List the policies of a type."""
        store = self.organizations_backend
        return self._paged("Policies", store.policies_of_type(self._get_param("Filter")))

    @overrides
    def list_policies_for_target(self) -> str:
        """List the policies of a type that are attached to a root, a unit or an account."""
        policies = self.organizations_backend.policies_of_target(
            self._get_param("TargetId"), self._get_param("Filter")
        )
        return self._paged("Policies", policies)

    @overrides
    def list_targets_for_policy(self) -> str:
        """List what a policy is attached to."""
        policy = self.organizations_backend.get_policy_by_id(self._get_param("PolicyId"))
        targets = [
            {"TargetId": entity.id, "Arn": entity.arn, "Name": entity.name, "Type": entity.type}
            for entity in policy.attachments
        ]
        return self._paged("Targets", targets)

    @overrides
    def list_children(self) -> str:
        """List the units or the accounts under a parent."""
        answer = self.organizations_backend.list_children(**self.request_params)
        return self._paged("Children", answer["Children"])

    def describe_effective_policy(self) -> str:
        """Tell the effective policy of an account, by default the caller's own."""
        store, own = self.organizations_backend, self.current_account
        target = self._get_param("TargetId") or own
        if target != own and not store.manages(own) and own not in store.delegated:
            raise OrganizationsClientError(
                "AccessDeniedException", "You don't have permissions to access this resource."
            )
        answer = store.describe_effective_policy(target, self._get_param("PolicyType"))
        return json.dumps(answer)

    def _paged(self, key: str, items: Sequence[dict[str, Any]]) -> str:
        try:
            size = self._get_param("MaxResults") or PAGE_SIZE
            page_items, token = page(items, size, self._get_param("NextToken"))
        except EC2ClientError:
            raise invalid("INVALID_NEXT_TOKEN", "You specified an invalid token.") from None
        return json.dumps({key: page_items} | ({"NextToken": token} if token else {}))
