"""The world of a rehearsal as data: what a release file takes for granted."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.vulnerabilities import Vulnerability


class RoleSeed(Struct, frozen=True, kw_only=True):
    """A role that trusts the account of the rehearsal.

    Args:
        name: its name, after its path if it has one (``teams/developers``).
        account: whose it is; empty for the rehearsal's own account.
        policies: names of AWS's managed policies that it has.
    """

    name: str
    account: str = ""
    policies: tuple[str, ...] = ()


class BucketSeed(Struct, frozen=True, kw_only=True):
    """A bucket that Inspector may write into, and the key that it may use."""

    name: str
    kms_key: str


class KeySeed(Struct, frozen=True, kw_only=True):
    """A KMS key, by its id, its ARN or an alias; ``account`` is empty for the rehearsal's own."""

    region: str
    key: str
    account: str = ""


class FixedOrganization(Struct, frozen=True, kw_only=True):
    """An organization as a file names it.

    Args:
        manager: the management account.
        id: its id, empty for any.
        root_id: its root's id, empty for any.
        unit_ids: the ids of its units, which are all under the root.
        members: the member accounts, each with the unit that it is in, empty for the root.
        delegated: the member that may manage the organization's policies, if there is such a one.
    """

    manager: str
    id: str = ""
    root_id: str = ""
    unit_ids: Sequence[str] = ()
    members: Mapping[str, str] = field(default_factory=dict)
    delegated: str = ""

    def above(self, account: str) -> frozenset[str]:
        """Return what binds a member if a policy is attached to it: root, unit, the member."""
        return frozenset({self.root_id, self.members.get(account, ""), account} - {""})


class SourceSeed(Struct, frozen=True, kw_only=True):
    """A source image.

    Args:
        source_ssm: name of the SSM parameter that names the source image.
        source_ami: id of the source image.
        source_name: name or name filter of the source image.
        source_owners: its possible owners: account ids, ``self`` or ``amazon``.
        source_golden: tags of the golden image that is the source, and its name.
        architecture: ``x86_64`` or ``arm64``.
        root_device_name: of the source image, empty for any.
        root_size_gib: how large the source image may be at most; 0 for any size.
    """

    source_ssm: str | None = None
    source_ami: str | None = None
    source_name: str | None = None
    source_owners: tuple[str, ...] = ()
    source_golden: Mapping[str, str] | None = None
    source_golden_name: str = "golden source"
    architecture: str = "x86_64"
    root_device_name: str = ""
    root_size_gib: int = 0


class RehearsalSeed(SourceSeed, frozen=True, kw_only=True):
    """What has to exist so that a release file can be rehearsed, beside its source image.

    Args:
        account: in which it is rehearsed.
        regions: the release's regions; the first is the build region.
        further_sources: the source images of further architectures.
        opted_in: account and region, for each region that has to be enabled.
        groups: names of the admin groups.
        snapshots: snapshots of the build region, by id, with their sizes in GiB.
        key_names: key pairs of the build region.
        subnets: subnet ids of the build region.
        security_groups: security group ids of the build region.
        instance_profiles: names of instance profiles, each with a role of that name.
        default_management: whether SSM manages instances of the build region without one.
        roles: further roles.
        kms_keys: KMS keys.
        bucket: the bucket of the build region that Inspector writes into.
        image_parameters: SSM parameters of every region that name an image.
        inspected: whether Amazon Inspector scans the instances of the build region.
        vulnerabilities: what Amazon Inspector finds in each region.
        approver: whether a second person approves.
        organization: the organization of the account, if it has to be in one.
        tried: the members of it whose users try what its policies refuse.
    """

    regions: tuple[str, ...]
    account: str = ACCOUNT_ID
    opted_in: tuple[tuple[str, str], ...] = ()
    further_sources: tuple[SourceSeed, ...] = ()
    groups: tuple[str, ...] = ()
    snapshots: Mapping[str, int] = field(default_factory=dict)
    key_names: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    instance_profiles: tuple[str, ...] = ()
    default_management: bool = False
    roles: tuple[RoleSeed, ...] = ()
    kms_keys: tuple[KeySeed, ...] = ()
    bucket: BucketSeed | None = None
    image_parameters: tuple[str, ...] = ()
    inspected: bool = False
    vulnerabilities: tuple[Vulnerability, ...] = ()
    approver: bool = False
    organization: FixedOrganization | None = None
    tried: tuple[str, ...] = ()

    @property
    def named(self) -> list[str]:
        """What there is besides a source image and a fleet, a line for each kind."""
        organization = self.organization
        units = (*organization.unit_ids, *organization.members) if organization else ()
        kinds = {
            "regions enabled": sorted({region for _, region in self.opted_in}),
            "groups": self.groups,
            "key pairs": self.key_names,
            "subnets": self.subnets,
            "security groups": self.security_groups,
            "instance profiles": self.instance_profiles,
            "roles": [
                f"{role.name} of {role.account}" if role.account else role.name
                for role in self.roles
            ],
            "KMS keys": [f"{key.key} in {key.region}" for key in self.kms_keys],
            "buckets": (self.bucket.name,) if self.bucket else (),
            "parameters of images": self.image_parameters,
            "units and accounts of an organization": units,
        }
        return [f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names]


class AccessKey(Struct, frozen=True):
    """An access key of somebody whom the rehearsal plays."""

    id: str
    secret: str


class Seeded(Struct, frozen=True, kw_only=True):
    """What was made.

    Args:
        admin: the access key of the groups' member.
        instances: the fleet by region.
        approver: the second person's, if there is one.
        members: those of a user of each member account that is tried.
    """

    admin: AccessKey
    instances: Mapping[str, Sequence[str]]
    approver: AccessKey | None = None
    members: Mapping[str, AccessKey] = field(default_factory=dict)
