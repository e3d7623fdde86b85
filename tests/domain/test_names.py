"""What AWS takes for a name, an id, a time."""

import re
import string
from datetime import UTC, datetime, timedelta, timezone

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.domain import names

HEX8, HEX17 = "0123abcd", "0123456789abcdef0"
LETTERS = string.ascii_letters
ORGANIZATION = "arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5"
UNIT = "arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-ab12-cd34ef56"

TAKEN = {
    "a role": (names.ROLE, "reader"),
    "a role with its path": (names.ROLE, "ci/eu/prod/reader"),
    "the longest role": (names.ROLE, f"{'p' * 510}/{'r' * 64}"),
    "an account": (names.ACCOUNT, "012345678901"),
    "a short image id": (names.AMI_ID, f"ami-{HEX8}"),
    "a long image id": (names.AMI_ID, f"ami-{HEX17}"),
    "an instance id": (names.INSTANCE_ID, f"i-{HEX17}"),
    "a subnet id": (names.SUBNET_ID, f"subnet-{HEX8}"),
    "a security group id": (names.SECURITY_GROUP_ID, f"sg-{HEX17}"),
    "an instance type": (names.INSTANCE_TYPE, "t3.micro"),
    "a bare metal type": (names.INSTANCE_TYPE, "u-6tb1.112xlarge"),
    "a Mac type": (names.INSTANCE_TYPE, "mac2-m2pro.metal"),
    "an account as an owner": (names.OWNER, "111122223333"),
    "self as an owner": (names.OWNER, "self"),
    "Amazon as an owner": (names.OWNER, "amazon"),
    "an IAM name of all signs": (names.IAM_NAME, "a_b+c=d,e.f@g-h"),
    "the longest IAM name": (names.IAM_NAME, "a" * 128),
    "an AMI name of all signs": (names.AMI_NAME, "a (b) [c] d./-'@_"),
    "an organization": (names.ORGANIZATION_ARN, ORGANIZATION),
    "an organization in China": (
        names.ORGANIZATION_ARN,
        ORGANIZATION.replace("arn:aws:", "arn:aws-cn:"),
    ),
    "an organizational unit": (names.ORGANIZATIONAL_UNIT_ARN, UNIT),
    "a parameter": (names.SSM_PARAMETER, "golden"),
    "a parameter of 15 levels": (names.SSM_PARAMETER, "/a" * 15),
}
REFUSED = {
    "a role with a path that is too long": (names.ROLE, f"{'p' * 511}/{'r' * 64}"),
    "a role's path alone": (names.ROLE, "ci/"),
    "a role's path without a name": (names.ROLE, "ci//reader"),
    "a role's path with a space": (names.ROLE, "a b/reader"),
    "a role with a line break": (names.ROLE, "reader\n"),
    "11 digits for an account": (names.ACCOUNT, "0" * 11),
    "Arabic digits for an account": (names.ACCOUNT, "١٢٣٤٥٦٧٨٩٠١٢"),
    "an account and a line break": (names.ACCOUNT, "111122223333\n"),
    "an image id in capitals": (names.AMI_ID, f"ami-{HEX17.upper()}"),
    "an image id of 9 digits": (names.AMI_ID, f"ami-{HEX8}0"),
    "an instance id for a subnet": (names.SUBNET_ID, f"i-{HEX8}"),
    "a family without a size": (names.INSTANCE_TYPE, "t3"),
    "a zone for a region": (names.REGION, "eu-west-1a"),
    "a wildcard for a region": (names.REGION, "eu-*"),
    "anyone as an owner": (names.OWNER, "all"),
    "an IAM name of 129 characters": (names.IAM_NAME, "a" * 129),
    "an IAM name with an umlaut": (names.IAM_NAME, "ä"),
    "an AMI name of 2 characters": (names.AMI_NAME, "ab"),
    "an AMI name with a colon": (names.AMI_NAME, "web:1"),
    "an organization for a unit": (names.ORGANIZATIONAL_UNIT_ARN, ORGANIZATION),
    "a unit for an organization": (names.ORGANIZATION_ARN, UNIT),
    "a path that is not from the root": (names.SSM_PARAMETER, "golden/web"),
    "a parameter of 16 levels": (names.SSM_PARAMETER, "/a" * 16),
    "a parameter that ends in a slash": (names.SSM_PARAMETER, "/golden/"),
    "a parameter with a space": (names.SSM_PARAMETER, "/golden ami"),
}


@pytest.mark.parametrize(("pattern", "text"), TAKEN.values(), ids=TAKEN.keys())
def test_takes(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.fullmatch(text)


@pytest.mark.parametrize(("pattern", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(pattern: re.Pattern[str], text: str) -> None:
    assert not pattern.fullmatch(text)


def test_every_region_of_every_partition_is_a_region() -> None:
    aws = boto3.Session()
    regions = [
        region
        for partition in aws.get_available_partitions()
        for region in aws.get_available_regions("ec2", partition_name=partition)
    ]
    assert len(regions) > 30
    assert [one for one in regions if not names.REGION.fullmatch(one)] == []


@given(st.text(LETTERS + string.digits + "._-é /\n", max_size=110))
def test_an_image_name_is_a_word_of_at_most_100_characters(text: str) -> None:
    wanted = (
        1 <= len(text) <= 100
        and text[0] not in "._-"
        and set(text) <= set(LETTERS + string.digits + "._-")
    )
    assert bool(names.IMAGE.fullmatch(text)) is wanted


@given(st.text(LETTERS + string.digits + "._-", min_size=1, max_size=70))
def test_a_version_is_a_word_of_at_most_64_characters(text: str) -> None:
    assert bool(names.VERSION.fullmatch(text)) is (len(text) <= 64 and text[0] not in "._-")


def test_a_calendar_version_is_in_utc_and_itself_a_version() -> None:
    east = datetime(2026, 11, 23, 16, 5, 9, tzinfo=timezone(timedelta(hours=2)))
    assert names.calendar_version(east) == "2026.11.23.140509"
    assert names.VERSION.fullmatch(names.calendar_version(east))


_TIMES = st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(_TIMES, _TIMES)
def test_calendar_versions_sort_as_their_times(one: datetime, other: datetime) -> None:
    first, second = sorted([one, other])
    assert names.calendar_version(first) <= names.calendar_version(second)


def test_the_name_of_an_ami_is_image_and_version() -> None:
    assert names.ami_name("web-base", "1.2") == "web-base-1.2"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("45s", timedelta(seconds=45)),
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("90d", timedelta(days=90)),
        ("0d", timedelta(0)),
        ("999999999d", timedelta(days=999_999_999)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert names.duration(text) == length


@pytest.mark.parametrize("text", ["", "90", "d", "1w", "1.5h", "-1d", "1 d", "90D", "1d1h", "1d\n"])
def test_is_no_duration(text: str) -> None:
    assert names.duration(text) is None


@given(st.from_regex(r"[0-9]{1,30}[smhdw]?", fullmatch=True))
def test_a_duration_of_any_length_is_read_or_refused(text: str) -> None:
    length = names.duration(text)
    assert (length is None) is (text[-1] not in "smhd" or len(text) > 10)
