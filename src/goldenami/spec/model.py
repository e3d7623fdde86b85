"""The release file as frozen objects. ``goldenami init`` writes a commented example."""

from typing import Annotated, Literal

from msgspec import field

from goldenami.constraints import between, exactly_one, some
from goldenami.domain import arns, names
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.channels import Publication
from goldenami.domain.choices import BakeMethod
from goldenami.domain.tags import ApprovalTag
from goldenami.spec import types
from goldenami.spec.audit import AuditSettings
from goldenami.spec.enforcement import Enforce
from goldenami.spec.gates import BootTest, Scan, ValidationStep
from goldenami.spec.lifecycle import Lifecycle
from goldenami.spec.part import Part
from goldenami.spec.publish import Publish
from goldenami.spec.sbom import Sbom


class ImageFilter(Part, frozen=True):
    """The newest available image of pinned owners whose name matches.

    Without owners a public image of anyone with a matching name would win, so they are required.

    Args:
        name: what the image is called; `*` and `?` may stand in it.
        owners: account ids, `self`, `amazon` or `aws-marketplace`.
        architecture: such as `arm64`, where one name is given to several.
    """

    name: str
    owners: Annotated[tuple[types.ImageOwner, ...], some("owner: anyone can publish that name")]
    architecture: str = ""


class BaseSource(Part, frozen=True):
    """Where the base image comes from: exactly one of these.

    Args:
        ssm: the SSM parameter that names it, such as those that AWS publishes its images under.
        ami: the image itself, which no update of AWS changes.
        filter: the newest image of these owners with such a name.
        golden: another golden image, by its name: its newest approved version.
    """

    ssm: types.SourceParameter | None = None
    ami: types.ImageId | None = None
    filter: ImageFilter | None = None
    golden: str | None = None


OneSource = Annotated[BaseSource, exactly_one(*BaseSource.__struct_fields__)]


