"""The part ``enforce``: what it refuses, where and why, and what it takes."""

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins

from goldenami import resources
from goldenami.spec import checks, load, load_enforcement
from goldenami.spec.allowed import (
    AllowedAmis,
    DeclarativePolicy,
    FixAges,
    ScanCriterion,
    WatermarkCriterion,
)
from goldenami.spec.enforcement import (
    Enforce,
    Mechanisms,
    PermissionsBoundary,
    ServiceControlPolicy,
)
from goldenami.spec.model import Base, BaseSource, Release
from goldenami.validation import validated

ACCOUNT, UNIT = "111122223333", "ou-ab12-cdef3456"
KEY = "$.enforce.mechanisms"


def of(*, groups: tuple[str, ...] = (), role: str | None = None, **mechanisms: Any) -> Release:
    """A release that is enforced by these mechanisms."""
    return Release(
        schema="goldenami/v1",
        image="web",
        regions=("us-east-1",),
        base=Base(source=BaseSource(ssm="/aws/service/al2023")),
        enforce=Enforce(groups=groups, pipeline_role=role, mechanisms=Mechanisms(**mechanisms)),
    )


def found(release: Release) -> list[tuple[str, str]]:
    _, problems = validated(to_builtins(release), Release, [checks.enforcement])
    return [(one.key, one.words) for one in problems]


REFUSED: dict[str, tuple[Release, str, str]] = {
    "a group policy without groups": (
        of(group_policy=True),
        "$.enforce.groups",
        "name at least one group",
    ),
    "a group that is named twice": (
        of(group_policy=True, groups=("a", "a")),
        "$.enforce.groups[1]",
        "`a` is listed twice",
    ),
    "no mechanism": (of(groups=("a",)), KEY, "name at least one of group_policy, "),
    "documents without a holder": (
        of(groups=("a",), tag_protection=True),
        KEY,
        "name at least one of",
    ),
    "a protection from everybody": (
        of(groups=("a",), group_policy=True, guardrail_protection=True),
        f"{KEY}.guardrail_protection",
        "it needs enforce.pipeline_role",
    ),
    "a watermark that anybody may attach": (
        of(allowed_amis=AllowedAmis(watermarks=(WatermarkCriterion(key="*:web-base"),))),
        f"{KEY}.allowed_amis.watermarks[0].key",
        "`*:web-base` is no watermark: the account that attaches it",
    ),
    "a scan of which nothing is asked": (
        of(allowed_amis=AllowedAmis(scan=ScanCriterion())),
        f"{KEY}.allowed_amis.scan",
        "name at least one of severity, scanned_within_days, fixed_within_days",
    ),
    "a boundary of no role": (
        of(permissions_boundary=PermissionsBoundary(roles=())),
        f"{KEY}.permissions_boundary.roles",
        "name at least one role name",
    ),
    "a boundary of a role by its ARN": (
        of(permissions_boundary=PermissionsBoundary(roles=(f"arn:aws:iam::{ACCOUNT}:role/a",))),
        f"{KEY}.permissions_boundary.roles[0]",
        "is no role name",
    ),
    "a role that is named twice": (
        of(permissions_boundary=PermissionsBoundary(roles=("a", "b", "a"))),
        f"{KEY}.permissions_boundary.roles[2]",
        "`a` is listed twice",
    ),
    "an SCP of nothing": (
        of(scp=ServiceControlPolicy(targets=())),
        f"{KEY}.scp.targets",
        "name at least one root",
    ),
    "an SCP of an organization": (
        of(scp=ServiceControlPolicy(targets=(UNIT, "o-a1b2c3d4e5"))),
        f"{KEY}.scp.targets[1]",
        "`o-a1b2c3d4e5` is no root",
    ),
    "an SCP of less than AWS's least quota": (
        of(scp=ServiceControlPolicy(targets=(UNIT,), size_limit=5_119)),
        f"{KEY}.scp.size_limit",
        "5,120 to 10,240",
    ),
    "an SCP of more than AWS's largest quota": (
        of(scp=ServiceControlPolicy(targets=(UNIT,), size_limit=10_241)),
        f"{KEY}.scp.size_limit",
        "5,120 to 10,240",
    ),
    "a provider that AWS does not know": (
        of(allowed_amis=AllowedAmis(providers=(ACCOUNT, "self"))),
        f"{KEY}.allowed_amis.providers[1]",
        "`self` is no account id, `amazon`",
    ),
    "more providers than AWS takes": (
        of(allowed_amis=AllowedAmis(providers=tuple(f"{n:012}" for n in range(201)))),
        f"{KEY}.allowed_amis.providers",
        "at most 200 providers, not 201",
    ),
    "more names than AWS takes": (
        of(allowed_amis=AllowedAmis(names=tuple(f"web-{n}" for n in range(51)))),
        f"{KEY}.allowed_amis.names",
        "at most 50 names, not 51",
    ),
    "a name that no image can have": (
        of(allowed_amis=AllowedAmis(names=("web#*",))),
        f"{KEY}.allowed_amis.names[0]",
        "`web#*` is no image name",
    ),
    "an age in the future": (
        of(allowed_amis=AllowedAmis(created_within_days=-1)),
        f"{KEY}.allowed_amis.created_within_days",
        "0 or more days, not -1",
    ),
    "a deprecation in the future": (
        of(declarative_policy=DeclarativePolicy(targets=(UNIT,), deprecated_within_days=-1)),
        f"{KEY}.declarative_policy.deprecated_within_days",
        "0 or more days, not -1",
    ),
    "no region": (
        of(allowed_amis=AllowedAmis(regions=())),
        f"{KEY}.allowed_amis.regions",
        "name at least one region",
    ),
    "a zone for a region": (
        of(allowed_amis=AllowedAmis(regions=("us-east-1a",))),
        f"{KEY}.allowed_amis.regions[0]",
        "`us-east-1a` is no region name",
    ),
    "a declarative policy of nothing": (
        of(declarative_policy=DeclarativePolicy(targets=())),
        f"{KEY}.declarative_policy.targets",
        "name at least one root",
    ),
}

