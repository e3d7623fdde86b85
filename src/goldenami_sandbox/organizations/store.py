"""Organizations: policies, where they are attached, and what they make of an account.

moto keeps an organization in the store of its management account, and remembers of a member only
whose it is; the functions here read that store for a member. Otherwise than in moto: declarative
policies for EC2; a type has to be enabled in the root; sizes and numbers; the last service control
policy stays; a policy is attached once; malformed documents; AWS's own policies stay as they are;
disabling a type detaches its policies.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_introduction.html
https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html
https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html
https://docs.aws.amazon.com/organizations/latest/APIReference/API_DetachPolicy.html
https://docs.aws.amazon.com/organizations/latest/userguide/enable-policy-type.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from moto.core.utils import unix_time, utcnow
from moto.organizations.exceptions import (
    DuplicatePolicyException,
    OrganizationsClientError,
    PolicyTypeAlreadyEnabledException,
    PolicyTypeNotEnabledException,
    RootNotFoundException,
    TargetNotFoundException,
)
from moto.organizations.models import (
    FakeAccount,
    FakeOrganization,
    FakePolicy,
    FakeRoot,
    organizations_backends,
)
from moto.organizations.utils import (
    DEFAULT_RCP_POLICY_ID,
    MASTER_ACCOUNT_EMAIL,
)

from goldenami_sandbox.identity import PARTITION
from goldenami_sandbox.organizations import effective
from goldenami_sandbox.organizations.documents import (
    DECLARATIVE,
    DEFAULTS,
    SCP,
    AwsPolicy,
    SandboxPolicy,
    check_content,
    check_type,
    constraint,
    invalid,
    per_target,
)
from goldenami_sandbox.organizations.tree import ALL_FEATURES, Entity, TreeStore
from goldenami_sandbox.overriding import overrides

_TARGET_ID = re.compile(r"r-[0-9a-z]{4,32}|\d{12}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}")


class OrganizationsStore(TreeStore):
    """An organization, kept by its management account: policies, attachments and their types."""

    def enabled(self, policy_type: str) -> bool:
        """Say whether a type of policies is enabled in the root."""
        return any(enabled_type["Type"] == policy_type for enabled_type in self.root.policy_types)

    def levels(self, account_id: str, policy_type: str) -> Iterator[tuple[str, list[FakePolicy]]]:
        """Yield name and policies of each level, from the root down to the account."""
        for entity in self.path(account_id):
            yield _level_name(entity), _attached(entity, policy_type)

    def attach_defaults(self, entity: Entity) -> None:
        """Attach AWS's own policies of the enabled types: they allow everything."""
        for policy_type, policy_id in DEFAULTS.items():
            if self.enabled(policy_type):
                _attach(self.get_policy_by_id(policy_id), entity)

    @overrides
    def create_organization(self, region: str, **parameters: Any) -> dict[str, Any]:
        """Make an organization, with service control policies unless it is for billing only."""
        self.org = FakeOrganization(
            self.account_id, region, parameters.get("FeatureSet", ALL_FEATURES)
        )
        self.ou.append(FakeRoot(self.org))
        manager = FakeAccount(self.org, AccountName="management", Email=MASTER_ACCOUNT_EMAIL)
        manager.id = self.account_id
        self.accounts.append(manager)
        self.policies += [AwsPolicy(self.org, policy_type) for policy_type in DEFAULTS]
        if self.org.feature_set == ALL_FEATURES:
            self.enable_policy_type(RootId=self.root.id, PolicyType=SCP)
        return self.org.describe()

    @overrides
    def enable_policy_type(self, **parameters: str) -> dict[str, Any]:
        """Enable a type in the root; everything gets AWS's own policy of it, if it has one."""
        policy_type = self._type_of_root(parameters)
        if self.enabled(policy_type):
            raise PolicyTypeAlreadyEnabledException
        if self.organization.feature_set != ALL_FEATURES:
            raise OrganizationsClientError(
                "PolicyTypeNotAvailableForOrganizationException",
                "You can't use the specified policy type with the feature set currently enabled "
                "for your organization.",
            )
        self.root.policy_types.append({"Type": policy_type, "Status": "ENABLED"})
        if policy_type in DEFAULTS:
            default = self.get_policy_by_id(DEFAULTS[policy_type])
            for entity in self.entities:
                _attach(default, entity)
        return {"Root": self.root.describe()}

    @overrides
    def disable_policy_type(self, **parameters: str) -> dict[str, Any]:
        """Disable a type in the root: all its policies are detached from everything."""
        policy_type = self._type_of_root(parameters)
        if not self.enabled(policy_type):
            raise PolicyTypeNotEnabledException
        self.root.policy_types.remove({"Type": policy_type, "Status": "ENABLED"})
        for policy in self.policies:
            if policy.type == policy_type:
                for entity in list(policy.attachments):
                    _detach(policy, entity)
        return {"Root": self.root.describe()}

    @overrides
    def create_policy(self, **parameters: Any) -> dict[str, Any]:
        """Create a policy; its type need not be enabled yet."""
        check_type(parameters["Type"])
        check_content(parameters["Type"], parameters["Content"])
        self._check_new(parameters["Name"])
        policy = SandboxPolicy(self.organization, **parameters)
        self.policies.append(policy)
        return policy.describe()

    @overrides
    def update_policy(self, **parameters: Any) -> dict[str, Any]:
        """Change name, description or content of a policy that is not AWS's own."""
        policy = self._own_policy(parameters["PolicyId"])
        if parameters.get("Name", policy.name) != policy.name:
            self._check_new(parameters["Name"])
        if "Content" in parameters:
            check_content(policy.type, parameters["Content"])
        return super().update_policy(**parameters)

    @overrides
    def delete_policy(self, **parameters: Any) -> None:
        """Delete a policy that is attached nowhere."""
        self._own_policy(parameters["PolicyId"])
        super().delete_policy(**parameters)

    @overrides
    def describe_policy(self, **parameters: Any) -> dict[str, Any]:
        """Describe a policy, with its content."""
        return self.get_policy_by_id(parameters["PolicyId"]).describe()

    @overrides
    def attach_policy(self, **parameters: Any) -> None:
        """Attach a policy to a root, a unit or an account that has room for it."""
        policy = self.get_policy_by_id(parameters["PolicyId"])
        target = self.target(parameters["TargetId"])
        if not self.enabled(policy.type):
            raise PolicyTypeNotEnabledException
        if policy in target.attached_policies:
            raise OrganizationsClientError(
                "DuplicatePolicyAttachmentException",
                "The selected policy is already attached to the specified target.",
            )
        if len(_attached(target, policy.type)) >= per_target(policy.type):
            raise constraint(
                "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                "You have attached the maximum number of policies to the specified target.",
            )
        _attach(policy, target)

    @overrides
    def detach_policy(self, **parameters: str) -> None:
        """Detach a policy, unless it is the last service control policy."""
        policy = self.get_policy_by_id(parameters["PolicyId"])
        target = self.target(parameters["TargetId"])
        if policy not in target.attached_policies:
            raise OrganizationsClientError(
                "PolicyNotAttachedException",
                "The policy isn't attached to the specified target in the specified root.",
            )
        if policy.id == DEFAULT_RCP_POLICY_ID:
            raise invalid("NON_DETACHABLE_POLICY", "You can't detach this AWS managed policy.")
        if policy.type == SCP and len(_attached(target, SCP)) == 1:
            raise constraint(
                "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                "You cannot remove the last policy attached to the specified target. You must "
                "have at least one attached at all times.",
            )
        _detach(policy, target)

    def policies_of_type(self, policy_type: str) -> list[dict[str, Any]]:
        """Summarise every policy of a type."""
        check_type(policy_type)
        return [_summary(policy) for policy in self.policies if policy.type == policy_type]

    def policies_of_target(self, target_id: str, policy_type: str) -> list[dict[str, Any]]:
        """Summarise the policies of a type that are attached to a target itself."""
        check_type(policy_type)
        return [_summary(policy) for policy in _attached(self.target(target_id), policy_type)]

    def effective_policy(self, account_id: str, policy_type: str) -> dict[str, Any] | None:
        """Return what an account's policies of a management type add up to; None if none."""
        if not self.enabled(policy_type):
            return None
        levels = self.levels(account_id, policy_type)
        contents = [str(policy.content) for _, attached in levels for policy in attached]
        return effective.merged(contents) if contents else None

    def describe_effective_policy(self, account_id: str, policy_type: str) -> dict[str, Any]:
        """Describe the effective policy of an account."""
        if policy_type != DECLARATIVE:
            raise invalid("INVALID_ENUM", "The sandbox knows effective declarative policies only.")
        if account_id not in {account.id for account in self.accounts}:
            raise TargetNotFoundException
        content = self.effective_policy(account_id, policy_type)
        if content is None:
            raise OrganizationsClientError(
                "EffectivePolicyNotFoundException",
                "We can't find an effective policy of this type for the specified account.",
            )
        return {
            "EffectivePolicy": {
                "PolicyContent": json.dumps(content),
                "LastUpdatedTimestamp": unix_time(utcnow()),
                "TargetId": account_id,
                "PolicyType": policy_type,
            }
        }

    def target(self, target_id: str) -> Entity:
        """Return a root, a unit or an account.

        Raises:
            OrganizationsClientError: it is no such id, or there is none.
        """
        if not _TARGET_ID.fullmatch(target_id):
            raise invalid(
                "INVALID_PATTERN_TARGET_ID",
                "You specified a policy target ID that doesn't match the required pattern.",
            )
        for entity in self.entities:
            if entity.id == target_id:
                return entity
        raise TargetNotFoundException

    def _type_of_root(self, parameters: dict[str, str]) -> str:
        if parameters["RootId"] != self.root.id:
            raise RootNotFoundException
        check_type(parameters["PolicyType"])
        return parameters["PolicyType"]

    def _own_policy(self, policy_id: str) -> FakePolicy:
        policy = self.get_policy_by_id(policy_id)
        if policy.aws_managed:
            raise invalid(
                "IMMUTABLE_POLICY",
                "You specified a policy that is managed by AWS and can't be modified.",
            )
        return policy

    def _check_new(self, name: str) -> None:
        if any(policy.name == name for policy in self.policies):
            raise DuplicatePolicyException


