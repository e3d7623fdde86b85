"""A role that may do what its policies say, and nothing else, and the session that acts as it."""

import json
from collections.abc import Mapping
from contextlib import suppress

from msgspec import Struct

from goldenami_sandbox.server import Sandbox


class RestrictedRole(Struct, frozen=True, kw_only=True):
    """A role of an account of the sandbox.

    Args:
        sandbox: running.
        region: of the account's partition.
        account: the role's account.
        name: its name, with its path.
        home: the account that may assume it.
    """

    sandbox: Sandbox
    region: str
    account: str
    name: str
    home: str

    def restrict(self, policies: Mapping[str, str]) -> None:
        """Give it these policies, and no others; it is made if it is not there.

        Args:
            policies: JSON documents by name.
        """
        iam = self.sandbox.client("iam", self.region, self.account)
        path, _, name = self.name.rpartition("/")
        with suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(
                RoleName=name,
                Path=f"/{path}/" if path else "/",
                AssumeRolePolicyDocument=json.dumps(self._trust()),
            )
        for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
        for title, text in policies.items():
            policy = iam.create_policy(PolicyName=title, PolicyDocument=text)["Policy"]
            iam.attach_role_policy(RoleName=name, PolicyArn=policy["Arn"])

    def session(self) -> dict[str, str]:
        """Return the credentials of a session, as `Sandbox.client` takes them."""
        sts = self.sandbox.client("sts", self.region, self.home)
        credentials = sts.assume_role(
            RoleArn=f"arn:{self._partition}:iam::{self.account}:role/{self.name}",
            RoleSessionName="goldenami-proof",
        )["Credentials"]
        return {
            "access_key_id": credentials["AccessKeyId"],
            "secret_access_key": credentials["SecretAccessKey"],
            "session_token": credentials["SessionToken"],
        }

    @property
    def _partition(self) -> str:
        from moto.utilities.utils import get_partition

        return str(get_partition(self.region))

    def _trust(self) -> dict[str, object]:
        principal = {"AWS": f"arn:{self._partition}:iam::{self.home}:root"}
        allow = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        return {"Version": "2012-10-17", "Statement": [allow]}
