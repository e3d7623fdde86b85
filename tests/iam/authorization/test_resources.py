"""What IAM sees of a resource is the same whoever describes it."""

import pytest

from goldenami.domain.arns import arn
from goldenami.iam.authorization import resources
from goldenami.iam.authorization.resources import Resource, Scope
from goldenami.iam.reference import table

ACCOUNT = "111122223333"
SCOPE = Scope("aws", "us-east-1", ACCOUNT)
TAGS = {"goldenami:status": "approved", "Team": "web"}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("ec2", "image", "ami-1"), "arn:aws:ec2:eu-west-1::image/ami-1"),
        (("ec2", "snapshot", "snap-1"), "arn:aws:ec2:eu-west-1::snapshot/snap-1"),
        (("ec2", "instance", "i-1"), "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"),
        (("iam", "role", "/ci/bake"), "arn:aws:iam::111122223333:role/ci/bake"),
        (("iam", "root"), "arn:aws:iam::111122223333:root"),
        (("ssm", "parameter", "/gold"), "arn:aws:ssm:eu-west-1:111122223333:parameter/gold"),
        (("ssm", "parameter", "/aws/service/x"), "arn:aws:ssm:eu-west-1::parameter/aws/service/x"),
        (("ssm", "parameter", "AWS-x"), "arn:aws:ssm:eu-west-1:111122223333:parameter/AWS-x"),
        (("ssm", "document", "AWS-x"), "arn:aws:ssm:eu-west-1::document/AWS-x"),
    ],
)  # fmt: skip
def test_an_arn_has_the_fields_that_aws_gives_it(parts: tuple[str, ...], expected: str) -> None:
    service, kind, *name = parts
    assert arn("aws", service, "eu-west-1", "111122223333", kind, *name) == expected


@pytest.mark.parametrize(
    "resource",
    [
        resources.image(SCOPE, "ami-1", TAGS, owner=ACCOUNT, public=True, devices=[]),
        resources.retention_rule(f"arn:aws:rbin:us-east-1:{ACCOUNT}:rule/r", TAGS, "EC2_IMAGE"),
        resources.snapshot(
            SCOPE, "snap-1", TAGS, owner=ACCOUNT, size=8, encrypted=True, volume_id="vol-1"
        ),
        resources.instance(SCOPE, "i-1", TAGS, volumes=[], instance_type="t3.micro"),
        resources.ec2(
            SCOPE, "volume", "vol-1", TAGS,
            resources.volume_keys(SCOPE, {"SnapshotId": "snap-1", "Iops": 3000}, encrypted=False),
        ),
        resources.in_vpc(SCOPE, "subnet", "subnet-1", TAGS, "vpc-1", zone="us-east-1a"),
        resources.in_vpc(SCOPE, "security-group", "sg-1", TAGS, "vpc-1"),
        resources.in_vpc(SCOPE, "network-interface", "eni-1", TAGS, "vpc-1", subnet_id="subnet-1"),
        resources.launch_template(SCOPE, "lt-1", TAGS, {}),
        resources.identity(
            SCOPE.arn("iam", "role", "bake"), TAGS, boundary=SCOPE.arn("iam", "policy", "guard")
        ),
        resources.parameter(SCOPE, "/golden/web", TAGS, "ami-1"),
        resources.auto_scaling(SCOPE.arn("autoscaling", "autoScalingGroup:1:x", "web"), TAGS),
        resources.organizational(
            SCOPE.arn("organizations", "policy", "o-1/service_control_policy/p-1"), TAGS, "X"
        ),
    ],
    ids=lambda resource: table.kind_of(resource.arn),
)  # fmt: skip
def test_every_key_of_a_resource_is_one_of_aws_s_for_its_kind(resource: Resource) -> None:
    service, kind = resource.arn.split(":")[2], table.kind_of(resource.arn)
    actions = (table.kinds(f"{service}:{action}") for action in table.actions(service))
    known = {key for kinds in actions if kind in kinds for key in kinds[kind].keys}
    assert resource.keys
    assert [key for key in resource.keys if not table.among(key, known)] == []


def test_tags_are_read_back_from_condition_keys() -> None:
    assert resources.tags_in(resources.resource_tags(TAGS, "ec2")) == TAGS
