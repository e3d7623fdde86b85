"""What every profile does, decided: its promises hold, and the guide's policies are shown up."""

from functools import cache
from typing import Any

import pytest
from msgspec import structs

from goldenami.domain.tags import ApprovalTag
from goldenami.errors import RefusedError, SpecError
from goldenami.iam.account import ADMINISTRATOR
from goldenami.iam.evaluator.decide import Policies
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import Principal
from goldenami.iam.profiles import profile_named
from goldenami.iam.proof.cases import Case, Cases, load
from goldenami.iam.proof.lookup import GoldenImage, ProofLookup, ProofSetting
from goldenami.iam.proof.prove import Proof, ProofRow, ProofSubject, prove
from goldenami.iam.render import render
from goldenami.iam.values import Values

ACCOUNT = "123456789012"
OTHER = "999988887777"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"
SNAPSHOT = "snap-0123456789abcdef0"
GOLDEN = GoldenImage(
    region="eu-west-1", id="ami-golden", owner=ACCOUNT, snapshots=(SNAPSHOT, "snap-12345678")
)
SETTING = ProofSetting(
    account=ACCOUNT, partition="aws", owners=(ACCOUNT,), tag=ApprovalTag(), golden=(GOLDEN,),
    groups=("admins",), pipeline_role=ROLE,
)  # fmt: skip


EVERYTHING = ("guardrail", "untestable-launches", "tag-protection", "guardrail-protection")


def proof(*names: str, beside: bool = True, setting: ProofSetting = SETTING, **given: Any) -> Proof:
    values = Values(
        account=ACCOUNT,
        **{
            "owners": setting.owners, "snapshots": GOLDEN.snapshots, "pipeline_role": ROLE,
            "groups": ("admins",), **given,
        },
    )  # fmt: skip
    profiles = [profile_named(name) for name in names]
    documents = tuple(
        compile_policy(document.name, document.policy)
        for profile in profiles
        for document in render(profile, values)
    )
    first = (ADMINISTRATOR.compiled,) if beside else ()
    member = Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/ann")
    subject = ProofSubject("ann", member, Policies(identity=(*first, *documents)))
    pipeline = ProofSubject(
        "pipeline",
        Principal.from_arn(ROLE, session="bake"),
        Policies(identity=(ADMINISTRATOR.compiled, *documents)),
    )
    promises = {topic for profile in profiles for topic in profile.proves}
    return prove((subject,), pipeline, load(), setting, promises)


@cache
def everything_proved() -> Proof:
    """Prove once a worker what many tests look at one row of."""
    return proof(*EVERYTHING)


def row(proved: Proof, case: str) -> ProofRow:
    (named,) = [row for row in proved.rows if row.case == case]
    return named


@pytest.mark.parametrize(
    "names",
    [
        ("guardrail",),
        ("guardrail-by-tag",),
        ("untestable-launches",),
        ("tag-protection",),
        ("guardrail-protection",),
    ],
    ids=lambda names: " and ".join(names),
)
def test_beside_an_administrator_s_policy_every_promise_holds(names: tuple[str, ...]) -> None:
    proved = proof(*names)
    assert [(row.case, row.reason) for row in proved.failed] == []
    assert len([row for row in proved.rows if row.required]) > 8


@pytest.mark.parametrize("name", ["allow", "allow-by-tag"])
def test_alone_an_allow_holds_its_promises_and_beside_an_administrator_s_none(name: str) -> None:
    assert not proof(name, beside=False).failed
    assert len(proof(name).failed) > 15


def test_cases_about_one_s_own_images_are_left_out_where_another_account_owns_them() -> None:
    golden = structs.replace(GOLDEN, owner=OTHER)
    setting = structs.replace(SETTING, owners=(OTHER,), golden=(golden,))
    proved = proof("owner-only", "untestable-launches", "tag-protection", setting=setting)
    assert not proved.failed
    assert "deregister a golden image" not in {row.case for row in proved.rows}
    assert "write the approval tag on an own image by CreateTags" in {
        row.case for row in proved.rows
    }


