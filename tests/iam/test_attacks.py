"""The whole attack table, decided: every form, by every holder, for every kind of administrator.

What a form promises is denied to each of them; golden launches, an administrator's ordinary work
and the pipeline's stay possible.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec import Struct, structs
from tests.unmeasured import unmeasured

from goldenami.domain.tags import ApprovalTag
from goldenami.iam.combine import combined
from goldenami.iam.evaluator.decide import Level, Policies
from goldenami.iam.evaluator.document import Policy, compile_policy
from goldenami.iam.evaluator.request import Principal
from goldenami.iam.profiles import Profile, profile_named
from goldenami.iam.proof.cases import Cases, load
from goldenami.iam.proof.lookup import GoldenImage, ProofSetting
from goldenami.iam.proof.prove import Proof, ProofSubject, prove
from goldenami.iam.render import VERSION, PolicyDocument, render
from goldenami.iam.values import Values

ACCOUNT, OTHER = "123456789012", "999988887777"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci/golden-ami-pipeline"
GOLDEN = GoldenImage(
    region="eu-west-1", id="ami-golden", owner=ACCOUNT, snapshots=("snap-0123456789abcdef0",)
)
SETTING = ProofSetting(
    account=ACCOUNT, partition="aws", owners=(ACCOUNT,), tag=ApprovalTag(), golden=(GOLDEN,),
    groups=("admins",), pipeline_role=ROLE,
)  # fmt: skip
proved = unmeasured(prove)  # hundreds of decisions, which have tests of their own
COMPANIONS = ("untestable-launches", "tag-protection", "guardrail-protection")
ORDINARY = Path(__file__).parent / "attacks" / "ordinary.yaml"
ALLOW_ALL: dict[str, object] = {
    "Sid": "AllowAll",
    "Effect": "Allow",
    "Action": "*",
    "Resource": "*",
}
ADMINISTRATORS: Mapping[str, list[dict[str, object]]] = {
    "AdministratorAccess": [ALLOW_ALL],
    "AmazonEC2FullAccess": [
        {
            "Effect": "Allow",
            "Action": ["ec2:*", "elasticloadbalancing:*", "cloudwatch:*", "autoscaling:*"],
            "Resource": "*",
        },
        {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*"},
    ],
    "PowerUserAccess": [
        {
            "Effect": "Allow",
            "NotAction": ["iam:*", "organizations:*", "account:*"],
            "Resource": "*",
        },
    ],
}
"""What AWS's managed policies of these names come to."""


class Bound(Struct, frozen=True):
    """Somebody under a form, and the pipeline's role beside him."""

    member: ProofSubject
    pipeline: ProofSubject


def documents(profiles: list[Profile], values: Values) -> list[PolicyDocument]:
    return [document for profile in profiles for document in render(profile, values)]


def compiled(several: list[PolicyDocument]) -> tuple[Policy, ...]:
    return tuple(compile_policy(document.name, document.policy) for document in several)


def bound(holder: str, administrator: str, profiles: list[Profile], values: Values) -> Bound:
    own = compile_policy(
        administrator, {"Version": VERSION, "Statement": ADMINISTRATORS[administrator]}
    )
    everything = compile_policy("everything", {"Version": VERSION, "Statement": [ALLOW_ALL]})
    role = Principal.from_arn(ROLE, session="bake")
    if holder == "group":
        attached = compiled(documents(profiles, values))
        return Bound(
            ProofSubject("ann", user("ann"), Policies(identity=(own, *attached))),
            ProofSubject("pipeline", role, Policies(identity=(everything, *attached))),
        )
    if holder == "boundary":
        several = documents(profiles, structs.replace(values, exempts_pipeline=False))
        (boundary,) = compiled([combined("boundary", several, ALLOW_ALL)])
        developer = Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:role/developers", session="ann")
        return Bound(
            ProofSubject("developers", developer, Policies(identity=(own,), boundary=boundary)),
            ProofSubject("pipeline", role, Policies(identity=(everything,))),
        )
    root = Level("root", (everything,))
    unit = Level("unit", (everything, *compiled(documents(profiles, values))))
    return Bound(
        ProofSubject("ann", user("ann"), Policies(identity=(own,), scps=(root, unit))),
        ProofSubject("pipeline", role, Policies(identity=(everything,), scps=(root, unit))),
    )


def user(name: str) -> Principal:
    return Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/{name}")


