"""The proof before every apply: who is bound once everything is attached, and who is not."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.unmeasured import leave_proofs_out

from goldenami.aws.kept_policy import HolderKind
from goldenami.domain.plan import Plan
from goldenami.iam.account import (
    ADMINISTRATOR,
    Account,
    ControlLevel,
    Group,
    NamedDocument,
    Role,
    User,
)
from goldenami.iam.profiles import load_profiles
from goldenami.iam.proof.cases import load
from goldenami.iam.proof.lookup import GoldenImage
from goldenami.iam.render import render
from goldenami.iam.values import Values
from goldenami.spec.allowed import AllowedAmis
from goldenami.spec.enforcement import Enforce, Mechanisms
from goldenami.workflows.enforce import proof
from goldenami.workflows.enforce.interface import (
    MECHANISMS,
    Attachment,
    Enforcement,
    EnforcementProof,
    RenderedPolicies,
)

ID, SNAPSHOT = "111122223333", "snap-0123456789abcdef0"
OTHER = "999988887777"
VALUES = Values(
    account=ID,
    owners=(ID,),
    snapshots=(SNAPSHOT,),
    pipeline_role=f"arn:aws:iam::{ID}:role/pipeline",
    groups=("admins",),
)
CHAIN = ("guardrail", "tag-protection")
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
KEPT_OUT = NamedDocument.from_json(
    "AdministratorAccess",
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "*", "Resource": f"arn:aws:iam::{ID}:role/pipeline"},
        ],
    },
)
"""What administrators have who cannot become the pipeline role."""
ENFORCE = Enforce(groups=("admins",))
TRUSTED = {
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{ID}:root"},
        }
    ]
}
GOLDEN = GoldenImage(
    region="us-east-1", id="ami-0123456789abcdef0", owner=ID, snapshots=(SNAPSHOT,)
)


def user(name: str, **fields: Any) -> User:
    return User(arn=f"arn:aws:iam::{ID}:user/{name}", **fields)


def role(name: str, **fields: Any) -> Role:
    return Role(arn=f"arn:aws:iam::{ID}:role/{name}", **fields)


def account(**fields: Any) -> Account:
    group = Group(arn=f"arn:aws:iam::{ID}:group/admins", managed=(ADMIN,))
    usual: dict[str, Any] = {"groups": {"admins": group}, "policies": {ADMIN: KEPT_OUT}}
    return Account(id=ID, **(usual | fields))


def prepared(
    *chain: str,
    holder: HolderKind = "group",
    name: str = "admins",
    values: Values = VALUES,
    under: tuple[str, ...] | None = (ID,),
) -> Enforcement:
    profiles = tuple(load_profiles()[profile] for profile in chain)
    documents = tuple(document for profile in profiles for document in render(profile, values))
    return Enforcement(
        changes=(),
        plan=Plan(title="enforce", actions=()),
        attachments=tuple(
            Attachment(
                holder=holder,
                name=name,
                policy=f"goldenami-{document.name}",
                document=document.policy,
            )
            for document in documents
        ),
        policies={
            MECHANISMS[holder]: RenderedPolicies(
                documents=documents, profiles=profiles, values=values
            )
        },
        golden=(GOLDEN,),
        accounts={name: under} if under is not None else {},
    )


@pytest.fixture(autouse=True)
def decisions_covered_by_their_own_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure who is proved, and not the hundreds of decisions about each of them."""
    leave_proofs_out(monkeypatch)


def proved(
    enforcement: Enforcement, before: Account, enforce: Enforce = ENFORCE
) -> EnforcementProof:
    return proof.proved(enforcement, enforce, before, load(), (ID,))


def test_a_group_of_administrators_is_bound() -> None:
    result = proved(prepared(*CHAIN), account())
    assert result.failures == ()
    assert {row.topic for row in result.rows if row.required} >= {"golden", "foreign-image"}


def test_without_the_companion_the_missing_promises_are_failures() -> None:
    promising = prepared(*CHAIN)
    alone = prepared("guardrail")
    result = proved(replace(promising, attachments=alone.attachments), account())
    assert result.failures
    assert all("should be denied and is allowed" in text for text in result.failures)


def test_a_policy_that_only_allows_stops_nothing_beside_administrator_access() -> None:
    result = proved(prepared("allow"), account())
    assert any("launch a public image should be denied" in text for text in result.failures)


