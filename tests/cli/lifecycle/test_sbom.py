"""`goldenami sbom`, and a bake that exports at its end, against the embedded AWS."""

import json
from typing import Any

import pytest

from goldenami_sandbox.server import Sandbox

SERVICE = {"Service": "inspector2.amazonaws.com"}


def policy(*actions: str) -> str:
    statement = {"Effect": "Allow", "Principal": SERVICE, "Resource": "*", "Action": list(actions)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def key(sandbox: Sandbox) -> str:
    made = sandbox.client("kms").create_key(Policy=policy("kms:Decrypt", "kms:GenerateDataKey*"))
    return str(made["KeyMetadata"]["Arn"])


@pytest.fixture
def release(write: Any, key: str) -> Any:
    def release(version: str = "1.0", **changes: Any) -> Any:
        return write(
            version=version,
            regions=["us-east-1"],
            test={"scan": {"on": "image", "severity": "critical"}},
            sbom={"bucket": "sboms", "kms_key": key, "prefix": "web-base", **changes},
        )

    return release


def bucket(sandbox: Sandbox) -> Any:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="sboms")
    s3.put_bucket_policy(Bucket="sboms", Policy=policy("s3:PutObject", "s3:AbortMultipartUpload"))
    return s3


def test_a_bake_exports_what_software_the_image_has_and_the_manifest_says_where(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    s3 = bucket(sandbox)
    file = release()
    ran = cli("bake", file, "--yes")
    assert ran.code == 0, ran.err
    ran = cli("sbom", file, "--yes", "--format", "json")
    assert ran.code == 0, ran.err
    assert "0 steps" in ran.err
    [item] = json.loads(ran.out)["items"]
    assert item["place"].startswith("s3://sboms/web-base/CYCLONEDX_1_4_outputs_")
    written = [each["Key"] for each in s3.list_objects_v2(Bucket="sboms")["Contents"]]
    assert any(f"s3://sboms/{name}".startswith(item["place"]) for name in written)


def test_a_failure_of_the_export_leaves_the_release_and_is_made_good_by_the_command(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    file = release(format="spdx")
    ran = cli("bake", file, "--yes")
    assert ran.code == 0, ran.err
    assert "make the bucket" in ran.err
    assert cli("sbom", file, "--yes").code == 1
    bucket(sandbox)
    ran = cli("sbom", file, "--yes")
    assert ran.code == 0, ran.err
    assert "SPDX_2_3_outputs_" in ran.out


def test_what_cannot_be_exported_is_refused(cli: Any, write: Any, key: str) -> None:
    ran = cli("bake", write(sbom={"bucket": "sboms", "kms_key": key}, publish=None), "--plan")
    assert ran.code == 2
    assert "add `publish`, with its manifest" in ran.err
    assert "add `test: {scan: {on: image}}`" in ran.err
    ran = cli("sbom", write(), "--yes")
    assert ran.code == 2
    assert "it has no `sbom`" in ran.err
