"""One account with something of everything, in which each operation is called."""

import json
from typing import Any

from goldenami_sandbox.identity import ACCOUNT_ID
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.vulnerabilities import Vulnerability

from .play_ec2 import end, fleets, groups, images
from .play_image_use import image_use, rollback
from .player import PUBLIC, REGION, TAG, Answered, Player

DOCUMENT = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}],
})  # fmt: skip
TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": ACCOUNT_ID, "Service": "ec2.amazonaws.com"},
        }
    ],
})  # fmt: skip
VULNERABILITY = Vulnerability(
    id="CVE-2026-1", severity="HIGH", package="curl", version="8", fixed_in="8.1"
)


def play(sandbox: Sandbox) -> dict[str, Answered]:
    """Call each operation at least once; return what they answered."""
    sandbox.pending_s = 0
    player = Player(sandbox)
    for part in (images, groups, fleets, _clusters, _identities, _organization, _parameters):
        part(player)
    for part in (_commands, _keys, _config, end):
        part(player)
    image_use(player, sandbox)
    sandbox.pending_s = 60
    rollback(player)
    sandbox.pending_s = 0
    with sandbox.vulnerable(REGION, VULNERABILITY):
        _inspector(player)
        _image_scan_and_bin(player)
    return player.answered


def _clusters(player: Player) -> None:
    call = player.call
    subnet = call("ec2:DescribeSubnets")["Subnets"][0]["SubnetId"]
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/eks"
    call("eks:CreateCluster", name="shop", roleArn=role, resourcesVpcConfig={"subnetIds": [subnet]})
    nodes = {"clusterName": "shop", "nodegroupName": "web"}
    call("eks:CreateNodegroup", subnets=[subnet], nodeRole=role, amiType="AL2_x86_64", **nodes)
    call("eks:ListClusters")
    call("eks:ListNodegroups", clusterName="shop")
    call("eks:DescribeNodegroup", **nodes)


def _identities(player: Player) -> None:
    call = player.call
    made = call("iam:CreatePolicy", PolicyName="p", PolicyDocument=DOCUMENT, Path="/a/", Tags=[TAG])
    policy = {"PolicyArn": made["Policy"]["Arn"]}
    call("iam:CreateGroup", GroupName="admins")
    call("iam:CreateUser", UserName="ann", PermissionsBoundary=policy["PolicyArn"], Tags=[TAG])
    call("iam:CreateAccessKey", UserName="ann")
    call("iam:AddUserToGroup", GroupName="admins", UserName="ann")
    call("iam:PutGroupPolicy", GroupName="admins", PolicyName="own", PolicyDocument=DOCUMENT)
    role = {"RoleName": "web"}
    call("iam:CreateRole", AssumeRolePolicyDocument=TRUST, Tags=[TAG], **role)
    call("iam:PutRolePermissionsBoundary", PermissionsBoundary=policy["PolicyArn"], **role)
    profile = {"InstanceProfileName": "web"}
    call("iam:CreateInstanceProfile", **profile)
    call("iam:AddRoleToInstanceProfile", **profile, **role)
    call("iam:AttachGroupPolicy", GroupName="admins", **policy)
    call("iam:AttachRolePolicy", **role, **policy)
    call("iam:AttachUserPolicy", UserName="ann", **policy)
    call("iam:CreatePolicyVersion", PolicyDocument=DOCUMENT, **policy)
    call("iam:TagPolicy", Tags=[TAG], **policy)
    for name in ("GetPolicy", "ListEntitiesForPolicy", "ListPolicyVersions"):
        call(f"iam:{name}", **policy)
    call("iam:GetPolicyVersion", VersionId="v2", **policy)
    call("iam:GetRole", **role)
    call("iam:GetUser", UserName="ann")
    call("iam:GetInstanceProfile", **profile)
    call("iam:GetGroup", GroupName="admins")
    for name in ("Groups", "Users", "Roles", "InstanceProfiles"):
        call(f"iam:List{name}")
    call("iam:ListPolicies", Scope="Local")
    call("iam:ListAccessKeys", UserName="ann")
    call("iam:ListAttachedGroupPolicies", GroupName="admins")
    call("iam:GetAccountAuthorizationDetails")
    call("iam:GetAccountSummary")
    for action in ("ec2:DescribeImages", "ec2:RunInstances"):
        simulated: dict[str, Any] = {"ActionNames": [action]}
        call("iam:SimulateCustomPolicy", PolicyInputList=[DOCUMENT], **simulated)
        user = f"arn:aws:iam::{ACCOUNT_ID}:user/ann"
        call("iam:SimulatePrincipalPolicy", PolicySourceArn=user, **simulated)
    call("sts:GetCallerIdentity")
    role_arn = f"arn:aws:iam::{ACCOUNT_ID}:role/web"
    session: dict[str, Any] = {"RoleSessionName": "bake", "DurationSeconds": 900}
    assumed = call("sts:AssumeRole", RoleArn=role_arn, **session)
    call("sts:DecodeAuthorizationMessage", EncodedMessage=player.denied(assumed["Credentials"]))
    call("iam:DetachGroupPolicy", GroupName="admins", **policy)
    call("iam:DetachRolePolicy", **role, **policy)
    call("iam:DetachUserPolicy", UserName="ann", **policy)
    call("iam:DeleteUserPermissionsBoundary", UserName="ann")
    call("iam:DeleteRolePermissionsBoundary", **role)
    call("iam:UntagPolicy", TagKeys=["Team"], **policy)
    call("iam:DeletePolicyVersion", VersionId="v2", **policy)
    call("iam:DeletePolicy", **policy)


