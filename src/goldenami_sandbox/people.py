"""The people and roles of a rehearsal, in one account of the sandbox."""

import json
from collections.abc import Sequence
from typing import Any

from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.world import AccessKey, RehearsalSeed, RoleSeed

ADMIN_USER = "rehearsal-admin"
ADMIN_POLICY = "AmazonEC2FullAccess"
APPROVER = "rehearsal-approver"
AGENT_POLICY = "AmazonSSMManagedInstanceCore"
"""What a role needs so that the SSM agent of its instances registers."""
_DEFAULT_MANAGEMENT = "AWSSystemsManagerDefaultEC2InstanceManagementRole"


class People:
    """Makes users, groups and roles in an account of the partition of a region."""

    def __init__(self, sandbox: Sandbox, region: str, account: str) -> None:
        from moto.utilities.utils import get_partition

        self._sandbox = sandbox
        self._region = region
        self._account = account
        self._partition = get_partition(region)
        self._iam = sandbox.client("iam", region, account)

    def roles(self, world: RehearsalSeed) -> None:
        """Make the instance profiles, each with a role of its name, and the roles."""
        for name in dict.fromkeys(world.instance_profiles):
            self.instance_profile(name)
        if world.default_management:
            self._manage_by_default()
        trusted = {"AWS": f"arn:{self._partition}:iam::{self._account}:root"}
        profiles = {("", name) for name in world.instance_profiles}
        for role in dict.fromkeys(world.roles):
            if (role.account, role.name) not in profiles:
                account = role.account or self._account
                iam = self._sandbox.client("iam", self._region, account)
                self._role(iam, role, trusted)

    def instance_profile(self, name: str) -> None:
        """Make an instance profile, with a role of that name by which SSM manages instances."""
        agent = RoleSeed(name=name, policies=(AGENT_POLICY,))
        self._role(self._iam, agent, {"Service": self._service("ec2")})
        self._iam.create_instance_profile(InstanceProfileName=name)
        self._iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)

    def _manage_by_default(self) -> None:
        """Let SSM manage every instance of the region, as default host management does.

        https://docs.aws.amazon.com/systems-manager/latest/userguide/fleet-manager-default-host-management-configuration.html
        """
        role = RoleSeed(
            name=_DEFAULT_MANAGEMENT, policies=("AmazonSSMManagedEC2InstanceDefaultPolicy",)
        )
        self._role(self._iam, role, {"Service": self._service("ssm")})
        self._sandbox.client("ssm", self._region, self._account).update_service_setting(
            SettingId="/ssm/managed-instance/default-ec2-instance-management-role",
            SettingValue=_DEFAULT_MANAGEMENT,
        )

    def admin(self, groups: Sequence[str]) -> AccessKey:
        """Make the groups, and a user who may launch anything: in the first one, if there is one.

        Args:
            groups: their names.
        """
        for name in groups:
            self._iam.create_group(GroupName=name)
            self._iam.attach_group_policy(GroupName=name, PolicyArn=self._of_aws(ADMIN_POLICY))
        self._iam.create_user(UserName=ADMIN_USER)
        for name in groups[:1]:
            self._iam.add_user_to_group(GroupName=name, UserName=ADMIN_USER)
        if not groups:
            self._iam.attach_user_policy(UserName=ADMIN_USER, PolicyArn=self._of_aws(ADMIN_POLICY))
        return self._key(ADMIN_USER)

    def approver(self) -> AccessKey:
        """Make a second person, who is in no group and administrates the account."""
        self._iam.create_user(UserName=APPROVER)
        self._iam.attach_user_policy(
            UserName=APPROVER, PolicyArn=self._of_aws("AdministratorAccess")
        )
        return self._key(APPROVER)

    def _key(self, user: str) -> AccessKey:
        key = self._iam.create_access_key(UserName=user)["AccessKey"]
        return AccessKey(key["AccessKeyId"], key["SecretAccessKey"])

    def _role(self, iam: Any, role: RoleSeed, trusted: dict[str, str]) -> None:
        statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
        trust = {"Version": "2012-10-17", "Statement": [statement]}
        path, _, name = role.name.rpartition("/")
        iam.create_role(
            RoleName=name,
            Path=f"/{path}/" if path else "/",
            AssumeRolePolicyDocument=json.dumps(trust),
        )
        for policy in role.policies:
            iam.attach_role_policy(RoleName=name, PolicyArn=self._of_aws(policy))

    def _of_aws(self, policy: str) -> str:
        return f"arn:{self._partition}:iam::aws:policy/{policy}"

    def _service(self, name: str) -> str:
        suffix = ".cn" if self._partition == "aws-cn" else ""
        return f"{name}.amazonaws.com{suffix}"