class BaseVolume(Part, frozen=True):
    """One block device of the base instance, and so of the image.

    Args:
        device: the device name; the root as the source image calls it.
        size_gib: its size in GiB; may be left out where there is a `snapshot`.
        type: the volume type.
        iops: the provisioned IOPS, within the range of the type.
        throughput: in MiB/s, for `gp3`.
        snapshot: what the volume is made of, beside the image's own.
        encrypted: whether it is encrypted; the root only becomes so with the whole image.
        kms_key: the key to encrypt it with: id, ARN or alias; else the account's default.
        delete_on_termination: whether volumes of what others launch from the image go with their
            instances; those of the bake itself always do.
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

    Args:
        source: where the base image comes from.
        instance_type: of the base instance.
        instance_types: instead, several that are tried in turn where AWS has no capacity.
        key_name: a key pair, for a look by SSH at an instance that was kept.
        subnet: where it is launched; else the default subnet of the account.
        subnets: instead, several that are tried in turn where AWS has no capacity.
        security_groups: ids; else the default group of the network.
        instance_profile: lets SSM wait for the user data and run steps; its role needs the policy
            AmazonSSMManagedInstanceCore.
        user_data: a script in a file beside the release file, or the script itself.
        volumes: block devices; what is not named is as in the source image.
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
    """What differs for an architecture: it stands in `base` where a release has but one.

    Args:
        source: where the base image of this architecture comes from.
        instance_type: of its base instance.
        instance_types: instead, several that are tried in turn where AWS has no capacity.
    """

    source: OneSource
    instance_type: types.InstanceType | None = None
    instance_types: types.InstanceTypes = ()


class Bake(Part, frozen=True):
    """How the image is made.

    Args:
        method: by EC2's CreateImage of the base instance, or by Packer.
        reboot: whether the instance is stopped for the image, so that its file systems are whole.
        template: for Packer: `amazon-ebs`, which comes with goldenami, or a template of your own.
        vars: for Packer: further variables of the template.
        wait_for_user_data: whether the image waits until cloud-init is through without an error.
        cleanup: whether host keys, histories, logs, the machine id and cloud-init's state are
            removed last of all.
        names: for Packer: what the template calls the variables that goldenami sets; an empty name
            keeps one from it.
        only: for Packer: the one of the template's builders to run.
        plugins: for Packer: the SHA-256 that its plugins may have, by the plugin's name.
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

    Args:
        imds: set on the image and each copy: its instances ask for IMDSv2 then.
        boot_mode: what the source has to have, since the image inherits it.
        tpm: what the source has to have, since the image inherits it.
    """

    imds: Literal["v2.0"] | None = None
    boot_mode: Literal["legacy-bios", "uefi", "uefi-preferred"] | None = None
    tpm: Literal["v2.0"] | None = None


class Distribution(Part, frozen=True):
    """What is particular to one destination region.

    Args:
        kms_key: the key that the copy is encrypted with there: id, ARN or alias.
    """

    kms_key: str | None = None


class Copies(Part, frozen=True):
    """Copies that belong to another account, made and published there by a role of it.

    Args:
        account: the account that owns the copies.
        role: its role that makes them, which the caller has to be able to assume.
        regions: where; else everywhere that the release goes.
        kms_keys: the key of a region that its copy is encrypted with.
    """

    account: types.AccountId
    role: types.RoleName
    regions: tuple[str, ...] = ()
    kms_keys: dict[str, str] = field(default_factory=dict)


class Share(Part, frozen=True):
    """Who may launch the image beside its own account.

    Args:
        accounts: account ids, in quotes.
        organizations: ARNs of organizations.
        organizational_units: ARNs of organizational units.
        snapshots: whether the accounts may also copy it.
    """

    accounts: tuple[types.AccountId, ...] = ()
    organizations: tuple[types.OrganizationArn, ...] = ()
    organizational_units: tuple[types.UnitArn, ...] = ()
    snapshots: bool = False

    @property
    def targets(self) -> int:
        """The number of launch permissions this makes (AWS allows 1,000)."""
        return len(self.accounts) + len(self.organizations) + len(self.organizational_units)


class Timeouts(Part, frozen=True):
    """Deadlines of the waits: `30m`, `2h`. Real images take up to hours.

    Args:
        instance: until an instance runs and its status checks pass.
        user_data: until cloud-init is through.
        validate: for a step of `validate` or `test` that has no `timeout` of its own.
        image: until the image is available in the build region.
        scan: until Amazon Inspector has scanned it.
        copy: until a copy is available in its region.
    """

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

    Args:
        schema: which form of the file this is.
        image: the name of the golden image; an AMI is called by it and the version.
        regions: where the image goes; the first is the build region.
        base: the instance that is made into the image.
        architectures: what differs for each, where one version has an image for several; see
            `publish.ssm_parameter`.
        version: `auto` for a calendar version, or one of your own.
        description: the description of the AMI.
        bake: how the image is made.
        validate: commands that have to succeed on the base instance.
        test: what the baked image has to pass before it is copied anywhere.
        tags: your own tags, on images, snapshots and what the bake launches.
        attributes: what the image is marked with beside its tags.
        watermark: whether the image, and all that will be made of it by whomever, is marked with
            the account and the golden image's name.
        approval: `manual` ends a bake with candidates, which `goldenami approve` publishes.
        share_candidates: whether those that it is shared with, and the accounts that get copies,
            have it before it is approved.
        approval_tag: the tag by which policies and the audit know a golden image.
        distribute: what is particular to a destination region, by its name.
        copies: copies that belong to other accounts.
        share: who may launch the image beside its own account.
        publish: under which SSM parameters it is published.
        sbom: where the list of its software is exported to.
        lifecycle: how long versions live.
        enforce: who is bound to golden images, and how.
        audit: where an audit looks, and what it takes for golden.
        timeouts: deadlines of the waits.
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
