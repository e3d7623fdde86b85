"""`goldenami rollback` against the embedded AWS."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.life import Change
from goldenami.domain.plan import Plan
from goldenami.domain.status import Status
from goldenami.workflows.lifecycle import releases
from goldenami.workflows.lifecycle.disabling import disabling
from goldenami.workflows.lifecycle.run import LifecycleRun
from goldenami.workflows.lifecycle.transition import changing
from goldenami_sandbox import seed
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

NAME = "/golden-ami/web-base"
REGIONS = ("us-east-1", "eu-west-1")
CONSUMER = "111122223333"
UNIT = "arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-ab12-cd34ef56"


def published(cli: Any, *channel: str) -> set[str]:
    """Return the versions that the parameters, or those of a channel, name now."""
    document = json.loads(cli("channels", "web-base", "--format", "json").out)
    entries = document["items"]
    return {each["version"] for each in entries if each["channel"] in (channel or ("",))}


def image(sandbox: Sandbox, version: str, region: str) -> dict[str, Any]:
    (described,) = sandbox.client("ec2", region).describe_images(
        Filters=[{"Name": "name", "Values": [f"web-base-{version}"]}],
        IncludeDeprecated=True, IncludeDisabled=True, Owners=["self"],
    )["Images"]  # fmt: skip
    return dict(described)


def disable(version: str) -> None:
    """Disable a deprecated version, as `goldenami retire` does on its way."""
    aws = Aws(region="us-east-1")
    chosen = releases.read(aws, "web-base").version(version)
    change = Change(status=Status.DISABLED, by="arn", at="2026-11-26T15:00:00Z", why="old")
    actions = (*changing(chosen, change), *disabling(chosen))
    LifecycleRun.of(aws, chosen, "retire").carry_out(Plan(title="disable", actions=actions))


def test_a_rollback_goes_back_everywhere_or_nowhere_and_further_back_each_time(
    cli: Any, write: Any, sandbox: Sandbox, mutating: Any
) -> None:
    for version in ("1.0", "2.0", "3.0"):
        assert cli("bake", write(version=version), "--yes").code == 0
    before = mutating()
    shown = cli("rollback", "web-base", "--plan")
    assert f"let {NAME} name web-base 2.0" in shown.out
    assert f"{NAME} in us-east-1 names 3.0 now" in shown.err
    assert mutating() == before
    refused = Fault(service="ssm", operation="PutParameter", region="eu-west-1", code="Nope")
    with sandbox.fail(refused):
        ran = cli("rollback", "web-base", "--yes")
    assert ran.code == 1
    assert "undone: let /golden-ami/web-base name web-base 2.0" in ran.err
    assert published(cli) == {"3.0"}
    for expected in ("2.0", "1.0"):
        ran = cli("rollback", "web-base", "--yes", "--format", "json")
        assert ran.code == 0, ran.err
        assert {each["version"] for each in json.loads(ran.out)["items"]} == {expected}
        assert published(cli) == {expected}
    ran = cli("rollback", "web-base", "--yes")
    assert ran.code == 4
    assert "nothing that web-base named before can be launched" in ran.err
    assert cli("revoke", "web-base", "3.0", "--why", "CVE-2026-1", "--yes").code == 0
    ran = cli("rollback", "web-base", "--to", "3.0", "--yes")
    assert ran.code == 4
    assert "revoked by arn:aws:" in ran.err
    assert "CVE-2026-1" in ran.err
    assert cli("rollback", "web-base", "--to", "2.0", "--yes").code == 0
    assert "0 steps" in cli("rollback", "web-base", "--to", "2.0", "--yes").err
    assert published(cli) == {"2.0"}
    assert cli("rollback", "web-base", "--to", "9.9", "--yes").code == 2


def test_what_was_deprecated_and_disabled_is_launchable_again_for_whom_it_was(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    share = {"accounts": [CONSUMER], "organizational_units": [UNIT]}
    for version in ("1.0", "2.0"):
        assert cli("bake", write(version=version, share=share), "--yes").code == 0
    assert cli("deprecate", "web-base", "1.0", "--why", "old", "--yes").code == 0
    disable("1.0")
    theirs = sandbox.client("ec2", account=CONSUMER)
    first = image(sandbox, "1.0", "us-east-1")
    launch = {"ImageId": first["ImageId"], "MinCount": 1, "MaxCount": 1}
    with pytest.raises(ClientError):
        theirs.run_instances(**launch)
    shown = cli("rollback", "web-base", "--plan")
    assert f"enable {first['ImageId']}" in shown.out
    ran = cli("rollback", "web-base", "--yes")
    assert ran.code == 0, ran.err
    assert published(cli) == {"1.0"}
    for region in REGIONS:
        described = image(sandbox, "1.0", region)
        own = tags.from_aws(described["Tags"])
        assert described["State"] == "available"
        assert "DeprecationTime" not in described
        assert own[tags.STATUS] == "approved"
        assert own[tags.STATUS_WHY] == "rolled back to from 2.0"
        permissions = sandbox.client("ec2", region).describe_image_attribute(
            ImageId=described["ImageId"], Attribute="launchPermission"
        )["LaunchPermissions"]
        assert {"UserId": CONSUMER} in permissions
        assert {"OrganizationalUnitArn": UNIT} in permissions
    theirs.run_instances(**launch)
    manifest = json.loads(cli("show", first["ImageId"], "--format", "json").out)
    assert [each["status"] for each in manifest["life"]] == ["deprecated", "disabled", "approved"]
    assert "0 steps" in cli("rollback", "web-base", "--to", "1.0", "--yes").err
    assert cli("channels", "web-base").code == 0


def test_a_guardrail_lists_what_is_rolled_back_to_before_it_is_published(
    cli: Any, write: Any, sandbox: Sandbox, admins: str
) -> None:
    sandbox.pending_s = 0.0
    iam = sandbox.client("iam")
    iam.create_user(UserName="ann")
    iam.add_user_to_group(GroupName=admins, UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = sandbox.client(
        "ec2", access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"]
    )
    for version in ("1.0", "2.0"):
        release = write(version=version, regions=["us-east-1"])
        assert cli("bake", release, "--yes").code == 0
    assert cli("deprecate", "web-base", "1.0", "--yes").code == 0
    assert cli("enforce", release, "--yes").code == 0
    launch = {"MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}
    old = image(sandbox, "1.0", "us-east-1")["ImageId"]
    with pytest.raises(ClientError, match="explicit deny"):
        ann.run_instances(ImageId=old, **launch)
    ran = cli("rollback", "web-base", "--yes")
    assert ran.code == 0, ran.err
    ann.run_instances(ImageId=old, **launch)
    calls = [call.operation for call in sandbox.calls]
    order = [calls.index("CreatePolicyVersion", calls.index("AttachGroupPolicy")),
             len(calls) - calls[::-1].index("PutParameter")]  # fmt: skip
    assert order == sorted(order)


def test_what_was_never_approved_is_not_rolled_back_to_whatever_its_tags_say(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    assert cli("bake", write(version="1.0"), "--yes").code == 0
    assert cli("bake", write(version="2.0", approval="manual"), "--yes").code == 0
    for status in ("deprecated", "disabled", "candidate", "retired", "who knows"):
        for region in REGIONS:
            sandbox.client("ec2", region).create_tags(
                Resources=[image(sandbox, "2.0", region)["ImageId"]],
                Tags=tags.to_aws({tags.STATUS: status}),
            )
        ran = cli("rollback", "web-base", "--to", "2.0", "--yes")
        assert ran.code == 4, status
        assert "web-base 2.0 is not what web-base can be rolled back to" in ran.err
    assert published(cli) == {"1.0"}


def test_a_restricted_channel_goes_back_only_to_what_it_has_named(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    publish = {
        "ssm_parameter": "/golden-ami/{image}/{channel}",
        "channels": ["dev", "prod"],
        "restricted": ["prod"],
    }
    for version in ("1.0", "2.0", "3.0"):
        assert cli("bake", write(version=version, publish=publish), "--yes").code == 0
        if version != "2.0":
            ran = cli("promote", "web-base", version, "--channel", "prod", "--yes")
            assert ran.code == 0, ran.err
    ran = cli("rollback", "web-base", "--yes")
    assert ran.code == 2
    assert "--channel: one of dev, prod" in ran.err
    ran = cli("rollback", "web-base", "--channel", "prod", "--to", "2.0", "--yes")
    assert ran.code == 4
    assert "prod is restricted, and has never named web-base 2.0" in ran.err
    assert cli("rollback", "web-base", "--channel", "prod", "--yes").code == 0
    assert (published(cli, "prod"), published(cli, "dev")) == ({"1.0"}, {"3.0"})
    assert sandbox.client("ssm").get_parameter(Name="/golden-ami/web-base/prod:v1.0")


def test_what_launches_the_version_that_is_left_is_moved_if_that_is_asked_for(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    for version in ("1.0", "2.0"):
        assert cli("bake", write(version=version), "--yes").code == 0
    group = seed.seed_group(sandbox, "us-east-1", image(sandbox, "2.0", "us-east-1")["ImageId"])
    ran = cli("rollback", "web-base", "--refresh", "--yes")
    assert ran.code == 0, ran.err
    assert f"done: {group} in" in ran.err
    groups = sandbox.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    running = [each["InstanceId"] for each in groups[0]["Instances"]]
    reservations = sandbox.client("ec2").describe_instances(InstanceIds=running)["Reservations"]
    launched = {each["ImageId"] for some in reservations for each in some["Instances"]}
    assert launched == {image(sandbox, "1.0", "us-east-1")["ImageId"]}
    again = ("rollback", "web-base", "--to", "1.0", "--refresh", "--yes")
    assert cli(*again).code == 0
    unreadable = Fault(service="autoscaling", operation="DescribeAutoScalingGroups", code="Denied")
    with sandbox.fail(unreadable):
        ran = cli(*again)
    assert ran.code == 3, ran.err
    assert "looking for what launches web-base 2.0: not everything could be read" in ran.err
