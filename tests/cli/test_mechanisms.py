"""Every mechanism of enforcement from the command line: planned, applied, idle, removed."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami.sandbox import catalogue
from goldenami.sandbox.server import Sandbox

BOUNDARY = "arn:aws:iam::123456789012:policy/goldenami-boundary"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "sts:AssumeRole",
    },
}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture
def baked(cli: Any, write: Any, sandbox: Sandbox, admins: str) -> Any:
    """Bake one release, with a pipeline role; return what writes a release file like it."""
    role(sandbox, "pipeline")
    assert cli("bake", write(), "--yes").code == 0

    def like(**mechanisms: Any) -> Any:
        return write(enforce__mechanisms=mechanisms, enforce__pipeline_role="pipeline")

    return like


def role(sandbox: Sandbox, name: str, policy: str | None = ADMINISTRATOR) -> None:
    iam = sandbox.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    if policy:
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)


def boundary_of(sandbox: Sandbox, name: str) -> str:
    told = sandbox.client("iam").get_role(RoleName=name)["Role"]
    return str(told.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""))


class TestPermissionsBoundary:
    def test_a_role_is_bound_by_all_documents_in_one_and_really_refused(
        self, cli: Any, sandbox: Sandbox, baked: Any, own_images: Any
    ) -> None:
        role(sandbox, "developers")
        release = baked(permissions_boundary={"roles": ["developers"]}, tag_protection=True)
        ran = cli("enforce", release, "--yes")
        assert ran.code == 0, ran.err
        assert "attach to role developers" in ran.err
        assert boundary_of(sandbox, "developers") == BOUNDARY
        session = sandbox.client("sts").assume_role(
            RoleArn="arn:aws:iam::123456789012:role/developers", RoleSessionName="work"
        )["Credentials"]
        ec2 = sandbox.client(
            "ec2", access_key_id=session["AccessKeyId"],
            secret_access_key=session["SecretAccessKey"], session_token=session["SessionToken"],
        )  # fmt: skip
        launch = {"MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}
        assert ec2.run_instances(ImageId=own_images("us-east-1")[0]["ImageId"], **launch)
        public = catalogue.IMAGES[0].id_in("us-east-1")
        with pytest.raises(ClientError, match="explicit deny in a permissions boundary"):
            ec2.run_instances(ImageId=public, **launch)

    def test_a_second_run_changes_nothing_and_remove_takes_it_off(
        self, cli: Any, sandbox: Sandbox, baked: Any, mutating: Any
    ) -> None:
        role(sandbox, "developers")
        release = baked(permissions_boundary={"roles": ["developers"]})
        assert cli("enforce", release, "--yes").code == 0
        before = mutating()
        assert "nothing to change" in cli("enforce", release).err
        assert mutating() == before
        assert cli("enforce", release, "--remove", "--yes").code == 0
        assert boundary_of(sandbox, "developers") == ""
        with pytest.raises(ClientError, match="NoSuchEntity"):
            sandbox.client("iam").get_policy(PolicyArn=BOUNDARY)

    def test_a_role_that_is_no_longer_named_is_let_go(
        self, cli: Any, sandbox: Sandbox, baked: Any
    ) -> None:
        role(sandbox, "developers")
        role(sandbox, "operators")
        both = baked(permissions_boundary={"roles": ["developers", "operators"]})
        assert cli("enforce", both, "--yes").code == 0
        one = baked(permissions_boundary={"roles": ["developers"]})
        ran = cli("enforce", one, "--yes")
        assert ran.code == 0, ran.err
        assert "detach from role operators" in ran.err
        assert boundary_of(sandbox, "operators") == ""
        dropped = baked(group_policy=True)
        assert cli("enforce", dropped, "--yes").code == 0
        assert boundary_of(sandbox, "developers") == ""

    def test_roles_that_cannot_be_bound_are_refused_all_together(
        self, cli: Any, sandbox: Sandbox, baked: Any, mutating: Any
    ) -> None:
        iam = sandbox.client("iam")
        role(sandbox, "bound")
        iam.put_role_permissions_boundary(RoleName="bound", PermissionsBoundary=ADMINISTRATOR)
        before = mutating()
        ran = cli(
            "enforce", baked(permissions_boundary={"roles": ["gone", "bound", "pipeline"]}), "--yes"
        )
        assert ran.code == 4
        assert "there is no role gone" in ran.err
        assert "role bound has another permissions boundary" in ran.err
        assert "must not be bound" in ran.err
        assert mutating() == before


@pytest.fixture
def unit(sandbox: Sandbox) -> str:
    """Make an organization that this account manages; return an organizational unit of it."""
    organizations = sandbox.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    made = organizations.create_organizational_unit(ParentId=root, Name="workloads")
    return str(made["OrganizationalUnit"]["Id"])


def attached(sandbox: Sandbox, unit: str, kind: str) -> set[str]:
    found = sandbox.client("organizations").list_policies_for_target(TargetId=unit, Filter=kind)
    return {one["Name"] for one in found["Policies"]}


class TestServiceControlPolicy:
    KIND = "SERVICE_CONTROL_POLICY"

    def test_documents_are_attached_idle_and_removed(
        self, cli: Any, sandbox: Sandbox, baked: Any, unit: str, mutating: Any
    ) -> None:
        release = baked(scp={"targets": [unit]})
        ran = cli("enforce", release, "--yes")
        assert ran.code == 0, ran.err
        assert "neither the organization's management account nor service-linked roles" in ran.err
        assert "this account manages the organization" in ran.err
        ours = {"goldenami-guardrail", "goldenami-tag-protection"}
        assert attached(sandbox, unit, self.KIND) == {"FullAWSAccess", *ours}
        before = mutating()
        assert "nothing to change" in cli("enforce", release).err
        assert mutating() == before
        assert cli("enforce", release, "--remove", "--yes").code == 0
        assert attached(sandbox, unit, self.KIND) == {"FullAWSAccess"}

    def test_a_new_release_updates_the_content(
        self, cli: Any, write: Any, sandbox: Sandbox, baked: Any, unit: str
    ) -> None:
        assert cli("enforce", baked(scp={"targets": [unit]}), "--yes").code == 0
        assert cli("bake", write(version="1.1", regions=["us-east-1"]), "--yes").code == 0
        ran = cli("enforce", baked(scp={"targets": [unit]}), "--yes")
        assert ran.code == 0, ran.err
        assert "update  SERVICE_CONTROL_POLICY goldenami-guardrail" in ran.err

    def test_a_target_that_is_no_longer_named_is_let_go(
        self, cli: Any, sandbox: Sandbox, baked: Any, unit: str
    ) -> None:
        root = sandbox.client("organizations").list_roots()["Roots"][0]["Id"]
        assert cli("enforce", baked(scp={"targets": [unit, root]}), "--yes").code == 0
        ran = cli("enforce", baked(scp={"targets": [unit]}), "--yes")
        assert ran.code == 0, ran.err
        assert f"detach from {root}" in ran.err
        assert attached(sandbox, root, self.KIND) == {"FullAWSAccess"}

    def test_what_does_not_fit_the_organization_is_refused_before_any_change(
        self, cli: Any, sandbox: Sandbox, baked: Any, unit: str, mutating: Any
    ) -> None:
        organizations = sandbox.client("organizations")
        made = organizations.create_policy(
            Name="goldenami-guardrail", Description="x", Type=self.KIND,
            Content=json.dumps({"Version": "2012-10-17", "Statement": []} | {"Statement": [
                {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}),
        )  # fmt: skip
        before = mutating()
        ran = cli("enforce", baked(scp={"targets": [unit, "ou-zzzz-12345678"]}), "--yes")
        assert ran.code == 4
        assert "was not made by goldenami" in ran.err
        assert "no root, unit or account ou-zzzz-12345678" in ran.err
        assert mutating() == before
        assert cli("enforce", baked(group_policy=True), "--remove", "--yes").code == 0
        kept = organizations.describe_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"])
        assert kept["Policy"]

    def test_a_full_target_is_refused(
        self, cli: Any, sandbox: Sandbox, baked: Any, unit: str
    ) -> None:
        organizations = sandbox.client("organizations")
        for number in range(3):
            made = organizations.create_policy(
                Name=f"p{number}", Description="x", Type=self.KIND,
                Content=json.dumps({"Version": "2012-10-17", "Statement": [
                    {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}),
            )  # fmt: skip
            organizations.attach_policy(
                PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=unit
            )
        ran = cli("enforce", baked(scp={"targets": [unit]}), "--yes")
        assert ran.code == 4
        assert f"{unit} would have 6 policies of type {self.KIND}, of 5 allowed" in ran.err

    def test_a_type_that_is_not_enabled_is_refused_with_the_fix(
        self, cli: Any, sandbox: Sandbox, baked: Any, unit: str
    ) -> None:
        organizations = sandbox.client("organizations")
        root = organizations.list_roots()["Roots"][0]["Id"]
        organizations.disable_policy_type(RootId=root, PolicyType=self.KIND)
        ran = cli("enforce", baked(scp={"targets": [unit]}), "--yes")
        assert ran.code == 4
        assert "enable-policy-type" in ran.err

    def test_without_an_organization_it_is_refused(self, cli: Any, baked: Any) -> None:
        ran = cli("enforce", baked(scp={"targets": ["ou-ab12-cdef3456"]}), "--yes")
        assert ran.code == 4
        assert "in no organization" in ran.err


class TestAllowedAmis:
    def setting(self, sandbox: Sandbox, region: str) -> tuple[str, list[str]]:
        told = sandbox.client("ec2", region).get_allowed_images_settings()
        criteria = told.get("ImageCriteria", [])
        return told["State"], criteria[0]["ImageProviders"] if criteria else []

    def test_every_region_named_is_set_idle_and_removed(
        self, cli: Any, sandbox: Sandbox, baked: Any, mutating: Any
    ) -> None:
        release = baked(
            allowed_amis={
                "state": "enabled", "regions": ["us-east-1", "eu-west-1"],
                "providers": ["999988887777", "amazon"], "names": ["al2023-*"],
                "created_within_days": 300, "deprecated_within_days": 0,
            }
        )  # fmt: skip
        ran = cli("enforce", release, "--yes")
        assert ran.code == 0, ran.err
        assert "never restrict the account's own images" in ran.err
        for region in ("us-east-1", "eu-west-1"):
            assert self.setting(sandbox, region)[0] == "enabled"
            assert set(self.setting(sandbox, region)[1]) == {"999988887777", "amazon"}
        before = mutating()
        assert "nothing to change" in cli("enforce", release).err
        assert mutating() == before
        assert cli("enforce", release, "--remove", "--yes").code == 0
        assert self.setting(sandbox, "us-east-1") == ("disabled", [])

    def test_audit_mode_lists_what_would_have_been_refused(
        self, cli: Any, sandbox: Sandbox, baked: Any, own_images: Any
    ) -> None:
        launch = {"MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}
        ec2 = sandbox.client("ec2")
        ec2.run_instances(ImageId=own_images("us-east-1")[0]["ImageId"], **launch)
        public = catalogue.IMAGES[0]
        ec2.run_instances(ImageId=public.id_in("us-east-1"), **launch)
        release = baked(
            group_policy=True, allowed_amis={"state": "enabled", "regions": ["us-east-1"]}
        )
        ran = cli("enforce", release, "--audit-mode", "--yes", "--format", "json")
        assert ran.code == 10, ran.err
        told = json.loads(ran.out)
        assert told["schema"] == "goldenami.would-refuse/v1"
        assert [one["image"] for one in told["items"]] == [public.id_in("us-east-1")]
        assert self.setting(sandbox, "us-east-1")[0] == "audit-mode"
        groups = sandbox.client("iam").list_attached_group_policies(GroupName="ec2-admin-group")
        assert len(groups["AttachedPolicies"]) == 1

    def test_a_setting_of_somebody_else_s_stays(
        self, cli: Any, sandbox: Sandbox, baked: Any
    ) -> None:
        ec2 = sandbox.client("ec2")
        ec2.replace_image_criteria_in_allowed_images_settings(
            ImageCriteria=[{"ImageProviders": ["111122223333"]}]
        )
        release = baked(allowed_amis={"regions": ["us-east-1"]})
        ran = cli("enforce", release, "--remove", "--yes")
        assert ran.code == 0, ran.err
        assert "is not goldenami's, and stays" in ran.err
        assert self.setting(sandbox, "us-east-1")[1] == ["111122223333"]

    def test_golden_images_of_another_owner_must_not_be_hidden(
        self, cli: Any, write: Any, baked: Any, mutating: Any
    ) -> None:
        before = mutating()
        release = write(
            enforce__mechanisms={"allowed_amis": {"providers": ["amazon"]}},
            audit={"owners": ["999988887777"]},
        )
        ran = cli("enforce", release, "--yes")
        assert ran.code == 4
        assert "golden images of 999988887777 would be refused" in ran.err
        assert mutating() == before

    @pytest.mark.parametrize(
        ("arguments", "mechanisms", "says"),
        [
            (["--audit-mode"], {"group_policy": True}, "enforce.mechanisms has neither"),
            (["--audit-mode", "--remove"], {"allowed_amis": {}}, "do not go together"),
        ],
    )
    def test_audit_mode_where_there_is_nothing_to_audit(
        self, cli: Any, write: Any, arguments: list[str], mechanisms: Any, says: str
    ) -> None:
        ran = cli("enforce", write(enforce__mechanisms=mechanisms), *arguments)
        assert ran.code == 2
        assert says in ran.err


class TestDeclarativePolicy:
    KIND = "DECLARATIVE_POLICY_EC2"

    @pytest.fixture
    def root(self, sandbox: Sandbox, unit: str) -> str:
        organizations = sandbox.client("organizations")
        root = str(organizations.list_roots()["Roots"][0]["Id"])
        organizations.enable_policy_type(RootId=root, PolicyType=self.KIND)
        return root

    def test_it_holds_the_setting_of_the_accounts_under_it(
        self, cli: Any, sandbox: Sandbox, baked: Any, root: str, mutating: Any
    ) -> None:
        release = baked(
            declarative_policy={
                "targets": [root], "state": "audit-mode", "providers": ["amazon"],
                "names": ["al2023-*"], "created_within_days": 300, "deprecated_within_days": 5,
                "exception_message": "ask the platform team",
            }
        )  # fmt: skip
        ran = cli("enforce", release, "--yes")
        assert ran.code == 0, ran.err
        told = sandbox.client("ec2").get_allowed_images_settings()
        assert (told["State"], told["ManagedBy"]) == ("audit-mode", "declarative-policy")
        before = mutating()
        assert "nothing to change" in cli("enforce", release).err
        assert mutating() == before
        other = baked(allowed_amis={"regions": ["us-east-1"], "providers": ["999988887777"]})
        refused = cli("enforce", other, "--yes")
        assert refused.code == 4
        assert "a declarative policy of the organization manages Allowed AMIs" in refused.err
        assert cli("enforce", release, "--remove", "--yes").code == 0
        assert sandbox.client("ec2").get_allowed_images_settings()["ManagedBy"] == "account"


class TestProtection:
    def test_the_guardrail_protects_itself_and_the_pipeline_may_change_it(
        self, cli: Any, sandbox: Sandbox, baked: Any
    ) -> None:
        iam = sandbox.client("iam")
        iam.attach_group_policy(GroupName="ec2-admin-group", PolicyArn=ADMINISTRATOR)
        iam.create_user(UserName="ann")
        iam.add_user_to_group(GroupName="ec2-admin-group", UserName="ann")
        release = baked(group_policy=True, guardrail_protection=True)
        ran = cli("enforce", release, "--yes")
        assert ran.code == 0, ran.err
        assert "only the pipeline role can run `goldenami enforce`" in ran.err
        assert "can take the policies away" not in ran.err
        key = iam.create_access_key(UserName="ann")["AccessKey"]
        ann = sandbox.client(
            "iam", access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"]
        )
        guardrail = "arn:aws:iam::123456789012:policy/goldenami-guardrail"
        with pytest.raises(ClientError, match="explicit deny"):
            ann.detach_group_policy(GroupName="ec2-admin-group", PolicyArn=guardrail)
        with pytest.raises(ClientError, match="explicit deny"):
            ann.create_policy_version(PolicyArn=guardrail, PolicyDocument="{}")
        with pytest.raises(ClientError, match="explicit deny"):
            ann.remove_user_from_group(GroupName="ec2-admin-group", UserName="ann")

    @pytest.mark.parametrize(
        ("mechanisms", "says"),
        [
            ({"tag_protection": True}, "name at least one of group_policy"),
            ({"permissions_boundary": {"roles": []}}, "name at least one role name"),
            ({"permissions_boundary": {"roles": ["a/b"]}}, "`a/b` is no role name"),
            ({"scp": {"targets": ["here"]}}, "`here` is no root"),
            ({"scp": {"targets": ["r-abcd"], "size_limit": 20_000}}, "5,120 to 10,240"),
            ({"allowed_amis": {"providers": ["me"]}}, "`me` is no account id"),
            ({"allowed_amis": {"regions": ["mars"]}}, "`mars` is no region name"),
            ({"allowed_amis": {"created_within_days": -1}}, "0 or more days"),
            ({"declarative_policy": {"targets": []}}, "name at least one root"),
            ({"group_policie": True}, "did you mean `group_policy`?"),
        ],
    )
    def test_a_mistake_in_the_mechanisms_is_told_with_its_place(
        self, cli: Any, write: Any, mechanisms: Any, says: str
    ) -> None:
        ran = cli("enforce", write(enforce__mechanisms=mechanisms), "--plan")
        assert ran.code == 2
        assert says in ran.err
        assert "enforce.mechanisms" in ran.err

    def test_protection_without_a_pipeline_role_would_lock_everybody_out(
        self, cli: Any, write: Any
    ) -> None:
        mechanisms = {"group_policy": True, "guardrail_protection": True}
        ran = cli("enforce", write(enforce__mechanisms=mechanisms), "--plan")
        assert ran.code == 2
        assert "it needs enforce.pipeline_role" in ran.err
