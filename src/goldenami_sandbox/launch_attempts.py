"""Launches that a member of an admin group tries after the enforcement: one golden, many rogue.

The sandbox's server decides them, so what is told here is what any client would see.
"""

import json
from collections.abc import Iterator, Mapping, Set
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from msgspec import Struct

from goldenami_sandbox import catalogue
from goldenami_sandbox.seed import UNAPPROVED_IMAGE, Seeded
from goldenami_sandbox.server import Sandbox

INSTANCE_TYPES = {"x86_64": "t3.micro", "arm64": "t4g.micro"}
_ENCODED = "Encoded authorization failure message: "


class LaunchAttempt(Struct, frozen=True):
    """A call, and whether the server should refuse it.

    Args:
        title: what is tried, in words.
        promise: what a profile has to prove so that this is decided (`Profile.proves`).
        operation: of EC2.
        parameters: of the call, as boto3 takes them.
    """

    title: str
    promise: str
    operation: str
    parameters: Mapping[str, Any]

    @property
    def forbidden(self) -> bool:
        """Whether the server should refuse it."""
        return self.promise != "golden"


class AttemptOutcome(Struct, frozen=True):
    """How an attempt ended. ``code`` is the server's error code, empty if it did what was asked."""

    attempt: LaunchAttempt
    code: str = ""
    statements: tuple[str, ...] = ()

    @property
    def as_promised(self) -> bool:
        """Whether the server refused what is forbidden, and nothing else."""
        return (self.code == "UnauthorizedOperation") == self.attempt.forbidden


def run(
    sandbox: Sandbox, seeded: Seeded, golden: str, approval: tuple[str, str], promised: Set[str]
) -> list[AttemptOutcome]:
    """Try everything that the attached profiles make a promise about, as a group's member.

    Args:
        sandbox: running, seeded, after the enforcement.
        seeded: whose access key is used.
        golden: the golden image, in the region the fleet is seeded in first.
        approval: key and value of the approval tag.
        promised: the promises of the attached profiles.
    """
    region = next(iter(seeded.instances))
    member = _member(sandbox, seeded, region)
    return [
        _try(sandbox, member, attempt)
        for attempt in _attempts(sandbox, region, golden, approval)
        if attempt.promise in promised
    ]


def launch(sandbox: Sandbox, seeded: Seeded, image_id: str) -> AttemptOutcome:
    """Launch one golden image, in the region the fleet is seeded in first, as a group's member."""
    region = next(iter(seeded.instances))
    (image,) = sandbox.client("ec2", region).describe_images(ImageIds=[image_id])["Images"]
    kind = INSTANCE_TYPES[image["Architecture"]]
    parameters = {"ImageId": image_id, "InstanceType": kind, "MinCount": 1, "MaxCount": 1}
    attempt = LaunchAttempt("launch the new release", "golden", "RunInstances", parameters)
    return _try(sandbox, _member(sandbox, seeded, region), attempt)


def _member(sandbox: Sandbox, seeded: Seeded, region: str) -> Any:
    return sandbox.client(
        "ec2",
        region,
        access_key_id=seeded.admin_access_key_id,
        secret_access_key=seeded.admin_secret_access_key,
    )


def _attempts(
    sandbox: Sandbox, region: str, golden: str, approval: tuple[str, str]
) -> Iterator[LaunchAttempt]:
    ec2 = sandbox.client("ec2", region)
    (image,) = ec2.describe_images(ImageIds=[golden])["Images"]
    wish = [{"Name": "name", "Values": [UNAPPROVED_IMAGE]}]
    (rogue,) = ec2.describe_images(Owners=["self"], Filters=wish)["Images"]
    other = rogue["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    machine = image["Architecture"]
    public = next(each for each in catalogue.IMAGES if each.architecture == machine).id_in(region)
    tag = {"Key": approval[0], "Value": approval[1]}
    launch = {"InstanceType": INSTANCE_TYPES[machine], "MinCount": 1, "MaxCount": 1}
    yield LaunchAttempt(
        "launch the golden image", "golden", "RunInstances", {"ImageId": golden} | launch
    )
    yield LaunchAttempt(
        "launch a public image", "foreign-image", "RunInstances", {"ImageId": public} | launch
    )
    yield LaunchAttempt(
        "launch an image of the account's own that nobody approved",
        "unapproved-image", "RunInstances", {"ImageId": rogue["ImageId"]} | launch,
    )  # fmt: skip
    yield LaunchAttempt(
        "spoof: write the approval tag on that image",
        "approval-tag", "CreateTags", {"Resources": [rogue["ImageId"]], "Tags": [tag]},
    )  # fmt: skip
    yield LaunchAttempt(
        "spoof: copy a public image, tagged as approved from the start",
        "approval-tag", "CopyImage",
        {
            "Name": "copy", "SourceImageId": public, "SourceRegion": region,
            "TagSpecifications": [{"ResourceType": "image", "Tags": [tag]}],
        },
    )  # fmt: skip
    device = {"DeviceName": image["RootDeviceName"], "Ebs": {"SnapshotId": other}}
    yield LaunchAttempt(
        "launch the golden image with another root volume",
        "foreign-snapshot", "RunInstances",
        {"ImageId": golden, "BlockDeviceMappings": [device]} | launch,
    )  # fmt: skip
    running = ec2.run_instances(ImageId=golden, **launch)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[running], WaiterConfig={"Delay": 1})
    yield LaunchAttempt(
        "replace the root volume of a running golden instance",
        "root-replacement", "CreateReplaceRootVolumeTask",
        {"InstanceId": running, "ImageId": rogue["ImageId"]},
    )  # fmt: skip
    ec2.terminate_instances(InstanceIds=[running])


def _try(sandbox: Sandbox, member: Any, attempt: LaunchAttempt) -> AttemptOutcome:
    try:
        answer = getattr(member, xform_name(attempt.operation))(**attempt.parameters)
    except ClientError as error:
        details = error.response["Error"]
        return AttemptOutcome(attempt, details["Code"], _statements(sandbox, details["Message"]))
    for instance in answer.get("Instances", ()):  # it was only to see whether it would work
        sandbox.client("ec2", member.meta.region_name).terminate_instances(
            InstanceIds=[instance["InstanceId"]]
        )
    return AttemptOutcome(attempt)


def _statements(sandbox: Sandbox, message: str) -> tuple[str, ...]:
    """Ask the server which statements denied, as an administrator of a real account would."""
    _, separator, encoded = message.partition(_ENCODED)
    if not separator:
        return ()
    sts = sandbox.client("sts")
    decoded = sts.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"]
    matched = json.loads(decoded)["matchedStatements"]["items"]
    return tuple(statement["statementId"] for statement in matched)