def test_a_group_in_which_nobody_can_launch_a_golden_image_is_refused() -> None:
    locked = Group(arn=f"arn:aws:iam::{ID}:group/admins")
    result = proved(prepared(*CHAIN), account(groups={"admins": locked}))
    assert any("launch a golden image" in text and "is denied" in text for text in result.failures)


def test_a_member_who_can_launch_by_his_own_policies_makes_up_for_the_group() -> None:
    empty = Group(arn=f"arn:aws:iam::{ID}:group/admins")
    ann = user("ann", groups=("admins",), managed=(ADMIN,))
    result = proved(prepared(*CHAIN), account(groups={"admins": empty}, users={"ann": ann}))
    assert result.failures == ()
    assert any(
        text.startswith("group admins alone: launch a golden image") for text in result.warnings
    )


def test_a_member_whose_own_policy_walks_around_is_named() -> None:
    empty = Group(arn=f"arn:aws:iam::{ID}:group/admins")
    eve = user("eve", groups=("admins",), managed=(ADMIN,))
    result = proved(prepared("allow"), account(groups={"admins": empty}, users={"eve": eve}))
    assert result.failures == ()
    (warning,) = [text for text in result.warnings if text.startswith("user eve")]
    assert "walks around it: launch a public image" in warning
    assert "AdministratorAccess" in warning


def test_a_member_whose_boundary_forbids_launches_is_named() -> None:
    nothing = {"Version": "2012-10-17", "Statement": []} | {
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
    }
    arn = f"arn:aws:iam::{ID}:policy/only-s3"
    bob = user("bob", groups=("admins",), boundary=arn)
    policies = {ADMIN: KEPT_OUT, arn: NamedDocument.from_json("only-s3", nothing)}
    result = proved(prepared(*CHAIN), account(users={"bob": bob}, policies=policies))
    (warning,) = [text for text in result.warnings if text.startswith("user bob")]
    assert "cannot launch a golden image" in warning
    assert "only-s3" in warning


def test_members_who_can_take_the_policies_away_are_told_of() -> None:
    result = proved(prepared(*CHAIN), account())
    assert any("its members can take the policies away" in text for text in result.warnings)


def test_guardrail_protection_closes_that() -> None:
    result = proved(prepared(*CHAIN, "guardrail-protection"), account())
    assert result.failures == ()
    assert not any("take the policies away" in text for text in result.warnings)


def test_a_role_that_members_can_assume_is_named_unless_it_is_bound_or_the_pipeline_s() -> None:
    roles = {
        "free": role("free", managed=(ADMIN,), trust=TRUSTED),
        "pipeline": role("pipeline", managed=(ADMIN,), trust=TRUSTED),
        "poor": role("poor", trust=TRUSTED),
        "closed": role("closed", managed=(ADMIN,), trust={"Statement": []}),
    }
    result = proved(prepared(*CHAIN), account(roles=roles))
    named = [text for text in result.warnings if text.startswith("role ")]
    assert [text.split(":")[0] for text in named] == ["role free"]


def test_a_boundary_binds_a_role() -> None:
    boundary = prepared(*CHAIN, holder="role-boundary", name="developers")
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        *(deny for each in boundary.attachments for deny in (each.document or {})["Statement"]),
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    whole = Attachment(
        holder="role-boundary", name="developers", policy="goldenami-boundary", document=document
    )
    before = account(roles={"developers": role("developers", managed=(ADMIN,))})
    result = proved(replace(boundary, attachments=(whole,)), before)
    assert result.failures == ()
    assert result.rows


def test_a_boundary_that_locks_a_role_out_is_refused() -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    }
    whole = Attachment(
        holder="role-boundary", name="developers", policy="goldenami-boundary", document=document
    )
    enforcement = replace(prepared(*CHAIN, holder="role-boundary"), attachments=(whole,))
    able = account(roles={"developers": role("developers", managed=(ADMIN,))})
    assert any("launch a golden image" in text for text in proved(enforcement, able).failures)
    never_could = account(roles={"developers": role("developers")})
    assert proved(enforcement, never_could).failures == ()


def test_a_boundary_that_forbids_nothing_is_refused() -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    whole = Attachment(
        holder="role-boundary", name="developers", policy="goldenami-boundary", document=document
    )
    before = account(roles={"developers": role("developers", managed=(ADMIN,))})
    bounded = replace(prepared(*CHAIN, holder="role-boundary"), attachments=(whole,))
    result = proved(bounded, before)
    assert any("launch a public image should be denied" in text for text in result.failures)


