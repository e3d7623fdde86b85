"""Mechanisms ``scp`` and ``declarative_policy`` against the embedded AWS."""

import json
from typing import Any

import pytest

from goldenami_sandbox import seed
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

from . import account

SCP, DECLARATIVE = "SERVICE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2"
OWNER = "999988887777"
DENY = {"Sid": "x", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}


@pytest.fixture
def organization(sandbox: Sandbox) -> seed.Organization:
    """An organization that another account manages; the sandbox's may manage its policies."""
    seeded = seed.organization(sandbox, management_account=OWNER, delegated_administrator=True)
    client = sandbox.client("organizations")
    for kind in (SCP, DECLARATIVE):
        enabled = {item["Type"] for item in client.list_roots()["Roots"][0]["PolicyTypes"]}
        if kind not in enabled:
            client.enable_policy_type(RootId=seeded.root_id, PolicyType=kind)
    return seeded


@pytest.fixture
def client(sandbox: Sandbox, organization: seed.Organization) -> Any:
    return sandbox.client("organizations")


@pytest.fixture
def release(write: Any) -> Any:
    """Write a release with these mechanisms, for images of another account."""

    def enforced(name: str = "release.yaml", profile: str = "owner-only", **mechanisms: Any) -> Any:
        enforce = {"profile": profile, "pipeline_role": "pipeline", "mechanisms": mechanisms}
        return write(name, enforce=enforce, audit={"owners": [OWNER]})

    return enforced


def named(client: Any, kind: str = SCP) -> dict[str, str]:
    """The organization's policies of a type that AWS did not make: ids by name."""
    answer = client.list_policies(Filter=kind)["Policies"]
    return {item["Name"]: item["Id"] for item in answer if not item["AwsManaged"]}


def on(client: Any, target: str, kind: str = SCP) -> set[str]:
    answer = client.list_policies_for_target(TargetId=target, Filter=kind)["Policies"]
    return {item["Name"] for item in answer} - {"FullAWSAccess"}


def content(client: Any, policy_id: str) -> dict[str, Any]:
    return dict(json.loads(client.describe_policy(PolicyId=policy_id)["Policy"]["Content"]))


def foreign(client: Any, name: str, kind: str = SCP) -> str:
    document = {"Version": "2012-10-17", "Statement": [DENY]}
    seeded = client.create_policy(
        Name=name, Type=kind, Description="", Content=json.dumps(document)
    )  # fmt: skip
    return str(seeded["Policy"]["PolicySummary"]["Id"])


FOR_GOOD = {"@@operators_allowed_for_child_policies": ["@@none"]}


