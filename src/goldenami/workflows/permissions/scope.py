"""What a policy is made for: one command, one release file, one role."""

from collections.abc import Iterator

from msgspec import Struct

from goldenami.domain import arns, tags
from goldenami.domain.choices import PermissionCommand
from goldenami.domain.names import ACCOUNT
from goldenami.iam.permissions.grant import PolicyCondition, condition, equals
from goldenami.spec import EnforceFile, Release
from goldenami.spec.architectures import releases_by_architecture as by_architecture
from goldenami.spec.model import Base

ANY = "*"
REQUESTED_REGION = "aws:RequestedRegion"


class PermissionScope(Struct, frozen=True, kw_only=True):
    """What a policy is made for.

    Args:
        command: the command.
        release: the release file's content.
        enforcement: what it enforces.
        partition: such as ``aws``.
        home: the account that bakes; ``*`` if nobody has named it.
        account: the account whose role gets the policy.
        holder: the role that gets it, by name; ``*`` if nobody has named it.
        instance_role: the role of the instance profile, which a bake passes to its instances.
        regions: where the command changes something there.
        reading: where it reads there; none stands for every region.
    """

    command: PermissionCommand
    release: Release
    enforcement: EnforceFile
    partition: str
    home: str
    account: str
    holder: str
    instance_role: str = ""
    regions: tuple[str, ...]
    reading: tuple[str, ...] = ()

    @property
    def is_home(self) -> bool:
        """Whether the role is of the account that bakes."""
        return self.account == self.home

    @property
    def image(self) -> str:
        """The golden image."""
        return self.release.image

    @property
    def bases(self) -> tuple[Base, ...]:
        """The base instance of each architecture."""
        return tuple(own.base for own in by_architecture(self.release).values())

    @property
    def dns_suffix(self) -> str:
        """What the names of the partition's services end with."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def arn(self, service: str, kind: str, name: str, region: str = ANY) -> str:
        """Return the ARN of something of the role's account, or a pattern of ARNs."""
        return arns.arn(self.partition, service, region, self.account, kind, name)

    @property
    def here(self) -> PolicyCondition:
        """In the regions where the command changes something."""
        return equals(REQUESTED_REGION, *self.regions)

    def looking(self) -> Iterator[PolicyCondition]:
        """Yield that it is in the regions where the command reads, if that is not all of them."""
        if self.reading:
            yield equals(REQUESTED_REGION, *self.reading)

    @property
    def golden(self) -> PolicyCondition:
        """On what has the tag of this golden image; of any one for a revocation.

        What was made of a revoked image is revoked with it, and only AWS knows its name.
        """
        if self.command is PermissionCommand.REVOKE:
            return condition("Null", f"aws:ResourceTag/{tags.IMAGE}", ["false"])
        return equals(f"aws:ResourceTag/{tags.IMAGE}", self.image)

    @property
    def named_golden(self) -> PolicyCondition:
        """With the tag of this golden image among those that the call gives."""
        return equals(f"aws:RequestTag/{tags.IMAGE}", self.image)

    def owned(self, account: str) -> tuple[PolicyCondition, ...]:
        """Return that the image is of an account; nothing if nobody has named the account."""
        return (equals("ec2:Owner", account),) if ACCOUNT.fullmatch(account) else ()
