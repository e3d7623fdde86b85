"""Block public access: whether an account's images and snapshots may be shared with everybody.

moto lacks it. A new account's images may not; its snapshots may.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html
https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative_syntax.html
"""

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError

from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.errors import bad_value, declared_otherwise
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.organizations import store as organizations

UNBLOCKED, NEW, ALL = "unblocked", "block-new-sharing", "block-all-sharing"
IMAGE, SNAPSHOT = "image", "snapshot"
_BLOCKED = {
    IMAGE: "You can\u2019t publicly share this image because block public access for AMIs is "
    "enabled for this account. To publicly share the image, you must call the "
    "DisableImageBlockPublicAccess API.",
    SNAPSHOT: "Public sharing of snapshots is blocked for this account.",
}


def state(store: Ec2Store, kind: str) -> tuple[str, str]:
    """Return the setting for images or snapshots, and who makes it.

    Args:
        store: the account in the region.
        kind: ``image`` or ``snapshot``.
    """
    declared = organizations.declared(store.account_id).get(f"{kind}_block_public_access", {})
    if "state" in declared:
        return str(declared["state"]).replace("_", "-"), "declarative-policy"
    return store.public_access[kind], "account"


def check(store: Ec2Store, kind: str) -> None:
    """Refuse to share with everybody where that is blocked.

    Raises:
        EC2ClientError: OperationNotPermitted.
    """
    if state(store, kind)[0] != UNBLOCKED:
        raise EC2ClientError("OperationNotPermitted", _BLOCKED[kind])


class PublicAccessResponse(Ec2Base):
    """Get, enable and disable, for images and for snapshots."""

    def get_image_block_public_access_state(self) -> ActionResult:
        """Tell the setting for images."""
        value, maker = state(self.store, IMAGE)
        return ActionResult({"ImageBlockPublicAccessState": value, "ManagedBy": maker})

    def enable_image_block_public_access(self) -> ActionResult:
        """Let nobody share more images with everybody."""
        value = self._get_param("ImageBlockPublicAccessState")
        if value != NEW:
            raise bad_value(f"Invalid value '{value}' for ImageBlockPublicAccessState")
        return ActionResult({"ImageBlockPublicAccessState": self._set(IMAGE, value)})

    def disable_image_block_public_access(self) -> ActionResult:
        """Let images be shared with everybody."""
        return ActionResult({"ImageBlockPublicAccessState": self._set(IMAGE, UNBLOCKED)})

    def get_snapshot_block_public_access_state(self) -> ActionResult:
        """Tell the setting for snapshots."""
        value, maker = state(self.store, SNAPSHOT)
        return ActionResult({"State": value, "ManagedBy": maker})

    def enable_snapshot_block_public_access(self) -> ActionResult:
        """Let nobody share more snapshots with everybody, or let everybody see none any more."""
        value = self._get_param("State")
        if value not in (NEW, ALL):
            raise bad_value(f"Invalid value '{value}' for State")
        return ActionResult({"State": self._set(SNAPSHOT, value)})

    def disable_snapshot_block_public_access(self) -> ActionResult:
        """Let snapshots be shared with everybody."""
        return ActionResult({"State": self._set(SNAPSHOT, UNBLOCKED)})

    def _set(self, kind: str, value: str) -> str:
        if state(self.store, kind)[1] != "account":
            raise declared_otherwise()
        self.error_on_dryrun()
        self.store.public_access[kind] = value
        return value
