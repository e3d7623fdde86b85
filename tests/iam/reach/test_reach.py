"""Who can become a role: every way alone, chains of them, and what stops them."""

from typing import Any

import pytest
from msgspec import structs

from goldenami.iam.account import Account, NamedDocument
from goldenami.iam.reach.search import assumable, lines, reach

from .world import (
    ADMIN,
    IAM,
    ID,
    OTHER,
    ROOT,
    TARGET,
    account,
    allow,
    deny,
    document,
    group,
    lets_in,
    role,
    trust,
    user,
)  # fmt: skip

ASSUME = "sts:AssumeRole"
PIPELINE = "role pipeline"
BOB = f"{IAM}:user/bob"
PASS = "iam:PassRole"
CLOSED = role("pipeline")
OPEN = role("pipeline", trusts=ROOT)


def described(*everybody: Any, **fields: Any) -> list[str]:
    """Return the paths of everybody who becomes the role, but for the service nobody has."""
    reached = reach(account(*everybody, **fields), TARGET).become
    return [str(path) for path in reached if "unused" not in str(path).split(" -> ")[0]]


def changed(*everybody: Any, **fields: Any) -> list[str]:
    return [str(path) for path in reach(account(*everybody, **fields), TARGET).change]


WAYS: dict[str, tuple[list[Any], list[str]]] = {
    "the trust names a user": (
        [role("pipeline", trusts={"AWS": BOB}), user("bob"), user("eve")],
        [f"user bob -> {PIPELINE} (sts:AssumeRole)"],
    ),
    "the trust names the account, and a user has the permission": (
        [OPEN, user("bob", allow(ASSUME)), user("eve", allow(ASSUME, on=f"{IAM}:role/x"))],
        [f"user bob -> {PIPELINE} (sts:AssumeRole)"],
    ),
    "the trust names the account by its id": (
        [role("pipeline", trusts={"AWS": [ID]}), user("bob", allow("sts:*"))],
        [f"user bob -> {PIPELINE} (sts:AssumeRole)"],
    ),
    "the trust names several in several statements": (
        [
            role("pipeline", trusts=trust({"AWS": BOB}, {"AWS": f"{IAM}:user/eve"})),
            user("bob"), user("eve"), user("tom", allow("s3:*")),
        ],
        [f"user {name} -> {PIPELINE} (sts:AssumeRole)" for name in ("bob", "eve")],
    ),
    "the trust names a role": (
        [role("pipeline", trusts={"AWS": f"{IAM}:role/ci"}), role("ci")],
        [f"role ci -> {PIPELINE} (sts:AssumeRole)"],
    ),
    "the trust names a session of a role": (
        [role("pipeline", trusts={"AWS": f"arn:aws:sts::{ID}:assumed-role/ci/run"}), role("ci")],
        [f"role ci -> {PIPELINE} (sts:AssumeRole)"],
    ),
    "the trust names everybody": (
        [role("pipeline", trusts="*"), user("bob")],
        [f"anybody -> {PIPELINE} (sts:AssumeRole)", f"user bob -> {PIPELINE} (sts:AssumeRole)"],
    ),
    "a group has the permission, and its members with it": (
        [OPEN, group("ops", allow(ASSUME)), user("bob", groups=("ops",))],
        [f"group ops -> {PIPELINE} (sts:AssumeRole)"],
    ),
    "a member has further ways": (
        [
            OPEN, group("ops", allow(ASSUME)),
            user("bob", allow("iam:UpdateAssumeRolePolicy"), groups=("ops",)),
        ],
        [
            f"group ops -> {PIPELINE} (sts:AssumeRole)",
            f"user bob -> {PIPELINE} (sts:AssumeRole; or iam:UpdateAssumeRolePolicy)",
        ],
    ),
    "the trust can be changed": (
        [CLOSED, user("bob", allow("iam:Update*"))],
        [f"user bob -> {PIPELINE} (iam:UpdateAssumeRolePolicy)"],
    ),
    "a service is trusted, and somebody can pass the role to it": (
        [
            role("pipeline", trusts={"Service": "ec2.amazonaws.com"}),
            user("bob", allow(PASS, "ec2:RunInstances")), user("eve", allow(PASS)),
            user("tom", allow("ec2:*")),
        ],
        [
            f"service ec2.amazonaws.com -> {PIPELINE} (sts:AssumeRole)",
            f"user bob -> {PIPELINE} (iam:PassRole to ec2.amazonaws.com and ec2:RunInstances)",
        ],
    ),
    "only to another service may it be passed": (
        [
            role("pipeline", trusts={"Service": ["lambda.amazonaws.com", "new.amazonaws.com"]}),
            user("bob", allow("lambda:*"), allow(
                PASS, StringEquals={"iam:PassedToService": "new.amazonaws.com"})),
        ],
        [
            f"service lambda.amazonaws.com -> {PIPELINE} (sts:AssumeRole)",
            f"service new.amazonaws.com -> {PIPELINE} (sts:AssumeRole)",
            f"user bob -> {PIPELINE} (iam:PassRole to new.amazonaws.com)",
        ],
    ),
    "the service's call is allowed on some resources": (
        [
            role("pipeline", trusts={"Service": "codebuild.amazonaws.com"}),
            user("bob", allow(PASS), allow(
                "codebuild:UpdateProject", on="arn:aws:codebuild:*:*:project/x"),
                deny("codebuild:*", on="arn:aws:codebuild:*:*:project/y")),
            user("eve", allow(PASS, "codebuild:*"), deny("codebuild:*")),
        ],
        [
            f"service codebuild.amazonaws.com -> {PIPELINE} (sts:AssumeRole)",
            f"user bob -> {PIPELINE} "
            "(iam:PassRole to codebuild.amazonaws.com and codebuild:UpdateProject)",
        ],
    ),
    "an identity provider is trusted": (
        [role("pipeline", trusts=trust(
            {"Federated": f"{IAM}:oidc-provider/token.actions.githubusercontent.com"},
            action="sts:AssumeRoleWithWebIdentity",
            StringLike={"token.actions.githubusercontent.com:sub": "repo:org/images:*"}))],
        [
            f"identities of token.actions.githubusercontent.com -> {PIPELINE} "
            "(sts:AssumeRoleWithWebIdentity if token.actions.githubusercontent.com:sub StringLike "
            "repo:org/images:*)",
        ],
    ),
    "a SAML provider is trusted": (
        [role("pipeline", trusts=trust(
            {"Federated": f"{IAM}:saml-provider/Okta"}, action="sts:AssumeRoleWithSAML"))],
        [f"identities of Okta -> {PIPELINE} (sts:AssumeRoleWithSAML)"],
    ),
    "a provider is trusted by a call that it cannot make": (
        [role("pipeline", trusts={"Federated": f"{IAM}:saml-provider/Okta"})], [],
    ),
    "other accounts are trusted, whole or in part": (
        [role("pipeline", trusts=trust(
            {"AWS": [f"arn:aws:iam::{OTHER}:root", "444455556666",
                     "arn:aws:iam::444455556666:role/ci"]},
            StringEquals={"sts:ExternalId": "of-the-team"}))],
        [
            f"account 444455556666 -> {PIPELINE} (sts:AssumeRole if sts:ExternalId)",
            f"account {OTHER} -> {PIPELINE} (sts:AssumeRole if sts:ExternalId)",
            f"role ci of account 444455556666 -> {PIPELINE} (sts:AssumeRole if sts:ExternalId)",
        ],
    ),
    "a federated user and a deleted one are trusted": (
        [role("pipeline", trusts={
            "AWS": [f"arn:aws:sts::{ID}:federated-user/tom", "AIDA2222222222EXAMPLE"]})],
        [f"federated user tom -> {PIPELINE} (sts:AssumeRole)"],
    ),
    "the role does not exist": (
        [
            user("bob", allow("iam:CreateRole")),
            user("eve", allow("iam:CreateRole", on=f"{IAM}:role/x/*")),
        ],
        ["user bob -> role pipeline, which does not exist (iam:CreateRole)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
def test_each_way_alone(name: str) -> None:
    everybody, paths = WAYS[name]
    assert described(*everybody) == paths


CHAINS: dict[str, tuple[list[Any], list[str]]] = {
    "a user to a role to the pipeline": (
        [
            role("pipeline", trusts={"AWS": f"{IAM}:role/deployer"}),
            role("deployer", trusts=ROOT), user("ops", allow(ASSUME)),
        ],
        [
            f"role deployer -> {PIPELINE} (sts:AssumeRole)",
            f"user ops -> role deployer (sts:AssumeRole) -> {PIPELINE} (sts:AssumeRole)",
        ],
    ),
    "by an access key or a password of a user": (
        [
            role("pipeline", trusts={"AWS": f"{IAM}:user/ci"}), user("ci"),
            user("a", allow("iam:CreateAccessKey", on=f"{IAM}:user/ci")),
            user("b", allow("iam:*LoginProfile", on=f"{IAM}:user/*")),
            user("own", allow("iam:CreateAccessKey", on=f"{IAM}:user/${{aws:username}}")),
        ],
        [
            f"user ci -> {PIPELINE} (sts:AssumeRole)",
            f"user a -> user ci (iam:CreateAccessKey) -> {PIPELINE} (sts:AssumeRole)",
            "user b -> user ci (iam:CreateLoginProfile; or iam:UpdateLoginProfile) -> "
            f"{PIPELINE} (sts:AssumeRole)",
        ],
    ),
    "by a group that somebody adds himself to": (
        [
            OPEN, group("ops", allow(ASSUME)), user("bob", allow("iam:AddUserToGroup")),
            role("helper", allow("iam:AddUserToGroup")),
        ],
        [
            f"group ops -> {PIPELINE} (sts:AssumeRole)",
            f"user bob -> group ops (iam:AddUserToGroup) -> {PIPELINE} (sts:AssumeRole)",
        ],
    ),
    "by a policy that somebody gives himself": (
        [OPEN, user("bob", allow("iam:PutUserPolicy", on=f"{IAM}:user/${{aws:username}}"))],
        [
            "user bob -> user bob with policies of its own making (iam:PutUserPolicy) -> "
            f"{PIPELINE} (sts:AssumeRole; or iam:UpdateAssumeRolePolicy)",
        ],
    ),
    "by a policy that somebody gives his group or his role, or that he rewrites": (
        [
            CLOSED, group("ops", allow("iam:AttachGroupPolicy")), user("bob", groups=("ops",)),
            role("own", managed=(f"{IAM}:policy/own",)),
        ],
        [
            f"{start} -> {start} with policies of its own making ({way}) -> "
            f"{PIPELINE} (iam:UpdateAssumeRolePolicy)"
            for start, way in (
                ("group ops", "iam:AttachGroupPolicy"), ("role own", "iam:CreatePolicyVersion"),
                ("user bob", "iam:AttachGroupPolicy"),
            )
        ],
    ),
    "three hops": (
        [
            role("pipeline", trusts={"AWS": f"{IAM}:role/b"}),
            role("b", trusts={"AWS": f"{IAM}:role/a"}), role("a", trusts={"AWS": BOB}), user("bob"),
        ],
        [
            f"role b -> {PIPELINE} (sts:AssumeRole)",
            f"role a -> role b (sts:AssumeRole) -> {PIPELINE} (sts:AssumeRole)",
            "user bob -> role a (sts:AssumeRole) -> role b (sts:AssumeRole) -> "
            f"{PIPELINE} (sts:AssumeRole)",
        ],
    ),
    "no four hops, and no circle": (
        [
            role("pipeline", trusts={"AWS": f"{IAM}:role/c"}),
            role("c", trusts={"AWS": f"{IAM}:role/b"}),
            role("b", trusts={"AWS": [f"{IAM}:role/a", f"{IAM}:role/c", TARGET]}),
            role("a", trusts={"AWS": BOB}), user("bob"),
        ],
        [
            f"role c -> {PIPELINE} (sts:AssumeRole)",
            f"role b -> role c (sts:AssumeRole) -> {PIPELINE} (sts:AssumeRole)",
            "role a -> role b (sts:AssumeRole) -> role c (sts:AssumeRole) -> "
            f"{PIPELINE} (sts:AssumeRole)",
        ],
    ),
    "the shortest path of several": (
        [
            role("pipeline", trusts={"AWS": [f"{IAM}:role/a", BOB]}),
            role("a", trusts={"AWS": BOB}), user("bob"),
        ],
        [f"role a -> {PIPELINE} (sts:AssumeRole)", f"user bob -> {PIPELINE} (sts:AssumeRole)"],
    ),
    "from elsewhere by a role between": (
        [
            role("pipeline", trusts={"AWS": f"{IAM}:role/sso"}),
            role("sso", trusts=trust(
                {"Federated": f"{IAM}:saml-provider/SSO"}, action="sts:AssumeRoleWithSAML")),
        ],
        [
            f"role sso -> {PIPELINE} (sts:AssumeRole)",
            f"identities of SSO -> role sso (sts:AssumeRoleWithSAML) -> {PIPELINE} "
            "(sts:AssumeRole)",
        ],
    ),
    "one creates the missing role for another": (
        [role("maker", allow("iam:CreateRole"), trusts={"AWS": BOB}), user("bob")],
        [
            "role maker -> role pipeline, which does not exist (iam:CreateRole)",
            "user bob -> role maker (sts:AssumeRole) -> role pipeline, which does not exist "
            "(iam:CreateRole)",
        ],
    ),
}  # fmt: skip
OWN = {f"{IAM}:policy/own": document("own", allow("iam:CreatePolicyVersion"))}


@pytest.mark.parametrize("name", CHAINS)
def test_chains(name: str) -> None:
    everybody, paths = CHAINS[name]
    assert described(*everybody, policies=OWN) == paths


BEING = [OPEN, user("bob", allow("*"))]
STOPPED: dict[str, list[Any]] = {
    "a Deny of his own": [OPEN, user("bob", allow("*"), deny("sts:*", "iam:*"))],
    "a Deny of his group": [
        OPEN, group("ops", deny("sts:*", "iam:*")), user("bob", allow("*"), groups=("ops",)),
    ],
    "a Deny of the trust": [
        role("pipeline", trusts={"Version": "2012-10-17", "Statement": [
            lets_in(ROOT), {**lets_in("*"), "Effect": "Deny"}]}),
        user("bob", allow(ASSUME)),
    ],
    "a condition of the trust on the principal": [
        role("pipeline", trusts=trust(ROOT, StringEquals={"aws:PrincipalTag/team": "release"})),
        user("bob", allow(ASSUME), tags={"team": "web"}), user("eve", allow(ASSUME)),
    ],
    "a condition on a tag of the role": [
        OPEN, user("bob", allow(ASSUME, StringEquals={"iam:ResourceTag/team": "web"})),
    ],
    "a condition on himself beside one on how he asks": [
        OPEN, user("bob", allow(ASSUME, Bool={"aws:MultiFactorAuthPresent": "true"},
                                StringEquals={"aws:username": "eve"})),
    ],
    "a boundary that does not allow it": [
        OPEN, user("bob", allow("*"), boundary=f"{IAM}:policy/limit"),
    ],
    "a boundary that denies what the trust lets in": [
        role("pipeline", trusts={"AWS": BOB}), user("bob", boundary=f"{IAM}:policy/denies"),
    ],
    "the boundary of a role that the trust names": [
        role("pipeline", trusts={"AWS": f"{IAM}:role/ci"}),
        role("ci", boundary=f"{IAM}:policy/limit"),
    ],
    "a trust that is of another call": [
        role("pipeline", trusts=trust({"AWS": BOB}, action="sts:TagSession")), user("bob"),
    ],
    "a key that does not exist for the call": [
        OPEN, user("bob", allow(ASSUME, StringEquals={"ec2:Owner": "amazon"})),
    ],
    "a role that AWS keeps itself": [
        structs.replace(CLOSED, arn=f"{IAM}:role/aws-reserved/sso.amazonaws.com/pipeline"),
        user("bob", allow("iam:UpdateAssumeRolePolicy")),
    ],
    "a service-linked role is nobody": [
        OPEN,
        structs.replace(
            role("x", allow("*")), arn=f"{IAM}:role/aws-service-role/x.amazonaws.com/x"),
    ],
}  # fmt: skip
LIMITS = {
    f"{IAM}:policy/limit": document("limit", allow("s3:*")),
    f"{IAM}:policy/denies": document("denies", allow("s3:*"), deny(ASSUME)),
}


@pytest.mark.parametrize("name", STOPPED)
def test_what_stops_them(name: str) -> None:
    target = next(member.arn for member in STOPPED[name] if member.name == "pipeline")
    reached = reach(account(*STOPPED[name], policies=LIMITS), target).become
    assert [path for path in reached if path.kind == "user" or path.kind == "role"] == []


def test_a_service_control_policy_stops_everybody_but_in_the_management_account() -> None:
    no_iam = document("no-iam", deny("sts:*", "iam:*"))
    assert described(*BEING)
    assert described(*BEING, scp=no_iam) == []
    assert described(*BEING, scp=no_iam, manages_organization=True)


def test_a_user_whom_the_trust_names_is_not_stopped_by_what_his_boundary_does_not_allow() -> None:
    named = role("pipeline", trusts={"AWS": BOB})
    bounded = user("bob", boundary=f"{IAM}:policy/limit")
    assert described(named, bounded, policies=LIMITS) == [
        f"user bob -> {PIPELINE} (sts:AssumeRole)"
    ]


ADDRESSES = [f"10.{number}.0.0/16" for number in range(4)]
CONDITIONS: dict[str, tuple[list[Any], str]] = {
    "MFA": (
        [OPEN, user("bob", allow(ASSUME, Bool={"aws:MultiFactorAuthPresent": True}))],
        "sts:AssumeRole if aws:MultiFactorAuthPresent Bool True",
    ),
    "a Deny without MFA": (
        [
            OPEN, user("bob", allow(ASSUME), deny(
                ASSUME, BoolIfExists={"aws:MultiFactorAuthPresent": "false"})),
        ],
        "sts:AssumeRole unless aws:MultiFactorAuthPresent BoolIfExists false",
    ),
    "an external id, which is not told": (
        [role("pipeline", trusts=trust({"AWS": BOB}, StringEquals={"sts:ExternalId": "hush"})),
         user("bob")],
        "sts:AssumeRole if sts:ExternalId",
    ),
    "addresses, of which some are told": (
        [role("pipeline", trusts=trust(ROOT, IpAddress={"aws:SourceIp": ADDRESSES})),
         user("bob", allow(ASSUME))],
        "sts:AssumeRole if aws:SourceIp IpAddress 10.0.0.0/16, 10.1.0.0/16, 10.2.0.0/16, …",
    ),
    "an organization that is not known": (
        [role("pipeline", trusts=trust(ROOT, StringEquals={"aws:PrincipalOrgID": "o-1"})),
         user("bob", allow(ASSUME))],
        "sts:AssumeRole if aws:PrincipalOrgID StringEquals o-1",
    ),
    "a key of a service that is not known": (
        [
            role("pipeline", trusts={"Service": "lambda.amazonaws.com"}),
            user("bob", allow(PASS), allow(
                "lambda:*", StringEquals={"lambda:Layer": "x", "aws:PrincipalAccount": ID})),
        ],
        "iam:PassRole to lambda.amazonaws.com and lambda:CreateFunction if lambda:Layer "
        "StringEquals x",
    ),
    "a condition of the boundary": (
        [OPEN, user("bob", allow(ASSUME), boundary=f"{IAM}:policy/mfa")],
        "sts:AssumeRole if aws:MultiFactorAuthPresent Bool true",
    ),
    "an Allow that cannot be decided": (
        [OPEN, user("bob", allow(ASSUME, StringLook={"aws:username": "x"}))],
        "sts:AssumeRole (#1 of policy of bob cannot be decided)",
    ),
    "a Deny that cannot be decided": (
        [OPEN, user("bob", allow(ASSUME), deny(ASSUME, on="${nonsense}"))],
        "sts:AssumeRole (#2 of policy of bob cannot be decided)",
    ),
    "an Allow of something that cannot be decided": (
        [OPEN, user("bob", allow(ASSUME, on="${nonsense}"))],
        "sts:AssumeRole (#1 of policy of bob cannot be decided)",
    ),
    "a trust without a principal": (
        [role("pipeline", trusts={"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "Action": ASSUME}}), user("bob")],
        "sts:AssumeRole (#1 of the trust policy of role pipeline cannot be decided)",
    ),
    "a tag that not every member of a group has": (
        [OPEN, group("bob", allow(ASSUME, StringEquals={"aws:PrincipalTag/team": "release"}))],
        "sts:AssumeRole (nobody knows which value aws:principaltag/team will have)",
    ),
    "a value that cannot be compared": (
        [OPEN, user("bob", allow(ASSUME, NumericLessThan={"aws:PrincipalTag/level": "5"}),
                    tags={"level": "high"})],
        "sts:AssumeRole (the request's aws:principaltag/level `high` is not of the kind that the "
        "condition compares)",
    ),
}  # fmt: skip
MFA = document("mfa", allow(ASSUME, Bool={"aws:MultiFactorAuthPresent": "true"}))


@pytest.mark.parametrize("name", CONDITIONS)
def test_what_depends_on_how_somebody_asks_is_possible_and_says_on_what(name: str) -> None:
    everybody, way = CONDITIONS[name]
    reached = reach(account(*everybody, policies={f"{IAM}:policy/mfa": MFA}), TARGET)
    (path,) = [each for each in reached.become if each.name == "bob"]
    assert str(path) == f"{path.kind} bob -> {PIPELINE} ({way})"
    assert not path.certain


def test_conditions_that_hold_of_the_principal_leave_it_certain() -> None:
    whole = {
        "aws:PrincipalArn": f"{IAM}:user/*", "aws:PrincipalTag/team": "release",
        "aws:PrincipalOrgID": "o-1", "aws:username": "bob",
    }  # fmt: skip
    named = role("pipeline", trusts=trust(ROOT, StringLike=whole))
    bob = user("bob", allow(ASSUME), tags={"team": "release"})
    (path,) = reach(account(named, bob, user("eve", allow(ASSUME)), organization="o-1"),
                    TARGET).become  # fmt: skip
    assert (str(path), path.certain) == (f"user bob -> {PIPELINE} (sts:AssumeRole)", True)


OUTSIDE: dict[str, tuple[list[Any], list[str]]] = {
    "a Deny of the same account": ([{**lets_in({"AWS": OTHER}), "Effect": "Deny"}], []),
    "a Deny of everybody": ([{**lets_in("*"), "Effect": "Deny"}], []),
    "a Deny of another call": ([{**lets_in("*", "sts:TagSession"), "Effect": "Deny"}], [""]),
    "a Deny with a condition": (
        [{**lets_in("*", Null={"sts:SourceIdentity": "true"}), "Effect": "Deny"}],
        [" unless sts:SourceIdentity Null true"],
    ),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_trust_may_deny_others_too(name: str) -> None:
    further, depends = OUTSIDE[name]
    whole = trust({"AWS": OTHER})
    whole["Statement"] += further
    assert described(role("pipeline", trusts=whole)) == [
        f"account {OTHER} -> {PIPELINE} (sts:AssumeRole{text})" for text in depends
    ]


CHANGES: dict[str, tuple[list[Any], list[str]]] = {
    "its policies": (
        [CLOSED, user("bob", allow("iam:PutRolePolicy", "iam:AttachRolePolicy"))],
        [f"user bob -> {PIPELINE} (iam:PutRolePolicy; or iam:AttachRolePolicy)"],
    ),
    "a policy that is attached to it": (
        [role("pipeline", managed=(ADMIN, f"{IAM}:policy/own")),
         user("bob", allow("iam:CreatePolicyVersion"))],
        [f"user bob -> {PIPELINE} (iam:CreatePolicyVersion)"],
    ),
    "its boundary": (
        [role("pipeline", boundary=f"{IAM}:policy/own"),
         user("bob", allow("iam:DeleteRolePermissionsBoundary"))],
        [f"user bob -> {PIPELINE} (iam:DeleteRolePermissionsBoundary)"],
    ),
    "to whom it is passed": (
        [CLOSED, user("bob", allow(PASS))], [f"user bob -> {PIPELINE} (iam:PassRole)"],
    ),
    "by a role between": (
        [CLOSED, role("keeper", allow("iam:PutRolePolicy", on=TARGET), trusts={"AWS": BOB}),
         user("bob")],
        [
            f"role keeper -> {PIPELINE} (iam:PutRolePolicy)",
            f"user bob -> role keeper (sts:AssumeRole) -> {PIPELINE} (iam:PutRolePolicy)",
        ],
    ),
    "not by whoever becomes it anyway": ([OPEN, user("bob", allow("*"))], []),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_who_changes_or_passes_the_role_is_told_apart(name: str) -> None:
    everybody, paths = CHANGES[name]
    own = {f"{IAM}:policy/own": document("own", allow("s3:*"))}
    reached = [member for member in changed(*everybody, policies=own) if "unused" not in member]
    assert reached == paths


def test_who_cannot_be_judged_is_named() -> None:
    everybody = [
        OPEN, user("bob", allow(ASSUME)), user("odd", managed=(f"{IAM}:policy/gone",)),
        structs.replace(user("list"), inline=(NamedDocument("l", "[]"),)),
        structs.replace(user("no-json"), inline=(NamedDocument("n", "{"),)),
        role("no-trust", trusts={"Statement": ["x"]}),
    ]  # fmt: skip
    reached = reach(account(*everybody), TARGET)
    assert [path.name for path in reached.become] == ["bob"]
    assert [note.partition(":")[0] for note in reached.notes] == [
        "user odd could not be judged", "user list could not be judged",
        "user no-json could not be judged", "role no-trust could not be judged",
    ]  # fmt: skip


def test_by_assuming_alone_a_change_on_the_way_is_no_way() -> None:
    deployer = role("deployer", allow(ASSUME), trusts=ROOT)
    bob = user("bob", allow("iam:UpdateAssumeRolePolicy", ASSUME, on=f"{IAM}:role/deployer"))
    amy = user("amy", allow("iam:UpdateAssumeRolePolicy", "iam:PutUserPolicy"))
    reached = reach(account(OPEN, deployer, bob, amy), TARGET, assuming=True)
    assert [str(path) for path in reached.become] == [
        f"role deployer -> {PIPELINE} (sts:AssumeRole)",
        f"user bob -> role deployer (sts:AssumeRole) -> {PIPELINE} (sts:AssumeRole)",
    ]
    assert reached.change == ()
    assert reach(account(amy), TARGET, assuming=True).paths == ()


def test_a_role_of_another_account_is_not_searched() -> None:
    reached = reach(account(*BEING), f"arn:aws:iam::{OTHER}:role/pipeline")
    assert reached.paths == ()
    assert "of another account" in reached.notes[0]


def _large() -> Account:
    """An account in which many users keep their own keys, and some become the role."""
    own = allow("iam:*AccessKey*", "iam:*LoginProfile", on=f"{IAM}:user/${{aws:username}}")
    s3 = allow("s3:*", "logs:*", on="arn:aws:s3:::bucket/*")
    people = [user(f"u{n}", groups=("all", "ops") if n % 2 else ("all",)) for n in range(100)]
    roles = [
        role(f"r{n}", s3, trusts={"Service": "lambda.amazonaws.com"} if n % 3 else ROOT)
        for n in range(1000)
    ]
    return account(OPEN, group("all", own), group("ops", allow(ASSUME, on=TARGET)), *people, *roles)


def test_a_large_account_takes_no_more_decisions_than_it_has_principals_with_a_chance() -> None:
    reached = reach(_large(), TARGET)
    assert [str(path) for path in reached.become] == [f"group ops -> {PIPELINE} (sts:AssumeRole)"]
    assert reached.decisions < 1_000
    assert reached.notes == ()


def test_a_search_that_ends_early_says_so() -> None:
    people = [user(f"u{n}", allow(ASSUME)) for n in range(9)]
    reached = reach(account(OPEN, *people), TARGET, limit=5)
    assert len(reached.become) == reached.decisions == 5
    assert "only the first 5 questions were decided" in reached.notes[0]


def test_the_roles_that_several_can_assume_are_found_whatever_the_conditions() -> None:
    mfa = {"aws:MultiFactorAuthPresent": "true"}
    bob, eve = user("bob", allow(ASSUME, on=f"{IAM}:role/a")), user("eve")
    roles = [
        role("a", trusts=trust(ROOT, Bool=mfa)),
        role("b", trusts=ROOT),
        role("c", trusts={"AWS": eve.arn}),
        role("d"),
        role("unread", trusts={"Statement": ["x"]}),
    ]
    whole = account(bob, eve, *roles)
    assert [role.name for role in assumable(whole, [bob, eve])] == ["a", "c", "unread"]
    odd = user("odd", managed=(f"{IAM}:policy/gone",))
    assert len([*assumable(whole, [odd])]) == len(roles)


def test_those_who_go_the_same_way_are_told_together() -> None:
    people = [user(f"u{number}", allow(ASSUME)) for number in range(7)]
    named = trust(ROOT, {"AWS": OTHER}, {"AWS": "444455556666"})
    reached = reach(
        account(role("pipeline", trusts=named), role("r", allow(ASSUME)), *people), TARGET
    )
    assert lines(reached.become) == (
        "account 444455556666, account 999988887777, role r, users u0, u1, u2, u3, u4 and 2 more "
        "-> role pipeline (sts:AssumeRole)",
    )
