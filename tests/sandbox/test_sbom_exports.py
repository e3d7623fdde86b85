import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.vulnerabilities import Vulnerability

HOME = "us-east-1"
CURL = Vulnerability(id="CVE-1", severity="HIGH", package="curl-minimal", version="8.0-1+x")
INSPECTOR = {"Service": "inspector2.amazonaws.com"}
Make = Callable[..., str]


def policy(*actions: str, **principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": principal or INSPECTOR, "Resource": "*"}
    return json.dumps({
        "Version": "2012-10-17", "Statement": [{**statement, "Action": list(actions)}],
    })  # fmt: skip


@pytest.fixture
def inspector(sandbox: Sandbox) -> Any:
    sandbox.pending_s = 0
    sandbox.client("inspector2").enable(resourceTypes=["EC2"])
    return sandbox.client("inspector2")


@pytest.fixture
def s3(sandbox: Sandbox) -> Any:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="sboms")
    s3.put_bucket_policy(Bucket="sboms", Policy=policy("s3:PutObject", "s3:AbortMultipartUpload"))
    return s3


@pytest.fixture
def key_arn(sandbox: Sandbox) -> str:
    made = sandbox.client("kms").create_key(Policy=policy("kms:Decrypt", "kms:GenerateDataKey*"))
    return str(made["KeyMetadata"]["Arn"])


@pytest.fixture
def image_id(sandbox: Sandbox, inspector: Any, bake: Make) -> str:
    image_id = bake()
    with sandbox.vulnerable(HOME, CURL):
        inspector.start_on_demand_scan(resourceId=image_id, resourceType="AMI")
    return image_id


def wish(**fields: str) -> dict[str, Any]:
    return {name: [{"comparison": "EQUALS", "value": value}] for name, value in fields.items()}


def export(inspector: Any, key_arn: str, kind: str = "CYCLONEDX_1_4", **more: Any) -> str:
    criteria = more.pop("criteria", wish(resourceType="MACHINE_IMAGE"))
    made = inspector.create_sbom_export(
        reportFormat=kind,
        resourceFilterCriteria=criteria,
        s3Destination={"bucketName": "sboms", "kmsKeyArn": key_arn, **more},
    )
    return str(made["reportId"])


def written(s3: Any) -> dict[str, Any]:
    listed = s3.list_objects_v2(Bucket="sboms").get("Contents", ())
    return {
        each["Key"]: json.loads(s3.get_object(Bucket="sboms", Key=each["Key"])["Body"].read())
        for each in listed
    }


def test_a_report_of_an_image_is_written_into_the_bucket(
    inspector: Any, s3: Any, key_arn: str, image_id: str
) -> None:
    report_id = export(inspector, key_arn, keyPrefix="releases/web/")
    told = inspector.get_sbom_export(reportId=report_id)
    assert (told["status"], told["format"]) == ("SUCCEEDED", "CYCLONEDX_1_4")
    assert told["s3Destination"]["keyPrefix"] == "releases/web/"
    assert told["filterCriteria"] == wish(resourceType="MACHINE_IMAGE")
    assert told.keys().isdisjoint({"errorCode", "errorMessage"})
    ((key, document),) = written(s3).items()
    assert key == (
        f"releases/web/CYCLONEDX_1_4_outputs_{report_id}/account={ACCOUNT_ID}/"
        f"resource=MACHINE_IMAGE/{image_id}_CYCLONEDX_1_4.json"
    )
    kept = s3.head_object(Bucket="sboms", Key=key)
    assert (kept["ServerSideEncryption"], kept["SSEKMSKeyId"]) == ("aws:kms", key_arn)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.4")
    versions = {each["name"]: each["version"] for each in document["components"]}
    assert versions["curl-minimal"] == CURL.version
    assert "bash" in versions
    assert len({each["bom-ref"] for each in document["components"]}) == len(versions)
    purls = {each["name"]: each["purl"] for each in document["components"]}
    assert purls["curl-minimal"] == "pkg:rpm/curl-minimal@8.0-1%2Bx?arch=x86_64&epoch=0"


def test_the_other_format_tells_the_same_packages(
    inspector: Any, s3: Any, key_arn: str, image_id: str
) -> None:
    export(inspector, key_arn, "SPDX_2_3")
    ((key, document),) = written(s3).items()
    assert key.startswith("SPDX_2_3_outputs_")
    assert (document["spdxVersion"], document["SPDXID"]) == ("SPDX-2.3", "SPDXRef-DOCUMENT")
    ids = [package["SPDXID"] for package in document["packages"]]
    related = [each["relatedSpdxElement"] for each in document["relationships"]]
    assert ids == related
    versions = {each["name"]: each["versionInfo"] for each in document["packages"]}
    assert versions["curl-minimal"] == CURL.version


