"""KMS: an ARN is one of the region that is asked."""

import pytest
from botocore.exceptions import ClientError

from goldenami_sandbox.server import Sandbox


@pytest.mark.parametrize("kind", ["key/", "alias/"])
def test_what_is_named_by_the_arn_of_another_region_is_not_there(
    sandbox: Sandbox, kind: str
) -> None:
    kms = sandbox.client("kms", "us-east-1")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/golden", TargetKeyId=key["KeyId"])
    name = key["KeyId"] if kind == "key/" else "golden"
    arn = f"{key['Arn'].partition('key/')[0]}{kind}{name}"
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyId"] == key["KeyId"]
    with pytest.raises(ClientError, match=r"NotFoundException.*Invalid arn eu-west-1"):
        kms.describe_key(KeyId=arn.replace("us-east-1", "eu-west-1"))
