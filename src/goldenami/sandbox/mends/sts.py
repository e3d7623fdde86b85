"""GetCallerIdentity.

Mended: a key that is no user's and no role's is the root user's, with the ARN of a root user.
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from moto.core.responses import ActionResult
from moto.sts.responses import TokenResponse

_NO_USER = ":user/moto"  # what moto calls the owner of a key it does not know


class StsResponse(TokenResponse):
    """STS."""

    def get_caller_identity(self) -> ActionResult:
        """Tell whose access key signed the call."""
        account = self.current_account
        user_id, arn, _ = self.backend.get_caller_identity(self.get_access_key(), self.region)
        if arn.endswith(_NO_USER):
            user_id, arn = account, f"arn:{self.partition}:iam::{account}:root"
        return ActionResult({"UserId": user_id, "Account": account, "Arn": arn})