def test_a_service_control_policy_binds_an_administrator_under_its_target() -> None:
    levels = (ControlLevel(ID, f"account {ID}", (ADMINISTRATOR,)),)
    result = proved(prepared(*CHAIN, holder="organization-target", name=ID), account(levels=levels))
    assert result.failures == ()
    assert {row.subject for row in result.rows} == {
        f"an administrator under {ID}", "the pipeline role",
    }  # fmt: skip


UNIT = "ou-ab12-cdef3456"
CONSUMER = "444455556666"


def under(accounts: tuple[str, ...] | None, *chain: str) -> EnforcementProof:
    """Prove a unit with these accounts under it."""
    enforcement = prepared(*chain, holder="organization-target", name=UNIT, under=accounts)
    return proved(enforcement, account())


def subjects(result: EnforcementProof) -> set[str]:
    return {row.subject for row in result.rows if row.subject.startswith("an administrator")}


def test_where_tags_cannot_be_seen_a_profile_that_tests_them_denies_golden_launches() -> None:
    result = under((CONSUMER,), *CHAIN)
    assert subjects(result) == {f"an administrator under {UNIT} in account {CONSUMER}"}
    assert any("launch a golden image" in text and "is denied" in text for text in result.failures)


def test_where_tags_cannot_be_seen_the_owner_can_be_tested() -> None:
    result = under((CONSUMER,), "owner-only")
    assert result.failures == ()
    assert subjects(result) == {f"an administrator under {UNIT} in account {CONSUMER}"}
    assert {row.topic for row in result.rows if row.required} >= {"golden", "foreign-image"}


def test_a_target_with_the_golden_account_and_others_is_proved_for_both() -> None:
    result = under((ID, CONSUMER), "owner-only")
    assert result.failures == ()
    assert len(subjects(result)) == 2


def test_accounts_that_could_not_be_read_are_a_failure_only_if_tags_are_tested() -> None:
    (failure,) = under(None, *CHAIN).failures
    assert f"which accounts are under {UNIT} could not be read" in failure
    unread = under(None, "owner-only")
    assert unread.failures == ()
    assert subjects(unread) == {f"an administrator under {UNIT} in account 000000000000"}


def test_a_target_without_accounts_is_proved_for_those_that_may_come() -> None:
    assert subjects(under((), "owner-only")) == subjects(under(None, "owner-only"))
    assert subjects(under((), *CHAIN)) == {f"an administrator under {UNIT}"}


def test_the_management_account_is_told_that_no_policy_of_the_organization_binds_it() -> None:
    result = proved(
        prepared(*CHAIN, holder="organization-target", name="r-ab12"),
        account(manages_organization=True),
    )
    assert any("this account manages the organization" in text for text in result.warnings)


def test_allowed_amis_that_hide_a_golden_owner_s_images_are_refused() -> None:
    used = Mechanisms(group_policy=True, allowed_amis=AllowedAmis(providers=("amazon",)))
    enforcement = prepared(*CHAIN)
    enforce = Enforce(groups=("admins",), mechanisms=used)
    result = proof.proved(enforcement, enforce, account(), load(), (ID, OTHER))
    assert any(OTHER in text and "would be refused" in text for text in result.failures)


def test_the_account_itself_is_not_changed_by_its_proof() -> None:
    before = account()
    proved(prepared(*CHAIN), before)
    assert before == account()


