"""Profiles from their YAML files."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from goldenami.domain.tags import ApprovalTag
from goldenami.errors import SpecError, UsageError
from goldenami.iam.profiles import DEFAULT, load_profiles, profile_named
from goldenami.iam.reference import table
from goldenami.iam.render import render
from goldenami.iam.values import Values

COMPLETE = """\
name: strict
title: A title
description: What it does.
warning: ""
needs: [snapshots]
optional: [tag]
documents:
  - {name: strict, template: strict.json.j2}
"""

WRONG = {
    "an unknown key, with its line and the key that was meant": (
        COMPLETE + "atach_with: [strict]\n",
        ["strict.yaml:9", "atach_with", "did you mean `attach_with`?"],
    ),
    "an unknown key of a document": (
        COMPLETE.replace("template:", "templat:"),
        ["strict.yaml:8", "templat"],
    ),
    "a need that is no value": (
        COMPLETE.replace("[snapshots]", "[snapshotz]"),
        ["strict.yaml:5", "snapshotz"],
    ),
    "a missing title": (COMPLETE.replace("title: A title\n", ""), ["strict.yaml", "title"]),
    "a name that is not the file's": (
        COMPLETE.replace("name: strict\n", "name: lax\n"),
        ["strict.yaml:1", "`lax`", "name: strict"],
    ),
    "no documents": (
        COMPLETE.replace("\n  - {name: strict, template: strict.json.j2}", " []"),
        ["strict.yaml:7", "enforces nothing"],
    ),
    "a companion that does not exist, with the one that was meant": (
        COMPLETE + "attach_with: [strickt]\n",
        ["strict.yaml", "`strickt`", "did you mean `strict`?"],
    ),
    "another form that does not exist": (
        COMPLETE + "when_too_large: lax\n",
        ["strict.yaml: when_too_large", "`lax`"],
    ),
    "a companion like no other, with all that there are": (
        COMPLETE + "attach_with: [zzz]\n",
        ["`zzz`", "profiles: strict"],
    ),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG.keys())
def test_refuses_a_file_with(text: str, said: list[str], tmp_path: Path) -> None:
    (tmp_path / "strict.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        load_profiles(tmp_path)
    for part in said:
        assert part in str(caught.value)


def test_reads_a_complete_file(tmp_path: Path) -> None:
    (tmp_path / "strict.yaml").write_text(COMPLETE + "tag: {key: golden, value: 'yes'}\n")
    strict = load_profiles(tmp_path)["strict"]
    assert strict.needs == ("snapshots",)
    assert strict.tag == ApprovalTag("golden", "yes")
    assert strict.attach_with == ()


def test_the_shipped_profiles_come_in_alphabetical_order() -> None:
    assert list(load_profiles()) == [
        "allow",
        "allow-by-tag",
        "ec2-028-parent-snapshot",
        "ec2-028-resource-tag",
        "guardrail",
        "guardrail-by-tag",
        "guardrail-protection",
        "owner-only",
        "tag-protection",
        "untestable-launches",
    ]


@pytest.mark.parametrize("name", load_profiles())
def test_a_shipped_profile_says_what_it_does_and_what_it_does_not_do(name: str) -> None:
    shipped = profile_named(name)
    assert shipped.title
    assert "does not" in shipped.description
    assert not set(shipped.needs) & set(shipped.optional)


CHANGES: dict[str, dict[str, Any]] = {
    "owners": {"owners": ("111122223333",)},
    "parameters": {"parameters": ("/web/ami",)},
    "pipeline_role": {"pipeline_role": "arn:aws:iam::123456789012:role/other"},
    "snapshots": {"snapshots": ("snap-89abcdef",)},
    "tag": {"tag_key": "Approved", "tag_value": "yes"},
}


@pytest.mark.parametrize("name", load_profiles())
def test_a_profile_names_the_values_that_change_it(name: str) -> None:
    profile = profile_named(name)
    values = Values(
        account="123456789012",
        owners=("123456789012",),
        snapshots=("snap-01234567",),
        pipeline_role="arn:aws:iam::123456789012:role/pipeline",
        groups=("admins",),
    )
    changed = {
        value
        for value, change in CHANGES.items()
        if render(profile, structs.replace(values, **change)) != render(profile, values)
    }
    assert changed == {*profile.needs, *profile.optional} & CHANGES.keys()


@pytest.mark.parametrize(
    "name", ["allow", "allow-by-tag", "ec2-028-parent-snapshot", "ec2-028-resource-tag"]
)
def test_a_profile_that_stops_nothing_beside_a_broader_policy_warns_and_names_another(
    name: str,
) -> None:
    warning = profile_named(name).warning
    assert "stops nothing" in warning
    assert "`guardrail" in warning


@pytest.mark.parametrize("name", ["guardrail", "guardrail-by-tag"])
def test_a_guardrail_brings_what_it_cannot_test_and_the_protection_of_its_tag(name: str) -> None:
    assert profile_named(name).attach_with == ("untestable-launches", "tag-protection")


@pytest.mark.parametrize("name", ["guardrail", "allow"])
def test_what_lists_snapshots_has_a_form_that_lists_none(name: str) -> None:
    shipped = profile_named(name)
    assert shipped.when_too_large == f"{name}-by-tag"
    instead = profile_named(shipped.when_too_large)
    assert set(shipped.needs) - set(instead.needs) == {"snapshots"}
    assert instead.attach_with == shipped.attach_with


def test_the_default_exists_and_has_nothing_to_warn_of() -> None:
    assert profile_named(DEFAULT).warning == ""


def test_a_mistyped_name_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(UsageError, match="there is no profile `gaurdrail`") as caught:
        profile_named("gaurdrail")
    assert caught.value.fix == "did you mean `guardrail`?"


def test_a_name_like_no_other_is_answered_with_all_names() -> None:
    with pytest.raises(UsageError) as caught:
        profile_named("xyz")
    assert caught.value.fix == f"profiles: {', '.join(load_profiles())}"


@pytest.mark.parametrize("name", load_profiles())
def test_every_profile_says_what_it_leaves_open_and_what_helps(name: str) -> None:
    ways = profile_named(name).open
    assert ways
    assert all(way.why and way.helps for way in ways)
    assert len({way.name for way in ways}) == len(ways)


def test_services_that_launch_by_a_role_are_named() -> None:
    """Each of them makes instances, or images, by a role that it is given or has of its own."""
    services = {
        call.partition(":")[0]
        for profile in load_profiles().values()
        for way in profile.open
        for call in way.calls
    }
    assert services >= {
        "cloudformation", "servicecatalog", "states", "scheduler", "fis", "lambda", "codebuild",
        "eks", "ecs", "elasticmapreduce", "batch", "pcs", "elasticbeanstalk", "imagebuilder",
        "gamelift", "cloud9", "evs", "rds", "backup", "dlm", "mgn", "drs", "sagemaker",
        "workspaces", "lightsail", "ssm", "autoscaling",
    }  # fmt: skip


def test_a_call_of_a_way_around_is_one_that_aws_has() -> None:
    for profile in load_profiles().values():
        for call in (call for way in profile.open for call in way.calls):
            if call.partition(":")[0] in table.services():
                assert table.spelled(call) == call
