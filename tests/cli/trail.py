"""Records as CloudTrail writes them, and what they come in.

The fields are those of AWS's pages; EC2's older operations write their lists as ``items``, the
younger ones what they were sent under the name of the request.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-with-cloudtrail.html
"""

import json
from collections.abc import Iterable
from itertools import count
from typing import Any

from goldenami_sandbox.identity import ACCOUNT_ID

AT = "2026-11-26T10:00:00Z"
_numbers = count(1)


def person(name: str = "ann", account: str = ACCOUNT_ID) -> dict[str, Any]:
    """Return the identity of an IAM user at the console."""
    return {
        "type": "IAMUser",
        "principalId": "AIDACKCEVSQ6C2EXAMPLE",
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "userName": name,
        "sessionContext": {
            "sessionIssuer": {},
            "webIdFederationData": {},
            "attributes": {"creationDate": "2026-11-26T09:12:00Z", "mfaAuthenticated": "true"},
        },
    }


def auto_scaling(account: str = ACCOUNT_ID) -> dict[str, Any]:
    """Return the identity by which Auto Scaling launches what its group lacks."""
    role = f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/X"
    return {
        "type": "AssumedRole",
        "principalId": "AROA123456789EXAMPLE:AutoScaling",
        "arn": f"arn:aws:sts::{account}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling",
        "accountId": account,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role", "principalId": "AROA123456789EXAMPLE", "arn": role,
                "accountId": account, "userName": "AWSServiceRoleForAutoScaling",
            },
            "attributes": {"creationDate": AT, "mfaAuthenticated": "false"},
        },
        "invokedBy": "autoscaling.amazonaws.com",
    }  # fmt: skip


def record(
    name: str,
    request: Any = None,
    response: Any = None,
    *,
    service: str = "ec2",
    account: str = ACCOUNT_ID,
    region: str = "us-east-1",
    identity: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return the record of a call."""
    number = next(_numbers)
    return {
        "eventVersion": "1.11",
        "userIdentity": identity or person(account=account),
        "eventTime": AT,
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.1",
        "requestParameters": request,
        "responseElements": response,
        "requestID": f"8b0b9d1c-8d4b-4c3c-9a55-{number:012d}",
        "eventID": f"1d3b7e4a-5c2f-4a6e-8f10-{number:012d}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{service}.{region}.amazonaws.com",
        },
        **more,
    }  # fmt: skip


def run_instances(instances: dict[str, str], **more: Any) -> dict[str, Any]:
    """Return the record of a launch: the images of instances by their ids."""
    image = next(iter(instances.values()))
    tags = more.pop("tags", {"Name": "web"})
    request = {
        "instancesSet": {"items": [{"imageId": image, "minCount": 1, "maxCount": 1}]},
        "instanceType": "t3.micro",
        "blockDeviceMapping": {},
        "monitoring": {"enabled": False},
        "disableApiTermination": False,
        "disableApiStop": False,
        "clientToken": "2b9c1f0e-0f5f-4d6e-9d2c-EXAMPLE",
        "tagSpecificationSet": {
            "items": [
                {"resourceType": "instance", "tags": [{"key": "Name", "value": "web"}]}
            ]
        },
    }  # fmt: skip
    items = [
        {
            "instanceId": instance,
            "imageId": image,
            "currentInstanceBootMode": "legacy-bios",
            "instanceState": {"code": 0, "name": "pending"},
            "privateDnsName": "ip-172-31-26-223.ec2.internal",
            "amiLaunchIndex": index,
            "productCodes": {},
            "instanceType": "t3.micro",
            "launchTime": 1795687200000,
            "placement": {"availabilityZone": "us-east-1a", "tenancy": "default"},
            "monitoring": {"state": "pending"},
            "tagSet": {"items": [{"key": key, "value": tags[key]} for key in tags]},
        }
        for index, (instance, image) in enumerate(instances.items())
    ]
    response = {
        "requestId": "f5a62bb1-1b0d-4f0e-8a79-EXAMPLE",
        "reservationId": "r-0123456789abcdef0",
        "ownerId": ACCOUNT_ID,
        "groupSet": {},
        "instancesSet": {"items": items},
    }
    return record("RunInstances", more.pop("request", request), response, **more)


def of_group(instance: str, image: str, group: str) -> dict[str, Any]:
    """Return the record of what Auto Scaling launches: from a template, without an image."""
    request = {
        "instancesSet": {"items": [{"minCount": 1, "maxCount": 1}]},
        "launchTemplate": {"launchTemplateId": "lt-0123456789abcdef0", "version": "1"},
        "clientToken": "fleet-6d2c1f0e-0f5f-4d6e-9d2c-EXAMPLE-0",
        "tagSpecificationSet": {
            "items": [{
                "resourceType": "instance",
                "tags": [{"key": "aws:autoscaling:groupName", "value": group}],
            }]
        },
    }  # fmt: skip
    return run_instances(
        {instance: image}, request=request, identity=auto_scaling(),
        sourceIPAddress="autoscaling.amazonaws.com", userAgent="autoscaling.amazonaws.com",
    )  # fmt: skip


def bridged(inner: dict[str, Any]) -> dict[str, Any]:
    """Return the event of EventBridge that carries a record."""
    return {
        "version": "0",
        "id": "36eb8523-97d0-4518-b33d-ee3579ff19f0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws." + inner["eventSource"].partition(".")[0],
        "account": inner["recipientAccountId"],
        "time": inner["eventTime"],
        "region": inner["awsRegion"],
        "resources": [],
        "detail": inner,
    }


def told(kind: str, region: str = "us-east-1", **detail: Any) -> dict[str, Any]:
    """Return an event that EC2 itself sends to EventBridge."""
    return {
        "version": "0",
        "id": f"7bf73129-1428-4cd3-a780-{next(_numbers):012d}",
        "detail-type": kind,
        "source": "aws.ec2",
        "account": ACCOUNT_ID,
        "time": AT,
        "region": region,
        "resources": [],
        "detail": detail,
    }


def lines(events: Iterable[Any]) -> bytes:
    """Return events as lines of JSON."""
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def of_call(name: str, region: str, sent: Any) -> dict[str, Any] | None:
    """Return the record of a change of an image as boto3 sent it; None of another call."""
    image: dict[str, Any] = {"imageId": sent.get("ImageId", "")}
    request: dict[str, Any]
    match name:
        case "ec2:CreateTags" | "ec2:DeleteTags":
            request = {
                "resourcesSet": {"items": [{"resourceId": each} for each in sent["Resources"]]},
                "tagSet": {"items": [_plain(tag) for tag in sent.get("Tags", ())]},
            }
        case "ec2:ModifyImageAttribute":
            added = sent.get("LaunchPermission", {}).get("Add", ())
            permission = {"add": {"items": [_plain(each) for each in added]}}
            request = {**image, "launchPermission": permission}
        case "ec2:DeregisterImage":
            request = image
        case "ec2:DisableImage":
            request = {"DisableImageRequest": {"ImageId": sent["ImageId"]}}
        case "ssm:PutParameter":
            request = {"name": sent["Name"], "value": "HIDDEN_DUE_TO_SECURITY_REASONS"}
        case _:
            return None
    service, _, operation = name.partition(":")
    return record(operation, request, {"_return": True}, service=service, region=region)


def _plain(row: Any) -> dict[str, Any]:
    return {key[0].lower() + key[1:]: value for key, value in row.items()}