def _organization(player: Player) -> None:
    call = player.call
    call("organizations:CreateOrganization", FeatureSet="ALL")
    call("organizations:DescribeOrganization")
    root = call("organizations:ListRoots")["Roots"][0]["Id"]
    call("organizations:CreateOrganizationalUnit", ParentId=root, Name="Workloads")
    call("organizations:ListOrganizationalUnitsForParent", ParentId=root)
    call("organizations:CreateAccount", AccountName="shop", Email="shop@example.com")
    call("organizations:ListAccounts")
    call("organizations:ListAccountsForParent", ParentId=root)
    call("organizations:ListParents", ChildId=ACCOUNT_ID)
    kind = {"Type": "SERVICE_CONTROL_POLICY"}
    call("organizations:EnablePolicyType", RootId=root, PolicyType="TAG_POLICY")
    call("organizations:ListRoots")
    written = {"Content": DOCUMENT, "Name": "p", "Description": "d"}
    made = call("organizations:CreatePolicy", Tags=[TAG], **written, **kind)
    policy = {"PolicyId": made["Policy"]["PolicySummary"]["Id"]}
    call("organizations:DescribePolicy", **policy)
    call("organizations:UpdatePolicy", Name="q", **policy)
    call("organizations:AttachPolicy", TargetId=root, **policy)
    call("organizations:ListPolicies", Filter=kind["Type"])
    call("organizations:ListPoliciesForTarget", TargetId=root, Filter=kind["Type"])
    call("organizations:ListTargetsForPolicy", **policy)
    resource = {"ResourceId": policy["PolicyId"]}
    call("organizations:TagResource", Tags=[TAG], **resource)
    call("organizations:ListTagsForResource", **resource)
    call("organizations:UntagResource", TagKeys=["Team"], **resource)
    call("organizations:DetachPolicy", TargetId=root, **policy)
    call("organizations:DeletePolicy", **policy)


def _parameters(player: Player) -> None:
    call = player.call
    written = {"Type": "String", "Value": "1"}
    call("ssm:PutParameter", Name="/web/a", Description="a", **written)
    call("ssm:LabelParameterVersion", Name="/web/a", Labels=["prod", "aws"])
    call("ssm:GetParameter", Name="/web/a")
    call("ssm:GetParameter", Name="/web/a:prod")
    call("ssm:GetParameters", Names=["/web/a", "/none"])
    call("ssm:GetParametersByPath", Path="/web")
    call("ssm:GetParameterHistory", Name="/web/a")
    call("ssm:DescribeParameters")
    call("ssm:UnlabelParameterVersion", Name="/web/a", ParameterVersion=1, Labels=["prod", "none"])
    call("ssm:DeleteParameter", Name="/web/a")


def _commands(player: Player) -> None:
    call = player.call
    setting = "/ssm/managed-instance/default-ec2-instance-management-role"
    call("ssm:GetServiceSetting", SettingId=setting)
    policy = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    call("iam:AttachRolePolicy", RoleName="web", PolicyArn=policy)
    launched = call(
        "ec2:RunInstances", ImageId=PUBLIC, InstanceType="t3.micro", MinCount=1, MaxCount=1,
        IamInstanceProfile={"Name": "web"},
    )  # fmt: skip
    instance = launched["Instances"][0]["InstanceId"]
    call("ec2:DescribeInstances", InstanceIds=[instance])
    sent = call(
        "ssm:SendCommand", InstanceIds=[instance], DocumentName="AWS-RunShellScript",
        Parameters={"commands": ["echo done"]}, Comment="try it",
    )["Command"]["CommandId"]  # fmt: skip
    call("ssm:GetCommandInvocation", CommandId=sent, InstanceId=instance)
    call("ssm:ListCommands", CommandId=sent)


