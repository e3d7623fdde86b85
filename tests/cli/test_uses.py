"""Who uses an image: something of every kind that an audit knows, and who else may."""

from typing import Any

import pytest

from goldenami.aws.session import Aws
from goldenami.domain.audit.subject import LAUNCHES, Kind
from goldenami.workflows.lifecycle import descendants, releases, uses
from goldenami.workflows.lifecycle.uses import UseKind
from goldenami_sandbox.faults import Fault
from goldenami_sandbox.server import Sandbox

from . import account, users


def read(version: str = "1.0") -> uses.Uses:
    aws = Aws(region="us-east-1")
    every = releases.read(aws, "web-base")
    images = every.version(version).images
    places = uses.places_of(aws, account.REGIONS, images)
    using = uses.read(aws, images, places, published=uses.parameters_of(every.versions.values()))
    return using.also(uses.descended(descendants.read(aws, places), images))


def test_whatever_launches_an_image_for_an_audit_is_a_use_of_it() -> None:
    listed = {Kind.INSTANCE, *LAUNCHES} - {Kind.SPOT_REQUEST}  # that is of events alone
    assert {kind.value for kind in listed} <= {kind.value for kind in UseKind}
    assert set(users.MAKERS) == set(UseKind)


def test_uses_of_every_kind_are_seen_and_those_of_other_images_are_not(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    sandbox.pending_s = 0.0
    assert cli("bake", write(enforce=None), "--yes").code == 0
    ec2, public = sandbox.client("ec2"), account.public_image(sandbox)
    account.launch(ec2, public)
    account.template(ec2, "foreign", public)
    before = read()
    assert {(use.kind, use.region) for use in before.uses} == {
        (UseKind.PARAMETER, region) for region in account.REGIONS
    }
    image = {use.region: use.image for use in before.uses}
    home, other = image["us-east-1"], image["eu-west-1"]
    users.use_by_all(sandbox, home)
    after = read()
    assert not after.unread
    assert {use.kind for use in after.of(home)} == {*UseKind}
    assert [use.kind for use in after.of(other)] == [UseKind.PARAMETER]
    ran = cli("bake", write("next.yaml", version="2.0", enforce=None), "--yes")
    assert ran.code == 0, ran.err
    assert UseKind.PARAMETER not in {use.kind for use in read().uses}


def test_what_descends_from_a_descendant_is_a_use_and_what_ended_is_none(
    golden: str, sandbox: Sandbox
) -> None:
    ec2 = sandbox.client("ec2")
    instance = account.launch(ec2, golden)
    child = ec2.create_image(InstanceId=instance, Name="child")["ImageId"]
    grandchild = ec2.copy_image(SourceImageId=child, SourceRegion="us-east-1", Name="grandchild")
    ec2.terminate_instances(InstanceIds=[instance])
    assert {(use.kind, use.id, use.image) for use in read().uses} == {
        (UseKind.DESCENDANT, child, golden),
        (UseKind.DESCENDANT, grandchild["ImageId"], golden),
        (UseKind.PARAMETER, users.PARAMETER, golden),
    }


@pytest.mark.usefixtures("golden")
def test_what_could_not_be_read_is_never_none(sandbox: Sandbox) -> None:
    for call in UNREAD:
        service, _, operation = call.partition(":")
        sandbox.fail(Fault(service=service, operation=operation, code="UnauthorizedOperation"))
    unread = read().unread
    for what in UNREAD.values():
        assert any(each.startswith(what) for each in unread), what


UNREAD = {
    "ec2:DescribeInstances": "instances in",
    "ec2:DescribeLaunchTemplateVersions": "launch templates in",
    "autoscaling:DescribeLaunchConfigurations": "launch configurations in",
    "autoscaling:DescribeAutoScalingGroups": "Auto Scaling groups in",
    "ec2:DescribeFleets": "EC2 fleets in",
    "ec2:DescribeSpotFleetRequests": "spot fleets in",
    "eks:ListClusters": "EKS node groups in",
    "ssm:GetParameters": "SSM parameters in",
    "ec2:DescribeImageAttribute": "who may launch",
}
