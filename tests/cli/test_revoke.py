"""`goldenami revoke` against the embedded AWS, which decides by IAM."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami.domain import tags
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from . import account

PARAMETER = "/golden-ami/web-base"


@pytest.fixture
def release(cli: Any, write: Any, sandbox: Sandbox) -> Any:
    """Two versions, of which the second is published, and a guardrail."""
    account.identities(sandbox)
    for version in ("1.0", "2.0"):
        assert cli("bake", write(version=version), "--yes").code == 0
    file = write(version="2.0")
    ran = cli("enforce", file, "--yes")
    assert ran.code == 0, ran.err
    return file


def images(sandbox: Sandbox, region: str) -> dict[str, dict[str, Any]]:
    described = sandbox.client("ec2", region).describe_images(
        Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True
    )["Images"]
    return {image["Name"].removeprefix("web-base-"): image for image in described}


def published(sandbox: Sandbox, region: str) -> str:
    answer = sandbox.client("ssm", region).get_parameter(Name=PARAMETER)
    return str(answer["Parameter"]["Value"])


def launches_as_ann(sandbox: Sandbox, region: str) -> str:
    """Return what EC2 says to a launch of the revoked version by whom the guardrail binds."""
    key = sandbox.client("iam").create_access_key(UserName="ann")["AccessKey"]
    ec2 = sandbox.client(
        "ec2", region,
        access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"],
    )  # fmt: skip
    image = images(sandbox, region)["2.0"]["ImageId"]
    with pytest.raises(ClientError) as refused:
        ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, DryRun=True)
    return str(refused.value.response["Error"]["Code"])


def test_a_revoked_version_is_out_of_use_everywhere(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    assert launches_as_ann(sandbox, "us-east-1") == "DryRunOperation"
    ran = cli("revoke", "web-base", "2.0", "--why", "CVE-2026-1", "--yes", "--format", "json")
    assert ran.code == 0, ran.err
    assert "users, groups and roles may not launch it" in ran.err
    items = json.loads(ran.out)["images"]
    assert {(item["region"], item["status"]) for item in items} == {
        ("us-east-1", "revoked"), ("eu-west-1", "revoked"),
    }  # fmt: skip
    for region in ("us-east-1", "eu-west-1"):
        there = images(sandbox, region)
        assert published(sandbox, region) == there["1.0"]["ImageId"]
        own = tags.from_aws(there["2.0"]["Tags"])
        assert (own[tags.STATUS], own[tags.STATUS_WHY], own[tags.SUCCESSOR]) == (
            "revoked", "CVE-2026-1", "1.0",
        )  # fmt: skip
        assert there["2.0"]["DeprecationTime"]
    assert launches_as_ann(sandbox, "eu-west-1") == "UnauthorizedOperation"
    assert cli("revoke", "web-base", "2.0", "--why", "again", "--yes").code == 0


def test_what_fails_in_one_region_stops_nothing_in_the_other(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    fault = Fault(
        service="ec2", operation="CreateTags", region="eu-west-1", code="UnauthorizedOperation",
        status=403,
    )  # fmt: skip
    with sandbox.fail(fault):
        ran = cli("revoke", "web-base", "2.0", "--why", "CVE-2026-1", "--yes")
    assert ran.code == 1
    assert "again: it does what is left" in ran.err
    assert tags.from_aws(images(sandbox, "us-east-1")["2.0"]["Tags"])[tags.STATUS] == "revoked"
    assert published(sandbox, "eu-west-1") == images(sandbox, "eu-west-1")["1.0"]["ImageId"]
    ran = cli("revoke", "web-base", "2.0", "--why", "CVE-2026-1", "--yes")
    assert ran.code == 0, ran.err
    assert tags.from_aws(images(sandbox, "eu-west-1")["2.0"]["Tags"])[tags.STATUS] == "revoked"


def test_a_region_that_cannot_be_read_does_not_keep_the_others_from_it(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    fault = Fault(
        service="ec2", operation="DescribeImages", region="eu-west-1", code="AuthFailure",
        status=401,
    )  # fmt: skip
    with sandbox.fail(fault):
        ran = cli("revoke", "web-base", "2.0", "--why", "CVE-2026-1", "--yes")
    assert ran.code == 3
    assert "eu-west-1" in ran.err
    assert tags.from_aws(images(sandbox, "us-east-1")["2.0"]["Tags"])[tags.STATUS] == "revoked"


def test_nothing_good_to_go_to_is_refused_unless_parameters_may_go(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    assert cli("bake", write(), "--yes").code == 0
    ran = cli("revoke", "web-base", "1.0", "--why", "CVE-2026-1", "--yes")
    assert ran.code == 4
    assert "--no-successor" in ran.err
    ran = cli("revoke", "web-base", "1.0", "--why", "CVE-2026-1", "--yes", "--no-successor")
    assert ran.code == 0, ran.err
    for region in ("us-east-1", "eu-west-1"):
        with pytest.raises(ClientError, match="ParameterNotFound"):
            published(sandbox, region)


def test_a_reason_is_needed_and_a_revoked_version_is_no_successor(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    assert cli("revoke", "web-base", "2.0", "--yes").code == 2
    assert cli("revoke", "web-base", "2.0", "--why", " ", "--yes").code == 2
    assert cli("revoke", "web-base", "1.0", "--why", "CVE-2026-1", "--yes").code == 0
    ran = cli("revoke", "web-base", "2.0", "--why", "x", "--yes", "--successor", "1.0")
    assert ran.code == 4
    assert "it is revoked" in ran.err


def test_what_a_half_finished_bake_has_left_does_not_keep_the_rest_from_it(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    there = images(sandbox, "eu-west-1")["2.0"]["ImageId"]
    written = tags.to_aws({tags.STATUS: "building"})
    sandbox.client("ec2", "eu-west-1").create_tags(Resources=[there], Tags=written)
    ran = cli("revoke", "web-base", "2.0", "--why", "CVE-2026-1", "--yes")
    assert ran.code == 0, ran.err
    assert tags.from_aws(images(sandbox, "us-east-1")["2.0"]["Tags"])[tags.STATUS] == "revoked"


def test_a_restricted_channel_goes_to_nothing_that_it_has_not_had(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    publish = {
        "ssm_parameter": "/golden-ami/{image}/{channel}",
        "channels": ["dev", "prod"],
        "restricted": ["prod"],
    }
    for version in ("1.0", "2.0"):
        file = write(version=version, regions=["us-east-1"], publish=publish)
        assert cli("bake", file, "--yes").code == 0
    assert cli("promote", "web-base", "2.0", "--channel", "prod", "--yes").code == 0
    ran = cli("revoke", "web-base", "2.0", "--why", "CVE-2026-1", "--yes")
    assert ran.code == 4, ran.err
    assert "/golden-ami/web-base/prod in us-east-1" in ran.err
    chosen = ("--successor", "1.0")
    ran = cli("revoke", "web-base", "2.0", "--why", "CVE-2026-1", "--yes", *chosen)
    assert ran.code == 0, ran.err


def test_a_version_that_was_baked_anew_after_it_had_gone_can_be_revoked(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    for version in ("1.0", "2.0"):
        assert cli("bake", write(version=version, regions=["us-east-1"]), "--yes").code == 0
    assert cli("revoke", "web-base", "2.0", "--why", "CVE-2026-1", "--yes").code == 0
    assert cli("retire", "web-base", "2.0", "--why", "old", "--now", "--yes").code == 0
    assert cli("bake", write(version="2.0", regions=["us-east-1"]), "--yes").code == 0
    ran = cli("revoke", "web-base", "2.0", "--why", "CVE-2026-2", "--yes")
    assert ran.code == 0, ran.err
    assert tags.from_aws(images(sandbox, "us-east-1")["2.0"]["Tags"])[tags.STATUS_WHY] == (
        "CVE-2026-2"
    )
