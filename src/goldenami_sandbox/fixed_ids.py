"""Resources with an id that is given, which no AWS call makes: for a rehearsal's release file."""

import re
from dataclasses import replace
from typing import cast

from moto.ec2.models import ec2_backends, security_groups, subnets
from moto.kms import models as kms
from moto.ssm.models import ssm_backends
from msgspec import structs

from goldenami_sandbox import catalogue
from goldenami_sandbox.ec2.image import GoneVolume, SandboxImage, take_snapshot
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.overriding import replaced
from goldenami_sandbox.ssm import image_parameter

_FIRST_FREE_SUBNET = 128  # the default subnets lie below 172.31.128.0
_ARN_OF_PARAMETER = re.compile(r"arn:[\w-]+:ssm:[\w-]*:\d*:parameter")
_ALIASES = {"amazon": catalogue.AMAZON, "aws-marketplace": "679593333241"}


class FixedIds:
    """Puts resources into one region of an account under ids of the caller's choice."""

    def __init__(self, account_id: str, region: str) -> None:
        self._account_id = account_id
        self._region = region
        self._store = cast(Ec2Store, ec2_backends[account_id][region])

    def subnet(self, subnet_id: str) -> None:
        """Make a subnet of the default VPC."""
        number = _FIRST_FREE_SUBNET + len(self._store.describe_subnets())
        with replaced(subnets, "random_subnet_id", lambda *_: subnet_id):
            self._store.create_subnet(
                self._store.default_vpc.id,
                f"172.31.{number}.0/24",
                availability_zone=f"{self._region}a",
            )

    def security_group(self, group_id: str) -> None:
        """Make a security group of the default VPC."""
        with replaced(security_groups, "random_security_group_id", lambda *_: group_id):
            self._store.create_security_group(f"group {group_id}", "of the rehearsal")

    def snapshot(self, snapshot_id: str, size_gib: int) -> None:
        """Make a snapshot of the account's own, which is not encrypted."""
        snapshot = take_snapshot(self._store, GoneVolume(size_gib), "of the rehearsal", "")
        del self._store.snapshots[snapshot.id]
        snapshot.id = snapshot_id
        self._store.snapshots[snapshot_id] = snapshot

    def image(
        self,
        image_id: str | None,
        name: str | None,
        owner: str,
        architecture: str,
        root_device_name: str = "",
        most_gib: int = 0,
    ) -> str:
        """Make a public image like one of AWS's, and return its id.

        Args:
            image_id: its id, None for any.
            name: its name, None for one that tells the id.
            owner: an account id, ``self``, ``amazon`` or ``aws-marketplace``.
            architecture: ``x86_64`` or ``arm64``.
            root_device_name: of its root volume, empty for Amazon Linux's.
            most_gib: how large that is at most, 0 for Amazon Linux's size.
        """
        public = next(image for image in catalogue.IMAGES if image.architecture == architecture)
        public = structs.replace(
            public,
            root_device_name=root_device_name or public.root_device_name,
            size_gib=min(most_gib or public.size_gib, public.size_gib),
        )
        published: SandboxImage = self._store.published(public)
        account = self._account_id if owner == "self" else _ALIASES.get(owner, owner)
        new_id = image_id or f"ami-0{published.snapshot_ids[0].removeprefix('snap-')[:16]}"
        for snapshot_id in published.snapshot_ids:
            self._store.snapshots[snapshot_id].owner_id = account
        self._store.images[new_id] = replace(
            published,
            id=new_id,
            name=name or f"source {new_id}",
            owner_id=account,
            owner_alias=next(
                (alias for alias, owner_id in _ALIASES.items() if owner_id == account), None
            ),
            permissions=[] if owner == "self" else published.permissions,
        )
        return new_id

    def image_parameter(self, name: str, image_id: str) -> None:
        """Make an SSM parameter that names an image.

        Args:
            name: may be one of AWS's own, an ARN, and say which version, or which label, it has.
            image_id: the image.
        """
        parameters = ssm_backends[self._account_id][self._region]._parameters  # noqa: SLF001
        bare, _, selector = _ARN_OF_PARAMETER.sub("", name).partition(":")
        version = int(selector) if selector.isdigit() else 1
        parameter = image_parameter(self._account_id, bare, image_id, version)
        parameter.labels = [selector] if selector and not selector.isdigit() else []
        parameters[bare].append(parameter)

    def kms_key(self, key_id: str) -> None:
        """Make a KMS key by its id, its ARN, or an alias."""
        keys = kms.kms_backends[self._account_id][self._region]
        name = key_id.rpartition(":")[2].removeprefix("key/")
        if name.startswith("alias/aws/"):
            return  # AWS's own are there when they are needed
        if name.startswith("alias/"):
            keys.create_alias(keys.create_key(*_KEY).id, name)
        else:
            with replaced(kms, "generate_key_id", lambda *_: name):
                keys.create_key(*_KEY)


_KEY = (None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "of the rehearsal", None)
