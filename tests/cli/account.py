"""An account with something of everything that goldenami reads, for tests of whole commands."""

import json
from pathlib import Path
from typing import Any

import yaml

from goldenami.domain import tags
from goldenami_sandbox import seed
from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox

REGIONS = ("us-east-1", "eu-west-1")
AGGREGATOR = "all"
READER = "reader"
DEVELOPERS = "developers"
GROUP = "ec2-admin-group"
SOURCE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
RELEASE: dict[str, Any] = {
    "schema": "goldenami/v1",
    "image": "web-base",
    "version": "1.0",
    "regions": list(REGIONS),
    "base": {"source": {"ssm": SOURCE}, "instance_type": "t3.micro"},
    "tags": {"Name": "Golden AMI"},
    "publish": {"ssm_parameter": "/golden-ami/web-base"},
    "audit": {"regions": list(REGIONS)},
}


def release(folder: Path, name: str = "release.yaml", **changes: Any) -> Path:
    """Write a release file: the usual one with further parts."""
    path = folder / name
    path.write_text(yaml.safe_dump(RELEASE | changes, sort_keys=False))
    return path


def identities(sandbox: Sandbox) -> None:
    """Make the admin group, and a role of developers."""
    iam = sandbox.client("iam")
    iam.create_group(GroupName=GROUP)
    iam.attach_group_policy(
        GroupName=GROUP, PolicyArn="arn:aws:iam::aws:policy/AmazonEC2FullAccess"
    )
    iam.create_user(UserName="ann")
    iam.add_user_to_group(GroupName=GROUP, UserName="ann")
    iam.create_role(RoleName=DEVELOPERS, AssumeRolePolicyDocument=trust({"AWS": "*"}))
    iam.attach_role_policy(
        RoleName=DEVELOPERS, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    keep_out(sandbox, role=DEVELOPERS)


def keep_out(sandbox: Sandbox, *, group: str = "", role: str = "") -> None:
    """Deny administrators everything on the pipeline role, which they could become otherwise."""
    deny = {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:iam::*:role/pipeline"}
    policy = {
        "PolicyName": "no-pipeline",
        "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    }
    iam = sandbox.client("iam")
    if group:
        iam.put_group_policy(GroupName=group, **policy)
    if role:
        iam.put_role_policy(RoleName=role, **policy)


def trust(principal: dict[str, str]) -> str:
    """Return a document that lets somebody assume a role."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def public_image(sandbox: Sandbox, region: str = "us-east-1") -> str:
    """Return an image of Amazon's."""
    images = sandbox.client("ec2", region).describe_images(Owners=["amazon"])["Images"]
    return str(images[0]["ImageId"])


def golden_image(sandbox: Sandbox, region: str = "us-east-1") -> str:
    """Make an image that is to the last tag as a release makes it; return its id."""
    ec2, build = sandbox.client("ec2", region), "20260101T000000Z-0000aa"
    base = launch(ec2, public_image(sandbox, region))
    own = RELEASE["tags"] | {
        tags.IMAGE: RELEASE["image"],
        tags.VERSION: RELEASE["version"],
        tags.BUILD: build,
        tags.STATUS: "approved",
        tags.SOURCE: public_image(sandbox, region),
        tags.SPEC: "0" * 64,
    }
    image = ec2.create_image(
        InstanceId=base,
        Name=f"{RELEASE['image']}-{RELEASE['version']}",
        TagSpecifications=[tags.specification(kind, own) for kind in ("image", "snapshot")],
    )
    ec2.terminate_instances(InstanceIds=[base])
    return str(image["ImageId"])


def golden_images(sandbox: Sandbox) -> None:
    """Make such an image in each region, as a release leaves them, in a tenth of a bake's time."""
    sandbox.pending_s = 0.0
    for region in REGIONS:
        golden_image(sandbox, region)


def launch(client: Any, image_id: str, **more: Any) -> str:
    """Launch an instance."""
    answer = client.run_instances(
        ImageId=image_id, MinCount=1, MaxCount=1, InstanceType="t3.micro", **more
    )
    return str(answer["Instances"][0]["InstanceId"])


def template(client: Any, name: str, image_id: str) -> str:
    """Make a launch template."""
    data = {"ImageId": image_id, "InstanceType": "t3.micro"}
    answer = client.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    return str(answer["LaunchTemplate"]["LaunchTemplateId"])


def group(sandbox: Sandbox, name: str, **launches: Any) -> None:
    """Make an Auto Scaling group of one instance."""
    sandbox.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name,
        AvailabilityZones=["us-east-1a"],
        MinSize=1,
        MaxSize=1,
        **launches,
    )


def fleet(sandbox: Sandbox, golden: str) -> None:
    """Let something of every kind run, or launch, what is not golden, and instances what is."""
    ec2, public = sandbox.client("ec2"), public_image(sandbox)
    ssm = sandbox.client("ssm")
    launch(ec2, golden)
    for region in REGIONS:
        launch(sandbox.client("ec2", region), public_image(sandbox, region))
    made = template(ec2, "web", public)
    ssm.put_parameter(Name="/images/public", Type="String", Value=public, DataType="aws:ec2:image")
    template(ec2, "by-parameter", "resolve:ssm:/images/public")
    named = {"LaunchTemplateId": made, "Version": "1"}
    group(sandbox, "shop", LaunchTemplate=named)
    sandbox.client("autoscaling").create_launch_configuration(
        LaunchConfigurationName="old", ImageId=public, InstanceType="t3.micro"
    )
    ec2.create_fleet(
        LaunchTemplateConfigs=[{"LaunchTemplateSpecification": named}],
        TargetCapacitySpecification={
            "TotalTargetCapacity": 0, "DefaultTargetCapacityType": "on-demand",
        },
        Type="maintain",
    )  # fmt: skip
    ec2.request_spot_fleet(
        SpotFleetRequestConfig={
            "IamFleetRole": f"arn:aws:iam::{ACCOUNT_ID}:role/fleet",
            "TargetCapacity": 0,
            "AllocationStrategy": "lowestPrice",
            "LaunchSpecifications": [{"ImageId": public, "InstanceType": "t3.micro"}],
        }
    )
    eks, subnet = sandbox.client("eks"), ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/eks"
    eks.create_cluster(name="shop", roleArn=role, resourcesVpcConfig={"subnetIds": [subnet]})
    eks.create_nodegroup(
        clusterName="shop", nodegroupName="web", subnets=[subnet], nodeRole=role,
        amiType="AL2_x86_64",
    )  # fmt: skip


def aggregator(sandbox: Sandbox) -> None:
    """Let AWS Config aggregate the account."""
    sandbox.client("config").put_configuration_aggregator(
        ConfigurationAggregatorName=AGGREGATOR,
        AccountAggregationSources=[{"AccountIds": [ACCOUNT_ID], "AllAwsRegions": True}],
    )


def member(sandbox: Sandbox) -> str:
    """Make an organization with another account that runs something; return its id."""
    seed.organization(sandbox)
    organizations = sandbox.client("organizations")
    answer = organizations.create_account(AccountName="shop", Email="shop@example.com")
    account = str(answer["CreateAccountStatus"]["AccountId"])
    iam = sandbox.client("iam", account=account)
    iam.create_role(RoleName=READER, AssumeRolePolicyDocument=trust({"AWS": ACCOUNT_ID}))
    iam.attach_role_policy(RoleName=READER, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    launch(sandbox.client("ec2", account=account), public_image(sandbox))
    return account


def enforcing(**mechanisms: Any) -> dict[str, Any]:
    """Return the part of a release file that enforces, by these mechanisms too."""
    used = {"group_policy": True, **mechanisms}
    return {"groups": [GROUP], "mechanisms": used}
