"""`goldenami enforce` from the command line against the embedded AWS."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from . import account

GUARDRAIL = "arn:aws:iam::123456789012:policy/goldenami-guardrail"
EC2_FULL_ACCESS = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
PROTECTION = "arn:aws:iam::123456789012:policy/goldenami-tag-protection"
COMPANIONS = {PROTECTION, "arn:aws:iam::123456789012:policy/goldenami-untestable-launches"}


def admins(sandbox: Sandbox, name: str = "ec2-admin-group") -> None:
    """Make a group that may launch anything, as admin groups do."""
    iam = sandbox.client("iam")
    iam.create_group(GroupName=name)
    iam.attach_group_policy(GroupName=name, PolicyArn=EC2_FULL_ACCESS)


@pytest.fixture
def baked(write: Any, sandbox: Sandbox) -> Any:
    """An account with the admin group and one release's images; the release file's path."""
    admins(sandbox)
    account.golden_images(sandbox)
    return write()


@pytest.fixture
def attached(sandbox: Sandbox) -> Callable[[], set[str]]:
    """The policies of the admin group, by ARN."""

    def arns() -> set[str]:
        answer = sandbox.client("iam").list_attached_group_policies(GroupName="ec2-admin-group")
        return {item["PolicyArn"] for item in answer["AttachedPolicies"]} - {EC2_FULL_ACCESS}

    return arns


def document(sandbox: Sandbox, arn: str) -> dict[str, Any]:
    iam = sandbox.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = iam.get_policy_version(PolicyArn=arn, VersionId=version)
    return dict(answer["PolicyVersion"]["Document"])


def test_the_profile_and_its_companion_are_attached_and_name_every_golden_snapshot(
    cli: Any, sandbox: Sandbox, baked: Any, attached: Any, own_images: Any
) -> None:
    ran = cli("enforce", baked, "--yes")
    assert ran.code == 0, ran.err
    assert attached() == {GUARDRAIL, *COMPANIONS}
    rendered = json.dumps(document(sandbox, GUARDRAIL))
    for region in ("us-east-1", "eu-west-1"):
        for mapping in own_images(region)[0]["BlockDeviceMappings"]:
            assert f"snapshot/{mapping['Ebs']['SnapshotId']}" in rendered


def test_a_second_run_changes_nothing_and_says_so(cli: Any, baked: Any, mutating: Any) -> None:
    cli("enforce", baked, "--yes")
    before = mutating()
    ran = cli("enforce", baked)
    assert ran.code == 0
    assert "nothing to change" in ran.err
    assert mutating() == before


def test_the_plan_shows_the_difference_and_changes_nothing(
    cli: Any, baked: Any, mutating: Any
) -> None:
    before = mutating()
    ran = cli("enforce", baked, "--plan")
    assert ran.code == 0
    assert "+ Deny DenyLaunchWithoutApprovalTag" in ran.out
    assert "iam:AttachGroupPolicy" in ran.out
    assert mutating() == before


def test_a_new_release_makes_a_new_version_and_shows_its_snapshot(
    cli: Any, write: Any, sandbox: Sandbox, baked: Any
) -> None:
    cli("enforce", baked, "--yes")
    later = write("later.yaml", version="1.1", regions=["us-east-1"])
    assert cli("bake", later, "--yes").code == 0
    assert "nothing to change" in cli("enforce", later, "--yes").err  # the bake has listed it
    iam = sandbox.client("iam")
    iam.set_default_policy_version(PolicyArn=GUARDRAIL, VersionId="v1")
    ran = cli("enforce", later, "--yes")
    assert ran.code == 0, ran.err
    assert f"update  {GUARDRAIL}" in ran.err
    assert '+            "arn:aws:ec2:*:*:snapshot/snap-' in ran.err
    policy = iam.get_policy(PolicyArn=GUARDRAIL)["Policy"]
    assert policy["DefaultVersionId"] == "v3"
    assert json.dumps(document(sandbox, GUARDRAIL)).count("snapshot/snap-") == 3


def test_the_oldest_version_that_is_not_the_default_is_pruned_at_five(
    cli: Any, sandbox: Sandbox, baked: Any
) -> None:
    cli("enforce", baked, "--yes")
    iam = sandbox.client("iam")
    right = json.dumps(document(sandbox, GUARDRAIL))
    other = json.dumps({"Version": "2012-10-17", "Statement": []} | {
        "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]
    })  # fmt: skip
    for text in (right, right, right, other):
        iam.create_policy_version(PolicyArn=GUARDRAIL, PolicyDocument=text, SetAsDefault=True)
    iam.set_default_policy_version(PolicyArn=GUARDRAIL, VersionId="v1")
    iam.set_default_policy_version(PolicyArn=GUARDRAIL, VersionId="v5")
    ran = cli("enforce", baked, "--yes")
    assert ran.code == 0, ran.err
    versions = iam.list_policy_versions(PolicyArn=GUARDRAIL)["Versions"]
    assert sorted(item["VersionId"] for item in versions) == ["v2", "v3", "v4", "v5", "v6"]
    assert json.dumps(document(sandbox, GUARDRAIL)) == right


def test_what_somebody_detached_is_attached_again(
    cli: Any, sandbox: Sandbox, baked: Any, attached: Any
) -> None:
    cli("enforce", baked, "--yes")
    sandbox.client("iam").detach_group_policy(GroupName="ec2-admin-group", PolicyArn=PROTECTION)
    assert cli("enforce", baked, "--yes").code == 0
    assert attached() == {GUARDRAIL, *COMPANIONS}


def test_another_profile_takes_the_place_of_the_first(
    cli: Any, write: Any, baked: Any, attached: Any
) -> None:
    cli("enforce", baked, "--yes")
    by_tag = write("by-tag.yaml", enforce__profile="guardrail-by-tag")
    assert cli("enforce", by_tag, "--yes").code == 0
    assert attached() == {GUARDRAIL + "-by-tag", *COMPANIONS}


def test_remove_undoes_it(cli: Any, sandbox: Sandbox, baked: Any, attached: Any) -> None:
    cli("enforce", baked, "--yes")
    ran = cli("enforce", baked, "--remove", "--yes")
    assert ran.code == 0, ran.err
    assert attached() == set()
    assert sandbox.client("iam").list_policies(Scope="Local")["Policies"] == []
    assert "nothing to change" in cli("enforce", baked, "--remove", "--yes").err


def test_remove_leaves_a_policy_that_another_group_still_has(
    cli: Any, sandbox: Sandbox, baked: Any
) -> None:
    cli("enforce", baked, "--yes")
    iam = sandbox.client("iam")
    iam.create_group(GroupName="others")
    iam.attach_group_policy(GroupName="others", PolicyArn=GUARDRAIL)
    ran = cli("enforce", baked, "--remove", "--yes")
    assert ran.code == 0, ran.err
    assert "it stays attached to others" in ran.err
    (kept,) = iam.list_policies(Scope="Local")["Policies"]
    assert kept["Arn"] == GUARDRAIL


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"enforce__groups": ["ec2-admin-group", "nobody"]}, 4, "there is no IAM group nobody"),
        ({"enforce__profile": "guardrial"}, 2, "did you mean `guardrail`?"),
        ({"enforce": None}, 2, "there is no `enforce` part"),
        ({"approval_tag": {"key": "Ok", "value": "yes"}}, 4, "no approved image (Ok = yes)"),
    ],
    ids=["a missing group", "an unknown profile", "nothing to enforce", "nothing approved"],
)
def test_it_refuses_before_any_change(
    cli: Any, write: Any, baked: Any, mutating: Any,
    changes: dict[str, Any], code: int, says: str,
) -> None:  # fmt: skip
    before = mutating()
    ran = cli("enforce", write("other.yaml", **changes), "--yes")
    assert ran.code == code
    assert says in ran.err
    assert mutating() == before


def test_a_foreign_policy_of_the_same_name_is_left_alone(
    cli: Any, sandbox: Sandbox, baked: Any, mutating: Any
) -> None:
    foreign = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    ]}  # fmt: skip
    sandbox.client("iam").create_policy(
        PolicyName="goldenami-guardrail", PolicyDocument=json.dumps(foreign)
    )
    before = mutating()
    ran = cli("enforce", baked, "--yes")
    assert ran.code == 4
    assert "was not made by goldenami" in ran.err
    assert mutating() == before
    assert cli("enforce", baked, "--remove", "--yes").code == 0
    assert document(sandbox, GUARDRAIL) == foreign


def test_a_full_group_is_refused_before_any_change(
    cli: Any, sandbox: Sandbox, baked: Any, mutating: Any
) -> None:
    iam = sandbox.client("iam")
    text = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    ]}  # fmt: skip
    for number in range(8):
        arn = iam.create_policy(PolicyName=f"p{number}", PolicyDocument=json.dumps(text))
        iam.attach_group_policy(GroupName="ec2-admin-group", PolicyArn=arn["Policy"]["Arn"])
    before = mutating()
    ran = cli("enforce", baked, "--yes")
    assert ran.code == 4
    assert "would have 12 managed policies, of 10 allowed" in ran.err
    assert mutating() == before


def test_more_snapshots_than_fit_switch_to_the_form_by_tag_and_say_so(
    cli: Any, write: Any, sandbox: Sandbox, baked: Any, attached: Any, own_images: Any
) -> None:
    cli("enforce", baked, "--yes")
    ec2 = sandbox.client("ec2")
    golden = own_images("us-east-1")[0]
    sandbox.pending_s = 0
    for number in range(100):
        ec2.copy_image(
            Name=f"old-{number}", SourceImageId=golden["ImageId"], SourceRegion="us-east-1",
            CopyImageTags=True,
        )  # fmt: skip
    ran = cli("enforce", baked, "--yes")
    assert ran.code == 0, ran.err
    assert "6,144" in ran.err
    assert "`guardrail-by-tag` takes its place" in ran.err
    assert attached() == {f"{GUARDRAIL}-by-tag", *COMPANIONS}
    assert cli("enforce", baked).code == 0


def test_a_region_that_cannot_be_read_stops_it_before_any_change(
    cli: Any, sandbox: Sandbox, baked: Any, mutating: Any
) -> None:
    fault = Fault(
        service="ec2", operation="DescribeImages", region="eu-west-1",
        code="UnauthorizedOperation", status=403,
    )  # fmt: skip
    before = mutating()
    with sandbox.fail(fault):
        ran = cli("enforce", baked, "--yes")
    assert ran.code == 3
    assert "eu-west-1" in ran.err
    assert "UnauthorizedOperation" in ran.err
    assert mutating() == before


def test_owner_only_needs_no_image_of_its_own_where_the_owner_is_named(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    admins(sandbox)
    release = write(enforce__profile="owner-only", audit={"owners": ["999988887777"]})
    ran = cli("enforce", release, "--yes")
    assert ran.code == 0, ran.err
    text = json.dumps(document(sandbox, "arn:aws:iam::123456789012:policy/goldenami-owner-only"))
    assert "999988887777" in text


def test_the_notes_name_what_the_policies_do_not_bind(cli: Any, write: Any, baked: Any) -> None:
    ran = cli("enforce", write("r.yaml", enforce__pipeline_role="baker"), "--plan")
    assert "a group holds users only" in ran.err
    assert "the pipeline role baker does not exist" in ran.err
