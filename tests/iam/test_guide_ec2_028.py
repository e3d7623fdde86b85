"""The documents of the remediation guide, typed off; values stand where it has REGION and ID."""

import json

from goldenami.iam.profiles import profile_named
from goldenami.iam.render import render
from goldenami.iam.values import Values

SNAPSHOTS = ("snap-0a1b2c3d4e5f60718", "snap-12345678")
PARENT_SNAPSHOT = """{
    "Version": "2012-10-17",
    "Statement": [{
        "Action": ["ec2:RunInstances"], "Effect": "Allow", "Resource": "*",
        "Condition": {"ArnEquals": {
            "ec2:ParentSnapshot": "arn:aws:ec2:us-east-1::snapshot/snap-0a1b2c3d4e5f60718"
        }}
    }]
}"""
RESOURCE_TAG = """{
    "Version": "2012-10-17",
    "Statement": [{
        "Sid": "EnforceGoldenAMI",
        "Action": ["ec2:RunInstances"], "Effect": "Allow", "Resource": "*",
        "Condition": {"StringEquals": {"ec2:ResourceTag/Name": "Golden AMI"}}
    }]
}"""


def test_by_parent_snapshot_is_the_guide_s_and_needs_no_account() -> None:
    values = Values(region="us-east-1", snapshots=SNAPSHOTS[:1])
    (document,) = render(profile_named("ec2-028-parent-snapshot"), values)
    assert document.policy == json.loads(PARENT_SNAPSHOT)


def test_by_resource_tag_is_the_guide_s_and_needs_no_account() -> None:
    (document,) = render(profile_named("ec2-028-resource-tag"), Values())
    assert document.policy == json.loads(RESOURCE_TAG)


def test_several_snapshots_of_any_region_become_a_list() -> None:
    values = Values(snapshots=SNAPSHOTS)
    (document,) = render(profile_named("ec2-028-parent-snapshot"), values)
    (statement,) = document.policy["Statement"]
    listed = statement["Condition"]["ArnEquals"]["ec2:ParentSnapshot"]
    assert listed == [f"arn:aws:ec2:*::snapshot/{snapshot}" for snapshot in SNAPSHOTS]


def test_the_tag_is_the_caller_s_if_one_is_given() -> None:
    values = Values(tag_key="Stage", tag_value="gold")
    (document,) = render(profile_named("ec2-028-resource-tag"), values)
    (statement,) = document.policy["Statement"]
    assert statement["Condition"] == {"StringEquals": {"ec2:ResourceTag/Stage": "gold"}}
