"""GetCallerIdentity, AssumeRole and DecodeAuthorizationMessage.

Otherwise than in moto: a key that is no user's and no role's is the root user's, with the ARN of a
root user; a role that is not there cannot be assumed; a session remembers all its policies and its
tags; a session policy that is none is refused; encoded messages are decoded (moto lacks it).
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self, cast

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.sts.exceptions import STSClientError
from moto.sts.models import AssumedRole, sts_backends
from moto.sts.responses import TokenResponse
from msgspec import Struct

from goldenami_sandbox.iam.store import check_document
from goldenami_sandbox.overriding import overrides

_NO_USER = ":user/moto"  # what moto calls the owner of a key it does not know


class _Kept(AssumedRole):
    """A session as moto keeps it, and what moto forgets."""

    policy_arns: tuple[str, ...] = ()
    session_tags: Mapping[str, str] = MappingProxyType({})


class Session(Struct, frozen=True):
    """A session of a role, with the policies that were passed when it began."""

    arn: str
    name: str
    role_arn: str
    policy: str
    policy_arns: tuple[str, ...]
    tags: Mapping[str, str]

    @property
    def limited(self) -> bool:
        """Whether policies were passed, which limit the session."""
        return bool(self.policy or self.policy_arns)

    @classmethod
    def of(cls, role: AssumedRole) -> Self:
        """Return what moto keeps of a session, and what the sandbox puts beside it."""
        return cls(
            arn=role.arn,
            name=role.session_name,
            role_arn=role.role_arn,
            policy=role.policy or "",
            policy_arns=getattr(role, "policy_arns", _Kept.policy_arns),
            tags=getattr(role, "session_tags", _Kept.session_tags),
        )


def caller_arn(account: str, partition: str, access_key_id: str, region: str) -> str:
    """Return whose an access key is: a user, a session, or the account's root user."""
    store = sts_backends[account][partition]
    arn: str = store.get_caller_identity(access_key_id, region)[1]
    return f"arn:{partition}:iam::{account}:root" if arn.endswith(_NO_USER) else arn


class StsResponse(TokenResponse):
    """STS."""

    @overrides
    def get_caller_identity(self) -> ActionResult:
        """Tell whose access key signed the call."""
        account = self.current_account
        user_id, arn, _ = self.backend.get_caller_identity(self.get_access_key(), self.region)
        if arn.endswith(_NO_USER):
            user_id, arn = account, f"arn:{self.partition}:iam::{account}:root"
        return ActionResult({"UserId": user_id, "Account": account, "Arn": arn})

    @overrides
    def assume_role(self) -> ActionResult:
        """Begin a session of a role that there is; moto forgets its policies and its tags."""
        account = self._get_param("RoleArn").split(":")[4]
        roles = iam_backends[account][self.partition].roles.values()
        if self._get_param("RoleArn") not in {item.arn for item in roles}:
            own, key = self.current_account, self.get_access_key()
            caller = caller_arn(own, self.partition, key, self.region)
            message = (
                f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: "
                f"{self._get_param('RoleArn')}"
            )
            raise STSClientError("AccessDenied", message)
        if policy := self._get_param("Policy"):
            check_document(policy)
        answer = super().assume_role()
        session = cast(_Kept, sts_backends[account][self.partition].assumed_roles[-1])
        session.policy_arns = tuple(item["arn"] for item in self._get_param("PolicyArns", []))
        session.session_tags = {item["Key"]: item["Value"] for item in self._get_param("Tags", [])}
        return answer

    def decode_authorization_message(self) -> ActionResult:
        """Show why a call was refused."""
        from goldenami_sandbox.enforcement import message

        try:
            decoded = message.decoded(self._get_param("EncodedMessage"))
        except ValueError:
            code = "InvalidAuthorizationMessageException"
            raise STSClientError(code, "Invalid token") from None
        return ActionResult({"DecodedMessage": decoded})
