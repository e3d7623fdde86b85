"""A region that cannot be used: why, and whether another one was meant."""

import pytest

from goldenami.domain.regions import misspelt, not_enabled

PARTITIONS = {
    "aws": (
        "us-east-1", "us-east-2", "us-west-1", "us-west-2", "sa-east-1", "eu-west-1",
        "eu-central-1", "ap-east-1", "ap-southeast-1", "me-south-1",
    ),
    "aws-cn": ("cn-north-1",),
    "aws-us-gov": ("us-gov-west-1",),
}  # fmt: skip


@pytest.mark.parametrize(
    ("region", "meant"),
    [
        ("us-eat-1", "us-east-1"), ("us-eats-1", "us-east-1"), ("useast-1", "us-east-1"),
        ("us-eastt-1", "us-east-1"), ("su-east-1", ""), ("eu-wst-1", "eu-west-1"),
        ("us-aest-2", ""), ("eu_west-1", "eu-west-1"),
        ("us-west-3", ""), ("ap-southeast-9", ""), ("eu-east-1", ""), ("me-north-1", ""),
        ("mx-west-1", ""), ("us-gov-west-1", ""), ("frankfurt", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_slip_is_told_from_a_region_that_is_not_known_here(region: str, meant: str) -> None:
    assert misspelt(region, PARTITIONS["aws"]) == meant


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("ap-east-1", "is not enabled for this account: enable it, or leave it out"),
        ("us-gov-west-1", "is one of aws-us-gov, and the caller's account is of aws"),
        ("cn-north-1", "is one of aws-cn, and the caller's account is of aws"),
        ("us-west-3", "is not enabled for this account, and not known here"),
        (
            "us-wset-2",
            "is not enabled for this account, and not known here; did you mean `us-west-2`?",
        ),
    ],
)
def test_it_is_told_why_a_region_cannot_be_used(region: str, said: str) -> None:
    assert not_enabled(region, "aws", PARTITIONS) == f"region `{region}` {said}"


def test_a_partition_that_nobody_knows_has_no_regions() -> None:
    said = not_enabled("eusc-de-east-1", "aws-eusc", PARTITIONS)
    assert said == "region `eusc-de-east-1` is not enabled for this account, and not known here"
