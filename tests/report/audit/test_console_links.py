"""Links lead to the console of the partition, to the thing itself, whatever it is called."""

from urllib.parse import unquote, urlsplit

import pytest
from msgspec.structs import replace

from goldenami.domain import arns
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.report.audit import console_links
from goldenami.report.audit.resource_arns import arn_of, arn_of_key

ACCOUNT = "111122223333"
THING = Subject(kind=Kind.INSTANCE, account=ACCOUNT, region="us-east-1", id="i-1")
REGIONS = {
    "us-east-1": ("aws", "us-east-1.console.aws.amazon.com"),
    "cn-north-1": ("aws-cn", "cn-north-1.console.amazonaws.cn"),
    "us-gov-west-1": ("aws-us-gov", "us-gov-west-1.console.amazonaws-us-gov.com"),
    "us-iso-east-1": ("aws-iso", None),
    "us-isob-east-1": ("aws-iso-b", None),
    "eu-isoe-west-1": ("aws-iso-e", None),
    "us-isof-south-1": ("aws-iso-f", None),
    "eusc-de-east-1": ("aws-eusc", None),
}


@pytest.mark.parametrize("region", REGIONS)
def test_each_partition_has_its_own_console_and_arns(region: str) -> None:
    partition, host = REGIONS[region]
    assert arns.partition_of(region) == partition
    thing = replace(THING, region=region)
    assert arn_of(thing) == f"arn:{partition}:ec2:{region}:{ACCOUNT}:instance/i-1"
    image = ImageSeen(id="ami-1", owner=ACCOUNT, state="available")
    for link in (console_links.of_subject(thing), console_links.of_image(region, image)):
        assert (urlsplit(link).scheme, urlsplit(link).hostname) == (
            ("https", host) if host else ("", None)
        )


IDS: dict[Kind, tuple[str, str, str]] = {
    Kind.INSTANCE: ("i-1", "instanceId=i-1", "instance/i-1"),
    Kind.LAUNCH_TEMPLATE: ("lt-1:7", "launchTemplateId=lt-1", "launch-template/lt-1"),
    Kind.LAUNCH_CONFIGURATION: ("a b#1", "id=a%20b%231", ""),
    Kind.AUTO_SCALING_GROUP: ("web#2", "id=NAME%20%23%2F", ""),
    Kind.FLEET: ("fleet-1#2", "", "fleet/fleet-1"),
    Kind.SPOT_FLEET: ("sfr-1#2", "", "spot-fleet-request/sfr-1"),
    Kind.NODE_GROUP: ("shop/web", "/clusters/shop/nodegroups/web", ""),
    Kind.SETTING: ("allowed-amis", "", ""),
    Kind.GUARDRAIL: ("policy/x", "", ""),
    Kind.PARAMETER: ("/golden-ami/web", "", ""),
    Kind.IMAGE: ("ami-1", "imageId=ami-1", "image/ami-1"),
    Kind.SPOT_REQUEST: ("sir-1", "", "spot-instances-request/sir-1"),
}


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_has_a_page_of_its_own_or_none_and_an_arn_if_its_id_tells_it(kind: Kind) -> None:
    subject_id, end, resource = IDS[kind]
    thing = replace(THING, kind=kind, id=subject_id, name="NAME #/")
    link = console_links.of_subject(thing)
    assert bool(link) == bool(end)
    assert link.endswith(end)
    assert unquote(link).isprintable()
    owner = "" if kind is Kind.IMAGE else ACCOUNT
    arn = f"arn:aws:ec2:us-east-1:{owner}:{resource}" if resource else ""
    assert (arn_of(thing), arn_of_key(f"{thing.resource}/some-rule")) == (arn, arn)
    assert arn_of(replace(thing, arn="arn:told")) == "arn:told"


def test_what_cannot_be_looked_at_has_no_link() -> None:
    gone = ImageSeen(id="ami-1", state="deregistered")
    assert console_links.of_image("us-east-1", gone) == ""
    assert console_links.of_subject(replace(THING, region="evil.example/")) == ""
    assert arn_of_key(f"{ACCOUNT}/us-east-1/teapot/x/rule") == ""
