"""What a release file takes for granted, as the world that the sandbox is seeded with."""

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from goldenami.domain import names
from goldenami.domain.image import Build
from goldenami.domain.status import Status

if TYPE_CHECKING:
    from goldenami.spec import Release, ReleaseFile
    from goldenami_sandbox.seed import RehearsalSeed

_ARM = re.compile(r"(a1|[a-z]+[0-9]+g[a-z]*)\.")


def of(file: "ReleaseFile") -> "RehearsalSeed":
    """Return the account in which a release file works: its source, groups, roles, keys, ids."""
    from goldenami_sandbox.seed import RehearsalSeed

    release, enforce = file.release, file.enforcement.enforce
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
        architecture="arm64" if _ARM.match(base.instance_type) else "x86_64",
        key_names=(base.key_name,) if base.key_name else (),
        subnets=(base.subnet,) if base.subnet else (),
        security_groups=base.security_groups,
        instance_profiles=(base.instance_profile,) if base.instance_profile else (),
        default_management=not base.instance_profile,
        roles=(role.rpartition("/")[2],) if role else (),
        kms_keys=_kms_keys(release),
        inspected=release.scan is not None,
    )


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
