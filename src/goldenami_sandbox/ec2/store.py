"""What one account has of EC2 in one region: moto's store, with the sandbox's images."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.elastic_block_store import Snapshot
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix
from moto.kms.models import kms_backends

from goldenami_sandbox import catalogue
from goldenami_sandbox.clock import Countdown
from goldenami_sandbox.ec2.allowed_images import AllowedImages, declared
from goldenami_sandbox.ec2.errors import image_unavailable, no_such_image, no_such_snapshot
from goldenami_sandbox.ec2.image import (
    PUBLIC,
    GoneVolume,
    SandboxDevice,
    SandboxImage,
    take_snapshot,
)
from goldenami_sandbox.organizations import store as organizations
from goldenami_sandbox.overriding import overrides

AWS_MANAGED_KEY = "alias/aws/ebs"


class Ec2Store(EC2Backend):
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
            imds_support="v2.0",
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
    def _load_amis(self) -> None:
        """Leave out moto's images; the catalogue comes after the rest is set up."""

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
        if key_id.startswith("arn:") and f":{self.region_name}:" not in key_id:
            return None
        keys = kms_backends[self.account_id][self.region_name]
        name = keys.get_alias_name(key_id)
        alias = name.startswith("alias/")
        found_id = keys.get_key_id_from_alias(name) if alias else keys.get_key_id(name)
        key = keys.keys.get(found_id or "")
        return str(key.arn) if key else None

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
