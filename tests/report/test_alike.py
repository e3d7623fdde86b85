"""What many regions say alike is one line; nothing is lost of it."""

from goldenami.report.alike import together

REGIONS = ("us-east-1", "eu-west-1", "us-gov-west-1", "ap-southeast-2", "us-isob-east-1")


def test_many_regions_share_a_line_and_few_have_their_own() -> None:
    denied = [f"{region}: reading images in {region}: denied" for region in REGIONS]
    assert together(["before", *denied, "after"]) == [
        "before", f"{', '.join(REGIONS)}: reading images in each: denied", "after",
    ]  # fmt: skip
    assert together(denied[:3]) == denied[:3]


def test_what_differs_in_more_than_its_region_stays() -> None:
    lines = [f"the image ami-{number} is in {region}" for number, region in enumerate(REGIONS)]
    lines += [f"copied from {region} to sa-east-1" for region in REGIONS]
    lines += [f"subnet-{name}-1 of {name}-1a" for name in ("a", "b", "c", "d")]
    assert together(lines) == lines


def test_what_is_repeated_comes_once() -> None:
    assert together(["a", "b", "a", "in us-east-1", "in us-east-1"]) == ["a", "b", "in us-east-1"]
