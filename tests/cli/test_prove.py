"""`goldenami policy prove` and `explain`, and the proof before every apply."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from goldenami_sandbox import catalogue
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.seed import organization
from goldenami_sandbox.server import Sandbox

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ROLE = "arn:aws:iam::111122223333:role/baker"
GOLDEN = ("--account", "111122223333", "--snapshot", "snap-0123456789abcdef0")
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NOBODY_KNOWS = ALLOW_ALL | {"Sid": "Perhaps", "Condition": {"Bool": {"aws:NewSince": "true"}}}
"""A global key that the service authorization reference does not have."""


def says(ran: Any, result: str, case: str) -> bool:
    """Tell whether a table of cases has this one with this result."""
    return re.search(rf"^{result} +{re.escape(case)} ", ran.out, re.MULTILINE) is not None


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal: Any) -> str:
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


@pytest.fixture
def member(sandbox: Sandbox) -> Any:
    """Make a user of the admin group, with further policies."""

    def make(name: str, *statements: Any) -> None:
        iam = sandbox.client("iam")
        iam.create_user(UserName=name)
        iam.add_user_to_group(GroupName="ec2-admin-group", UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))

    return make


class TestOfDocuments:
    def test_a_profile_is_proved_without_aws(self, cli: Any, sandbox: Sandbox) -> None:
        ran = cli("policy", "prove", "--policy-profile", "guardrail")
        assert ran.code == 0, ran.err
        assert "proved beside AdministratorAccess" in ran.err
        assert "DenyLaunchOfOtherOwnersImage of goldenami-guardrail" in ran.out
        (kept, promised), *_ = re.findall(r"(\d+) of (\d+) promised cases", ran.err)
        assert kept == promised
        assert int(kept) > 200
        assert sandbox.calls == ()

    @pytest.mark.parametrize("name", ["parent-snapshot", "resource-tag"])
    def test_the_guide_s_policies_block_everything_alone_and_stop_nothing_beside(
        self, cli: Any, name: str
    ) -> None:
        alone = cli("policy", "prove", "-p", f"ec2-028-{name}")
        assert alone.code == 4
        assert says(alone, "FAILED", "launch a golden image")
        beside = cli("policy", "prove", "-p", f"ec2-028-{name}", "--beside", "admin")
        assert beside.code == 4
        assert says(beside, "FAILED", "launch a public image")
        assert says(beside, "ok", "launch a golden image")

    def test_files_are_proved_together_beside_another_file(self, cli: Any, tmp_path: Path) -> None:
        files = []
        for name in ("guardrail", "untestable-launches", "tag-protection"):
            path = tmp_path / f"{name}.json"
            path.write_text(cli("policy", "render", "-p", name, *GOLDEN).out)
            files.append(path)
        ran = cli("policy", "prove", *files, "--account", "111122223333")
        assert ran.code == 0, ran.err
        broad = tmp_path / "broad.json"
        broad.write_text(policy(ALLOW_ALL))
        ran = cli("policy", "prove", *files, *GOLDEN, "--beside", broad)
        assert ran.code == 0, ran.err
        assert f"beside {broad}" in ran.err
        assert cli("policy", "prove", *files, *GOLDEN, "--beside", "none").code == 4

    def test_the_pipeline_role_s_work_is_proved_where_it_is_named(self, cli: Any) -> None:
        ran = cli("policy", "prove", "-p", "guardrail", *GOLDEN, "--pipeline-role", ROLE)
        assert ran.code == 0, ran.err
        assert "the pipeline approves an image" in ran.out

    def test_json_is_a_versioned_document(self, cli: Any) -> None:
        ran = cli("policy", "prove", "-p", "guardrail-by-tag", "--format", "json")
        answer = json.loads(ran.out)
        assert (answer["schema"], answer["proved"]) == ("goldenami.proof/v1", True)
        assert all(item["reason"] for item in answer["cases"])
        way = "a fleet's template with another snapshot"
        assert {item["name"]: item["tried"] for item in answer["known_open"]}[way]
        assert "Batch" in {item["name"] for item in answer["known_open"] if not item["tried"]}
        assert [item["decided"] for item in answer["cases"] if item["known_open"] == way] == (
            ["allowed"] * 3
        )

    def test_what_no_policy_closes_is_told_with_what_helps(self, cli: Any) -> None:
        ran = cli("policy", "prove", "-p", "guardrail")
        assert says(ran, "known open", "assume a role that is not bound")
        assert says(ran, "known open", "GameLift")
        assert "a boundary on EMR's service role" in " ".join(ran.out.split())
        assert "ways that no policy closes, each with what helps" in ran.err

    def test_one_s_own_cases_are_proved_too(self, cli: Any, tmp_path: Path) -> None:
        own = tmp_path / "own.yaml"
        own.write_text(
            "cases:\n  - name: mine\n    topic: foreign-image\n    expect: allowed\n"
            "    call: ec2:RunInstances\n    parameters: {ImageId: ami-public}\n"
        )
        ran = cli("policy", "prove", "-p", "guardrail", "--cases", own)
        assert ran.code == 4
        assert says(ran, "FAILED", "mine")

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ([], "say whose policies"),
            (["--user", "a", "--role", "b"], "say whose policies"),
            (["gone.json"], "gone.json: cannot be read"),
            (["a.yaml", "b.yaml"], "one release file at a time"),
            (["-p", "guardrial"], "did you mean `guardrail`?"),
            (["-p", "guardrail", "--cases", "gone.yaml"], "gone.yaml: cannot be read"),
        ],
    )
    def test_a_wrong_question_is_one_clear_error(
        self, cli: Any, arguments: list[str], says: str
    ) -> None:
        ran = cli("policy", "prove", *arguments)
        assert ran.code == 2
        assert says in ran.err

    def test_a_policy_that_the_evaluator_does_not_know_is_refused(
        self, cli: Any, tmp_path: Path
    ) -> None:
        path = tmp_path / "odd.json"
        path.write_text(policy(ALLOW_ALL | {"Condition": {"StringEqual": {"ec2:Owner": "1"}}}))
        ran = cli("policy", "prove", path)
        assert ran.code == 2
        assert "`StringEqual` is no condition operator" in ran.err


class TestOfAReleaseFile:
    def test_its_profile_is_proved_with_the_real_golden_snapshots(
        self, cli: Any, baked: Path
    ) -> None:
        ran = cli("policy", "prove", baked)
        assert ran.code == 0, ran.err
        assert says(ran, "ok", "launch a golden image")

    def test_more_snapshots_than_fit_are_proved_in_the_form_by_tag(
        self, cli: Any, write: Any, baked: Path
    ) -> None:
        many = [word for number in range(120) for word in ("--snapshot", f"snap-{number:017x}")]
        ran = cli("policy", "prove", baked, *many)
        assert ran.code == 0, ran.err
        assert "`guardrail-by-tag` takes its place" in ran.err

    def test_without_an_enforce_part_the_default_profile_is_proved(
        self, cli: Any, write: Any, baked: Path
    ) -> None:
        assert cli("policy", "prove", write("other.yaml", enforce=None)).code == 0


class TestOfALivePrincipal:
    def test_a_group_is_proved_by_what_is_attached(
        self, cli: Any, baked: Path, member: Any
    ) -> None:
        before = cli("policy", "prove", "--group", "ec2-admin-group")
        assert before.code == 4
        assert cli("enforce", baked, "--yes").code == 0
        after = cli("policy", "prove", "--group", "ec2-admin-group")
        assert after.code == 0, after.err
        member("ann")
        assert cli("policy", "prove", "--user", "ann").code == 0

    def test_who_can_become_the_pipeline_role_is_shown_and_in_the_document(
        self, cli: Any, write: Any, sandbox: Sandbox, baked: Path
    ) -> None:
        iam = sandbox.client("iam")
        named = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:user/ci"}
        iam.create_user(UserName="ci")
        iam.create_role(RoleName="pipeline", AssumeRolePolicyDocument=trust(named))
        iam.create_user(UserName="keeper")
        keep = {"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "*"}
        iam.put_user_policy(UserName="keeper", PolicyName="p", PolicyDocument=policy(keep))
        release = write("p.yaml", enforce__pipeline_role="pipeline")
        live = ("--group", "ec2-admin-group", "--pipeline-role",
                f"arn:aws:iam::{ACCOUNT_ID}:role/pipeline")  # fmt: skip
        for subject in ([release], live):
            ran = cli("policy", "prove", *subject)
            assert "user ci -> role pipeline (sts:AssumeRole)" in ran.out
            assert "user keeper -> role pipeline (iam:PutRolePolicy)" in ran.out
        answer = json.loads(cli("policy", "prove", release, "--format", "json").out)
        assert answer["pipeline_access"]["paths"][0] == {
            "kind": "user", "name": "ci", "becomes": True, "certain": True,
            "steps": [{"to": "role pipeline",
                       "ways": [{"call": "sts:AssumeRole", "depends_on": []}]}],
        }  # fmt: skip

    def test_an_account_that_may_not_be_read_is_a_note(
        self, cli: Any, write: Any, sandbox: Sandbox, baked: Path
    ) -> None:
        release = write("p.yaml", enforce__pipeline_role="pipeline")
        fault = Fault(service="iam", operation="GetAccountAuthorizationDetails",
                      code="AccessDenied", status=403)  # fmt: skip
        with sandbox.fail(fault):
            ran = cli("policy", "prove", release)
        assert ran.code == 0, ran.err
        assert "who can become the pipeline role is not known" in ran.err
        ran = cli("policy", "prove", release)
        assert "nobody was found" in ran.out

    def test_a_role_walks_around_what_binds_a_group(
        self, cli: Any, sandbox: Sandbox, baked: Path
    ) -> None:
        assert cli("enforce", baked, "--yes").code == 0
        iam = sandbox.client("iam")
        iam.create_role(RoleName="free", AssumeRolePolicyDocument=trust({"AWS": "123456789012"}))
        iam.attach_role_policy(RoleName="free", PolicyArn=ADMINISTRATOR)
        ran = cli("policy", "prove", "--role", "free")
        assert ran.code == 4
        assert says(ran, "FAILED", "launch a public image")

    def test_an_scp_above_the_account_counts_and_is_said_if_it_cannot_be_read(
        self, cli: Any, sandbox: Sandbox, baked: Path
    ) -> None:
        seeded = organization(
            sandbox, management_account="999988887777", delegated_administrator=True
        )
        organizations = sandbox.client("organizations")
        nothing = policy({"Sid": "NoEc2", "Effect": "Deny", "Action": "ec2:*", "Resource": "*"})
        item = organizations.create_policy(
            Name="no-ec2", Description="x", Type="SERVICE_CONTROL_POLICY", Content=nothing
        )["Policy"]["PolicySummary"]["Id"]
        organizations.attach_policy(PolicyId=item, TargetId=seeded.id if False else seeded.unit_id)
        ran = cli("policy", "prove", "--group", "ec2-admin-group")
        assert ran.code == 4
        assert "NoEc2 of no-ec2 (service control policy)" in ran.out
        fault = Fault(
            service="organizations", operation="DescribeOrganization",
            code="AccessDeniedException", status=400,
        )  # fmt: skip
        with sandbox.fail(fault):
            ran = cli("policy", "prove", "--group", "ec2-admin-group")
        assert "service control policies could not be read" in ran.err

    def test_without_a_golden_image_nothing_is_proved(
        self, cli: Any, sandbox: Sandbox, admins: str
    ) -> None:
        ran = cli("policy", "prove", "--group", admins)
        assert ran.code == 4
        assert "no approved image" in ran.err

    def test_somebody_who_is_not_there(self, cli: Any, baked: Path) -> None:
        ran = cli("policy", "prove", "--group", "ec2-admin-groups")
        assert ran.code == 2
        assert "did you mean `ec2-admin-group`?" in ran.err


class TestWithAws:
    def test_the_simulator_agrees_about_documents_and_about_a_live_group(
        self, cli: Any, baked: Path, sandbox: Sandbox
    ) -> None:
        ran = cli("policy", "prove", "-p", "guardrail", "--with-aws")
        assert ran.code == 0, ran.err
        assert "IAM's policy simulator agrees" in ran.err
        assert cli("enforce", baked, "--yes").code == 0
        ran = cli("policy", "prove", "--group", "ec2-admin-group", "--with-aws")
        assert ran.code == 0, ran.err
        assert "agrees" in ran.err

    def test_where_it_disagrees_every_request_is_shown(
        self, cli: Any, sandbox: Sandbox, baked: Path
    ) -> None:
        seeded = organization(
            sandbox, management_account="999988887777", delegated_administrator=True
        )
        organizations = sandbox.client("organizations")
        nothing = policy({"Sid": "NoSpot", "Effect": "Deny", "Action": "*", "Resource": "*"})
        item = organizations.create_policy(
            Name="nothing", Description="x", Type="SERVICE_CONTROL_POLICY", Content=nothing
        )["Policy"]["PolicySummary"]["Id"]
        ran = cli("policy", "prove", "-p", "allow-by-tag", "--with-aws", "--format", "json")
        assert json.loads(ran.out)["aws_disagrees"] == []
        organizations.attach_policy(PolicyId=item, TargetId=seeded.unit_id)
        assert cli("policy", "prove", "--group", "ec2-admin-group", "--with-aws").code == 4


class TestExplain:
    def test_the_answer_comes_first_and_then_every_request(
        self, cli: Any, baked: Path, own_images: Any, member: Any
    ) -> None:
        assert cli("enforce", baked, "--yes").code == 0
        member("ann")
        golden = own_images("us-east-1")[0]["ImageId"]
        ran = cli("policy", "explain", "--user", "ann", "--image", golden)
        assert ran.code == 0, ran.err
        assert ran.out.startswith("yes: allowed by ")
        public = catalogue.IMAGES[0].id_in("us-east-1")
        ran = cli("policy", "explain", "--user", "ann", "--image", public)
        assert ran.code == 10
        assert ran.out.startswith("no: explicitly denied by DenyLaunchWithoutApprovalTag")
        ran = cli(
            "policy", "explain", "--group", "ec2-admin-group", "--image", public,
            "--call", "ec2:RequestSpotInstances", "--format", "json",
        )  # fmt: skip
        answer = json.loads(ran.out)
        assert (answer["schema"], answer["allowed"]) == ("goldenami.verdict/v1", False)
        fleet = cli(
            "policy",
            "explain",
            "--user",
            "ann",
            "--image",
            golden,
            "--call",
            "ec2:RequestSpotFleet",
        )
        assert fleet.code == 0, fleet.err

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["--image", "ami-0123456789abcdef0"], "say who"),
            (["--user", "nobody", "--image", "ami-0123456789abcdef0"], "there is no user"),
            (["--group", "ec2-admin-group", "--image", "ami-0123456789abcdef0"],
             "there is no image"),
        ],
    )  # fmt: skip
    def test_a_wrong_question_is_one_clear_error(
        self, cli: Any, admins: str, arguments: list[str], says: str
    ) -> None:
        ran = cli("policy", "explain", *arguments)
        assert ran.code == 2
        assert says in ran.err

    def test_only_launches_can_be_explained(self, cli: Any, admins: str) -> None:
        public = catalogue.IMAGES[0].id_in("us-east-1")
        ran = cli(
            "policy", "explain", "--group", admins, "--image", public, "--call", "ec2:StopInstances"
        )
        assert ran.code == 2
        assert "is no launch" in ran.err


class TestBeforeEveryApply:
    def test_a_group_that_could_not_launch_golden_images_is_refused(
        self, cli: Any, sandbox: Sandbox, baked: Path, mutating: Any
    ) -> None:
        sandbox.client("iam").detach_group_policy(
            GroupName="ec2-admin-group", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2FullAccess"
        )
        before = mutating()
        ran = cli("enforce", baked, "--yes")
        assert ran.code == 4
        assert "not proved, and nothing was changed" in ran.err
        assert "launch a golden image" in ran.err
        assert mutating() == before

    def test_the_guide_s_policy_is_refused_and_says_why(
        self, cli: Any, write: Any, baked: Path
    ) -> None:
        ran = cli("enforce", write("other.yaml", enforce__profile="ec2-028-resource-tag"), "--yes")
        assert ran.code == 4
        assert "launch a public image should be denied and is allowed" in ran.err

    def test_what_is_accepted_all_the_same_is_recorded_until_it_is_proved(
        self, cli: Any, write: Any, sandbox: Sandbox, baked: Path
    ) -> None:
        iam = sandbox.client("iam")
        full = {"PolicyArn": "arn:aws:iam::aws:policy/AmazonEC2FullAccess"}
        iam.detach_group_policy(GroupName="ec2-admin-group", **full)
        ran = cli("enforce", baked, "--accept-unproved", "--yes")
        assert ran.code == 0, ran.err
        assert "accepted: group ec2-admin-group: launch a golden image" in ran.err
        arn = "arn:aws:iam::123456789012:policy/goldenami-guardrail"

        def recorded() -> list[str]:
            answer = iam.list_policy_tags(PolicyArn=arn)["Tags"]
            return [item["Value"] for item in answer if item["Key"] == "goldenami:unproved"]

        assert "accepted by arn:aws:iam::123456789012:root" in recorded()[0]
        again = cli("enforce", baked, "--accept-unproved")
        assert "nothing to change" in again.err
        iam.attach_group_policy(GroupName="ec2-admin-group", **full)
        assert cli("enforce", baked, "--yes").code == 0
        assert recorded() == []

    def test_members_that_allow_or_deny_otherwise_are_told_by_name(
        self, cli: Any, baked: Path, member: Any, sandbox: Sandbox
    ) -> None:
        member("ann")
        member(
            "bob", {"Sid": "No", "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}
        )
        member("odd", NOBODY_KNOWS | {"Effect": "Deny"})
        member("pat", NOBODY_KNOWS)
        ran = cli("enforce", baked, "--yes")
        assert ran.code == 0, ran.err
        assert "user bob cannot launch a golden image" in ran.err
        assert 'No of inline "own" of user bob' in ran.err
        assert "user odd could not be judged: launch a golden image" in ran.err
        assert 'Perhaps of inline "own" of user odd' in ran.err
        assert "user ann" not in ran.err
        assert "user pat" not in ran.err

    def test_a_member_with_more_walks_around_a_profile_that_only_allows(
        self, cli: Any, write: Any, sandbox: Sandbox, baked: Path, member: Any
    ) -> None:
        sandbox.client("iam").detach_group_policy(
            GroupName="ec2-admin-group", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2FullAccess"
        )
        member("eve", ALLOW_ALL)
        ran = cli("enforce", write("other.yaml", enforce__profile="allow"), "--yes")
        assert ran.code == 0, ran.err
        assert "user eve walks around it: launch a public image" in ran.err

    def test_a_golden_launch_may_come_from_a_member_s_further_policies(
        self, cli: Any, sandbox: Sandbox, baked: Path, member: Any
    ) -> None:
        sandbox.client("iam").detach_group_policy(
            GroupName="ec2-admin-group", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2FullAccess"
        )
        member("ann", {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"})
        ran = cli("enforce", baked, "--yes")
        assert ran.code == 0, ran.err
        assert "group ec2-admin-group alone: launch a golden image" in ran.err

    def test_a_pipeline_role_that_a_member_can_become_is_refused_unless_it_is_accepted(
        self, cli: Any, write: Any, sandbox: Sandbox, baked: Path, member: Any, mutating: Any
    ) -> None:
        iam = sandbox.client("iam")
        iam.create_role(RoleName="pipeline", AssumeRolePolicyDocument=trust({"AWS": ACCOUNT_ID}))
        iam.create_role(
            RoleName="deployer",
            AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{ACCOUNT_ID}:user/ann"}),
        )
        assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
        iam.put_role_policy(RoleName="deployer", PolicyName="p", PolicyDocument=policy(assume))
        member("ann")
        release, before = write("p.yaml", enforce__pipeline_role="pipeline"), mutating()
        ran = cli("enforce", release, "--yes")
        assert ran.code == 4
        assert (
            "who is to be bound can assume the pipeline role: user ann -> role deployer "
            "(sts:AssumeRole) -> role pipeline (sts:AssumeRole): let its trust policy name only"
        ) in ran.err
        assert "can become the pipeline role: role deployer -> role pipeline" in ran.err
        assert mutating() == before
        ran = cli("enforce", release, "--accept-unproved", "--yes")
        assert ran.code == 0, ran.err
        assert "accepted: who is to be bound can assume the pipeline role" in ran.err
        iam.update_assume_role_policy(
            RoleName="pipeline", PolicyDocument=trust({"Service": "codebuild.amazonaws.com"})
        )
        ran = cli("enforce", release, "--yes")
        assert ran.code == 0, ran.err
        assert "warning: can become the pipeline role: service codebuild.amazonaws.com" in ran.err

    def test_roles_that_members_can_assume_are_told_by_name(
        self, cli: Any, sandbox: Sandbox, baked: Path, member: Any
    ) -> None:
        iam = sandbox.client("iam")
        assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
        member("ann", assume)
        ann = "arn:aws:iam::123456789012:user/ann"
        roles = {
            "by-account": ({"AWS": "arn:aws:iam::123456789012:root"}, ADMINISTRATOR),
            "by-name": ({"AWS": [ann]}, ADMINISTRATOR),
            "by-service": ({"Service": "ec2.amazonaws.com"}, ADMINISTRATOR),
            "by-anybody": ("*", ADMINISTRATOR),
            "harmless": ({"AWS": "123456789012"}, None),
        }
        for name, (principal, attached) in roles.items():
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(principal))
            if attached:
                iam.attach_role_policy(RoleName=name, PolicyArn=attached)
        iam.create_role(RoleName="odd", AssumeRolePolicyDocument=trust("*"))
        iam.put_role_policy(RoleName="odd", PolicyName="p", PolicyDocument=policy(NOBODY_KNOWS))
        ran = cli("enforce", baked, "--yes")
        assert ran.code == 0, ran.err
        for name in ("by-account", "by-name", "by-anybody"):
            assert f"role {name}: members of ec2-admin-group can assume it" in ran.err
        assert "role odd could not be judged" in ran.err
        assert "by-service" not in ran.err
        assert "harmless" not in ran.err