@pytest.mark.parametrize("name", ["ec2-028-parent-snapshot", "ec2-028-resource-tag"])
def test_the_guide_s_policies_block_every_launch_alone_and_stop_nothing_beside_a_broader_one(
    name: str,
) -> None:
    alone = proof(name, beside=False)
    assert {row.case for row in alone.failed} == {
        "launch a golden image",
        "launch a golden image with a blank data volume",
    }
    beside = proof(name)
    assert {row.decided for row in beside.rows} == {"allowed"}
    assert {row.topic for row in beside.failed} >= {"foreign-image"}


@pytest.mark.parametrize(
    ("case", "statement"),
    [
        ("launch a public image", "DenyLaunchWithoutApprovalTag"),
        ("launch a public image that somebody tagged as approved", "DenyLaunchOfOtherOwnersImage"),
        ("launch an own image that has the approval tag", "DenyLaunchWithOtherSnapshotsVolume"),
        ("launch a fleet of a golden image whose root volume is an own snapshot",
         "DenyLaunchWithOtherSnapshotsVolume"),
        ("request spot instances of a golden image whose root volume is an own snapshot",
         "DenyLaunchWithoutApprovalTag"),
        ("have Fast Launch start an own image without the approval tag",
         "DenyLaunchWithoutApprovalTag"),
        ("make a launch configuration", "DenyUntestableLaunch"),
        ("change a fleet to a golden template whose root volume is an own snapshot",
         "DenyFleetOfUntestableTemplate"),
        ("change an Auto Scaling group to a launch configuration",
         "DenyGroupOfLaunchConfiguration"),
        ("replace the root volume of a golden instance in an instance refresh",
         "DenyImageOverrideOfGroup"),
        ("write the approval tag in another case on a volume by CreateTags",
         "DenyApprovalTagToCopy"),
        ("import a snapshot with the approval tag in another case", "DenyApprovalTag"),
        ("write a snapshot block by block with the tags of a build", "DenyGoldenamiTags"),
        ("remove all tags of a golden image", "DenyTagsWithoutKeys"),
        ("copy a golden image with its tags", "DenyTagsWithoutKeys"),
        ("restore an image that was stored with the approval tag without naming it",
         "DenyUntestableMarks"),
        ("copy the approval tag of a volume to its snapshots without naming it",
         "DenyLifecycleOfGoldenImage"),
        ("deregister a golden image", "DenyLifecycleOfGoldenImage"),
        ("write what an image is published as", "DenyChangingParameters"),
        ("make, before the pipeline does, an image of the base instance of a build",
         "DenyTouchingBuildInstances"),
        ("make a policy of a name that the guardrail trusts, with a path",
         "DenyChangingGuardrail"),
        ("pass the pipeline role", "DenyChangingGuardrail"),
        ("give a guarded role another policy of goldenami as its permissions boundary",
         "DenyOtherBoundary"),
        ("attach a declarative policy that says otherwise further down",
         "DenyChangingOrganizationPolicy"),
        ("enable a region without Allowed AMIs", "DenyChangingSettings"),
    ],
)  # fmt: skip
def test_each_attack_is_stopped_by_the_statement_made_for_it(case: str, statement: str) -> None:
    one = row(everything_proved(), case)
    assert one.decided == "denied"
    assert f"explicitly denied by {statement} of " in one.reason


def test_what_no_policy_can_stop_names_the_way_that_it_goes() -> None:
    proved = everything_proved()
    assert {row.case for row in proved.open if not row.way} == {
        "give up a golden image that another account shares"
    }
    ways = {row.case: row.way for row in proved.open}
    assert ways["replace the root volume of a golden instance by another volume"] == (
        "another root volume, attached"
    )


def test_without_the_pipeline_s_exemption_it_could_not_work() -> None:
    proved = proof("guardrail", "tag-protection", pipeline_role=None)
    broken = {row.case for row in proved.failed}
    assert "the pipeline approves an image" in broken
    assert all(row.topic == "pipeline" for row in proved.failed)