def decided(
    main: str,
    holder: str,
    administrator: str,
    setting: ProofSetting = SETTING,
    cases: Cases | None = None,
) -> tuple[Proof, list[Profile]]:
    names = [main, *COMPANIONS]
    if main == "owner-only":
        names.remove("tag-protection")
    profiles = [profile_named(name) for name in names]
    values = Values(
        account=ACCOUNT, owners=setting.owners, snapshots=GOLDEN.snapshots, pipeline_role=ROLE,
        groups=setting.groups, tag_key=setting.tag.key, tag_value=setting.tag.value,
    )  # fmt: skip
    somebody = bound(holder, administrator, profiles, values)
    promises = {topic for profile in profiles for topic in profile.proves}
    asked = cases or load()
    return proved((somebody.member,), somebody.pipeline, asked, setting, promises), profiles


@pytest.mark.parametrize("administrator", ADMINISTRATORS)
@pytest.mark.parametrize("holder", ["group", "boundary", "scp"])
@pytest.mark.parametrize("form", ["guardrail", "guardrail-by-tag"])
def test_every_attack_is_denied_as_the_form_promises(
    form: str, holder: str, administrator: str
) -> None:
    cases = load([ORDINARY] if administrator == "AdministratorAccess" else [])
    proof, profiles = decided(form, holder, administrator, cases=cases)
    assert [(row.case, row.decided, row.reason) for row in proof.failed] == []
    ways = {way.name for profile in profiles for way in profile.open}
    shared = {"shared-image"}  # a promise about images of others
    assert {row.case for row in proof.open if row.way not in ways and row.topic not in shared} == (
        set()
    )


@pytest.mark.parametrize(
    "tag", [ApprovalTag("Golden", "yes"), ApprovalTag("goldenami:STATUS", "Approved")]
)
def test_an_approval_tag_of_one_s_own_is_kept_as_well(tag: ApprovalTag) -> None:
    proof, _ = decided(
        "guardrail-by-tag", "group", "AdministratorAccess", structs.replace(SETTING, tag=tag)
    )
    assert [(row.case, row.decided, row.reason) for row in proof.failed] == []


@pytest.mark.parametrize("administrator", ADMINISTRATORS)
@pytest.mark.parametrize("holder", ["group", "boundary", "scp"])
def test_where_images_are_shared_the_owner_is_enough(holder: str, administrator: str) -> None:
    golden = structs.replace(GOLDEN, owner=OTHER)
    setting = structs.replace(SETTING, owners=(OTHER,), golden=(golden,))
    proof, _ = decided("owner-only", holder, administrator, setting)
    assert [(row.case, row.decided, row.reason) for row in proof.failed] == []
    assert "give up a golden image that another account shares" in {row.case for row in proof.rows}


def test_by_tag_alone_leaves_open_what_only_a_list_of_snapshots_tests() -> None:
    listed, by_tag = (
        {row.way for row in decided(form, "group", "AdministratorAccess")[0].open if row.way}
        for form in ("guardrail", "guardrail-by-tag")
    )
    assert by_tag - listed == {
        "a fleet's template with another snapshot", "an approval tag from before",
    }  # fmt: skip
    assert listed <= by_tag


@pytest.mark.parametrize("form", ["guardrail", "guardrail-by-tag", "owner-only"])
def test_documents_in_one_decide_as_they_do_apart(form: str) -> None:
    profiles = [profile_named(name) for name in (form, *COMPANIONS)]
    values = Values(
        account=ACCOUNT, owners=(ACCOUNT,), snapshots=GOLDEN.snapshots, pipeline_role=ROLE,
        groups=("admins",),
    )  # fmt: skip
    several = documents(profiles, values)
    in_one = combined("all", several, ALLOW_ALL)
    everything = compile_policy("everything", {"Version": VERSION, "Statement": [ALLOW_ALL]})
    rows = []
    for policies in (
        Policies(identity=(everything, *compiled(several))),
        Policies(identity=compiled([in_one])),
    ):
        subject = ProofSubject("ann", user("ann"), policies)
        pipeline = ProofSubject("pipeline", Principal.from_arn(ROLE, session="bake"), policies)
        rows.append(proved((subject,), pipeline, load([ORDINARY]), SETTING, {"golden"}).rows)
    apart, together = ([(row.case, row.decided) for row in each] for each in rows)
    assert apart == together
    statements = sum(len(document.policy["Statement"]) for document in several)
    assert len(in_one.policy["Statement"]) < statements
