"""What authorization has to know of the resources that a call names."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from goldenami.iam.evaluator.request import Value


class Resource(Struct, frozen=True, kw_only=True):
    """A resource that exists.

    Args:
        arn: its ARN.
        keys: the condition keys that are true of it: ``ec2:Owner``, ``ec2:Public``,
            ``ec2:ResourceTag/…``, ``aws:ResourceTag/…`` and so on.
        details: what else decides which resources a call touches. Of an image:
            ``devices``, a list of ``{"DeviceName", "Ebs": {"SnapshotId", "Encrypted", …}}``; of a
            launch template: ``versions``, its data by version number, with ``$Default`` and
            ``$Latest``; of an instance: ``volumes``, and ``root`` (a volume id), ``image``.
    """

    arn: str
    keys: Mapping[str, Value] = {}
    details: Mapping[str, Any] = {}


class ResourceLookup(Protocol):
    """Finds resources. The sandbox looks into its own state, a proof into its cases' data."""

    def find(self, kind: str, name: str, region: str) -> Resource | None:
        """Return a resource by its kind (``image``, ``snapshot``, ``role``) and id or name."""
        ...
