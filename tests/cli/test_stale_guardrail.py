"""The audit tells a list that is out of date from a policy that somebody has changed."""

import json
from typing import Any

import pytest

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

GUARDRAIL = "arn:aws:iam::123456789012:policy/goldenami-guardrail"
ROGUE = "snap-0123456789abcdef0"


@pytest.fixture
def release(cli: Any, write: Any, sandbox: Sandbox, admins: str) -> Any:
    """Bake two releases, the first of them enforced; return the second one's file."""
    sandbox.pending_s = 0.0
    where = ["us-east-1"]
    first = write("first.yaml", regions=where, audit={"regions": where})
    assert cli("bake", first, "--yes").code == 0
    ran = cli("enforce", first, "--yes")
    assert ran.code == 0, ran.err
    second = write(version="2.0", regions=where, audit={"regions": where})
    ran = cli("bake", second, "--yes")
    assert ran.code == 0, ran.err
    return second


def found(cli: Any, release: Any) -> dict[str, str]:
    """Audit the guardrails; return the reasons by rule."""
    ran = cli("audit", release, "--only", "guardrails", "--format", "json", "--allow-empty")
    return {one["rule"]: one["reason"] for one in json.loads(ran.out)["findings"]}


def rewritten(sandbox: Sandbox, change: Any) -> None:
    iam = sandbox.client("iam")
    version = iam.get_policy(PolicyArn=GUARDRAIL)["Policy"]["DefaultVersionId"]
    answer = iam.get_policy_version(PolicyArn=GUARDRAIL, VersionId=version)["PolicyVersion"]
    iam.create_policy_version(
        PolicyArn=GUARDRAIL, PolicyDocument=change(json.dumps(answer["Document"])),
        SetAsDefault=True,
    )  # fmt: skip


def older(sandbox: Sandbox) -> None:
    """Make the version before the second release the one in force."""
    sandbox.client("iam").set_default_policy_version(PolicyArn=GUARDRAIL, VersionId="v1")


def retire(sandbox: Sandbox, own_images: Any) -> None:
    """Take the first release away, with its snapshots."""
    (image,) = [one for one in own_images("us-east-1") if "1.0" in one["Name"]]
    sandbox.client("ec2").deregister_image(ImageId=image["ImageId"], DeleteAssociatedSnapshots=True)


def test_what_bake_has_updated_is_as_it_should_be(cli: Any, release: Any) -> None:
    assert found(cli, release) == {}


def test_a_list_that_lacks_a_newer_release_is_stale(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    older(sandbox)
    told = found(cli, release)
    assert set(told) == {"stale-guardrail"}
    assert "lacks 1 approved snapshots: snap-" in told["stale-guardrail"]
    assert cli("enforce", release, "--yes").code == 0
    assert found(cli, release) == {}


def test_a_list_with_a_release_that_is_gone_is_stale(
    cli: Any, sandbox: Sandbox, release: Any, own_images: Any
) -> None:
    retire(sandbox, own_images)
    told = found(cli, release)
    assert set(told) == {"stale-guardrail"}
    assert "has 1 retired ones: snap-" in told["stale-guardrail"]


def test_a_release_that_was_taken_back_and_keeps_its_snapshots_is_stale(
    cli: Any, sandbox: Sandbox, release: Any, own_images: Any
) -> None:
    (image,) = [one for one in own_images("us-east-1") if "1.0" in one["Name"]]
    sandbox.client("ec2").deregister_image(ImageId=image["ImageId"])
    assert set(found(cli, release)) == {"stale-guardrail"}


def test_a_snapshot_that_was_never_golden_was_put_there_by_somebody(
    cli: Any, sandbox: Sandbox, release: Any, own_images: Any
) -> None:
    retire(sandbox, own_images)
    rewritten(
        sandbox,
        lambda text: text.replace(
            '["arn:aws:ec2:*:*:snapshot/', f'["arn:aws:ec2:*:*:snapshot/{ROGUE}", '
            '"arn:aws:ec2:*:*:snapshot/',
        ),
    )  # fmt: skip
    told = found(cli, release)
    assert set(told) == {"guardrail-changed"}
    assert f"its list names snapshots that were never golden: {ROGUE}" in told["guardrail-changed"]


def test_anything_else_that_differs_is_a_change(cli: Any, sandbox: Sandbox, release: Any) -> None:
    older(sandbox)
    rewritten(sandbox, lambda text: text.replace("DenyLaunchWithoutApprovalTag", "Other"))
    assert set(found(cli, release)) == {"guardrail-changed"}


def test_a_list_that_is_stale_and_detached_is_both(
    cli: Any, sandbox: Sandbox, release: Any
) -> None:
    older(sandbox)
    sandbox.client("iam").detach_group_policy(GroupName="ec2-admin-group", PolicyArn=GUARDRAIL)
    assert set(found(cli, release)) == {"guardrail-changed", "stale-guardrail"}


def test_what_cannot_be_looked_up_is_not_taken_for_retired(
    cli: Any, sandbox: Sandbox, release: Any, own_images: Any
) -> None:
    retire(sandbox, own_images)
    with sandbox.fail(Fault(service="ssm", operation="GetParametersByPath", code="AccessDenied")):
        told = found(cli, release)
    assert set(told) == {"guardrail-changed"}
    assert "could not be looked up" in told["guardrail-changed"]
