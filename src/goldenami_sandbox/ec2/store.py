"""What one account has of EC2 in one region: moto's store, with the sandbox's images."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_block_store import Snapshot, Volume
from moto.ec2.models.instances import Reservation
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix
from moto.kms.models import Key, kms_backends

from goldenami_sandbox import catalogue
from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.ec2 import image_aliases, vcpus
from goldenami_sandbox.ec2.allowed_images import AllowedImages, declared
from goldenami_sandbox.ec2.errors import (
    image_unavailable,
    name_taken,
    no_such_image,
    no_such_snapshot,
)
from goldenami_sandbox.ec2.fleet_store import FleetStore
from goldenami_sandbox.ec2.image import (
    PUBLIC,
    GoneVolume,
    SandboxDevice,
    SandboxImage,
    take_snapshot,
)
from goldenami_sandbox.ec2.recycle_bin import RecycleBin
from goldenami_sandbox.ec2.snapshot_locks import EXPIRED, Lock
from goldenami_sandbox.organizations import store as organizations
from goldenami_sandbox.overriding import overrides
from goldenami_sandbox.retention_rules import IMAGE, SNAPSHOT

AWS_MANAGED_KEY = "alias/aws/ebs"


class Ec2Store(FleetStore):
    """moto's EC2 store with the sandbox's own images.

    The public images are a small catalogue that is there in every region (moto loads
    some hundred old ones, slowly); gone images are remembered; a resource's tags are looked up
    (moto searches all tags, which grows with the square of the fleet).
    """

    @overrides
    def __init__(self, region_name: str, account_id: str) -> None:
        self.deregistered: dict[str, SandboxImage] = {}
        self.client_tokens: dict[tuple[str, str], tuple[dict[str, Any], Any]] = {}
        self._allowed_images = AllowedImages()
        self.root_replacements: list[dict[str, Any]] = []
        self.lent: dict[str, Snapshot] = {}
        self.usage_reports: dict[str, Any] = {}
        self.locks: dict[str, Lock] = {}
        self._vcpus = vcpus.Usage()
        self.public_access = {"image": "block-new-sharing", "snapshot": "unblocked"}
        self.bin = RecycleBin(self)
        super().__init__(region_name, account_id)
        for public in catalogue.IMAGES:
            image = self.published(public)
            self.images[image.id] = image

    def published(self, public: catalogue.PublicImage) -> SandboxImage:
        """Return a public image, with its snapshot put in the store."""
        image_id = public.id_in(self.region_name)
        volume = GoneVolume(public.size_gib)
        snapshot = take_snapshot(self, volume, "", image_id, public.owner_id)
        return SandboxImage(
            self,
            image_id,
            public.name,
            public.owner_id,
            public.architecture,
            public.root_device_name,
            (SandboxDevice(public.root_device_name, public.size_gib, snapshot.id),),
            description=public.description,
            owner_alias="amazon",
            platform=public.platform,
            platform_details=public.platform_details,
            boot_mode=public.boot_mode,
            imds_support=public.imds_support,
            tpm_support=public.tpm_support,
            created=datetime.fromisoformat(public.created).replace(tzinfo=None),
            permissions=[dict(PUBLIC)],
            readiness=Countdown(steps=0),
        )

    @property
    def images(self) -> dict[str, SandboxImage]:
        """Every image this account can see, by id."""
        return cast(dict[str, SandboxImage], self.amis)

    @property
    def allowed_images(self) -> AllowedImages:
        """The Allowed AMIs setting: a declarative policy's, else the account's own."""
        return declared(self.account_id) or self._allowed_images

    def allows(self, image: SandboxImage) -> bool:
        """Say whether the Allowed AMIs setting allows an image, enforced or not."""
        return self.allowed_images.allow(image)

    @overrides
    def _get_template_from_args(self, launch_template_arg: dict[str, Any]) -> Any:
        """Return a version of a template that there is; moto fails at one that is not."""
        if "LaunchTemplateId" in launch_template_arg:
            self.get_launch_template(launch_template_arg["LaunchTemplateId"])
        else:
            self.get_launch_template_by_name(launch_template_arg["LaunchTemplateName"])
        return super()._get_template_from_args(launch_template_arg)

    @overrides
    def _load_amis(self) -> None:
        """Leave out moto's images; the catalogue comes after the rest is set up."""

    @overrides
    def run_instances(
        self,
        image_id: str,
        count: int,
        user_data: Any,
        security_group_names: list[str],
        **kwargs: Any,
    ) -> Reservation:
        """Launch instances: everything that launches comes here, groups and fleets too.

        Raises:
            EC2ClientError: the image allows no launch, or a quota no more instances.
        """
        template = kwargs.get("launch_template")
        data = self._get_template_from_args(template).data if template else {}
        image = self.launchable(image_id or data.get("ImageId", ""))
        if kwargs.get("lifecycle") != "spot":
            usual = data.get("InstanceType") if kwargs.get("is_instance_type_default") else None
            kind = usual or kwargs.get("instance_type") or ""
            self._vcpus.add(self.all_instances, kind, count)
        with self.lending(image):
            launched = super().run_instances(
                image.id, count, user_data, security_group_names, **kwargs
            )
        image.launches.add(utcnow())
        return launched

    def launchable(self, image_id: str) -> SandboxImage:
        """Return the image of a launch, which an alias may name.

        Raises:
            EC2ClientError: there is none, none that Allowed AMIs let through, or it is in a state
                that allows no launch.
        """
        image = self.image(image_aliases.resolved(self.account_id, self.region_name, image_id))
        if self.allowed_images.hide(image):
            raise no_such_image(image.id)
        if image.state != "available":
            raise image_unavailable(image.id, f"in the state {image.state}, not available")
        return image

    @overrides
    def describe_launch_templates(
        self,
        template_names: list[str] | None = None,
        template_ids: list[str] | None = None,
        filters: Any = None,
    ) -> list[LaunchTemplate]:
        """Find launch templates; moto passes over ids that do not exist."""
        for template_id in template_ids or ():
            self.get_launch_template(template_id)
        return super().describe_launch_templates(template_names, template_ids, filters)

    def image(self, image_id: str) -> SandboxImage:
        """Return an image that the account can see.

        Raises:
            EC2ClientError: InvalidAMIID.Unavailable if it is deregistered, else NotFound.
        """
        if image_id in self.deregistered:
            raise image_unavailable(image_id)
        image = self.images.get(image_id) or self.shared_images.get(image_id)
        if image is None:
            raise no_such_image(image_id)
        return image

    def check_name(self, name: str) -> None:
        """Refuse a name that an image of the account has.

        Raises:
            EC2ClientError: InvalidAMIName.Duplicate.
        """
        for image in self.images.values():
            if image.owned and image.name == name:
                raise name_taken(name, image.id)

    def discard_image(self, image_id: str) -> None:
        """Deregister an image; the Recycle Bin may keep it."""
        image = self.deregistered[image_id] = self.images.pop(image_id)
        for scan in image.scans:
            scan.terminate()
        self.bin.enter(IMAGE, image)

    def discard_snapshot(self, snapshot_id: str) -> None:
        """Delete a snapshot; the Recycle Bin may keep it."""
        self.locks.pop(snapshot_id, None)
        self.bin.enter(SNAPSHOT, self.snapshots.pop(snapshot_id))

    @overrides
    def do_resources_exist(self, resource_ids: list[str]) -> bool:
        """Fail unless all resources exist; those in the Recycle Bin can be tagged, too."""
        kept = self.bin.ids
        return super().do_resources_exist([each for each in resource_ids if each not in kept])

    def launched_from(self, image_id: str) -> SandboxImage | None:
        """Return an image that an instance has, be it deregistered or not shared any more.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceImageMetadata.html
        """
        accounts = [regions[self.region_name] for _, regions in list(ec2_backends.items())]
        stores = (self, *(cast(Ec2Store, each) for each in accounts if each is not self))
        known = ({**each.deregistered, **each.images}.get(image_id) for each in stores)
        return next((image for image in known if image), None)

    @property
    def shared_images(self) -> dict[str, SandboxImage]:
        """The images of other accounts that this account may launch, as it sees them.

        They are shared with it, with a unit that it is under, with its organization, or everybody.
        Their owner's tags are not among what it sees.
        """
        organization = organizations.launch_permissions(self.account_id)
        mine = ({"UserId": self.account_id}, PUBLIC, *organization)
        return {
            image.id: replace(image, store=self)
            for account, regions in list(ec2_backends.items())
            if account != self.account_id
            for image in cast(Ec2Store, regions[self.region_name]).images.values()
            if image.owned and any(permission in mine for permission in image.permissions)
        }

    def key_arn(self, key_id: str | None) -> str | None:
        """Return the ARN of a KMS key of this region by id, ARN or alias; None if it has none.

        No id means the account's default key, which is made when it is first needed.
        """
        if not key_id:
            return self.default_kms_key_id or self._create_default_encryption_key()
        key = self.key(key_id)
        return str(key.arn) if key and key.key_state == "Enabled" else None

    def key(self, key_id: str) -> Key | None:
        """Return a KMS key of this region by id, ARN (also of another account) or alias."""
        account_id = self.account_id
        if key_id.startswith("arn:"):
            _, _, _, region, account_id, _ = key_id.split(":", 5)
            if region != self.region_name:
                return None
        keys = kms_backends[account_id][self.region_name]
        name = keys.get_alias_name(key_id)
        alias = name.startswith("alias/")
        found_id = keys.get_key_id_from_alias(name) if alias else keys.get_key_id(name)
        return keys.keys.get(found_id or "")

    @overrides
    def create_volume(
        self,
        size: int,
        zone_name: str,
        snapshot_id: str | None = None,
        encrypted: bool = False,
        kms_key_id: str | None = None,
        volume_type: str | None = None,
        iops: int | None = None,
        throughput: int | None = None,
        multi_attach_enabled: bool | None = None,
    ) -> Volume:
        """Make a volume, encrypted if it is asked for, by default, or if its snapshot is.

        It keeps the key of a snapshot of the account's own, and no other account's.
        https://docs.aws.amazon.com/ebs/latest/userguide/how-ebs-encryption-works.html
        """
        snapshot = self.get_snapshot(snapshot_id) if snapshot_id else None
        if snapshot is not None and snapshot.encrypted:
            encrypted = True
            if snapshot.owner_id == self.account_id:
                kms_key_id = kms_key_id or snapshot.kms_key_id
        encrypted = encrypted or (not kms_key_id and self.get_ebs_encryption_by_default())
        if encrypted:
            kms_key_id = self.key_arn(kms_key_id) or kms_key_id
        return super().create_volume(
            size, zone_name, snapshot_id, encrypted, kms_key_id, volume_type, iops, throughput,
            multi_attach_enabled,
        )  # fmt: skip

    @overrides
    def create_snapshot(
        self,
        volume_id: str,
        description: str,
        owner_id: str | None = None,
        from_ami: str | None = None,
    ) -> Snapshot:
        """Make a snapshot, with its volume's key, which moto forgets."""
        snapshot = super().create_snapshot(volume_id, description, owner_id, from_ami)
        snapshot.kms_key_id = self.get_volume(volume_id).kms_key_id
        return snapshot

    @overrides
    def _create_default_encryption_key(self) -> str:
        """Make the key of AWS's own, which KMS tells from the account's."""
        arn = super()._create_default_encryption_key()
        kms_backends[self.account_id][self.region_name].describe_key(arn).key_manager = "AWS"
        return arn

    def has_default_key(self, snapshot: Snapshot) -> bool:
        """Say whether a snapshot is encrypted with the key that AWS made for the account."""
        return bool(snapshot.encrypted) and snapshot.kms_key_id in self.managed_keys

    @property
    def managed_keys(self) -> set[str]:
        """The ARN of the key that AWS made for the account in this region, if it has."""
        keys = kms_backends[self.account_id][self.region_name].keys.values()
        return {str(key.arn) for key in keys if AWS_MANAGED_KEY in key.aliases}

    @overrides
    def get_snapshot(self, snapshot_id: str) -> Snapshot:
        """Return a snapshot.

        Raises:
            EC2ClientError: InvalidSnapshot.NotFound, with the message that moto leaves out.
        """
        lent = self.lent.get(snapshot_id)
        if snapshot_id not in self.snapshots and lent is None:
            raise no_such_snapshot(snapshot_id)
        return lent or self.snapshots[snapshot_id]

    def is_locked(self, snapshot_id: str) -> bool:
        """Say whether a lock forbids to delete a snapshot."""
        lock = self.locks.get(snapshot_id)
        return lock is not None and lock.state != EXPIRED

    @contextmanager
    def lending(self, image: SandboxImage) -> Iterator[None]:
        """Let a launch in the block read the snapshots of a shared image: it needs no permission.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html
        """
        if image.id not in self.images:
            owner = cast(Ec2Store, ec2_backends[image.owner_id][self.region_name])
            self.lent = {
                snapshot_id: owner.get_snapshot(snapshot_id) for snapshot_id in image.snapshot_ids
            }
        try:
            yield
        finally:
            self.lent = {}

    @overrides
    def describe_images(
        self,
        ami_ids: list[str] | None = None,
        filters: dict[str, Any] | None = None,
        exec_users: list[str] | None = None,
        owners: list[str] | None = None,
    ) -> Any:
        """Find images for moto's own parts, which ask by id only."""
        if ami_ids:
            return [self.image(image_id) for image_id in ami_ids]
        image_id = (filters or {}).get("image-id")
        image = self.images.get(image_id) if isinstance(image_id, str) else None
        return [image] if image else []

    @overrides
    def describe_tags(self, filters: Any = None) -> list[dict[str, str]]:
        """Look the tags of one resource up, and search only for other questions."""
        ids = (filters or {}).get("resource-id", [])
        if len(filters or {}) != 1 or len(ids) != 1 or "*" in ids[0]:
            return super().describe_tags(filters)
        kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(ids[0]), "")
        return [
            {"resource_id": ids[0], "resource_type": kind, "key": key, "value": value}
            for key, value in self.tags.get(ids[0], {}).items()
        ]
