"""One object acts in a place: it names the place in errors, and knows its account."""

import json

import pytest

from goldenami.aws import calls, instances
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.errors import AwsError
from goldenami_sandbox import catalogue
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

HOME, OTHER = "us-east-1", "444455556666"
ROLE = f"arn:aws:iam::{OTHER}:role/reader"


def test_a_caller_acts_in_a_region_of_the_own_account(sandbox: Sandbox) -> None:
    regional = Aws(region="eu-west-1").in_region(HOME)
    assert (regional.where, regional.place) == (HOME, AccountRegion(ACCOUNT_ID, HOME))


def test_a_role_acts_in_its_account_and_errors_name_that(sandbox: Sandbox) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
    sandbox.client("iam", account=OTHER).create_role(
        RoleName="reader",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
    )
    place = AccountRegion(OTHER, HOME, ROLE)
    regional = Aws(region="eu-west-1").at(place)
    assert (regional.where, regional.account) == (f"{OTHER}/{HOME}", OTHER)
    assert regional.place is place
    with pytest.raises(AwsError, match=f"^reading in {OTHER}/{HOME}: DescribeInstances: "):
        instances.described(regional, "reading")  # the role may do nothing


@pytest.fixture
def launch() -> dict[str, object]:
    image = catalogue.IMAGES[0].id_in(HOME)
    return {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}


def test_what_is_tried_is_not_done(sandbox: Sandbox, launch: dict[str, object]) -> None:
    regional = Aws(region=HOME).in_region(HOME)
    assert calls.refusal(regional, "ec2:RunInstances", "trying", **launch) is None
    assert instances.described(regional, "reading") == []


def test_what_is_tried_is_refused_as_the_call_would_be(
    sandbox: Sandbox, launch: dict[str, object]
) -> None:
    regional = Aws(region=HOME).in_region(HOME)
    denied = Fault(service="ec2", operation="RunInstances", code="UnauthorizedOperation")
    with sandbox.fail(denied):
        refusal = calls.refusal(regional, "ec2:RunInstances", "trying", **launch)
    assert refusal is not None
    assert refusal.code == "UnauthorizedOperation"