TAKEN: dict[str, Release] = {
    "a group policy": of(groups=("a",), group_policy=True),
    "roles without groups": of(permissions_boundary=PermissionsBoundary(roles=("a", "b"))),
    "an SCP of a root, a unit and an account": of(
        scp=ServiceControlPolicy(targets=("r-ab12", UNIT, ACCOUNT), size_limit=10_240)
    ),
    "Allowed AMIs as they are by default": of(allowed_amis=AllowedAmis()),
    "Allowed AMIs with everything": of(
        allowed_amis=AllowedAmis(
            state="enabled",
            providers=(ACCOUNT, "amazon", "aws-marketplace", "aws-backup-vault"),
            names=("web-base-*", "al2023-ami-????"),
            created_within_days=0,
            deprecated_within_days=0,
            regions=("us-east-1", "eusc-de-east-1"),
            watermarks=(WatermarkCriterion(key=f"{ACCOUNT}:web-*", attached_within_days=0),),
            scan=ScanCriterion(severity="high", fixed_within_days=FixAges(critical=7)),
        )
    ),
    "a declarative policy": of(declarative_policy=DeclarativePolicy(targets=(UNIT,))),
    "a protection with the pipeline": of(
        groups=("a",), role="pipeline", group_policy=True, guardrail_protection=True
    ),
}


@pytest.mark.parametrize(("given", "key", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(given: Release, key: str, said: str) -> None:
    [(place, what)] = found(given)
    assert place == key
    assert said in what


@pytest.mark.parametrize("given", TAKEN.values(), ids=TAKEN.keys())
def test_takes(given: Release) -> None:
    assert found(given) == []


def test_what_the_example_shows_as_a_comment_can_be_taken_as_it_stands(tmp_path: Path) -> None:
    text = (resources.folder("examples") / "web-base" / "release.yaml").read_text()
    before, mark, after = text.partition("  # mechanisms:\n")
    shown, empty, rest = after.partition("\n\n")
    on = re.sub(r"(?m)^  # ", "  ", mark + shown)
    (tmp_path / "setup.sh").write_text("#!/bin/sh\n")
    (tmp_path / "release.yaml").write_text(before + on + empty + rest)
    enforce = load(tmp_path / "release.yaml").release.enforce
    assert enforce is not None
    used = {name for name in Mechanisms.__struct_fields__ if getattr(enforce.mechanisms, name)}
    assert used == set(Mechanisms.__struct_fields__)


@pytest.mark.parametrize("comments", [True, False], ids=["as it is", "with all that it shows"])
def test_the_example_of_an_enforcement_file_can_be_taken(tmp_path: Path, *, comments: bool) -> None:
    text = (resources.folder("examples") / "account" / "enforce.yaml").read_text()
    path = tmp_path / "moved.yaml"
    path.write_text(text if comments else re.sub(r"(?m)^( *)# (?=[a-z_]+: )", r"\1", text))
    file = load_enforcement(path)
    assert (file.name, file.region, file.declared) == ("platform", "us-east-1", True)
    used = {key: one.profile for key, one in file.enforce.attaching.items()}
    assert used["group_policy"] == "guardrail"
    assert comments or used["scp"] == "owner-only"
    assert bool(file.owners) is not comments


def test_an_enforcement_is_named_by_its_file_its_image_or_as_it_says(tmp_path: Path) -> None:
    def named(text: str, to: str = "here/enforce.yaml") -> str:
        path = tmp_path / to
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return load_enforcement(path).name

    own = "schema: goldenami.enforce/v1\ngroups: [admins]\n"
    assert named(own) == named(own, "there/enforce.yaml") == "enforce"
    assert named(own + "name: platform\n") == "platform"
    release = (
        "schema: goldenami/v1\nimage: web-base\nregions: [us-east-1]\n"
        "base: {source: {ami: ami-01234567}}\nenforce: {groups: [admins]%s}\n"
    )
    assert named(release % "") == "web-base"
    assert named(release % ", name: platform") == "platform"
