"""KMS: a data key that is only tried.

Otherwise than in moto: moto makes the key even if the call is a DryRun.
https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html
"""

from moto.core.exceptions import JsonRESTError
from moto.kms.responses import KmsResponse as MotoKmsResponse

from goldenami_sandbox.overriding import overrides


class KmsResponse(MotoKmsResponse):
    """Answers KMS's operations."""

    @overrides
    def generate_data_key_without_plaintext(self) -> str:
        """Make a data key, or say that it would be made."""
        answer = super().generate_data_key_without_plaintext()
        if self._get_param("DryRun"):
            message = "The request would have succeeded, but the DryRun option is set."
            raise JsonRESTError("DryRunOperationException", message)
        return str(answer)
