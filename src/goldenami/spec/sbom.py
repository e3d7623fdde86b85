"""Where the software of an image is written down: an SBOM beside the manifest."""

from typing import Literal

from goldenami.spec import types
from goldenami.spec.part import Part


class Sbom(Part, frozen=True, kw_only=True):
    """An export of what software the image has, by Amazon Inspector.

    The bucket is one of the account's own in the build region; Inspector has to be allowed to
    write into it, and to use the key.
    """

    bucket: types.Bucket
    kms_key: types.KeyArn
    format: Literal["cyclonedx", "spdx"] = "cyclonedx"
    prefix: types.ObjectPrefix = ""
