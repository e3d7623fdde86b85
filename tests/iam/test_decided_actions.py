"""Every action that AWS has on what is golden is denied by a document, or left with a reason.

An action that AWS adds makes a test fail until somebody has decided about it.
"""

from fnmatch import fnmatchcase

import pytest

from goldenami.iam.profiles import profile_named
from goldenami.iam.reference import table
from goldenami.iam.render import render
from goldenami.iam.values import Values

VALUES = Values(account="123456789012", owners=("123456789012",), snapshots=("snap-12345678",))
LEFT = {
    "ec2:CopyImage": "a copy is not golden, and may not get the tags",
    "ec2:CopySnapshot": "a copy is not golden, and may not get the tags",
    "ec2:CreateImage": "the image is not golden, and may not get the tags",
    "ec2:CreateImageUsageReport": "it reads",
    "ec2:CreateSnapshot": "the snapshot is not golden, and may not get the tags",
    "ec2:CreateStoreImageTask": "it copies an image to S3, from where it may not come back",
    "ec2:CreateVolume": "a volume is data; what an instance boots is decided at its launch",
    "ec2:DisableFastLaunch": "launches are slower",
    "ec2:DisableFastSnapshotRestores": "launches are slower",
    "ec2:EnableFastSnapshotRestores": "launches are faster",
    "ec2:ExportImage": "it copies an image to S3",
    "ec2:ImportImage": "the image is not golden, and may not get the tags",
    "ec2:ImportSnapshot": "the snapshot is not golden, and may not get the tags",
    "ec2:RegisterImage": "the image is not golden, and may not get the tags",
    "ebs:StartSnapshot": "the snapshot is not golden, and may not get the tags",
}
READING = ("Describe", "Get", "List")
PROFILES = ("guardrail", "owner-only", "untestable-launches", "tag-protection")


def denied() -> set[str]:
    """Return the actions that documents name, but those that they name all at once."""
    return {
        action
        for name in PROFILES
        for document in render(profile_named(name), VALUES)
        for statement in document.policy["Statement"]
        for action in _listed(statement.get("Action", []))
        if action != "*"
    }


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("service", ["ec2", "ebs"])
def test_every_action_on_an_image_or_a_snapshot_is_denied_or_left(service: str) -> None:
    actions = {
        f"{service}:{name}"
        for name in table.actions(service)
        if {"image", "snapshot"} & set(table.kinds(f"{service}:{name}"))
        and not name.startswith(READING)
    }
    patterns = denied() - {"ec2:*"}
    named = {
        action for action in actions if any(fnmatchcase(action, pattern) for pattern in patterns)
    }
    left = {item for item in LEFT if item.startswith(f"{service}:")}
    assert actions - named == left


def test_every_action_of_auto_scaling_that_tells_an_image_or_a_configuration_is_denied() -> None:
    told = {"autoscaling:imageid", "autoscaling:launchconfigurationname"}
    actions = {
        f"autoscaling:{name}"
        for name in table.actions("autoscaling")
        if told & (table.keys(f"autoscaling:{name}", "*") or set())
    }
    assert len(actions) > 3
    assert actions <= denied() | {"autoscaling:DeleteLaunchConfiguration"}