def test_golden_launches_are_tried_with_every_golden_image_in_its_region() -> None:
    second = GoldenImage(
        region="us-east-1", id="ami-2", owner=ACCOUNT, snapshots=("snap-12345678",)
    )
    proved = proof(
        "guardrail", "tag-protection", setting=structs.replace(SETTING, golden=(GOLDEN, second))
    )
    launched = {(row.region, row.image) for row in proved.rows if row.image}
    assert launched == {("eu-west-1", "ami-golden"), ("us-east-1", "ami-2")}
    assert not proved.failed


def test_a_golden_image_that_the_policy_does_not_list_is_a_lock_out() -> None:
    proved = proof("guardrail", "tag-protection", snapshots=("snap-87654321",))
    assert {row.topic for row in proved.failed} == {"golden", "golden-further"}
    assert "DenyLaunchWithOtherSnapshotsVolume" in proved.failed[0].reason


def test_cases_about_a_group_or_a_pipeline_are_left_out_where_there_is_none() -> None:
    setting = structs.replace(SETTING, groups=(), pipeline_role="")
    proved = proof("guardrail-protection", setting=setting)
    cases = {row.case for row in proved.rows}
    assert not {"leave a guarded group", "pass the pipeline role"} & cases
    assert not proved.failed


def _case(call: str, parameters: dict[str, Any]) -> Cases:
    case = Case(name="mine", topic="golden", expect="allowed", call=call, parameters=parameters)
    return structs.replace(load(), cases=(case,))


@pytest.mark.parametrize(
    ("call", "parameters", "says"),
    [
        ("ec2:RunInstances", {"ImageId": "ami-unheard-of"}, "there is no image ami-unheard-of"),
        ("ec2:Explode", {}, "ec2:Explode is not known to the reference of"),
        ("ec2:RunInstances", {"ImageId": "<silver>"}, "`<silver>` is not known"),
        ("ec2:CreateVolume", {"SnapshotId": "snap-x"}, "there is no snapshot snap-x"),
        ("ec2:StopInstances", {"InstanceIds": ["i-x"]}, "there is no instance i-x"),
        ("ec2:DeleteVolume", {"VolumeId": "vol-x"}, "there is no volume vol-x"),
        ("ec2:DeleteLaunchTemplate", {"LaunchTemplateId": "lt-x"}, "there is no launch-template"),
        ("iam:DeleteRole", {"RoleName": "x"}, "there is no role x"),
        ("ec2:CreateTags", {"Resources": ["x"], "Tags": []}, "there is no"),
    ],
)
def test_a_case_that_names_what_is_not_there_is_an_error_with_its_name(
    call: str, parameters: dict[str, Any], says: str
) -> None:
    admin = Policies(identity=(ADMINISTRATOR.compiled,))
    subject = ProofSubject("ann", Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/ann"), admin)
    with pytest.raises(SpecError, match="case `mine`") as raised:
        prove((subject,), None, _case(call, parameters), SETTING, set())
    assert says in raised.value.message


def test_without_a_golden_image_or_a_case_nothing_is_proved() -> None:
    admin = Policies(identity=(ADMINISTRATOR.compiled,))
    subject = ProofSubject("ann", Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/ann"), admin)
    with pytest.raises(RefusedError, match="no golden image"):
        prove((subject,), None, load(), structs.replace(SETTING, golden=()), set())
    with pytest.raises(RefusedError, match="nothing was proved"):
        prove((), None, load(), SETTING, set())


def test_the_world_has_whatever_else_a_call_can_name() -> None:
    world = ProofLookup(SETTING, GOLDEN, load())
    subnet = world.find("subnet", "subnet-1", "eu-west-1")
    assert subnet is not None
    assert subnet.arn == f"arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/subnet-1"
    root = world.find("root", "r-1", "eu-west-1")
    assert root is not None
    assert root.arn == f"arn:aws:organizations::{ACCOUNT}:root/o-proof/r-1"
    assert world.filled({"a": ["<region>", 7]}, "x") == {"a": ["eu-west-1", 7]}
