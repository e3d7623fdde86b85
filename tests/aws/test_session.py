"""The session: clients made once, regions checked, the environment for other programs."""

import os
from pathlib import Path

import pytest

from goldenami.aws.session import Aws
from goldenami.errors import UsageError


def test_a_client_is_made_once() -> None:
    aws = Aws(region="us-east-1")
    assert aws.client("ec2") is aws.client("ec2", "us-east-1")
    assert aws.client("ec2") is not aws.client("ec2", "eu-west-1")


@pytest.mark.parametrize("region", ["eu-west-1", "cn-north-1", "us-gov-west-1"])
def test_regions_of_every_partition_are_known(region: str) -> None:
    assert Aws(region=region).client("ec2").meta.region_name == region


def test_a_region_that_looks_like_none_gets_no_suggestion() -> None:
    with pytest.raises(UsageError) as failed:
        Aws(region="xx-nowhere-9").client("ec2")
    assert failed.value.fix == "see `aws ec2 describe-regions`"


def test_credentials_of_the_environment_are_left_to_the_other_program() -> None:
    found = Aws(region="us-east-1").environment("eu-west-1")
    assert found["AWS_ACCESS_KEY_ID"] == os.environ["AWS_ACCESS_KEY_ID"]
    assert found["AWS_REGION"] == "eu-west-1"
    assert "AWS_ENDPOINT_URL" not in found


def test_credentials_of_a_profile_are_resolved_for_the_other_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "credentials"
    path.write_text("[golden]\naws_access_key_id = AKIAGOLDEN\naws_secret_access_key = s3cret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    monkeypatch.setenv("AWS_PROFILE", "golden")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    aws = Aws(profile="golden", region="us-east-1", endpoint_url="http://127.0.0.1:1")
    found = aws.environment("us-east-1")
    assert found["AWS_ACCESS_KEY_ID"] == "AKIAGOLDEN"
    assert found["AWS_SESSION_TOKEN"] == ""
    assert "AWS_PROFILE" not in found
    assert found["AWS_STS_ENDPOINT"] == found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