def _summary(policy: FakePolicy) -> dict[str, Any]:
    summary: dict[str, Any] = policy.describe()["Policy"]["PolicySummary"]
    return summary


def _attached(entity: Entity, policy_type: str) -> list[FakePolicy]:
    return [policy for policy in entity.attached_policies if policy.type == policy_type]


def _attach(policy: FakePolicy, entity: Entity) -> None:
    entity.attached_policies.append(policy)
    policy.attachments.append(entity)


def _detach(policy: FakePolicy, entity: Entity) -> None:
    entity.attached_policies.remove(policy)
    policy.attachments.remove(entity)


def _level_name(entity: Entity) -> str:
    return {"ROOT": "root", "ACCOUNT": f"account {entity.id}"}.get(entity.type, entity.id)


Documents = list[tuple[str, str]]
"""Name and content of policies."""


def organization_of(account_id: str) -> OrganizationsStore | None:
    """Return the organization that an account manages or is a member of; None if it has none."""
    if account_id in organizations_backends.master_accounts:
        master, partition = organizations_backends.master_accounts[account_id]
        return cast(OrganizationsStore, organizations_backends[master][partition])
    stores = cast(list[OrganizationsStore], list(organizations_backends[account_id].values()))
    return next((store for store in stores if store.org), None)


