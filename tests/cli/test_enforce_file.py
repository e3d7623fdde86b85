"""`goldenami enforce` with a file of its own, and two enforcements of one account."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from goldenami_sandbox import seed
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

from . import state

POLICY = "arn:aws:iam::123456789012:policy/goldenami-"
OWNER = "999988887777"
SCP, DECLARATIVE = "SERVICE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
    }
)
Enforcing = Callable[..., Path]


@pytest.fixture
def enforcing(tmp_path: Path) -> Enforcing:
    """Write an enforcement file."""

    def enforcing(to: str = "enforce.yaml", **content: Any) -> Path:
        path = tmp_path / to
        path.parent.mkdir(exist_ok=True)
        data = {"schema": "goldenami.enforce/v1", **content}
        path.write_text(yaml.safe_dump(data, sort_keys=False))
        return path

    return enforcing


@pytest.fixture
def consumer(sandbox: Sandbox, admins: str) -> seed.Organization:
    """An account that launches images of another one, in a unit of an organization."""
    iam = sandbox.client("iam")
    for name in ("developers", "pipeline"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        iam.attach_role_policy(
            RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        )
    seeded = seed.organization(sandbox, management_account="1" * 12, delegated_administrator=True)
    sandbox.client("organizations").enable_policy_type(
        RootId=seeded.root_id, PolicyType=DECLARATIVE
    )
    return seeded


def tags_of(sandbox: Sandbox, name: str) -> dict[str, str]:
    answer = sandbox.client("iam").list_policy_tags(PolicyArn=POLICY + name)["Tags"]
    return {item["Key"]: item["Value"] for item in answer}


EVERYTHING: dict[str, Any] = {
    "group_policy": True,
    "permissions_boundary": {"roles": ["developers"]},
    "allowed_amis": {},
}


def everything(organization: seed.Organization) -> dict[str, Any]:
    """Return all mechanisms, for images of another account."""
    targets = {"targets": [organization.unit_id]}
    used = {**EVERYTHING, "scp": targets, "declarative_policy": targets}
    used.pop("allowed_amis")  # which the declarative policy would manage
    return {
        "groups": ["ec2-admin-group"], "profile": "owner-only", "owners": [OWNER],
        "mechanisms": used,
    }  # fmt: skip


class TestFile:
    def test_it_is_enforced_carries_its_name_and_is_removed(
        self, cli: Any, sandbox: Sandbox, golden: str, admins: str, enforcing: Enforcing
    ) -> None:
        path = enforcing(groups=[admins], region="us-east-1")
        ran = cli("enforce", path, "--yes")
        assert ran.code == 0, ran.err
        assert "group_policy: characters left of 6,144: guardrail" in ran.err
        assert tags_of(sandbox, "guardrail") == {
            "goldenami:policy": "guardrail", "goldenami:enforced-by": "enforce",
        }  # fmt: skip
        moved = path.parent / "elsewhere"
        moved.mkdir()
        path = path.rename(moved / "enforce.yaml")
        assert "nothing to change" in cli("enforce", path).err
        assert cli("enforce", path, "--remove", "--yes").code == 0
        assert sandbox.client("iam").list_policies(Scope="Local")["Policies"] == []

    def test_a_release_file_can_point_to_it_and_enforces_the_same(
        self, cli: Any, golden: str, admins: str, enforcing: Enforcing, write: Any
    ) -> None:
        assert cli("enforce", enforcing(groups=[admins]), "--yes").code == 0
        release = write("pointing.yaml", enforce={"file": "enforce.yaml"})
        assert "nothing to change" in cli("enforce", release).err
        assert cli("audit", release, "--only", "guardrails", "--allow-empty").code == 0
        assert cli("policy", "prove", release).code == 0

    def test_every_problem_is_told_with_its_line(
        self, cli: Any, enforcing: Enforcing, write: Any
    ) -> None:
        path = enforcing(
            name="of us", file="other.yaml", region="us-east-1a", owners=["1"],
            approval_tag={"key": "aws:x", "value": "y"}, groups=["a", "a"], pipeline_role="a b",
            mechanisms={"group_policy": {"guardrail_protection": True}, "scp": {"targets": []}},
        )  # fmt: skip
        ran = cli("enforce", path)
        assert ran.code == 2
        lines = [
            ":2: name: `of us` is no name", ":3: file: an enforcement file points to no other",
            ":4: region: `us-east-1a`", ":6: owners[0]: `1` is no account id",
            ":8: approval_tag: tag keys that start with `aws:`", ":12: groups[1]: `a` is listed",
            "pipeline_role: `a b` is no IAM role", "mechanisms.scp.targets: name at least one",
        ]  # fmt: skip
        assert [item for item in lines if item not in ran.err] == []
        pointing = write("pointing.yaml", enforce={"file": path.name}, version="a b")
        both = cli("enforce", pointing)
        assert both.code == 2
        assert "`a b` is no version" in both.err
        assert "enforce.yaml:2: name" in both.err

    @pytest.mark.parametrize(
        ("release", "says"),
        [
            ({"enforce": {"file": "none.yaml"}}, "none.yaml: cannot be read"),
            ({"enforce": {"file": "enforce.yaml", "groups": ["a"]}}, "leave the other keys out"),
            (
                {"enforce": {"file": "enforce.yaml"}, "approval_tag": {"key": "Ok", "value": "1"}},
                "images are golden by goldenami:status = approved there, and by Ok = 1",
            ),
            ({"enforce": {"groups": ["a"], "name": "a b"}}, "enforce.name: `a b` is no name"),
        ],
    )
    def test_a_release_file_that_points_wrongly_is_told(
        self, cli: Any, enforcing: Enforcing, write: Any, release: dict[str, Any], says: str
    ) -> None:
        enforcing(groups=["a"])
        ran = cli("enforce", write("pointing.yaml", **release))
        assert ran.code == 2
        assert says in ran.err

    def test_a_protection_of_one_mechanism_needs_the_pipeline_too(
        self, cli: Any, enforcing: Enforcing
    ) -> None:
        mechanisms = {"group_policy": {"guardrail_protection": True}}
        ran = cli("enforce", enforcing(groups=["a"], mechanisms=mechanisms))
        assert ran.code == 2
        assert "mechanisms.group_policy.guardrail_protection: it needs pipeline_role" in ran.err

    def test_another_profile_of_a_mechanism_is_told_where_one_is_rendered_or_proved(
        self, cli: Any, golden: str, admins: str, enforcing: Enforcing
    ) -> None:
        mechanisms = {
            "group_policy": {"profile": "guardrail-by-tag"},
            "scp": {"targets": ["r-ab12"], "profile": "owner-only"},
        }
        path = enforcing(groups=[admins], mechanisms=mechanisms)
        for command in ("render", "prove"):
            ran = cli("policy", command, path)
            assert ran.code == 0, ran.err
            assert "scp has another profile: --policy-profile owner-only" in ran.err


class TestTwoEnforcements:
    def test_what_another_one_attached_is_refused_by_name_and_nothing_is_changed(
        self, cli: Any, sandbox: Sandbox, enforcing: Enforcing, consumer: seed.Organization
    ) -> None:
        content = everything(consumer)
        assert cli("enforce", enforcing("a.yaml", **content), "--yes").code == 0
        before = state.snapshot(sandbox)
        ran = cli("enforce", enforcing("b.yaml", **content), "--yes")
        assert ran.code == 4
        for thing in (
            f"{POLICY}owner-only", f"{POLICY}boundary", f"{SCP} goldenami-owner-only",
            f"{DECLARATIVE} goldenami-allowed-images",
        ):  # fmt: skip
            assert f"{thing} was attached by the enforcement `a`" in ran.err
        assert "pass --take-over" in ran.err
        assert state.snapshot(sandbox) == before

    def test_what_another_one_attached_is_never_removed(
        self, cli: Any, sandbox: Sandbox, enforcing: Enforcing, consumer: seed.Organization
    ) -> None:
        content = everything(consumer)
        del content["mechanisms"]["group_policy"]
        assert cli("enforce", enforcing("a.yaml", **content), "--yes").code == 0
        before = state.snapshot(sandbox)
        other = enforcing(
            "b.yaml", groups=["ec2-admin-group"], profile="owner-only", owners=[OWNER]
        )
        ran = cli("enforce", other, "--yes")
        assert ran.code == 0, ran.err
        assert f"{POLICY}boundary belongs to the enforcement `a`, and stays" in ran.err
        assert f"{SCP} goldenami-owner-only belongs to the enforcement `a`" in ran.err
        assert cli("enforce", other, "--remove", "--yes").code == 0
        assert state.snapshot(sandbox) == before
        nothing = cli("enforce", other, "--remove", "--yes")
        assert nothing.code == 4
        assert "nothing here is `b`'s" in nothing.err
        assert state.snapshot(sandbox) == before

    def test_the_release_files_of_two_images_do_not_fight(
        self, cli: Any, sandbox: Sandbox, golden: str, admins: str, write: Any
    ) -> None:
        web = write("web.yaml", enforce={"groups": [admins]})
        other = write("db.yaml", image="db", enforce={"groups": [admins]})
        assert cli("enforce", web, "--yes").code == 0
        ran = cli("enforce", other, "--yes")
        assert ran.code == 4
        assert "was attached by the enforcement `web-base`, and this one is `db`" in ran.err

    def test_it_can_be_taken_over_and_the_first_one_is_refused_then(
        self, cli: Any, sandbox: Sandbox, enforcing: Enforcing, consumer: seed.Organization
    ) -> None:
        content = everything(consumer)
        first, second = enforcing("a.yaml", **content), enforcing("b.yaml", **content)
        assert cli("enforce", first, "--yes").code == 0
        ran = cli("enforce", second, "--take-over", "--yes")
        assert ran.code == 0, ran.err
        assert f"{POLICY}boundary is taken over from the enforcement `a`" in ran.err
        assert tags_of(sandbox, "boundary")["goldenami:enforced-by"] == "b"
        assert "nothing to change" in cli("enforce", second).err
        assert cli("enforce", first, "--yes").code == 4

    def test_what_the_taker_does_not_name_stays_the_other_one_s(
        self, cli: Any, sandbox: Sandbox, enforcing: Enforcing, consumer: seed.Organization
    ) -> None:
        assert cli("enforce", enforcing("a.yaml", **everything(consumer)), "--yes").code == 0
        other = enforcing(
            "b.yaml", groups=["ec2-admin-group"], profile="owner-only", owners=[OWNER]
        )
        assert cli("enforce", other, "--take-over", "--yes").code == 0
        assert tags_of(sandbox, "owner-only")["goldenami:enforced-by"] == "b"
        assert tags_of(sandbox, "boundary")["goldenami:enforced-by"] == "a"
        everywhere = cli("enforce", other, "--remove", "--take-over", "--yes")
        assert everywhere.code == 0, everywhere.err
        assert sandbox.client("iam").list_policies(Scope="Local")["Policies"] == []

    def test_what_carries_no_name_is_adopted_with_a_note(
        self, cli: Any, sandbox: Sandbox, enforcing: Enforcing, consumer: seed.Organization
    ) -> None:
        content = everything(consumer)
        path = enforcing("a.yaml", **content)
        assert cli("enforce", path, "--yes").code == 0
        sandbox.client("iam").untag_policy(
            PolicyArn=f"{POLICY}boundary", TagKeys=["goldenami:enforced-by"]
        )
        groups_alone = {**content, "mechanisms": {"group_policy": True}, "name": "a"}
        left = cli("enforce", enforcing("groups.yaml", **groups_alone), "--yes")
        assert left.code == 0, left.err
        assert f"{POLICY}boundary carries no enforcement's name, and stays" in left.err
        ran = cli("enforce", path, "--yes")
        assert ran.code == 0, ran.err
        assert f"{POLICY}boundary carried no name of an enforcement: `a` now" in ran.err
        assert tags_of(sandbox, "boundary")["goldenami:enforced-by"] == "a"

    def test_a_policy_that_another_one_makes_at_the_same_time_is_not_adopted(
        self, cli: Any, sandbox: Sandbox, enforcing: Enforcing, consumer: seed.Organization
    ) -> None:
        content = {**everything(consumer), "mechanisms": {"group_policy": True}}
        assert cli("enforce", enforcing("a.yaml", **content), "--yes").code == 0
        fault = Fault(
            service="iam", operation="GetPolicy", code="NoSuchEntity", status=404, times=1
        )
        with sandbox.fail(fault):  # it is made while the other one is prepared
            ran = cli("enforce", enforcing("b.yaml", **content), "--yes")
        assert ran.code == 4
        assert "`a`" in ran.err
        assert tags_of(sandbox, "owner-only")["goldenami:enforced-by"] == "a"


class TestAllowedAmis:
    @pytest.fixture
    def content(self) -> dict[str, Any]:
        return {"owners": [OWNER], "mechanisms": {"allowed_amis": {}}}

    def test_the_setting_is_recorded_refused_taken_over_and_forgotten(
        self, cli: Any, sandbox: Sandbox, enforcing: Enforcing, content: dict[str, Any]
    ) -> None:
        ssm, name = sandbox.client("ssm", "eu-west-1"), "/goldenami/enforcement/allowed-amis"
        first, second = enforcing("a.yaml", **content), enforcing("b.yaml", **content)
        assert cli("enforce", first, "--yes").code == 0
        assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "a"
        ran = cli("enforce", second, "--yes")
        assert ran.code == 4
        assert "Allowed AMIs eu-west-1 was attached by the enforcement `a`" in ran.err
        assert cli("enforce", second, "--remove", "--yes").code == 4
        assert cli("enforce", second, "--take-over", "--yes").code == 0
        assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "b"
        assert "nothing to change" in cli("enforce", second).err
        assert cli("enforce", second, "--remove", "--yes").code == 0
        with pytest.raises(ssm.exceptions.ParameterNotFound):
            ssm.get_parameter(Name=name)

    def test_a_setting_that_is_not_recorded_is_adopted(
        self, cli: Any, sandbox: Sandbox, enforcing: Enforcing, content: dict[str, Any]
    ) -> None:
        path = enforcing("a.yaml", **content)
        assert cli("enforce", path, "--yes").code == 0
        for region in ("us-east-1", "eu-west-1"):
            sandbox.client("ssm", region).delete_parameter(
                Name="/goldenami/enforcement/allowed-amis"
            )
        ran = cli("enforce", path, "--yes")
        assert ran.code == 0, ran.err
        assert "Allowed AMIs us-east-1 carried no name of an enforcement: `a` now" in ran.err


class TestOwnProfile:
    @pytest.fixture
    def unit(self, cli: Any, sandbox: Sandbox, golden: str, admins: str) -> seed.Organization:
        """The golden account manages an organization with a unit; another account is in it."""
        seeded = seed.organization(sandbox)
        client = sandbox.client("organizations")
        account = client.create_account(AccountName="shop", Email="shop@example.com")
        client.move_account(
            AccountId=account["CreateAccountStatus"]["AccountId"],
            SourceParentId=seeded.root_id, DestinationParentId=seeded.unit_id,
        )  # fmt: skip
        return seeded

    def test_a_profile_that_tests_tags_is_refused_where_tags_cannot_be_seen(
        self, cli: Any, sandbox: Sandbox, unit: seed.Organization, enforcing: Enforcing,
        mutating: Any,
    ) -> None:  # fmt: skip
        before = mutating()
        for target in (unit.unit_id, unit.root_id):
            mechanisms = {"group_policy": True, "scp": {"targets": [target]}}
            ran = cli(
                "enforce", enforcing(groups=["ec2-admin-group"], mechanisms=mechanisms), "--yes"
            )
            assert ran.code == 4
            assert f"`guardrail` tests tags, which the accounts under {target} cannot" in ran.err
            assert "write `scp: {targets: [...], profile: owner-only}`" in ran.err
        assert mutating() == before

    def test_the_guardrail_here_and_owner_only_there_are_proved_and_attached(
        self, cli: Any, sandbox: Sandbox, unit: seed.Organization, enforcing: Enforcing
    ) -> None:
        scp = {"targets": [unit.unit_id], "profile": "owner-only"}
        path = enforcing(groups=["ec2-admin-group"], mechanisms={"group_policy": True, "scp": scp})
        ran = cli("enforce", path, "--yes")
        assert ran.code == 0, ran.err
        client = sandbox.client("organizations")
        answer = client.list_policies_for_target(TargetId=unit.unit_id, Filter=SCP)["Policies"]
        assert {item["Name"] for item in answer} == {
            "FullAWSAccess", "goldenami-owner-only", "goldenami-untestable-launches",
        }  # fmt: skip
        (policy,) = [item["Id"] for item in answer if item["Name"] == "goldenami-owner-only"]
        text = client.describe_policy(PolicyId=policy)["Policy"]["Content"]
        assert ACCOUNT_ID in text
        assert "snapshot/snap-" not in text
        assert "nothing to change" in cli("enforce", path).err

    @pytest.mark.parametrize(("profile", "code"), [("guardrail-by-tag", 4), ("owner-only", 0)])
    def test_accounts_that_cannot_be_read_are_refused_unless_accepted(
        self, cli: Any, sandbox: Sandbox, unit: seed.Organization, enforcing: Enforcing,
        profile: str, code: int,
    ) -> None:  # fmt: skip
        scp = {"targets": [unit.unit_id], "profile": profile}
        path = enforcing(mechanisms={"scp": scp})
        fault = Fault(
            service="organizations", operation="ListAccountsForParent",
            code="AccessDeniedException",
        )  # fmt: skip
        with sandbox.fail(fault):
            ran = cli("enforce", path, "--yes")
            accepted = cli("enforce", path, "--yes", "--accept-unproved")
        assert ran.code == code, ran.err
        assert accepted.code == 0, accepted.err
        answer = f"which accounts are under {unit.unit_id} could not be read"
        assert (answer in ran.err) is bool(code)

    def test_a_unit_without_accounts_is_told(
        self, cli: Any, sandbox: Sandbox, golden: str, enforcing: Enforcing
    ) -> None:
        seeded = seed.organization(sandbox)
        scp = {"targets": [seeded.unit_id], "profile": "guardrail-by-tag"}
        ran = cli("enforce", enforcing(mechanisms={"scp": scp}), "--plan")
        assert ran.code == 0, ran.err
        assert f"no account that it binds is under {seeded.unit_id}" in ran.err
