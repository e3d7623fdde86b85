import json
from typing import Any

import pytest

from goldenami_sandbox.organizations.effective import merged, parsed


def policy(state: Any = None, providers: Any = None, **more: Any) -> str:
    settings: dict[str, Any] = {}
    if state:
        settings["state"] = state
    if providers:
        settings["image_criteria"] = {"criteria_1": {"allowed_image_providers": providers}}
    return json.dumps({"ec2_attributes": {"allowed_images_settings": settings | more}})


def settings(*contents: str) -> Any:
    return merged(contents)["ec2_attributes"]["allowed_images_settings"]


def providers(*contents: str) -> Any:
    return settings(*contents)["image_criteria"]["criteria_1"]["allowed_image_providers"]


def test_what_is_nearer_to_the_account_overwrites() -> None:
    root = policy({"@@assign": "audit_mode"}, {"@@assign": ["amazon"]})
    unit = policy({"@@assign": "enabled"})
    assert settings(root, unit)["state"] == "enabled"
    assert providers(root, unit) == ["amazon"]


def test_values_are_added_and_removed() -> None:
    root = policy(providers={"@@assign": ["amazon", "111122223333"]})
    more = policy(providers={"@@append": ["111122223333", "444455556666"]})
    less = policy(providers={"@@remove": ["amazon"]})
    assert providers(root, more, less) == ["111122223333", "444455556666"]
    assert providers(more) == ["111122223333", "444455556666"]


@pytest.mark.parametrize(
    ("operators", "state", "after"),
    [
        (["@@none"], "audit_mode", ["amazon"]),
        (["@@append"], "audit_mode", ["amazon", "111122223333"]),
        (["@@all"], "enabled", ["amazon", "111122223333"]),
    ],
)
def test_what_a_policy_does_not_leave_to_those_below_it_stays(
    operators: list[str], state: str, after: list[str]
) -> None:
    control = {"@@operators_allowed_for_child_policies": operators}
    root = policy({"@@assign": "audit_mode"}, {**control, "@@assign": ["amazon"]}, **control)
    child = policy({"@@assign": "enabled"}, {"@@append": ["111122223333"]})
    found = settings(root, child, policy(**{"@@operators_allowed_for_child_policies": ["@@all"]}))
    assert found["state"] == state
    assert found["image_criteria"]["criteria_1"]["allowed_image_providers"] == after
    none = policy({"@@assign": "disabled"}, image_criteria={})
    assert settings(root, none)["state"] == ("disabled" if operators == ["@@all"] else state)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "policy: a value needs an operator"),
        ('{"tags": {}}', "policy: unknown key tags"),
        ('{"ec2_attributes": {"images": {}}}', "ec2_attributes: unknown key images"),
        (policy("enabled"), "allowed_images_settings.state: a value needs an operator"),
        (policy({"@@lock": ["@@none"]}), "does not know"),
        (policy({"@@assign": "enabled", "x": {}}), "an operator stands alone"),
        (policy({"@@assign": "on"}), "the state `on` is none of"),
        (policy(imageCriteria={}), "unknown key imageCriteria"),
        (policy(image_criteria={"criteria_11": {}}), "unknown key criteria_11"),
        (
            policy(image_criteria={"criteria_1": {"image_providers": {"@@assign": []}}}),
            "criteria_1: unknown key image_providers",
        ),
    ],
    ids=[
        "a list",
        "another key at the top",
        "an attribute that does not exist",
        "a value without operator",
        "an operator that does not exist",
        "an operator beside a key",
        "a state that does not exist",
        "a key in camel case",
        "an eleventh criterion",
        "a part of a criterion that does not exist",
    ],
)
def test_what_is_no_declarative_policy_is_refused(content: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parsed(content)
