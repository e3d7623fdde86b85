"""What a release file takes for granted, as the world that the sandbox is seeded with."""

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from goldenami.domain import names, volumes
from goldenami.domain.image import Build
from goldenami.domain.status import Status

if TYPE_CHECKING:
    from goldenami.spec import Release, ReleaseFile
    from goldenami.spec.model import BaseVolume
    from goldenami_sandbox.seed import RehearsalSeed

_ARM = re.compile(r"(a1|[a-z]+[0-9]+g[a-z]*)\.")


def of(file: "ReleaseFile") -> "RehearsalSeed":
    """Return the account in which a release file works: its source, groups, roles, keys, ids."""
    from goldenami.bake.launch import subnets, types
    from goldenami_sandbox.seed import RehearsalSeed

    release, enforce = file.release, file.enforcement.enforce
    root = _root(release)
    base, source, role = release.base, release.base.source, enforce.pipeline_role
    return RehearsalSeed(
        regions=release.regions,
        groups=enforce.groups,
        source_ssm=source.ssm,
        source_ami=source.ami,
        source_name=source.filter.name if source.filter else None,
        source_owners=source.filter.owners if source.filter else (),
        source_golden=_golden(source.golden) if source.golden else None,
        source_golden_name=names.ami_name(source.golden or "", "1"),
        architecture="arm64" if _ARM.match(types(base)[0]) else "x86_64",
        source_root=root.device if root else None,
        source_size_gib=root.size_gib if root else None,
        snapshots={
            volume.snapshot: volume.size_gib or volumes.TYPES[volume.type].size_gib.least
            for volume in base.volumes
            if volume.snapshot
        },
        key_names=(base.key_name,) if base.key_name else (),
        subnets=tuple(subnet for subnet in subnets(base) if subnet),
        security_groups=base.security_groups,
        instance_profiles=(base.instance_profile,) if base.instance_profile else (),
        default_management=not base.instance_profile,
        roles=(role.rpartition("/")[2],) if role else (),
        kms_keys=_kms_keys(release),
        inspected=release.scan is not None,
    )


def _root(release: "Release") -> "BaseVolume | None":
    """Return the volume that can only be the root of the source."""
    named = (each for each in release.base.volumes if volumes.is_root_name(each.device))
    return next(named, None)


def _golden(image: str) -> dict[str, str]:
    """Return the tags that a release of it has written."""
    build = Build(id="20260101T000000Z-000000", image=image, version="1", spec="0" * 64, nonce="")
    return build.tags({}, source="ami-00000000000000000", status=Status.APPROVED)


def _kms_keys(release: "Release") -> dict[str, list[str]]:
    keys: dict[str, list[str]] = defaultdict(list)
    for volume in release.base.volumes:
        if volume.kms_key:
            keys[release.build_region].append(volume.kms_key)
    for region in release.destinations:
        if key := release.kms_key(region):
            keys[region].append(key)
    return keys
