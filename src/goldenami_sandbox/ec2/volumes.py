"""The key that EBS encrypts with if none is named; volumes that are detached.

Mended: moto cannot tell the key, needs an instance where AWS takes the one that the volume is
attached to, and takes a running instance's root volume away.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetEbsDefaultKmsKeyId.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachVolume.html
"""

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.store import AWS_MANAGED_KEY


class EbsResponse(Ec2Base):
    """EBS's settings."""

    def get_ebs_default_kms_key_id(self) -> ActionResult:
        """Return the ARN of the account's key, or the alias of AWS's own."""
        self.error_on_dryrun()
        key = self.store.default_kms_key_id
        own = bool(key) and key not in self.store.managed_keys
        return ActionResult({"KmsKeyId": key if own else AWS_MANAGED_KEY})

    def detach_volume(self) -> ActionResult:
        """Detach a volume from its instance; a running one keeps its root volume."""
        volume = self.store.get_volume(self._get_param("VolumeId"))
        attachment = volume.attachment
        if attachment is None:
            raise EC2ClientError(
                "IncorrectState", f"Volume '{volume.id}' is in the 'available' state."
            )
        instance = attachment.instance
        root = attachment.device == instance.root_device_name
        if root and instance.state != "stopped":
            raise EC2ClientError(
                "OperationNotPermitted",
                f"Unable to detach root volume '{attachment.device}' from instance '{instance.id}'",
            )
        self.error_on_dryrun()
        named = self._get_param("InstanceId") or instance.id
        device = self._get_param("Device")
        detached = self.store.detach_volume(volume.id, named, device)
        return ActionResult(
            {
                "VolumeId": volume.id,
                "InstanceId": instance.id,
                "Device": detached.device,
                "State": "detaching",
                "AttachTime": detached.attach_time,
            }
        )
