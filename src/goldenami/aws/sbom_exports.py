"""Amazon Inspector's export of what software an image has, into a bucket.

Inspector exports what it has scanned.
https://docs.aws.amazon.com/inspector/latest/user/sbom-export.html
"""

from collections.abc import Mapping
from typing import Any, Final

from goldenami.aws.action import ActionContext
from goldenami.aws.answers.sbom_exports import (
    IN_PROGRESS,
    SUCCEEDED,
    CreateSbomExport,
    GetSbomExport,
)
from goldenami.aws.waits import Pending, answered, until
from goldenami.errors import BakeError

EXPORT = "export:sbom"
PERMISSIONS = ("inspector2:CreateSbomExport", "inspector2:GetSbomExport")
FORMATS: Final[Mapping[str, str]] = {"cyclonedx": "CYCLONEDX_1_4", "spdx": "SPDX_2_3"}
_MACHINE_IMAGE = "MACHINE_IMAGE"
_HELP: Final[Mapping[str, str]] = {
    "INVALID_PERMISSIONS": "let inspector2.amazonaws.com put objects into the bucket, and use the "
    "key, by their policies: https://docs.aws.amazon.com/inspector/latest/user/sbom-export.html",
    "NO_FINDINGS_FOUND": "scan the image first: `test.scan: {on: image}`, or `goldenami rescan`",
    "BUCKET_NOT_FOUND": "make the bucket, or name another one in `sbom.bucket`",
    "INCOMPATIBLE_BUCKET_REGION": "name a bucket of the build region in `sbom.bucket`",
    "MALFORMED_KMS_KEY": "name a key of the build region by its ARN in `sbom.kms_key`",
}


def export(context: ActionContext) -> dict[str, Any]:
    """Export the software of ``ImageId`` as ``Format`` to ``Bucket`` and ``Prefix``, with ``Key``.

    The bucket has to belong to ``Owner``: anybody can make one of a name that is free.

    Returns:
        ``place``: the folder that the documents are in, ``s3://…``.

    Raises:
        BakeError: Inspector failed; the fix says what helps.
        AwsError: AWS refused.
    """
    parameters = context.parameters
    kind = FORMATS[parameters["Format"]]
    destination = {
        "bucketName": parameters["Bucket"],
        "kmsKeyArn": parameters["Key"],
        "expectedBucketOwner": parameters["Owner"],
        **({"keyPrefix": parameters["Prefix"]} if parameters["Prefix"] else {}),
    }
    criteria = {"resourceId": parameters["ImageId"], "resourceType": _MACHINE_IMAGE}
    report = answered(
        context,
        CreateSbomExport,
        reportFormat=kind,
        resourceFilterCriteria={
            name: [{"comparison": "EQUALS", "value": value}] for name, value in criteria.items()
        },
        s3Destination=destination,
    ).report_id

    def look() -> GetSbomExport | Pending:
        seen = context.ask(GetSbomExport, reportId=report)
        return Pending(seen.status) if seen.status == IN_PROGRESS else seen

    ended = until(
        context, look,
        timeout_s=parameters["timeout_s"],
        thing=f"the export of {parameters['ImageId']}",
        fix="run the same command again: it begins another export",
    )  # fmt: skip
    if ended.status != SUCCEEDED:
        raise BakeError(
            f"{context.headline}: {ended.status} {ended.error_code}: {ended.error_message}".strip(),
            fix=_HELP.get(ended.error_code, "run the same command again"),
        )
    prefix = "/".join(
        part for part in (parameters["Prefix"].strip("/"), f"{kind}_outputs_{report}")
    )
    return {"place": f"s3://{parameters['Bucket']}/{prefix.strip('/')}/"}