class TestWhoCanBecomeThePipelineRole:
    def result(self, *chain: str, **fields: Any) -> EnforcementProof:
        roles = {"pipeline": role("pipeline", trust=TRUSTED), **fields.pop("roles", {})}
        return proved(prepared(*CHAIN, *chain), account(roles=roles, **fields))

    def about(self, several: tuple[str, ...]) -> list[str]:
        words = ("can become the pipeline role", "can assume the pipeline role")
        return [text for text in several if any(word in text for word in words)]

    def test_a_group_that_is_to_be_bound_is_a_failure_with_path_and_fix(self) -> None:
        (failure,) = self.about(self.result(policies={ADMIN: ADMINISTRATOR}).failures)
        assert failure.startswith(
            "who is to be bound can assume the pipeline role: group admins -> role pipeline "
            "(sts:AssumeRole): let its trust policy name only"
        )

    def test_a_member_by_policies_of_his_own_is_one_too(self) -> None:
        may = NamedDocument.from_json("own", {"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}})  # fmt: skip
        poor = Group(arn=f"arn:aws:iam::{ID}:group/admins")
        users = {name: user(name, groups=("admins",), inline=(may,)) for name in ("ann", "bob")}
        (failure,) = self.about(self.result(groups={"admins": poor}, users=users).failures)
        assert "users ann, bob -> role pipeline (sts:AssumeRole)" in failure

    def test_a_role_that_is_to_be_bound_is_one_too_by_another_role(self) -> None:
        names = f"arn:aws:iam::{ID}:role/developers"
        roles = {
            "pipeline": role("pipeline", trust=trusting(f"arn:aws:iam::{ID}:role/deployer")),
            "deployer": role("deployer", trust=trusting(names)),
            "developers": role("developers"),
        }
        enforcement = prepared(*CHAIN, holder="role-boundary", name="developers")
        allows = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        whole = in_one_document(enforcement, allows)
        (failure,) = self.about(proved(whole, account(roles=roles)).failures)
        assert (
            "role developers -> role deployer (sts:AssumeRole) -> role pipeline (sts:AssumeRole)"
        ) in failure

    def test_anybody_else_is_a_warning_in_a_few_lines(self) -> None:
        may = {"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}  # fmt: skip
        own = (NamedDocument.from_json("own", may),)
        users = {f"u{n}": user(f"u{n}", inline=own) for n in range(7)}
        roles = {
            f"r{n}": role(f"r{n}", inline=own, trust=trusting(f"arn:aws:iam::{n:012}:root"))
            for n in range(9)
        }
        result = self.result(users=users, roles=roles, groups={"admins": launching("ec2:*")})
        assert self.about(result.failures) == []
        first, *others, more = self.about(result.warnings)
        assert (
            "can become the pipeline role: roles r0, r1, r2, r3, r4 and 4 more, users u0, u1, u2, "
            "u3, u4 and 2 more -> role pipeline (sts:AssumeRole)"
        ) in first
        assert len(others) == 4
        assert "5 more ways, which `goldenami policy prove --format json` lists" in more

    def test_who_is_bound_and_could_assume_it_after_a_change_is_a_warning_with_what_helps(
        self,
    ) -> None:
        group = launching("ec2:*", "iam:UpdateAssumeRolePolicy")
        result = self.result(groups={"admins": group})
        assert result.failures == ()
        assert (
            "can become the pipeline role: group admins -> role pipeline "
            "(iam:UpdateAssumeRolePolicy)"
        ) in result.warnings
        assert any(
            "guardrail_protection keeps who is to be bound" in text for text in result.warnings
        )

    def test_who_only_changes_it_or_passes_it_on_is_a_warning_even_if_bound(self) -> None:
        group = launching("ec2:*", "iam:PutRolePolicy")
        result = self.result(groups={"admins": group})
        assert result.failures == ()
        assert (
            "can change the pipeline role, or pass it on: group admins -> role pipeline "
            "(iam:PutRolePolicy)"
        ) in result.warnings

    def test_without_a_pipeline_role_nobody_is_looked_for(self) -> None:
        values = replace(VALUES, pipeline_role=None)
        result = proved(prepared(*CHAIN, values=values), account(policies={ADMIN: ADMINISTRATOR}))
        assert self.about((*result.failures, *result.warnings)) == []


def launching(*actions: str) -> Group:
    """Return the group of admins who may do no more than this."""
    allow = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = NamedDocument.from_json("own", {"Version": "2012-10-17", "Statement": [allow]})
    return Group(arn=f"arn:aws:iam::{ID}:group/admins", inline=(document,))


def trusting(arn: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": arn}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def in_one_document(enforcement: Enforcement, statement: dict[str, Any]) -> Enforcement:
    """Return an enforcement with all its documents in one, beside another statement."""
    several = [attachment.document or {} for attachment in enforcement.attachments]
    statements = [statement, *(deny for each in several for deny in each["Statement"])]
    document = {"Version": "2012-10-17", "Statement": statements}
    whole = replace(enforcement.attachments[0], policy="goldenami-boundary", document=document)
    return replace(enforcement, attachments=(whole,))
