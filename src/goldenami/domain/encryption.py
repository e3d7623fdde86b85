"""Which key a volume of an image is encrypted with, decided as EBS decides it, device by device.

https://docs.aws.amazon.com/ebs/latest/userguide/how-ebs-encryption-works.html
https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIEncryption.html
"""

from enum import StrEnum

from msgspec import Struct


class KeyOrigin(StrEnum):
    """Where the key of a device comes from."""

    NONE = "none"
    """It is not encrypted."""
    FILE = "file"
    """The release file names it."""
    SNAPSHOT = "snapshot"
    """Its snapshot, which is the account's own, has it already."""
    DEFAULT = "default"
    """It is the region's default."""
    UNKNOWN = "unknown"
    """Whether it is encrypted at all is not known."""


class Backing(Struct, frozen=True, kw_only=True):
    """What a device is made of.

    Args:
        device: its name.
        encrypted: whether that is encrypted; None if it is not known.
        own_key: the key of a snapshot or volume of the account's own; empty of anybody else's,
            whose key stays behind.
    """

    device: str
    encrypted: bool | None = False
    own_key: str = ""


class DeviceKey(Struct, frozen=True, kw_only=True):
    """The key of a device, where it comes from, and which one it is, if that decides it."""

    device: str
    origin: KeyOrigin
    key: str = ""

    @property
    def as_source(self) -> Backing:
        """The device as a copy in another region finds it, where its key does not go along."""
        encrypted = None if self.origin is KeyOrigin.UNKNOWN else self.origin is not KeyOrigin.NONE
        return Backing(device=self.device, encrypted=encrypted)


def device_key(
    backing: Backing, *, encrypt: bool = False, key: str | None = None, by_default: bool | None
) -> DeviceKey:
    """Return what a device will be encrypted with.

    Args:
        backing: what it is made of.
        encrypt: whether the release file asks for it.
        key: the key that the file names, for the device or for the whole copy.
        by_default: whether the region encrypts new volumes unasked; None if it is not known.
    """
    if key:
        return DeviceKey(device=backing.device, origin=KeyOrigin.FILE, key=key)
    if backing.encrypted and backing.own_key:
        return DeviceKey(device=backing.device, origin=KeyOrigin.SNAPSHOT, key=backing.own_key)
    if backing.encrypted or encrypt or by_default:
        return DeviceKey(device=backing.device, origin=KeyOrigin.DEFAULT)
    known = backing.encrypted is not None and by_default is not None
    return DeviceKey(device=backing.device, origin=KeyOrigin.NONE if known else KeyOrigin.UNKNOWN)
