"""The key that EBS encrypts with if none is named.

Mended: moto cannot tell it.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetEbsDefaultKmsKeyId.html
"""

from moto.core.responses import ActionResult

from goldenami.sandbox.mends.base import Ec2Base
from goldenami.sandbox.mends.store import AWS_MANAGED_KEY


class EbsResponse(Ec2Base):
    """EBS's settings."""

    def get_ebs_default_kms_key_id(self) -> ActionResult:
        """Return the ARN of the account's key, or the alias of AWS's own."""
        self.error_on_dryrun()
        key = self.store.default_kms_key_id
        own = bool(key) and key not in self.store.managed_keys
        return ActionResult({"KmsKeyId": key if own else AWS_MANAGED_KEY})
