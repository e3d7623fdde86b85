"""An image as the registry knows it, and the build that made it."""

from datetime import UTC, datetime

from msgspec import Struct

from goldenami.domain import names, platforms, tags
from goldenami.domain.status import Status
from goldenami.domain.tags import Tags

_STARTED = "%Y%m%dT%H%M%SZ"


class ImageDevice(Struct, frozen=True, kw_only=True):
    """An EBS device of an image, and what it is made of; empty and 0 if that is nothing."""

    name: str
    snapshot: str = ""
    size_gib: int = 0
    encrypted: bool = False


class ImageWatermark(Struct, frozen=True, kw_only=True):
    """What says of an image, and of all that is made of it, from which one it comes.

    EC2 puts the account of whoever attaches it into its key, ``account:name``; consumers see it.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-watermark.html

    Args:
        key: what it is called.
        region: where it was attached.
        image: the image that it was attached to.
    """

    key: str
    region: str
    image: str

    @property
    def account(self) -> str:
        """The account that attached it."""
        return self.key.partition(":")[0]


class Snapshot(Struct, frozen=True, kw_only=True):
    """A snapshot that an account can see; of somebody else's the key is not told."""

    id: str
    owner: str
    state: str
    size_gib: int
    encrypted: bool
    kms_key: str = ""


class LastScan(Struct, frozen=True, kw_only=True):
    """What Inspector's last scan of an image has found; None for what there is not.

    Args:
        scanned: when it was.
        critical_fix_since: since when there is a fix for a critical finding.
        high_fix_since: the same of a finding of high severity.
    """

    scanned: datetime | None = None
    critical_fix_since: datetime | None = None
    high_fix_since: datetime | None = None


class Image(Struct, frozen=True, kw_only=True):
    """One AMI in one region, as DescribeImages tells it.

    ``launched`` is when it was launched last, which EC2 tells a day later; None if it never was.
    """

    region: str
    id: str
    name: str
    owner: str
    owner_alias: str = ""
    public: bool = False
    state: str
    architecture: str
    platform: str = ""
    platform_details: str = ""
    boot_mode: str = ""
    tpm: str = ""
    created: datetime | None = None
    deprecated_at: datetime | None = None
    launched: datetime | None = None
    protection: str = ""
    root_device: str = ""
    tags: Tags = {}
    snapshots: tuple[str, ...] = ()
    devices: tuple[ImageDevice, ...] = ()
    source_instance: str = ""
    source_image: str = ""
    source_region: str = ""
    watermarks: tuple[ImageWatermark, ...] = ()
    scan: LastScan | None = None

    @property
    def is_windows(self) -> bool:
        """Whether instances of it run Windows."""
        return platforms.is_windows(self.platform, self.platform_details)

    @property
    def image(self) -> str:
        """The golden image it is a version of, empty if goldenami did not make it."""
        return self.tags.get(tags.IMAGE, "")

    @property
    def version(self) -> str:
        """Its version, empty if goldenami did not make it."""
        return self.tags.get(tags.VERSION, "")

    @property
    def status(self) -> str:
        """Its state in the life of a golden image."""
        return self.tags.get(tags.STATUS, "")

    @property
    def age(self) -> tuple[float, str]:
        """What images are ordered by, the newest last: EC2 tells whole seconds, then the build."""
        return (self.created.timestamp() if self.created else 0.0, self.tags.get(tags.BUILD, ""))


class Build(Struct, frozen=True, kw_only=True):
    """One run of a release file: what makes its resources recognisable, everywhere.

    ``nonce`` is random: nobody can tell its client tokens from its id. A bake of several
    architectures has a build for each, whose id ends with it.
    """

    id: str
    image: str
    version: str
    spec: str
    nonce: str

    @property
    def ami_name(self) -> str:
        """The name of its AMI, the same in every region."""
        return names.ami_name(self.image, self.version, self.architecture)

    @property
    def architecture(self) -> str:
        """Which of the architectures of its bake it is of, empty if that has but one build."""
        return architecture_of(self.id)

    def tags(self, own: Tags, *, source: str, status: Status) -> dict[str, str]:
        """Return the tags of an image and its snapshots, in the call that creates them."""
        return {
            **own,
            tags.IMAGE: self.image,
            tags.VERSION: self.version,
            tags.BUILD: self.id,
            tags.STATUS: status.value,
            tags.SOURCE: source,
            tags.SPEC: self.spec,
        }

    def token(self, action: str) -> str:
        """Return the client token that makes this build's action idempotent (64 characters)."""
        import hashlib  # it and `secrets` take as long to import as all of this

        return hashlib.sha256(f"{self.nonce}/{action}".encode()).hexdigest()


def started(build: str) -> datetime | None:
    """Return when a build was started, None if the text is no build id."""
    try:
        return datetime.strptime(build.partition("-")[0], _STARTED).replace(tzinfo=UTC)
    except ValueError:
        return None


def new_nonce() -> str:
    """Return the random part of a new build: 256 bits."""
    import secrets

    return secrets.token_hex(32)


def build_id(now: datetime, random: int) -> str:
    """Return the id of a new build: ``20261123T140509Z-a1b2c3``, sortable by time.

    The three digits behind the dash are the second's 4096ths, so that builds of one second are
    ordered as well; the last three are random.

    Args:
        now: when it is started, in UTC.
        random: a number below 4096.
    """
    return f"{now.strftime(_STARTED)}-{now.microsecond * 4096 // 1_000_000:03x}{random:03x}"


def build_of(bake: str, architecture: str) -> str:
    """Return the id of the build that a bake has for an architecture: ``…-a1b2c3-arm64``."""
    return f"{bake}-{architecture}" if architecture else bake


def architecture_of(build: str) -> str:
    """Return the architecture that a build is of, empty if its bake has no other build."""
    last = build.rpartition("-")[2]
    return last if build.count("-") > 1 and last in names.ARCHITECTURES else ""


def bake_of(build: str) -> str:
    """Return what the builds of one bake have in common: its lease, its journal, its manifest."""
    architecture = architecture_of(build)
    return build.removesuffix(f"-{architecture}") if architecture else build
