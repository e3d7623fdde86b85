"""What a release file takes for granted, as the world that the sandbox is seeded with."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from goldenami.cli.sandbox_fault import check_region
from goldenami.domain import names, volumes
from goldenami.domain.image import Build, build_of
from goldenami.domain.status import Status

if TYPE_CHECKING:
    from goldenami.spec import Release, ReleaseFile
    from goldenami.spec.model import BaseVolume
    from goldenami_sandbox.world import FixedOrganization, KeySeed, RehearsalSeed, RoleSeed

_ARM = re.compile(r"(a1|[a-z]+[0-9]+g[a-z]*|p[0-9]+e-gb[0-9]+)\.")
_ACCOUNTS = ("123456789012", *(str(210987654321 + number) for number in range(1_000)))
"""Accounts that the rehearsal makes up where the file names none."""
_LAUNCHES, _READS, _WORKS = "AmazonEC2FullAccess", "ReadOnlyAccess", "AdministratorAccess"


def of(file: "ReleaseFile") -> "RehearsalSeed":
    """Return the world in which a release file works: its account, and others that it names.

    Raises:
        UsageError: it names a region that AWS has not, as far as is known here.
    """
    from goldenami.bake.launch import subnets
    from goldenami_sandbox.world import BucketSeed, RehearsalSeed, SourceSeed

    release, enforce = file.release, file.enforcement.enforce
    base = release.base
    first, *further = _sources(file)
    account = _own_account(file)
    organization = _organization(file, account)
    opted_in = _opted_in(file, account)
    for _, region in opted_in:
        check_region(region, str(file.path))
    return RehearsalSeed(
        account=account,
        regions=release.regions,
        opted_in=opted_in,
        groups=enforce.groups,
        **first,
        further_sources=tuple(SourceSeed(**source) for source in further),
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
        roles=tuple(_roles(file, account, organization)),
        kms_keys=tuple(_kms_keys(release)),
        bucket=(
            BucketSeed(name=release.sbom.bucket, kms_key=release.sbom.kms_key)
            if release.sbom
            else None
        ),
        image_parameters=tuple(
            listed.removeprefix("ssm:")
            for listed in release.audit.approved
            if listed.startswith("ssm:")
        ),
        inspected=release.scans_instance,
        approver=release.approval == "manual",
        organization=organization,
        tried=_tried(file, organization),
    )


def _sources(file: "ReleaseFile") -> Iterator[dict[str, Any]]:
    """Yield the source image of each architecture, as a seed takes it."""
    from goldenami.bake.launch import types
    from goldenami.spec.architectures import by_architecture

    for architecture, own in by_architecture(file).items():
        source, root = own.release.base.source, _root(own.release)
        usual = "arm64" if _ARM.match(types(own.release.base)[0]) else "x86_64"
        yield {
            "source_ssm": source.ssm,
            "source_ami": source.ami,
            "source_name": source.filter.name if source.filter else None,
            "source_owners": source.filter.owners if source.filter else (),
            "source_golden": _golden(source.golden, architecture) if source.golden else None,
            "source_golden_name": names.ami_name(source.golden or "", "1", architecture),
            "architecture": architecture or usual,
            "root_device_name": root.device if root else "",
            "root_size_gib": (root.size_gib or 0) if root else 0,
        }


def _root(release: "Release") -> "BaseVolume | None":
    """Return the volume that can only be the root of the source."""
    named = (each for each in release.base.volumes if volumes.is_root_name(each.device))
    return next(named, None)


def _golden(image: str, architecture: str) -> dict[str, str]:
    """Return the tags that a release of it has written."""
    build_id = build_of("20260101T000000Z-000000", architecture)
    build = Build(id=build_id, image=image, version="1", spec="0" * 64, nonce="")
    return build.tags({}, source="ami-00000000000000000", status=Status.APPROVED)


def _own_account(file: "ReleaseFile") -> str:
    """Return the account that the file is for: that of what it names as its own, if it does."""
    own = [*_arns([file.enforcement.enforce.pipeline_role or ""])]
    own += _arns(key.key for key in _kms_keys(file.release) if not key.account)
    return next(chain(own, _unnamed(file)))


def _arns(texts: Iterable[str]) -> Iterator[str]:
    """Yield the accounts of those that are ARNs."""
    for text in texts:
        if text.startswith("arn:") and names.ACCOUNT.fullmatch(text.split(":")[4]):
            yield text.split(":")[4]


def _unnamed(file: "ReleaseFile") -> Iterator[str]:
    """Yield accounts that the file does not name."""
    release = file.release
    listed = release.audit.accounts
    named = {
        *release.share.accounts,
        *(copies.account for copies in release.copies),
        *(listed if listed != "organization" else ()),
        *_targets(file),
        *file.enforcement.owners,
        *_arns(key.key for key in _kms_keys(release)),
    }
    return (account for account in _ACCOUNTS if account not in named)


def _opted_in(file: "ReleaseFile", account: str) -> tuple[tuple[str, str], ...]:
    """Return account and region of each place that the file names."""
    release = file.release
    allowed = file.enforcement.enforce.mechanisms.allowed_amis
    own = [
        *release.regions,
        *(release.audit.regions if release.audit.regions != "all" else ()),
        *(allowed.regions if allowed and allowed.regions != "all" else ()),
    ]
    abroad = [
        (copies.account, region)
        for copies in release.copies
        for region in copies.regions or release.regions
    ]
    return tuple(dict.fromkeys([*((account, region) for region in own), *abroad]))


def _roles(
    file: "ReleaseFile", account: str, organization: "FixedOrganization | None"
) -> Iterator["RoleSeed"]:
    from goldenami_sandbox.world import RoleSeed

    release, enforce = file.release, file.enforcement.enforce
    if enforce.pipeline_role:
        yield RoleSeed(name=enforce.pipeline_role.rpartition(":role/")[2])
    if boundary := enforce.mechanisms.permissions_boundary:
        for name in boundary.roles:
            yield RoleSeed(name=name, policies=(_LAUNCHES,))
    for copies in release.copies:
        yield RoleSeed(name=copies.role, account=copies.account, policies=(_WORKS,))
    audited = release.audit.accounts
    if audited == "organization":
        audited = (organization.manager, *organization.members) if organization else ()
    for each in audited if release.audit.role else ():
        if each != account:
            yield RoleSeed(name=release.audit.role, account=each, policies=(_READS,))


def _kms_keys(release: "Release") -> Iterator["KeySeed"]:
    from goldenami_sandbox.world import KeySeed

    if release.sbom:
        yield KeySeed(region=release.build_region, key=release.sbom.kms_key)
    for volume in release.base.volumes:
        if volume.kms_key:
            yield KeySeed(region=release.build_region, key=volume.kms_key)
    for region in release.destinations:
        if key := release.kms_key(region):
            yield KeySeed(region=region, key=key)
    for copies in release.copies:
        for region, key in copies.kms_keys.items():
            yield KeySeed(region=region, key=key, account=copies.account)


def _targets(file: "ReleaseFile") -> tuple[str, ...]:
    """Return what the organization's policies are attached to."""
    used = file.enforcement.enforce.mechanisms
    attached = [used.scp.targets if used.scp else ()]
    attached += [used.declarative_policy.targets if used.declarative_policy else ()]
    return tuple(dict.fromkeys(chain(*attached)))


