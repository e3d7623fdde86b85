"""Where the software of an image is written down: an SBOM beside the manifest."""

from typing import Literal

from goldenami.spec import types
from goldenami.spec.part import Part


class Sbom(Part, frozen=True, kw_only=True):
    """An export of what software the image has, by Amazon Inspector.

    Args:
        bucket: one of the account's own in the build region, which Inspector may write into.
        kms_key: ARN of the key that the export is encrypted with, which Inspector may use.
        format: CycloneDX 1.4 or SPDX 2.3.
        prefix: what the keys of the objects begin with.
    """

    bucket: types.Bucket
    kms_key: types.KeyArn
    format: Literal["cyclonedx", "spdx"] = "cyclonedx"
    prefix: types.ObjectPrefix = ""