class TestServiceControlPolicy:
    def test_every_document_is_attached_to_every_target_and_read_back(
        self, cli: Any, client: Any, organization: seed.Organization, release: Any
    ) -> None:
        targets = [organization.unit_id, ACCOUNT_ID]
        path = release(scp={"targets": targets}, guardrail_protection=True)
        ran = cli("enforce", path, "--yes")
        assert ran.code == 0, ran.err
        every = {
            "goldenami-owner-only", "goldenami-untestable-launches",
            "goldenami-guardrail-protection",
        }  # fmt: skip
        assert set(named(client)) == on(client, organization.unit_id) == every
        assert on(client, ACCOUNT_ID) == every
        assert f"create  {SCP} goldenami-owner-only" in ran.err
        assert f"attach to {organization.unit_id}, {ACCOUNT_ID}" in ran.err
        assert "neither the organization's management account nor" in ran.err

    def test_a_second_run_changes_nothing(
        self, cli: Any, organization: seed.Organization, release: Any, mutating: Any
    ) -> None:
        path = release(scp={"targets": [organization.unit_id]})
        cli("enforce", path, "--yes")
        before = mutating()
        assert "nothing to change" in cli("enforce", path).err
        assert mutating() == before

    def test_a_change_is_an_update_and_a_dropped_target_is_freed(
        self, cli: Any, client: Any, organization: seed.Organization, write: Any, release: Any
    ) -> None:
        cli("enforce", release(scp={"targets": [organization.unit_id]}), "--yes")
        before = named(client)
        mechanisms = {"scp": {"targets": [ACCOUNT_ID]}}
        enforce = {"profile": "owner-only", "mechanisms": mechanisms}
        later = write("later.yaml", enforce=enforce, audit={"owners": [OWNER, "1" * 12]})
        ran = cli("enforce", later, "--yes")
        assert ran.code == 0, ran.err
        assert f"update  {SCP} goldenami-owner-only" in ran.err
        assert f"detach from {organization.unit_id}" in ran.err
        assert named(client) == before
        assert on(client, organization.unit_id) == set()
        assert on(client, ACCOUNT_ID) == set(before)
        assert "1" * 12 in json.dumps(content(client, before["goldenami-owner-only"]))

    @pytest.mark.parametrize("how", ["--remove", "the file drops it"])
    def test_it_is_taken_away_again_and_what_others_made_stays(
        self, cli: Any, client: Any, organization: seed.Organization, release: Any, how: str
    ) -> None:
        client.attach_policy(PolicyId=foreign(client, "theirs"), TargetId=organization.unit_id)
        client.attach_policy(
            PolicyId=foreign(client, "goldenami-lookalike"), TargetId=organization.unit_id
        )
        path = release(scp={"targets": [organization.unit_id]})
        assert cli("enforce", path, "--yes").code == 0
        if how == "--remove":
            ran = cli("enforce", path, "--remove", "--yes")
        else:
            ran = cli("enforce", release("other.yaml", allowed_amis={}), "--yes")
        assert ran.code == 0, ran.err
        assert f"remove  {SCP} goldenami-owner-only" in ran.err
        assert on(client, organization.unit_id) == {"theirs", "goldenami-lookalike"}

    def test_what_was_accepted_unproved_is_recorded_until_it_is_proved(
        self, cli: Any, client: Any, organization: seed.Organization, release: Any
    ) -> None:
        unit = organization.unit_id
        hiding = {"regions": ["us-east-1"], "providers": ["amazon"]}
        accepted = release(scp={"targets": [unit]}, allowed_amis=hiding)
        proved = release("proved.yaml", scp={"targets": [unit]})
        assert cli("enforce", proved, "--yes").code == 0
        policy = named(client)["goldenami-owner-only"]

        def recorded() -> bool:
            answer = client.list_tags_for_resource(ResourceId=policy)["Tags"]
            return "goldenami:unproved" in {item["Key"] for item in answer}

        assert not recorded()
        assert cli("enforce", accepted, "--yes").code == 4
        assert cli("enforce", accepted, "--yes", "--accept-unproved").code == 0
        assert recorded()
        assert cli("enforce", proved, "--yes").code == 0
        assert not recorded()

    def test_old_policies_go_first_only_where_both_do_not_fit(
        self, cli: Any, client: Any, organization: seed.Organization, write: Any, mutating: Any,
        sandbox: Sandbox,
    ) -> None:  # fmt: skip
        unit = organization.unit_id
        account.golden_images(sandbox)

        def swapped(profile: str) -> list[str]:
            before = len(mutating())
            enforce = {"profile": profile, "mechanisms": {"scp": {"targets": [unit]}}}
            ran = cli("enforce", write(f"{profile}.yaml", enforce=enforce), "--yes")
            assert ran.code == 0, ran.err
            steps = ("AttachPolicy", "DetachPolicy")
            return [item for item in mutating()[before:] if item in steps]

        assert swapped("guardrail") == ["AttachPolicy"] * 3
        assert swapped("guardrail-by-tag") == ["AttachPolicy", "DetachPolicy"]
        client.attach_policy(PolicyId=foreign(client, "theirs"), TargetId=unit)
        assert swapped("guardrail") == ["DetachPolicy", "AttachPolicy"]

    def test_everything_in_the_way_is_told_at_once_before_any_change(
        self, cli: Any, client: Any, organization: seed.Organization, release: Any, mutating: Any
    ) -> None:
        foreign(client, "goldenami-owner-only")
        for number in range(4):
            policy = foreign(client, f"theirs-{number}")
            client.attach_policy(PolicyId=policy, TargetId=organization.unit_id)
        before = mutating()
        targets = [organization.unit_id, "ou-zz99-zzzz9999"]
        ran = cli("enforce", release(scp={"targets": targets}), "--yes")
        assert ran.code == 4
        assert "policy goldenami-owner-only was not made by goldenami" in ran.err
        assert f"{organization.unit_id} would have 7 policies of type {SCP}, of 5" in ran.err
        assert "the organization has no root, unit or account ou-zz99-zzzz9999" in ran.err
        assert mutating() == before

    def test_a_type_that_is_not_enabled_is_refused_with_the_command_that_enables_it(
        self, cli: Any, client: Any, organization: seed.Organization, release: Any
    ) -> None:
        client.disable_policy_type(RootId=organization.root_id, PolicyType=SCP)
        ran = cli("enforce", release(scp={"targets": [organization.unit_id]}), "--yes")
        assert ran.code == 4
        assert f"{SCP} is not enabled in the organization's root" in ran.err
        assert f"aws organizations enable-policy-type --policy-type {SCP}" in ran.err

    def test_more_than_the_quota_is_refused_and_the_raised_quota_takes_it(
        self, cli: Any, organization: seed.Organization, write: Any
    ) -> None:
        owners = [f"{number:012}" for number in range(1, 250)]

        def enforced(size_limit: int) -> Any:
            scp = {"targets": [organization.unit_id], "size_limit": size_limit}
            enforce = {"profile": "owner-only", "mechanisms": {"scp": scp}}
            path = write(f"{size_limit}.yaml", enforce=enforce, audit={"owners": owners})
            return cli("enforce", path, "--plan")

        refused = enforced(5_120)
        assert refused.code == 4
        assert "a service control policy (enforce.mechanisms.scp.size_limit)" in refused.err
        assert "may have 5,120" in refused.err
        assert enforced(10_240).code == 0