def _keys(player: Player) -> None:
    call = player.call
    key = call("kms:CreateKey", Description="images")["KeyMetadata"]["KeyId"]
    call("kms:DescribeKey", KeyId=key)
    call("kms:GenerateDataKeyWithoutPlaintext", KeyId=key, KeySpec="AES_256")
    call("service-quotas:GetServiceQuota", ServiceCode="ec2", QuotaCode="L-1216C47A")


def _config(player: Player) -> None:
    call = player.call
    name = {"ConfigurationAggregatorName": "all"}
    sources = [{"AccountIds": [ACCOUNT_ID], "AllAwsRegions": True}]
    call("config:PutConfigurationAggregator", AccountAggregationSources=sources, **name)
    query = "SELECT resourceId, configuration.imageId WHERE resourceType = 'AWS::EC2::Instance'"
    call("config:SelectAggregateResourceConfig", Expression=query, **name)
    call("config:DescribeConfigurationAggregatorSourcesStatus", **name)


def _queue(player: Player) -> None:
    call = player.call
    queue = call("sqs:CreateQueue", QueueName="golden-ami")["QueueUrl"]
    attributes = {"city": {"DataType": "String", "StringValue": "x"}}
    call("sqs:SendMessage", QueueUrl=queue, MessageBody="m", MessageAttributes=attributes)
    [message] = call(
        "sqs:ReceiveMessage", QueueUrl=queue, AttributeNames=["All"], MessageAttributeNames=["All"]
    )["Messages"]
    entries = [{"Id": "0", "ReceiptHandle": message["ReceiptHandle"]}]
    call("sqs:DeleteMessageBatch", QueueUrl=queue, Entries=entries)


def _inspector(player: Player) -> None:
    call = player.call
    call("inspector2:Enable", resourceTypes=["EC2"])
    call("inspector2:BatchGetAccountStatus")
    call("inspector2:ListCoverage")
    call("inspector2:ListFindings")
    topic = call("sns:CreateTopic", Name="golden-ami")["TopicArn"]
    call("sns:Publish", TopicArn=topic, Message="m", Subject="s")
    _queue(player)
    call("securityhub:EnableSecurityHub")
    call("securityhub:BatchImportFindings", Findings=[{
        "SchemaVersion": "2018-10-08", "Id": "f", "GeneratorId": "g", "AwsAccountId": ACCOUNT_ID,
        "ProductArn": f"arn:aws:securityhub:{REGION}:{ACCOUNT_ID}:product/{ACCOUNT_ID}/default",
        "Types": ["Software and Configuration Checks"], "Title": "t", "Description": "d",
        "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z",
        "Severity": {"Label": "HIGH"}, "Resources": [{"Type": "AwsEc2Instance", "Id": "i"}],
    }])  # fmt: skip


def _image_scan_and_bin(player: Player) -> None:
    call = player.call
    launched = call(
        "ec2:RunInstances", ImageId=PUBLIC, InstanceType="t3.micro", MinCount=1, MaxCount=1
    )
    instance = launched["Instances"][0]["InstanceId"]
    image = call("ec2:CreateImage", InstanceId=instance, Name="old", Description="old")["ImageId"]
    scanned = {"resourceId": image, "resourceType": "AMI"}
    scan = call("inspector2:StartOnDemandScan", **scanned)["scanId"]
    call("inspector2:GetOnDemandScanStatus", scanId=scan, **scanned)
    call("inspector2:ListOnDemandScans", **scanned)
    call("ec2:GetImageFindings", ImageId=image)
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    destination = {"bucketName": "sboms", "kmsKeyArn": key}
    export = call("inspector2:CreateSbomExport", reportFormat="SPDX_2_3", s3Destination=destination)
    call("inspector2:GetSbomExport", reportId=export["reportId"])
    (mine,) = call("ec2:DescribeImages", ImageIds=[image])["Images"]
    snapshot = mine["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    period = {"RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS"}
    for kind in ("EBS_SNAPSHOT", "EC2_IMAGE"):
        made = call("rbin:CreateRule", ResourceType=kind, RetentionPeriod=period)
    call("rbin:GetRule", Identifier=made["Identifier"])
    call("rbin:ListRules", ResourceType="EC2_IMAGE")
    call("ec2:DeregisterImage", ImageId=image, DeleteAssociatedSnapshots=True)
    call("ec2:ListImagesInRecycleBin")
    call("ec2:ListSnapshotsInRecycleBin")
    call("ec2:RestoreSnapshotFromRecycleBin", SnapshotId=snapshot)
    call("ec2:RestoreImageFromRecycleBin", ImageId=image)
