"""What a policy may be rendered with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.domain.tags import ApprovalTag
from goldenami.errors import SpecError
from goldenami.iam.values import PARTITIONS, Values

ACCOUNT = "123456789012"

REFUSED = {
    "an account of 11 digits": ({"account": "12345678901"}, "--account"),
    "an account with a line break at its end": ({"account": "123456789012\n"}, "--account"),
    "an account in Arabic digits": ({"account": "١٢٣٤٥٦٧٨٩٠١٢"}, "--account"),
    "a wildcard for the account": ({"account": "*"}, "--account"),
    "an unknown partition": ({"partition": "aws-mars"}, "--partition"),
    "a wildcard for the partition": ({"partition": "*"}, "--partition"),
    "a region pattern": ({"region": "us-*"}, "--region"),
    "a region that ends the ARN": ({"region": "us-east-1:*"}, "--region"),
    "amazon as an owner": ({"owners": ("amazon",)}, "--owner (audit.owners)"),
    "a wildcard for an owner": ({"owners": (ACCOUNT, "*")}, "--owner (audit.owners)"),
    "an image id for a snapshot": ({"snapshots": ("ami-0123456789abcdef0",)}, "--snapshot"),
    "a snapshot id of 9 digits": ({"snapshots": ("snap-012345678",)}, "--snapshot"),
    "a snapshot id in capitals": ({"snapshots": ("snap-0123456789ABCDEF0",)}, "--snapshot"),
    "a wildcard in a snapshot id": ({"snapshots": ("snap-*",)}, "--snapshot"),
    "a tag key without a value": ({"tag_key": "golden"}, "--tag (approval_tag)"),
    "a tag value without a key": ({"tag_value": "yes"}, "--tag (approval_tag)"),
    "an empty tag key": ({"tag_key": "", "tag_value": "yes"}, "1 to 127"),
    "a tag key of 128 characters": ({"tag_key": "k" * 128, "tag_value": "yes"}, "1 to 127"),
    "a tag value of 257 characters": ({"tag_key": "k", "tag_value": "v" * 257}, "at most 256"),
    "a tag key of AWS": ({"tag_key": "AWS:golden", "tag_value": "yes"}, "belong to AWS"),
    "a policy variable in a tag value": (
        {"tag_key": "golden", "tag_value": "${aws:username}"},
        "the value has `${`",
    ),
    "a wildcard as a tag value": ({"tag_key": "golden", "tag_value": "*"}, "the value has `*`"),
    "wildcards in a tag key": ({"tag_key": "g?ld*n", "tag_value": "yes"}, "key has `*` and `?`"),
    "a line break in a tag value": ({"tag_key": "k", "tag_value": "a\nb"}, "cannot be printed"),
    "all parameters": ({"parameters": ("/*",)}, "no name of an SSM parameter"),
    "a parameter with a star in its name": ({"parameters": ("/golden*",)}, "no name of an SSM"),
    "a group with a star": ({"groups": ("admins*",)}, "is no name of a group"),
    "a role's name alone": ({"pipeline_role": "golden-ami-pipeline"}, "is no role ARN"),
    "a session of a role": (
        {"pipeline_role": f"arn:aws:sts::{ACCOUNT}:assumed-role/pipeline/session"},
        "is no role ARN",
    ),
    "a user": ({"pipeline_role": f"arn:aws:iam::{ACCOUNT}:user/me"}, "is no role ARN"),
    "any role": ({"pipeline_role": f"arn:aws:iam::{ACCOUNT}:role/*"}, "is no role ARN"),
    "a role of a policy variable": (
        {"pipeline_role": f"arn:aws:iam::{ACCOUNT}:role/${{aws:username}}"},
        "is no role ARN",
    ),
    "a role of that name in any account": (
        {"pipeline_role": "arn:aws:iam::*:role/pipeline"},
        "in anybody's account",
    ),
    "a role of another partition": (
        {"pipeline_role": f"arn:aws-cn:iam::{ACCOUNT}:role/pipeline"},
        "would exempt nobody",
    ),
}


@pytest.mark.parametrize(("wrong", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        Values(**{"account": ACCOUNT, **wrong})  # type: ignore[arg-type]  # wrong on purpose
    assert len(caught.value.notes) == 1
    assert said in caught.value.notes[0]


def test_says_all_that_is_wrong_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        Values(account="1", partition="x", owners=("y",), snapshots=("z",), pipeline_role="r")
    options = [note.split()[0].rstrip(":") for note in caught.value.notes]
    assert options == ["--account", "--partition", "--owner", "--snapshot", "--pipeline-role"]


@pytest.mark.parametrize("partition", PARTITIONS)
def test_takes_a_role_with_a_path_in_every_partition(partition: str) -> None:
    role = f"arn:{partition}:iam::{ACCOUNT}:role/ci/release/golden-ami-pipeline"
    assert Values(account=ACCOUNT, partition=partition, pipeline_role=role).pipeline_role == role


@pytest.mark.parametrize("region", ["us-gov-west-1", "us-isob-east-1", "eusc-de-east-1"])
def test_takes_the_regions_of_every_partition(region: str) -> None:
    assert Values(account=ACCOUNT, region=region).region == region


def test_takes_short_and_long_snapshot_ids() -> None:
    values = Values(
        account=ACCOUNT,
        snapshots=("snap-01234567", "snap-0123456789abcdef0"),
    )
    assert len(values.snapshots) == 2


def test_the_account_itself_owns_golden_images_unless_others_are_named() -> None:
    assert Values(account=ACCOUNT).golden_accounts == (ACCOUNT,)
    assert Values(account=ACCOUNT, owners=("9" * 12,)).golden_accounts == ("9" * 12,)


@pytest.mark.parametrize("name", ["web", "/web", "/golden-ami/web-base", "/golden-ami/*", "a/*"])
def test_takes_parameters_and_paths_of_them(name: str) -> None:
    assert Values(account=ACCOUNT, parameters=(name,)).parameters == (name,)


def test_without_an_account_nobody_owns_golden_images() -> None:
    assert Values().golden_accounts == ()


def test_the_tag_is_a_pair_or_left_to_the_profile() -> None:
    assert Values(account=ACCOUNT).tag is None
    given_tag = Values(account=ACCOUNT, tag_key="golden", tag_value="").tag
    assert given_tag == ApprovalTag("golden", "")


_MIXED = st.text("ab${}*?:/ \n", max_size=6)


@given(_MIXED, _MIXED)
def test_no_tag_that_is_taken_can_be_a_variable_or_a_wildcard(key: str, value: str) -> None:
    try:
        values = Values(account=ACCOUNT, tag_key=key, tag_value=value)
    except SpecError:
        return
    assert values.tag == ApprovalTag(key, value)
    for text in (key, value):
        assert not any(special in text for special in ("${", "*", "?", "\n"))
