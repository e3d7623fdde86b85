"""Launches that AWS takes, and that fail a moment later, since a volume cannot be made.

https://docs.aws.amazon.com/ebs/latest/userguide/how-ebs-encryption-works.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html
"""

from moto.ec2.models.instances import Instance, StateReason

from goldenami_sandbox.ec2.instance_state import PENDING, TERMINATED, SandboxInstanceState
from goldenami_sandbox.ec2.store import Ec2Store

_INTERNAL, _KEY = "Client.InternalError", "Client.InvalidKMSKey.InvalidState"
_LOST = StateReason(f"{_INTERNAL}: Client error on launch", _INTERNAL)
_UNUSABLE = StateReason(f"{_KEY}: The KMS key provided is in an incorrect state", _KEY)


def reason(store: Ec2Store, instance: Instance) -> StateReason | None:
    """Return why an instance will not run: the KMS key of a volume; None if it will.

    Args:
        store: where it is launched.
        instance: just launched.
    """
    for _, attached in instance.get_block_device_mapping:
        key_id = store.get_volume(attached.volume_id).kms_key_id
        if not key_id:
            continue
        key = store.key(key_id)
        if key is None:
            return _LOST
        if key.key_state != "Enabled":
            return _UNUSABLE
    return None


def end(instance: Instance, why: StateReason) -> None:
    """Terminate an instance whose launch failed; its volumes go with it."""
    instance.terminate()
    instance.state_reason = why
    instance._state = SandboxInstanceState(TERMINATED, through=PENDING)  # noqa: SLF001