@pytest.mark.parametrize(
    ("criteria", "count"),
    [
        ({}, 4),
        (wish(resourceType="AWS_EC2_INSTANCE"), 3),
        (wish(accountId="111122223333"), None),
        ({"ec2InstanceTags": [{"comparison": "EQUALS", "key": "Team", "value": "web"}]}, 1),
        ({"ec2InstanceTags": [{"comparison": "EQUALS", "key": "Team"}]}, 2),
        ({"ec2InstanceTags": [{"comparison": "EQUALS", "key": "Stage"}]}, None),
        ({"resourceType": [{"comparison": "NOT_EQUALS", "value": "MACHINE_IMAGE"}]}, 3),
    ],
)
def test_what_is_exported_is_chosen(
    inspector: Any, s3: Any, key_arn: str, image_id: str, launch: Make, criteria: Any,
    count: int | None,
) -> None:  # fmt: skip
    for team in ("web", "db"):
        tags = [{"Key": "Team", "Value": team}]
        launch(TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
    report_id = export(inspector, key_arn, criteria=criteria)
    told = inspector.get_sbom_export(reportId=report_id)
    assert told.get("errorCode") == (None if count else "NO_FINDINGS_FOUND")
    assert len(written(s3)) == (count or 0)


def test_an_export_takes_its_time_and_can_be_cancelled_until_then(
    sandbox: Sandbox, inspector: Any, s3: Any, key_arn: str, image_id: str
) -> None:
    sandbox.pending_s = 60
    first, second = export(inspector, key_arn), export(inspector, key_arn)
    assert inspector.get_sbom_export(reportId=first)["status"] == "IN_PROGRESS"
    assert inspector.cancel_sbom_export(reportId=second)["reportId"] == second
    sandbox.advance(timedelta(seconds=60))
    assert written(s3) == {}
    for _ in range(2):
        assert inspector.get_sbom_export(reportId=first)["status"] == "SUCCEEDED"
    assert inspector.get_sbom_export(reportId=second)["status"] == "CANCELLED"
    assert [first in key for key in written(s3)] == [True]
    with pytest.raises(ClientError, match="ValidationException"):
        inspector.cancel_sbom_export(reportId=first)
    for name in ("get_sbom_export", "cancel_sbom_export"):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            getattr(inspector, name)(reportId=first[:-1] + ("0" if first[-1] != "0" else "1"))


def test_a_bucket_that_goes_meanwhile_is_told(
    sandbox: Sandbox, inspector: Any, s3: Any, key_arn: str, image_id: str
) -> None:
    sandbox.pending_s = 60
    report_id = export(inspector, key_arn)
    s3.delete_bucket(Bucket="sboms")
    sandbox.advance(timedelta(seconds=60))
    assert inspector.get_sbom_export(reportId=report_id)["errorCode"] == "BUCKET_NOT_FOUND"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"bucketName": "none"}, "BUCKET_NOT_FOUND"),
        ({"bucketName": "away"}, "INCOMPATIBLE_BUCKET_REGION"),
        ({"bucketName": "closed"}, "INVALID_PERMISSIONS"),
        ({"bucketName": "others"}, "INVALID_PERMISSIONS"),
        ({"expectedBucketOwner": "111122223333"}, "INVALID_PERMISSIONS"),
        ({"kmsKeyArn": "alias/sboms"}, "MALFORMED_KMS_KEY"),
        ({"kmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/none"}, "MALFORMED_KMS_KEY"),
        ({"kmsKeyArn": "usual"}, "INVALID_PERMISSIONS"),
    ],
)
def test_what_inspector_may_not_use_is_told(
    sandbox: Sandbox, inspector: Any, s3: Any, key_arn: str, image_id: str,
    wrong: dict[str, str], error: str,
) -> None:  # fmt: skip
    s3.create_bucket(Bucket="closed")
    s3.create_bucket(Bucket="others")
    s3.put_bucket_policy(Bucket="others", Policy=policy("s3:*", AWS=ACCOUNT_ID))
    away = {"LocationConstraint": "eu-west-1"}
    sandbox.client("s3", "eu-west-1").create_bucket(Bucket="away", CreateBucketConfiguration=away)
    if wrong.get("kmsKeyArn") == "usual":
        made = sandbox.client("kms").create_key()
        wrong = {"kmsKeyArn": made["KeyMetadata"]["Arn"]}
    destination = {"bucketName": "sboms", "kmsKeyArn": key_arn, **wrong}
    report_id = inspector.create_sbom_export(
        reportFormat="CYCLONEDX_1_4", s3Destination=destination
    )["reportId"]
    told = inspector.get_sbom_export(reportId=report_id)
    assert (told["status"], told["errorCode"]) == ("FAILED", error)
    assert told["errorMessage"]
    assert written(s3) == {}


def test_what_the_sandbox_cannot_choose_by_is_said(inspector: Any, s3: Any, key_arn: str) -> None:
    with pytest.raises(ClientError, match=r"does not implement .*ecrImageTags"):
        export(inspector, key_arn, criteria=wish(ecrImageTags="latest"))
    with pytest.raises(ClientError, match="ValidationException"):
        export(inspector, key_arn, "PDF")