class TestWithoutAnOrganization:
    @pytest.mark.usefixtures("sandbox")
    def test_an_scp_is_refused(self, cli: Any, release: Any) -> None:
        ran = cli("enforce", release(scp={"targets": [ACCOUNT_ID]}), "--yes")
        assert ran.code == 4
        assert "this account is in no organization" in ran.err
        assert "leave scp and declarative_policy out" in ran.err

    def test_a_member_that_may_not_read_policies_is_told_who_may(
        self, cli: Any, sandbox: Sandbox, release: Any
    ) -> None:
        seed.organization(sandbox, management_account=OWNER)
        ran = cli("enforce", release(scp={"targets": [ACCOUNT_ID]}), "--yes")
        assert ran.code == 4
        assert "AccessDeniedException" in ran.err
        assert "use the organization's management account, or a delegated administrator" in ran.err

    def test_other_mechanisms_need_none_and_removing_says_what_was_not_looked_for(
        self, cli: Any, sandbox: Sandbox, release: Any
    ) -> None:
        seed.organization(sandbox, management_account=OWNER)
        path = release(allowed_amis={})
        ran = cli("enforce", path, "--yes")
        assert ran.code == 0, ran.err
        assert "organization" not in ran.err
        removed = cli("enforce", path, "--remove", "--yes")
        assert removed.code == 0, removed.err
        assert "policies of an organization were not looked for" in removed.err

    def test_an_organization_that_cannot_be_reached_stops_it(
        self, cli: Any, sandbox: Sandbox, release: Any, mutating: Any
    ) -> None:
        fault = Fault(service="organizations", operation="ListPolicies", code="ServiceException")
        before = mutating()
        with sandbox.fail(fault):
            ran = cli("enforce", release(allowed_amis={}), "--yes")
        assert ran.code == 1
        assert "ServiceException" in ran.err
        assert mutating() == before


