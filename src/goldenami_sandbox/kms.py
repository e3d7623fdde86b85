"""KMS: keys with AWS's defaults, and a data key that is only tried.

Otherwise than in moto: a key is told with what it is for, and that it is of one region, where the
request leaves that to AWS; an ARN is one of its own region; moto makes a data key even if the call
is a DryRun.
https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html
"""

import json

from moto.core.exceptions import JsonRESTError
from moto.kms.exceptions import NotFoundException
from moto.kms.responses import KmsResponse as MotoKmsResponse

from goldenami_sandbox.overriding import overrides


class KmsResponse(MotoKmsResponse):
    """Answers KMS's operations."""

    @overrides
    def create_key(self) -> str:
        """Make a key."""
        usual = {"KeyUsage": "ENCRYPT_DECRYPT", "MultiRegion": False}
        self.body = json.dumps(usual | json.loads(self.body))
        return str(super().create_key())

    @overrides
    def _validate_key_id(self, key_id: str) -> None:
        """Refuse what is no key, or no alias, of the region."""
        region = key_id.split(":")[3:4] if key_id.startswith("arn:") else [self.region]
        if region != [self.region]:
            raise NotFoundException(f"Invalid arn {''.join(region)}")
        super()._validate_key_id(key_id)

    @overrides
    def generate_data_key_without_plaintext(self) -> str:
        """Make a data key, or say that it would be made."""
        answer = super().generate_data_key_without_plaintext()
        if self._get_param("DryRun"):
            message = "The request would have succeeded, but the DryRun option is set."
            raise JsonRESTError("DryRunOperationException", message)
        return str(answer)