def scps_of(account_id: str) -> tuple[tuple[str, Documents], ...]:
    """Return the service control policies that bind an account, by level.

    Args:
        account_id: an account of the sandbox.

    Returns:
        From the root down to the account: the level's name, and name and content of the policies
        attached there. Empty for a management account, which they do not bind, for an account
        without organization, and while the organization's root has no such policies enabled.
    """
    store = organization_of(account_id)
    if store is None or store.manages(account_id) or not store.enabled(SCP):
        return ()
    return tuple(
        (level, [(str(policy.name), str(policy.content)) for policy in attached])
        for level, attached in store.levels(account_id, SCP)
    )


def launch_permissions(account_id: str) -> tuple[dict[str, str], ...]:
    """Return by which permissions an image may be launched in an account of an organization.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/share-amis-with-organizations-and-OUs.html
    """
    store = organization_of(account_id)
    if store is None:
        return ()
    units = [unit for unit in store.path(account_id) if unit.type == "ORGANIZATIONAL_UNIT"]
    by_unit = [{"OrganizationalUnitArn": str(unit.arn)} for unit in units]
    return ({"OrganizationArn": str(store.organization.arn)}, *by_unit)


def declared(account_id: str) -> Mapping[str, Any]:
    """Return the EC2 attributes that an account's declarative policies set; empty if none do."""
    store = organization_of(account_id)
    policy = store.effective_policy(account_id, DECLARATIVE) if store else None
    attributes: Mapping[str, Any] = (policy or {}).get("ec2_attributes", {})
    return attributes


def join(
    account_id: str, management_account: str, unit: str, delegated_administrator: bool
) -> tuple[str, str, str]:
    """Make an account a member of an organization that another account manages.

    Args:
        account_id: which becomes a member.
        management_account: which manages; its organization is made.
        unit: the name of the organizational unit the account is put in.
        delegated_administrator: whether the member may manage the organization's policies.

    Returns:
        The ids of the organization, its root and the unit.
    """
    store = cast(OrganizationsStore, organizations_backends[management_account][PARTITION])
    store.create_organization(region="us-east-1")
    new_unit = store.create_organizational_unit(ParentId=store.root.id, Name=unit)
    unit_id = new_unit["OrganizationalUnit"]["Id"]
    store.invite(account_id, unit_id)
    if delegated_administrator:
        store.delegated.add(account_id)
    return store.id, store.root.id, unit_id
