"""A new release is launchable the moment it is published, whatever guardrail lists snapshots."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from goldenami.iam import snapshot_list
from goldenami.workflows.enforce import snapshots as extending
from goldenami.workflows.release import guardrail
from goldenami_sandbox import seed
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

POLICY = "arn:aws:iam::123456789012:policy/goldenami-"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
PARAMETER = "/golden-ami/web-base"


@pytest.fixture
def ann(sandbox: Sandbox, admins: str) -> Any:
    """A member of the admin group; her EC2 client."""
    iam = sandbox.client("iam")
    iam.create_user(UserName="ann")
    iam.add_user_to_group(GroupName=admins, UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    return sandbox.client(
        "ec2", access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"]
    )


@pytest.fixture
def enforced(
    cli: Any, write: Any, sandbox: Sandbox, ann: Any, as_released: str
) -> Callable[..., Any]:
    """Publish a first golden image and enforce it; return what writes the file of the next one."""

    def enforced(**changes: Any) -> Any:
        first = write("first.yaml", regions=["us-east-1"], **changes)
        sandbox.client("ssm").put_parameter(
            Name=PARAMETER, Type="String", Value=as_released, DataType="aws:ec2:image"
        )
        ran = cli("enforce", first, "--yes")
        assert ran.code == 0, ran.err
        return write(version="2.0", regions=["us-east-1"], **changes)

    return enforced


def published(sandbox: Sandbox) -> str:
    return str(sandbox.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"])


def launch(ec2: Any, image_id: str) -> str:
    answer = ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1, InstanceType="t3.micro")
    return str(answer["Instances"][0]["InstanceId"])


def document(sandbox: Sandbox, name: str) -> dict[str, Any]:
    iam = sandbox.client("iam")
    version = iam.get_policy(PolicyArn=POLICY + name)["Policy"]["DefaultVersionId"]
    answer = iam.get_policy_version(PolicyArn=POLICY + name, VersionId=version)
    return dict(answer["PolicyVersion"]["Document"])


def snapshots(sandbox: Sandbox, image_id: str) -> set[str]:
    (image,) = sandbox.client("ec2").describe_images(ImageIds=[image_id])["Images"]
    return {one["Ebs"]["SnapshotId"] for one in image["BlockDeviceMappings"]}


def status(sandbox: Sandbox, image_id: str) -> dict[str, str]:
    (image,) = sandbox.client("ec2").describe_images(ImageIds=[image_id])["Images"]
    return {one["Key"]: one["Value"] for one in image["Tags"]}


def newest(own_images: Any) -> str:
    return next(str(one["ImageId"]) for one in own_images("us-east-1") if "2.0" in one["Name"])


class TestBake:
    def test_a_member_launches_the_second_release_as_soon_as_it_is_published(
        self, cli: Any, sandbox: Sandbox, enforced: Any, ann: Any, mutating: Any
    ) -> None:
        second = enforced()
        first_image, before = published(sandbox), len(mutating())
        ran = cli("bake", second, "--yes")
        assert ran.code == 0, ran.err
        assert "goldenami-guardrail lists snapshots: those of this release are added" in ran.err
        image = published(sandbox)
        assert image != first_image
        launch(ann, image)
        launch(ann, first_image)
        done = mutating()[before:]
        assert "PutParameter" in done[done.index("CreatePolicyVersion") :]
        assert "nothing to change" in cli("enforce", second).err

    def test_the_plan_has_the_step_its_permissions_and_its_order(
        self, cli: Any, enforced: Any
    ) -> None:
        told = json.loads(cli("bake", enforced(), "--plan", "--format", "json").out)
        actions = {one["id"]: one for one in told["actions"]}
        step = actions[f"guardrail:{POLICY}guardrail"]
        assert step["after"] == ["approve:us-east-1"]
        assert "iam:CreatePolicyVersion" in told["permissions"]
        assert step["id"] in actions["publish:us-east-1"]["after"]
        assert any("lists snapshots" in one for one in told["notes"])

    def test_a_guardrail_that_no_file_of_this_release_names_counts_too(
        self, cli: Any, sandbox: Sandbox, enforced: Any, ann: Any, write: Any
    ) -> None:
        enforced()
        other = write("db.yaml", image="db", version="1", regions=["us-east-1"], enforce=None)
        ran = cli("bake", other, "--yes")
        assert ran.code == 0, ran.err
        launch(ann, published(sandbox))

    def test_a_boundary_that_lists_snapshots_is_kept_up_to_date(
        self, cli: Any, sandbox: Sandbox, enforced: Any
    ) -> None:
        iam = sandbox.client("iam")
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
        ]}  # fmt: skip
        iam.create_role(RoleName="dev", AssumeRolePolicyDocument=json.dumps(trust))
        iam.attach_role_policy(RoleName="dev", PolicyArn=ADMINISTRATOR)
        bounding = {"mechanisms": {"permissions_boundary": {"roles": ["dev"]}}}
        second = enforced(enforce=bounding)
        assert cli("bake", second, "--yes").code == 0
        text = json.dumps(document(sandbox, "boundary"))
        assert all(one in text for one in snapshots(sandbox, published(sandbox)))

    def test_one_that_somebody_attached_to_a_role_by_hand_is_kept_up_to_date(
        self, cli: Any, sandbox: Sandbox, enforced: Any
    ) -> None:
        second, iam = enforced(), sandbox.client("iam")
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
        ]}  # fmt: skip
        iam.create_role(RoleName="dev", AssumeRolePolicyDocument=json.dumps(trust))
        iam.attach_role_policy(RoleName="dev", PolicyArn=f"{POLICY}guardrail")
        iam.detach_group_policy(GroupName="ec2-admin-group", PolicyArn=f"{POLICY}guardrail")
        assert cli("bake", second, "--yes").code == 0
        text = json.dumps(document(sandbox, "guardrail"))
        assert all(one in text for one in snapshots(sandbox, published(sandbox)))

    def test_one_that_is_attached_while_the_image_is_made_counts_too(
        self, cli: Any, sandbox: Sandbox, enforced: Any, ann: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        second, looked = enforced(), guardrail.look
        answers = [guardrail.Guarding()]
        monkeypatch.setattr(
            guardrail, "look", lambda *asked: answers.pop() if answers else looked(*asked)
        )
        assert cli("bake", second, "--yes").code == 0
        launch(ann, published(sandbox))

    def test_the_form_by_tag_needs_no_step(self, cli: Any, enforced: Any) -> None:
        second = enforced(enforce={"groups": ["ec2-admin-group"], "profile": "guardrail-by-tag"})
        ran = cli("bake", second, "--plan")
        assert "snapshots of this release" not in ran.out + ran.err

    def test_an_scp_that_lists_snapshots_is_kept_up_to_date(
        self, cli: Any, sandbox: Sandbox, enforced: Any
    ) -> None:
        made = seed.organization(
            sandbox, management_account="999988887777", delegated_administrator=True
        )
        client = sandbox.client("organizations")
        scp = {"targets": [made.unit_id], "size_limit": 10_240}
        second = enforced(enforce={"mechanisms": {"scp": scp}})
        ran = cli("bake", second, "--yes")
        assert ran.code == 0, ran.err
        policies = client.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
        (policy,) = [one["Id"] for one in policies if one["Name"] == "goldenami-guardrail"]
        text = client.describe_policy(PolicyId=policy)["Policy"]["Content"]
        assert all(one in text for one in snapshots(sandbox, published(sandbox)))
        assert "nothing to change" in cli("enforce", second).err


class TestApprove:
    def test_the_approval_updates_it_and_the_candidate_does_not(
        self, cli: Any, sandbox: Sandbox, enforced: Any, ann: Any, own_images: Any, write: Any
    ) -> None:
        enforced()
        second = write(version="2.0", regions=["us-east-1"], approval="manual")
        assert cli("bake", second, "--yes").code == 0
        waiting = newest(own_images)
        with pytest.raises(ClientError, match="UnauthorizedOperation"):
            launch(ann, waiting)
        ran = cli("approve", second, "--yes")
        assert ran.code == 0, ran.err
        assert published(sandbox) == waiting
        launch(ann, waiting)


class TestWhoMayNot:
    def test_the_release_is_approved_and_waits_for_enforce_then_it_is_published(
        self, cli: Any, sandbox: Sandbox, enforced: Any, ann: Any, own_images: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        second = enforced()
        before = published(sandbox)
        iam = sandbox.client("iam")
        iam.create_user(UserName="baker")
        iam.attach_user_policy(UserName="baker", PolicyArn=ADMINISTRATOR)
        denied = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Action": "iam:CreatePolicyVersion", "Resource": "*"}
        ]}  # fmt: skip
        iam.put_user_policy(UserName="baker", PolicyName="no", PolicyDocument=json.dumps(denied))
        key = iam.create_access_key(UserName="baker")["AccessKey"]
        with monkeypatch.context() as baker:
            baker.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
            baker.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
            planned = cli("bake", second, "--plan")
            assert "you may not change it (iam:CreatePolicyVersion on" in planned.err
            assert f"until `goldenami enforce {second}` has been run" in planned.err
            ran = cli("bake", second, "--yes")
        assert ran.code == 4
        assert "it is approved and not published" in ran.err
        assert f"run `goldenami enforce {second}`; then go on with goldenami bake" in ran.err
        image = newest(own_images)
        tags = status(sandbox, image)
        assert tags["goldenami:status"] == "approved"
        assert "goldenami:unpublished" in tags
        assert published(sandbox) == before
        assert cli("enforce", second, "--yes").code == 0
        with monkeypatch.context() as baker:
            baker.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
            baker.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
            again = cli("bake", second, "--yes")
        assert again.code == 0, again.err
        assert published(sandbox) == image
        assert "goldenami:unpublished" not in status(sandbox, image)
        launch(ann, image)

    def test_who_may_not_even_look_is_told_that_it_is_not_known(
        self, cli: Any, sandbox: Sandbox, enforced: Any
    ) -> None:
        second = enforced()
        with sandbox.fail(Fault(service="iam", operation="GetPolicy", code="AccessDenied")):
            ran = cli("bake", second, "--plan")
        assert ran.code == 0, ran.err
        assert "whether a guardrail lists snapshots is not known" in ran.out


class TestTrouble:
    def test_a_run_that_stops_between_the_guardrail_and_the_publication_goes_on(
        self, cli: Any, sandbox: Sandbox, enforced: Any, ann: Any, own_images: Any, write: Any
    ) -> None:
        second, begun = enforced(), len(sandbox.calls)
        whole = write("whole.yaml", version="1.1", regions=["us-east-1"])
        assert cli("bake", whole, "--yes").code == 0
        before = published(sandbox)
        puts = [one.parameters for one in sandbox.calls[begun:] if one.name == "ssm:PutParameter"]
        first = next(at for at, one in enumerate(puts) if one["Name"] == PARAMETER)
        fault = Fault(service="ssm", operation="PutParameter", code="AccessDenied", skip=first)
        with sandbox.fail(fault):  # those before are the right to bake, and the record
            assert cli("bake", second, "--yes").code == 1
        image = newest(own_images)
        assert published(sandbox) == before
        launch(ann, image)
        ran = cli("bake", second, "--yes")
        assert ran.code == 0, ran.err
        assert published(sandbox) == image

    def test_what_cannot_be_read_again_fails_the_bake_which_goes_on_later(
        self, cli: Any, sandbox: Sandbox, enforced: Any, ann: Any
    ) -> None:
        second, before = enforced(), published(sandbox)
        fault = Fault(service="iam", operation="GetPolicyVersion", code="ServiceFailure", skip=1)
        with sandbox.fail(fault):
            ran = cli("bake", second, "--yes")
        assert ran.code == 1
        assert "then go on with goldenami bake" in ran.err
        assert published(sandbox) == before
        assert cli("bake", second, "--yes").code == 0
        launch(ann, published(sandbox))

    def test_a_list_without_room_waits_for_enforce_which_takes_the_form_by_tag(
        self, cli: Any, sandbox: Sandbox, enforced: Any, ann: Any, own_images: Any
    ) -> None:
        second = enforced()
        full = json.loads(json.dumps(document(sandbox, "guardrail")))
        (where,) = [one for one in full["Statement"] if "snapshot/snap-" in json.dumps(one)]
        arns = where["Condition"]["ArnNotLike"]["ec2:ParentSnapshot"]
        while len(json.dumps(full, separators=(",", ":"))) < 6_090:
            arns.append(f"{arns[0][:-17]}{len(arns):017x}")
        sandbox.client("iam").create_policy_version(
            PolicyArn=f"{POLICY}guardrail", PolicyDocument=json.dumps(full), SetAsDefault=True
        )
        ran = cli("bake", second, "--yes")
        assert ran.code == 4
        assert "6,144" in ran.err

    def test_what_is_not_proved_to_be_launchable_is_not_published(
        self, cli: Any, sandbox: Sandbox, enforced: Any, own_images: Any
    ) -> None:
        second = enforced()
        before = published(sandbox)
        nothing = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}
        ]}  # fmt: skip
        sandbox.client("iam").put_group_policy(
            GroupName="ec2-admin-group", PolicyName="stop", PolicyDocument=json.dumps(nothing)
        )
        ran = cli("bake", second, "--yes")
        assert ran.code == 4
        assert "goldenami-guardrail is not proved with the snapshots of this release" in ran.err
        assert "launch a golden image" in ran.err
        assert published(sandbox) == before

    def test_two_releases_at_once_both_stay_on_the_list(
        self, cli: Any, sandbox: Sandbox, enforced: Any, ann: Any, own_images: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        second = enforced()
        iam, write = sandbox.client("iam"), extending._write
        theirs = "snap-0123456789abcdef0"

        def beside(doing: Any, before: Any, rendered: Any) -> Any:
            """Somebody else writes just before, from the same beginning."""
            if theirs not in json.dumps(before.document):
                text = json.dumps(before.document)
                known = next(iter(snapshot_list.listed(before.document)))
                arn = f"arn:aws:ec2:*:*:snapshot/{known}"
                text = text.replace(f'"{arn}"', f'"{arn}", "arn:aws:ec2:*:*:snapshot/{theirs}"')
                monkeypatch.setattr(extending, "_write", write)
                iam.create_policy_version(
                    PolicyArn=before.key, PolicyDocument=text, SetAsDefault=True
                )
            return write(doing, before, rendered)

        monkeypatch.setattr(extending, "_write", beside)
        ran = cli("bake", second, "--yes")
        assert ran.code == 0, ran.err
        text = json.dumps(document(sandbox, "guardrail"))
        assert theirs in text
        assert all(one in text for one in snapshots(sandbox, published(sandbox)))
        launch(ann, published(sandbox))