def _organization(file: "ReleaseFile", account: str) -> "FixedOrganization | None":
    """Return the organization with what the file names of it, None if it needs none.

    Its manager is who the ARNs name, else the account itself. What a policy is attached to has an
    account under it, which it binds.
    """
    from goldenami_sandbox.world import FixedOrganization

    share, targets = file.release.share, _targets(file)
    arns = (*share.organizations, *share.organizational_units)
    audited = file.release.audit.accounts == "organization"
    if not (targets or arns or audited):
        return None
    manager = next(_arns(arns), account)
    shared = [arn.rpartition("/")[2] for arn in share.organizational_units]
    units = dict.fromkeys([*shared, *(target for target in targets if target.startswith("ou-"))])
    roots = [target for target in targets if target.startswith("r-")]
    roots += [f"r-{unit.split('-')[1]}" for unit in units]
    members = dict.fromkeys((target for target in targets if names.ACCOUNT.fullmatch(target)), "")
    unnamed = (each for each in _unnamed(file) if each not in (account, manager))
    members |= {next(unnamed): unit for unit in (*units, "")}
    if manager != account:
        members = {account: "", **members}
    members.pop(manager, None)
    return FixedOrganization(
        manager=manager,
        id=next((arn.split("/")[1] for arn in arns), ""),
        root_id=next(iter(roots), ""),
        unit_ids=tuple(units),
        members=members,
        delegated=account if manager != account else "",
    )


def _tried(file: "ReleaseFile", organization: "FixedOrganization | None") -> tuple[str, ...]:
    """Return an account under each thing that the organization's policies are attached to."""
    if organization is None:
        return ()
    own = organization.delegated
    under = {unit: account for account, unit in organization.members.items() if account != own}
    return tuple(
        dict.fromkeys(
            under.get("" if target.startswith("r-") else target, target)
            for target in _targets(file)
            if target not in (own, organization.manager)
        )
    )
