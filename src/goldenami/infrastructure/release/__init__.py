"""A whole release as data that either kind of code is made of, and what no such code does."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from goldenami.domain.choices import BakeMethod
from goldenami.infrastructure.enforcement import EnforcementCode
from goldenami.spec import Release, ReleaseFile
from goldenami.spec.architectures import by_architecture
from goldenami.spec.model import BaseVolume

ROOT_DEVICES = ("/dev/xvda", "/dev/sda1")
"""How most images call their root: Amazon's and SUSE's, Canonical's, Red Hat's and Debian's."""
OWN_TEMPLATE = "amazon-ebs"


class ReleaseCode(Struct, frozen=True, kw_only=True):
    """A release file, for an account.

    Args:
        file: the release file.
        account: the account that bakes it.
        enforcement: what it enforces; nothing if it enforces nothing.
        snapshots: of golden images that exist already, of this release or another.
    """

    file: ReleaseFile
    account: str
    enforcement: EnforcementCode = EnforcementCode()
    snapshots: tuple[str, ...] = ()

    @property
    def release(self) -> Release:
        """The release file's content."""
        return self.file.release

    @property
    def parts(self) -> Mapping[str, ReleaseFile]:
        """The release file of each architecture; of an empty name if there is but one."""
        return by_architecture(self.file)

    @property
    def is_templated(self) -> bool:
        """Whether a Packer template of the user's own makes the image."""
        bake = self.release.bake
        return bake.method is BakeMethod.PACKER and bake.template != OWN_TEMPLATE

    @property
    def waits_for_approval(self) -> bool:
        """Whether somebody has to approve an image."""
        return self.release.approval == "manual"

    @property
    def own_tags(self) -> dict[str, str]:
        """The tags of the image that are the user's own; the approval tag comes beside them."""
        approval = self.release.approval_tag
        return {key: value for key, value in self.release.tags.items() if key != approval.key}

    @property
    def approval(self) -> dict[str, str]:
        """The approval tag."""
        tag = self.release.approval_tag
        return {tag.key: tag.value}

    @property
    def base_tags(self) -> dict[str, str]:
        """The user's tags on the base instance, which must not look golden."""
        return {key: value for key, value in self.own_tags.items() if key != "Name"}

    def parameter(self, architecture: str) -> str:
        """Return the name of the SSM parameter that names the image, empty if none does."""
        release = self.release
        if release.publish is None:
            return ""
        publication = release.publish.publication
        return publication.parameter(release.image, publication.first, architecture)


def volume(volume: BaseVolume) -> dict[str, Any]:
    """Return a volume of the base instance by AWS's names; a value of None is AWS's to choose."""
    return {
        "VolumeSize": volume.size_gib,
        "VolumeType": volume.type,
        "Iops": volume.iops,
        "Throughput": volume.throughput,
        "SnapshotId": volume.snapshot,
        "Encrypted": volume.encrypted,
        "KmsKeyId": volume.kms_key,
        "DeleteOnTermination": True,
    }


def instance_type(release: Release) -> str:
    """Return the type of the base instance: the first, where there are several."""
    base = release.base
    return (base.instance_types or (base.instance_type or "t3.micro",))[0]


def subnet(release: Release) -> str | None:
    """Return the subnet of the base instance: the first, where there are several."""
    base = release.base
    return (base.subnets or (base.subnet,))[0]
