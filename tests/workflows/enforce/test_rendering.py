"""Which documents are enforced together, and in which form they fit."""

import re
from typing import Any

import pytest
from msgspec import structs

from goldenami.errors import RefusedError
from goldenami.iam.profiles import load_profiles
from goldenami.iam.render import PolicyDocument
from goldenami.iam.values import Values
from goldenami.spec.enforcement import (
    Enforce,
    GroupPolicy,
    Mechanisms,
    PermissionsBoundary,
    ServiceControlPolicy,
)
from goldenami.workflows.enforce import rendering
from goldenami.workflows.enforce.interface import RenderedPolicies

GROUP: dict[str, Any] = {"group_policy": True}
BOUNDARY: dict[str, Any] = {"permissions_boundary": PermissionsBoundary(roles=("developers",))}
SCP: dict[str, Any] = {"scp": ServiceControlPolicy(targets=("r-ab12",))}
LARGE_SCP: dict[str, Any] = {"scp": ServiceControlPolicy(targets=("r-ab12",), size_limit=10_240)}
ALL: dict[str, Any] = {"tag_protection": True, "guardrail_protection": True}
ALL_PROTECTIONS = ("tag-protection", "guardrail-protection")
MANY = 90
"""More snapshots than fit an SCP of the usual size or a boundary, and fewer than a policy takes."""


def rendered(
    mechanism: str, profile: str = "guardrail", snapshots: int = MANY, **mechanisms: Any
) -> RenderedPolicies:
    values = Values(
        account="123456789012",
        owners=("123456789012",),
        snapshots=tuple(f"snap-{number:017x}" for number in range(snapshots)),
        pipeline_role="arn:aws:iam::123456789012:role/pipeline",
        groups=("admins",),
    )
    used = Mechanisms(**mechanisms)
    enforce = Enforce(groups=("admins",), profile=profile, mechanisms=used)
    return rendering.fitting(enforce, mechanism, values)


@pytest.mark.parametrize(
    ("profile", "protections", "expected"),
    [
        ("guardrail", {}, ["guardrail", "untestable-launches", "tag-protection"]),
        (
            "guardrail",
            {"tag_protection": True},
            ["guardrail", "untestable-launches", "tag-protection"],
        ),
        ("owner-only", {}, ["owner-only", "untestable-launches"]),
        ("owner-only", ALL, ["owner-only", "untestable-launches", *ALL_PROTECTIONS]),
        ("tag-protection", {"tag_protection": True}, ["tag-protection"]),
    ],
    ids=[
        "a companion always comes along",
        "and comes once",
        "what no key can test comes along",
        "protections come last",
        "a protection can be the profile itself",
    ],
)
def test_what_is_enforced_together(
    profile: str, protections: dict[str, bool], expected: list[str]
) -> None:
    policies = rendered("group_policy", profile, 1, **GROUP, **protections)
    assert [profile.name for profile in policies.profiles] == expected
    assert [document.name for document in policies.documents] == expected


@pytest.mark.parametrize(
    ("mechanism", "mechanisms", "main"),
    [
        ("group_policy", GROUP, "guardrail"),
        ("scp", LARGE_SCP, "guardrail"),
        ("scp", SCP, "guardrail-by-tag"),
        ("permissions_boundary", BOUNDARY, "guardrail-by-tag"),
        ("group_policy", GROUP | BOUNDARY | SCP, "guardrail"),
        ("permissions_boundary", GROUP | BOUNDARY | LARGE_SCP, "guardrail-by-tag"),
    ],
    ids=[
        "a managed policy takes the list",
        "an SCP with the raised quota takes it",
        "one without does not",
        "a boundary, which holds all documents, does not",
        "no smaller holder weakens the groups' policy",
        "and no larger one makes room for another",
    ],
)
def test_each_mechanism_has_the_form_that_fits_its_holders(
    mechanism: str, mechanisms: dict[str, Any], main: str
) -> None:
    policies = rendered(mechanism, **mechanisms)
    assert [document.name for document in policies.documents] == [
        main,
        "untestable-launches",
        "tag-protection",
    ]
    assert [profile.name for profile in policies.profiles] == [
        main,
        "untestable-launches",
        "tag-protection",
    ]
    assert len(policies.notes) == (2 if main == "guardrail-by-tag" else 1)


def test_the_characters_that_are_left_are_told_of_each_document() -> None:
    (note,) = rendered("group_policy", snapshots=1, **GROUP).notes
    assert re.fullmatch(
        r"group_policy: characters left of 6,144: "
        r"guardrail [1-5],\d{3}, untestable-launches [1-5],\d{3}, tag-protection [1-5],\d{3}",
        note,
    )


def test_a_mechanism_has_its_own_profile_and_protections() -> None:
    used = Mechanisms(
        group_policy=GroupPolicy(profile="guardrail-by-tag", guardrail_protection=False),
        scp=ServiceControlPolicy(targets=("r-ab12",), profile="owner-only"),
        permissions_boundary=PermissionsBoundary(roles=("a",)),
        guardrail_protection=True,
    )
    attaching = Enforce(groups=("admins",), mechanisms=used).attaching
    names = {
        key: [profile.name for profile in rendering.profiles(each)]
        for key, each in attaching.items()
    }
    assert names == {
        "group_policy": ["guardrail-by-tag", "untestable-launches", "tag-protection"],
        "permissions_boundary": ["guardrail", "untestable-launches", *ALL_PROTECTIONS],
        "scp": ["owner-only", "untestable-launches", "guardrail-protection"],
    }


def test_a_switch_names_the_mechanism_and_the_limit_that_was_exceeded() -> None:
    note, _ = rendered("scp", **SCP).notes
    assert "scp: the policy document `guardrail` has" in note
    assert "a service control policy (enforce.mechanisms.scp.size_limit) may have 5,120" in note
    assert "`guardrail-by-tag` takes its place, which knows snapshots by their tag" in note
    bounded = rendered("permissions_boundary", **BOUNDARY)
    assert "permissions_boundary: the policy document `boundary` has" in bounded.notes[0]


def test_what_is_too_large_in_either_form_is_refused() -> None:
    with pytest.raises(RefusedError, match="may have 1,000"):
        rendered("scp", scp=ServiceControlPolicy(targets=("r-ab12",), size_limit=1_000))


def test_what_has_no_other_form_is_refused() -> None:
    with pytest.raises(RefusedError, match="`ec2-028-parent-snapshot` has"):
        rendered("group_policy", "ec2-028-parent-snapshot", 200, **GROUP)


@pytest.mark.parametrize("profile", load_profiles())
def test_a_boundary_has_each_sid_once_and_allows_something(profile: str) -> None:
    boundary = rendering.boundary(rendered("group_policy", profile, 1, **GROUP, **ALL).documents)
    statements = boundary.policy["Statement"]
    sids = [statement["Sid"] for statement in statements if "Sid" in statement]
    assert len(sids) == len(set(sids))
    assert statements[0]["Effect"] == "Allow" or profile.endswith("protection")
    assert "Allow" in {statement["Effect"] for statement in statements}


def test_a_boundary_of_a_profile_that_allows_allows_nothing_else() -> None:
    allowing = PolicyDocument("a", {"Statement": [{"Effect": "Allow", "Action": "ec2:*"}]})
    denying = structs.replace(allowing, policy={"Statement": [{"Effect": "Deny", "Action": "*"}]})
    both = rendering.boundary((allowing, denying)).policy["Statement"]
    assert [statement["Action"] for statement in both] == ["ec2:*", "*"]
    alone = rendering.boundary((denying,)).policy["Statement"]
    assert alone[0] == rendering.ALLOW_ALL
