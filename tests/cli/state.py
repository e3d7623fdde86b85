"""An account as it is now, without what differs from run to run: ids, times, tokens."""

import json
import re
from collections import defaultdict
from typing import Any, cast

from tests.unmeasured import unmeasured

from goldenami_sandbox.server import Sandbox

from . import account

_ID = re.compile(r"\b(ami|i|snap|vol|lt|sg|eni|p|ou|r|fleet|sfr)-[0-9a-z]{4,}\b")
_BUILD = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|\+00:00)?")
_DROPPED = {
    "AllocatedAddress", "AttachTime", "AssociationId", "AttachmentId", "ClientToken", "CreateDate",
    "CreateTime", "CreatedTime", "CreationDate", "DnsName", "EndTime", "Ipv4Prefixes",
    "LastModifiedDate", "LaunchTime", "MacAddress", "PrivateDnsName", "PrivateIpAddress",
    "PrivateIpAddresses", "PublicDnsName", "PublicIpAddress", "RequestId", "ReservationId",
    "ResponseMetadata", "RoleId", "SpotInstanceRequestId", "StartTime", "StateReason",
    "StateTransitionReason", "UpdateDate", "UsageOperationUpdateTime", "UserId", "PolicyId",
    "InstanceRefreshId", "ARN", "LastModifiedUser", "Association",
}  # fmt: skip


@unmeasured
def snapshot(sandbox: Sandbox) -> str:
    """Return all that commands can change, as text whose ids stand in the order they come in."""
    found = {
        "regions": {region: _region(sandbox, region) for region in account.REGIONS},
        "iam": _iam(sandbox),
        "organization": _organization(sandbox),
    }
    return _named(json.dumps(_lasting(found), indent=1, sort_keys=True, default=str))


def _region(sandbox: Sandbox, region: str) -> dict[str, Any]:
    ec2, ssm = sandbox.client("ec2", region), sandbox.client("ssm", region)
    scaling = sandbox.client("autoscaling", region)
    instances = [
        one
        for reservation in ec2.describe_instances()["Reservations"]
        for one in reservation["Instances"]
        if one["State"]["Name"] not in ("terminated", "shutting-down")
    ]
    parameters = ssm.get_parameters_by_path(Path="/golden-ami", Recursive=True)["Parameters"]
    images = ec2.describe_images(Owners=["self"], IncludeDisabled=True)["Images"]
    templates = ec2.describe_launch_templates()["LaunchTemplates"]
    return {
        "images": sorted(images, key=lambda one: str(one["Name"])),
        "permissions": [
            ec2.describe_image_attribute(ImageId=one["ImageId"], Attribute="launchPermission")[
                "LaunchPermissions"
            ]
            for one in images
        ],
        "snapshots": [
            sorted(one.get("Tags", ()), key=str)
            for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        ],
        "instances": [_instance(one) for one in instances],
        "parameters": sorted((one["Name"], one["Value"]) for one in parameters),
        "templates": [_template(ec2, one) for one in templates],
        "groups": scaling.describe_auto_scaling_groups()["AutoScalingGroups"],
        "allowed": ec2.get_allowed_images_settings(),
    }


def _template(ec2: Any, template: dict[str, Any]) -> list[tuple[int, bool, str]]:
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])
    return sorted(
        (one["VersionNumber"], one["DefaultVersion"], str(one["LaunchTemplateData"]["ImageId"]))
        for one in versions["LaunchTemplateVersions"]
    )


def _instance(instance: dict[str, Any]) -> dict[str, Any]:
    interfaces = instance["NetworkInterfaces"]
    return {
        "image": instance["ImageId"],
        "state": instance["State"]["Name"],
        "tags": instance.get("Tags", []),
        "groups": [[group["GroupId"] for group in one["Groups"]] for one in interfaces],
    }


def _iam(sandbox: Sandbox) -> dict[str, Any]:
    iam = sandbox.client("iam")
    details = iam.get_account_authorization_details(
        Filter=["User", "Group", "Role", "LocalManagedPolicy"]
    )
    for policy in details["Policies"]:
        policy["Tags"] = iam.list_policy_tags(PolicyArn=policy["Arn"])["Tags"]
        policy["PolicyVersionList"] = [
            version["Document"]
            for version in policy["PolicyVersionList"]
            if version["IsDefaultVersion"]
        ]
        policy.pop("DefaultVersionId")
    found = {name: details[name] for name in details if name.endswith(("List", "Policies"))}
    for group in found["GroupDetailList"]:
        group.pop("GroupId")  # elsewhere it is a security group's
    return cast(dict[str, Any], _sorted(_lasting(found)))


def _sorted(value: Any) -> Any:
    """Return the same with every list in order: IAM keeps none."""
    match value:
        case dict():
            return {key: _sorted(part) for key, part in value.items()}
        case list():
            return sorted(map(_sorted, value), key=lambda part: json.dumps(part, default=str))
    return value


def _organization(sandbox: Sandbox) -> Any:
    client = sandbox.client("organizations")
    try:
        client.describe_organization()
    except client.exceptions.AWSOrganizationsNotInUseException:
        return None
    found = []
    for kind in ("SERVICE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2"):
        for policy in client.list_policies(Filter=kind)["Policies"]:
            policy_id = policy["Id"]
            content = client.describe_policy(PolicyId=policy_id)["Policy"]["Content"]
            targets = client.list_targets_for_policy(PolicyId=policy_id)["Targets"]
            names = sorted(target["Name"] for target in targets)
            found.append((policy["Name"], content, names))
    return sorted(found)


def _lasting(value: Any) -> Any:
    match value:
        case dict():
            return {key: _lasting(part) for key, part in value.items() if key not in _DROPPED}
        case list() | tuple():
            return [_lasting(part) for part in value]
    return value


def _named(text: str) -> str:
    """Replace ids, builds and times by names that are the same in every run."""
    numbers: dict[str, dict[str, int]] = defaultdict(dict)

    def name(match: re.Match[str]) -> str:
        known = numbers[match[1]]
        return f"{match[1]}-{known.setdefault(match[0], len(known) + 1)}"

    for passing, word in ((_BUILD, "BUILD"), (_TIME, "TIME"), (_UUID, "UUID")):
        text = passing.sub(word, text)
    return _ID.sub(name, text)