class TestDeclarativePolicy:
    def test_it_sets_allowed_amis_in_the_accounts_below(
        self, cli: Any, sandbox: Sandbox, client: Any, organization: seed.Organization, release: Any
    ) -> None:
        path = release(
            declarative_policy={
                "targets": [organization.unit_id],
                "state": "enabled",
                "providers": [OWNER, "aws-backup-vault"],
                "names": ["web-*"],
                "created_within_days": 300,
                "deprecated_within_days": 0,
                "exception_message": "Ask the platform team.",
            }
        )
        ran = cli("enforce", path, "--yes", "--accept-unproved")
        assert ran.code == 0, ran.err
        policy = named(client, DECLARATIVE)["goldenami-allowed-images"]
        assert content(client, policy) == {
            "ec2_attributes": {
                "allowed_images_settings": {
                    **FOR_GOOD,
                    "state": {**FOR_GOOD, "@@assign": "enabled"},
                    "image_criteria": {
                        **FOR_GOOD,
                        "criteria_1": {
                            "allowed_image_providers": {
                                **FOR_GOOD, "@@assign": [OWNER, "aws_backup_vault"],
                            },
                            "image_names": {**FOR_GOOD, "@@assign": ["web-*"]},
                            "creation_date_condition": {
                                "maximum_days_since_created": {**FOR_GOOD, "@@assign": 300}
                            },
                            "deprecation_time_condition": {
                                "maximum_days_since_deprecated": {**FOR_GOOD, "@@assign": 0}
                            },
                        },
                    },
                },
                "exception_message": {**FOR_GOOD, "@@assign": "Ask the platform team."},
            }
        }  # fmt: skip
        answer = sandbox.client("ec2", "eu-west-1").get_allowed_images_settings()
        assert (answer["State"], answer["ManagedBy"]) == ("enabled", "declarative-policy")
        assert answer["ImageCriteria"] == [
            {
                "ImageProviders": [OWNER, "aws-backup-vault"],
                "ImageNames": ["web-*"],
                "CreationDateCondition": {"MaximumDaysSinceCreated": 300},
                "DeprecationTimeCondition": {"MaximumDaysSinceDeprecated": 0},
            }
        ]
        assert "nothing to change" in cli("enforce", path, "--accept-unproved").err

    def test_by_default_it_allows_the_golden_owners_in_audit_mode(
        self, cli: Any, client: Any, organization: seed.Organization, release: Any
    ) -> None:
        path = release(declarative_policy={"targets": [organization.unit_id]})
        assert cli("enforce", path, "--yes").code == 0
        document = content(client, named(client, DECLARATIVE)["goldenami-allowed-images"])
        settings = document["ec2_attributes"]["allowed_images_settings"]
        assert settings["state"] == {**FOR_GOOD, "@@assign": "audit_mode"}
        assert settings["image_criteria"] == {
            **FOR_GOOD,
            "criteria_1": {
                "allowed_image_providers": {**FOR_GOOD, "@@assign": [ACCOUNT_ID, OWNER]}
            },
        }

    def test_where_it_rules_the_accounts_own_setting_is_refused(
        self, cli: Any, organization: seed.Organization, release: Any, mutating: Any
    ) -> None:
        declared = {"targets": [organization.unit_id], "created_within_days": 30}
        assert cli("enforce", release(declarative_policy=declared), "--yes").code == 0
        before = mutating()
        both = release("both.yaml", declarative_policy=declared, allowed_amis={})
        ran = cli("enforce", both, "--yes")
        assert ran.code == 4
        assert "a declarative policy of the organization manages Allowed AMIs" in ran.err
        assert mutating() == before

    @pytest.mark.parametrize("how", ["--remove", "the file drops it"])
    def test_it_is_taken_away_again(
        self, cli: Any, client: Any, organization: seed.Organization, release: Any, how: str
    ) -> None:
        path = release(declarative_policy={"targets": [organization.unit_id]})
        cli("enforce", path, "--yes")
        if how == "--remove":
            ran = cli("enforce", path, "--remove", "--yes")
        else:
            scp = {"targets": [organization.unit_id]}
            ran = cli("enforce", release("other.yaml", scp=scp), "--yes")
        assert ran.code == 0, ran.err
        assert named(client, DECLARATIVE) == {}
