"""The release file as frozen objects. ``goldenami init`` writes a commented example."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import field

from goldenami.constraints import between, exactly_one, some
from goldenami.domain import arns, names
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.channels import Publication
from goldenami.domain.choices import BakeMethod
from goldenami.domain.tags import ApprovalTag
from goldenami.spec import types
from goldenami.spec.allowed import AllowedAmis, DeclarativePolicy
from goldenami.spec.audit import AuditSettings
from goldenami.spec.gates import BootTest, Scan, ValidationStep
from goldenami.spec.lifecycle import Lifecycle
from goldenami.spec.part import Part
from goldenami.spec.publish import Publish
from goldenami.spec.sbom import Sbom


class ImageFilter(Part, frozen=True):
    """The newest available image of pinned owners whose name matches.

    Without owners a public image of anyone with a matching name would win, so they are required.
    """

    name: str
    owners: Annotated[tuple[types.ImageOwner, ...], some("owner: anyone can publish that name")]
    architecture: str = ""


class BaseSource(Part, frozen=True):
    """Where the base image comes from."""

    ssm: types.SourceParameter | None = None
    ami: types.ImageId | None = None
    filter: ImageFilter | None = None
    golden: str | None = None


OneSource = Annotated[BaseSource, exactly_one(*BaseSource.__struct_fields__)]


class BaseVolume(Part, frozen=True):
    """One block device of the base instance, and so of the image.

    ``snapshot`` is what it is made of beside the image's own; its size may be left out then.
    ``throughput`` is in MiB/s. With ``delete_on_termination: false`` the volumes of what others
    launch from the image outlive their instances; those of the bake itself never do.
    """

    device: types.DeviceName
    size_gib: Annotated[int, between(1, 65_536, "GiB")] | None = None
    type: types.VolumeTypeName = "gp3"
    iops: Annotated[int, between(100, 256_000, "IOPS")] | None = None
    throughput: Annotated[int, between(125, 2_000, "MiB/s")] | None = None
    snapshot: types.SnapshotId | None = None
    encrypted: bool = True
    kms_key: str | None = None
    delete_on_termination: bool = True


class Base(Part, frozen=True):
    """The instance that is configured and made into the image.

    Where AWS has no capacity for it, the further ``subnets`` and ``instance_types`` are tried.
    """

    source: OneSource = BaseSource()
    instance_type: types.InstanceType | None = None
    instance_types: types.InstanceTypes = ()
    key_name: types.KeyName | None = None
    subnet: types.SubnetId | None = None
    subnets: types.SubnetIds = ()
    security_groups: tuple[types.SecurityGroupId, ...] = ()
    instance_profile: types.InstanceProfileName | None = None
    user_data: str | None = None
    volumes: tuple[BaseVolume, ...] = ()


class Architecture(Part, frozen=True):
    """What differs for an architecture: it stands in ``base`` where a release has but one."""

    source: OneSource
    instance_type: types.InstanceType | None = None
    instance_types: types.InstanceTypes = ()


class Bake(Part, frozen=True):
    """How the image is made.

    With ``wait_for_user_data`` only after the base instance's user data is through; with
    ``cleanup`` after what belongs to the base instance alone was removed.

    With Packer, ``names`` says how a template calls the variables that goldenami sets (empty: it is
    not to have it), ``vars`` are its further ones, ``only`` is the one of its builders to run, and
    ``plugins`` are the SHA-256 that Packer's plugins may have, by their names.
    """

    method: BakeMethod = BakeMethod.CREATE_IMAGE
    reboot: bool = True
    template: str = "amazon-ebs"
    vars: types.PackerVariables = field(default_factory=dict)
    wait_for_user_data: bool = True
    cleanup: bool = False
    names: types.PackerNames = field(default_factory=dict)
    only: str = ""
    plugins: types.PluginPins = field(default_factory=dict)


class ImageAttributes(Part, frozen=True):
    """What the image is marked with beside its tags.

    ``imds`` is set on it, and on each copy: its instances ask for IMDSv2 then. ``boot_mode`` and
    ``tpm`` are those of its source, which it inherits: another source is refused.
    """

    imds: Literal["v2.0"] | None = None
    boot_mode: Literal["legacy-bios", "uefi", "uefi-preferred"] | None = None
    tpm: Literal["v2.0"] | None = None


class Distribution(Part, frozen=True):
    """What is particular to one destination region."""

    kms_key: str | None = None


class Copies(Part, frozen=True):
    """Copies that belong to another account, made and published there by a role of it."""

    account: types.AccountId
    role: types.RoleName
    regions: tuple[str, ...] = ()
    kms_keys: dict[str, str] = field(default_factory=dict)


class Share(Part, frozen=True):
    """Who may launch the image beside its own account.

    With ``snapshots`` the accounts may also copy it.
    """

    accounts: tuple[types.AccountId, ...] = ()
    organizations: tuple[types.OrganizationArn, ...] = ()
    organizational_units: tuple[types.UnitArn, ...] = ()
    snapshots: bool = False

    @property
    def targets(self) -> int:
        """The number of launch permissions this makes (AWS allows 1,000)."""
        return len(self.accounts) + len(self.organizations) + len(self.organizational_units)


class Attaching(Part, frozen=True):
    """A mechanism that attaches policies: of which profile, and whether protections come along.

    What is left out is the whole enforcement's.
    """

    profile: str | None = None
    tag_protection: bool | None = None
    guardrail_protection: bool | None = None


class GroupPolicy(Attaching, frozen=True):
    """The policies as managed policies of the admin groups."""


class PermissionsBoundary(Attaching, frozen=True, kw_only=True):
    """The policies as the permissions boundary of these roles."""

    roles: types.Roles


class ServiceControlPolicy(Attaching, frozen=True, kw_only=True):
    """The policies as SCPs of roots (``r-…``), units (``ou-…``) or accounts.

    ``size_limit`` is the organization's quota in characters.
    """

    targets: types.Targets
    size_limit: Annotated[int, between(5_120, 10_240, "characters")] = 5_120


class Mechanisms(Part, frozen=True):
    """By which means golden images are enforced; any number together.

    The protections here are those of every mechanism that does not say otherwise.
    """

    group_policy: bool | GroupPolicy = False
    permissions_boundary: PermissionsBoundary | None = None
    scp: ServiceControlPolicy | None = None
    allowed_amis: AllowedAmis | None = None
    declarative_policy: DeclarativePolicy | None = None
    tag_protection: bool = False
    guardrail_protection: bool = False


class Enforce(Part, frozen=True):
    """Who is bound, by which profile, and by which mechanisms: see `goldenami.spec.enforce`.

    ``file`` is an enforcement file that says all this instead, ``name`` whose is what is attached.
    """

    file: str | None = None
    name: types.EnforcementName = ""
    groups: types.Groups = ()
    profile: str = "guardrail"
    pipeline_role: types.PipelineRole | None = None
    mechanisms: Mechanisms = Mechanisms(group_policy=True)

    @property
    def attaching(self) -> dict[str, Attaching]:
        """The mechanisms in use that attach policies, with what is left out filled in."""
        used = self.mechanisms
        mechanisms = {
            "group_policy": GroupPolicy() if used.group_policy is True else used.group_policy,
            "permissions_boundary": used.permissions_boundary,
            "scp": used.scp,
        }
        return {
            name: self._filled_in(attaching) for name, attaching in mechanisms.items() if attaching
        }

    def _filled_in(self, attaching: Attaching) -> Attaching:
        used = self.mechanisms

        def chosen(own: bool | None, common: bool) -> bool:
            return common if own is None else own

        return Attaching(
            profile=attaching.profile or self.profile,
            tag_protection=chosen(attaching.tag_protection, used.tag_protection),
            guardrail_protection=chosen(attaching.guardrail_protection, used.guardrail_protection),
        )


class EnforceSpec(Enforce, frozen=True, kw_only=True):
    """A whole enforcement file.

    ``owners`` are further accounts that own golden images; ``parameters`` are SSM parameters that
    they are published as, beside those under ``/golden-ami/``, or paths that end in ``/*``.
    """

    refused_keys: ClassVar[Mapping[str, str]] = {"file": "an enforcement file points to no other"}

    schema: Literal["goldenami.enforce/v1"]
    owners: types.Accounts = ()
    parameters: tuple[str, ...] = ()
    approval_tag: types.Approval = ApprovalTag()
    region: types.RegionName | None = None


class Timeouts(Part, frozen=True):
    """Deadlines of the waits: ``30m``, ``2h``. Real images take up to hours."""

    instance: types.Timeout = "15m"
    user_data: types.Timeout = "30m"
    validate: types.Timeout = "30m"
    image: types.Timeout = "2h"
    scan: types.Timeout = "1h"
    copy: types.Timeout = "4h"

    def seconds(self, name: str) -> float:
        """Return the deadline ``name`` in seconds."""
        return names.seconds(getattr(self, name))


class Release(Part, frozen=True):
    """The whole release file.

    With ``architectures`` one version has an image for each: see `goldenami.spec.architectures`.
    With ``share_candidates`` others have an image before it is approved (``approval: manual``):
    those that it is shared with, and the accounts that get copies. ``watermark`` marks it, and all
    that will be made of it by whomever, with the golden image's name.
    """

    schema: Literal["goldenami/v1"]
    image: types.ImageName
    regions: types.SomeRegions
    base: Base
    architectures: Annotated[dict[str, Architecture], types.ByArchitecture] = field(
        default_factory=dict
    )
    version: types.Version = "auto"
    description: types.Description = ""
    bake: Bake = Bake()
    validate: tuple[ValidationStep, ...] = ()
    test: BootTest | None = None
    tags: types.OwnTags = field(default_factory=dict)
    attributes: ImageAttributes = ImageAttributes()
    watermark: bool = False
    approval: Literal["automatic", "manual"] = "automatic"
    share_candidates: bool = False
    approval_tag: types.Approval = ApprovalTag()
    distribute: dict[str, Distribution] = field(default_factory=dict)
    copies: tuple[Copies, ...] = ()
    share: Share = Share()
    publish: Publish | None = None
    sbom: Sbom | None = None
    lifecycle: Lifecycle = Lifecycle()
    enforce: Enforce | None = None
    audit: AuditSettings = AuditSettings()
    timeouts: Timeouts = Timeouts()

    @property
    def build_region(self) -> str:
        """The first region: the image is made here and copied to the others."""
        return self.regions[0]

    @property
    def destinations(self) -> tuple[str, ...]:
        """The regions the image is copied to."""
        return self.regions[1:]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The SSM parameters of its channels, one for each architecture."""
        publication = self.publish.publication if self.publish else Publication(ssm_parameter="")
        return tuple(
            name
            for channel in publication.channels or ("",)
            for architecture in self.architectures or ("",)
            if (name := publication.parameter(self.image, channel, architecture))
        )

    @property
    def scan(self) -> Scan | None:
        """The scan of the image, or of a booted instance, if there is to be one."""
        return self.test.scan if self.test else None

    @property
    def boots(self) -> bool:
        """Whether the image is booted for a test."""
        return self.test is not None and self.test.boots

    @property
    def scans_instance(self) -> bool:
        """Whether a booted instance is scanned, which Inspector has to be activated for."""
        return self.scan is not None and self.scan.on == "instance"

    @property
    def copying_accounts(self) -> tuple[str, ...]:
        """The accounts that may copy the image, and so need its snapshots."""
        consumers = self.share.accounts if self.share.snapshots else ()
        return tuple(dict.fromkeys([*(copies.account for copies in self.copies), *consumers]))

    def places(self, account: str, partition: str) -> tuple[AccountRegion, ...]:
        """Return where the image will be: the caller's own regions, then other accounts'."""
        return (
            *(AccountRegion(account, region) for region in self.regions),
            *(
                AccountRegion(
                    copies.account,
                    region,
                    arns.iam_arn(partition, copies.account, "role", copies.role),
                )
                for copies in self.copies
                for region in copies.regions or self.regions
            ),
        )

    def kms_key(self, region: str) -> str | None:
        """The KMS key of the caller's own copy in a region, if one is named."""
        return self.distribute.get(region, Distribution()).kms_key

    def kms_key_of_copy(self, place: AccountRegion) -> str | None:
        """The KMS key of the copy for another account in a place, if one is named."""
        copies = (copy for copy in self.copies if copy.account == place.account)
        keys = (copy.kms_keys[place.region] for copy in copies if place.region in copy.kms_keys)
        return next(keys, None)
