"""Launches that a member of an admin group tries after the enforcement: one golden, many rogue.

The sandbox's server decides them, so what is told here is what any client would see.
"""

import json
from collections.abc import Iterator, Mapping, Set
from operator import itemgetter
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from msgspec import Struct

from goldenami_sandbox import catalogue
from goldenami_sandbox.seed import UNAPPROVED_IMAGE
from goldenami_sandbox.server import Sandbox
from goldenami_sandbox.world import AccessKey, Seeded

STRANGER = "666677778888"
"""An account that nobody trusts."""
INSTANCE_TYPES = {"x86_64": "t3.micro", "arm64": "t4g.micro"}
DENIED, HIDDEN = "UnauthorizedOperation", "InvalidAMIID.NotFound"
"""By which codes IAM refuses a launch, and Allowed AMIs do."""
_ENCODED = "Encoded authorization failure message: "


class LaunchAttempt(Struct, frozen=True):
    """A call, and whether the server should refuse it.

    Args:
        title: what is tried, in words.
        promise: what a profile has to prove so that this is decided (`Profile.proves`).
        operation: of EC2.
        parameters: of the call, as boto3 takes them.
        refusals: the server's error codes by which it may be refused.
    """

    title: str
    promise: str
    operation: str
    parameters: Mapping[str, Any]
    refusals: tuple[str, ...] = (DENIED,)

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
        """Whether the server refused what is forbidden, as it should, and nothing else."""
        return self.code in (self.attempt.refusals if self.attempt.forbidden else ("",))


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
    member = _user(sandbox, seeded.admin, region)
    return [
        _try(sandbox, member, attempt)
        for attempt in _attempts(_root_of(sandbox, seeded.admin, region), golden, approval)
        if attempt.promise in promised
    ]


def launch(
    sandbox: Sandbox, seeded: Seeded, image_id: str, title: str = "launch the new release"
) -> AttemptOutcome:
    """Launch one golden image, in the region the fleet is seeded in first, as a group's member."""
    region = next(iter(seeded.instances))
    ec2 = _root_of(sandbox, seeded.admin, region)
    attempt = _launch(title, "golden", ec2, image_id)
    return _try(sandbox, _user(sandbox, seeded.admin, region), attempt)


def launch_revoked(sandbox: Sandbox, seeded: Seeded, image_id: str) -> AttemptOutcome:
    """Launch a revoked image as a group's member, whom the server has to refuse."""
    region = next(iter(seeded.instances))
    ec2 = _root_of(sandbox, seeded.admin, region)
    attempt = _launch("launch the revoked release", "unapproved-image", ec2, image_id)
    return _try(sandbox, _user(sandbox, seeded.admin, region), attempt)


def run_in_member(
    sandbox: Sandbox, key: AccessKey, region: str, golden: str, refusals: tuple[str, ...]
) -> list[AttemptOutcome]:
    """Launch the golden image and a stranger's as a user of a member account.

    Args:
        sandbox: running, seeded, after the enforcement.
        key: of a user who may launch anything, but for what the organization's policies say.
        region: where.
        golden: the golden image of that region. If it is not shared with the account, it cannot
            be launched there whatever the policies say, and is left out.
        refusals: by which codes the policies refuse the stranger's image; empty if they let it be.
    """
    from goldenami_sandbox.accounts import account_of
    from goldenami_sandbox.fixed_ids import FixedIds

    ec2 = _root_of(sandbox, key, region)
    try:
        golden_image = ec2.describe_images(ImageIds=[golden])["Images"]
    except ClientError:
        golden_image = []
    machine = next((image["Architecture"] for image in golden_image), "x86_64")
    stranger = FixedIds(account_of(key.id), region).image(None, "stranger", STRANGER, machine)
    attempts = [
        _launch("launch the shared golden image", "golden", ec2, image["ImageId"])
        for image in golden_image
    ]
    promise = "foreign-image" if refusals else "golden"
    foreign = _launch("launch a stranger's public image", promise, ec2, stranger, refusals)
    user = _user(sandbox, key, region)
    return [_try(sandbox, user, attempt) for attempt in (*attempts, foreign)]


def _launch(
    title: str, promise: str, ec2: Any, image_id: str, refusals: tuple[str, ...] = (DENIED,)
) -> LaunchAttempt:
    """Return an attempt to launch one image, which a root user looks up."""
    try:
        (image,) = ec2.describe_images(ImageIds=[image_id])["Images"]
        kind = INSTANCE_TYPES[image["Architecture"]]
    except ClientError:  # Allowed AMIs hide it
        kind = INSTANCE_TYPES["x86_64"]
    parameters = {"ImageId": image_id, "InstanceType": kind, "MinCount": 1, "MaxCount": 1}
    return LaunchAttempt(title, promise, "RunInstances", parameters, refusals)


def _user(sandbox: Sandbox, key: AccessKey, region: str) -> Any:
    return sandbox.client("ec2", region, access_key_id=key.id, secret_access_key=key.secret)


def _root_of(sandbox: Sandbox, key: AccessKey, region: str) -> Any:
    """Return a client of the root user of the account that an access key belongs to."""
    from goldenami_sandbox.accounts import account_of

    return sandbox.client("ec2", region, account_of(key.id))


def _attempts(ec2: Any, golden: str, approval: tuple[str, str]) -> Iterator[LaunchAttempt]:
    region = ec2.meta.region_name
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
    ec2.get_waiter("instance_running").wait(InstanceIds=[running], WaiterConfig={"Delay": 0.02})
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
        member.terminate_instances(InstanceIds=[instance["InstanceId"]])
    return AttemptOutcome(attempt)


def _statements(sandbox: Sandbox, message: str) -> tuple[str, ...]:
    """Ask the server which statements denied, as an administrator of a real account would."""
    _, separator, encoded = message.partition(_ENCODED)
    if not separator:
        return ()
    sts = sandbox.client("sts")
    decoded = sts.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"]
    matched = json.loads(decoded)["matchedStatements"]["items"]
    matched.sort(key=itemgetter("policyName"))  # they come as they were attached, side by side
    return tuple(statement["statementId"] for statement in matched)
