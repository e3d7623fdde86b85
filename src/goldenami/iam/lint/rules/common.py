"""What rules of several files look for."""

import re

from goldenami.iam.reference import table

LAUNCH = (
    "ec2:RunInstances",
    "ec2:CreateFleet",
    "ec2:ModifyFleet",
    "ec2:RequestSpotInstances",
    "ec2:RequestSpotFleet",
    "ec2:CreateReplaceRootVolumeTask",
)
CREATING = (
    "ec2:CreateImage",
    "ec2:CopyImage",
    "ec2:RegisterImage",
    "ec2:ImportImage",
    "ec2:CreateRestoreImageTask",
    "ec2:CreateSnapshot",
    "ec2:CreateSnapshots",
    "ec2:CopySnapshot",
    "ec2:ImportSnapshot",
)
TAGGING = ("ec2:CreateTags", "ec2:DeleteTags")
PARENT = "ec2:ParentSnapshot"
OWNER = "ec2:Owner"


def could_be(resource: str, kind: str) -> bool:
    """Tell whether a pattern of ARNs may fit a resource of a kind: IAM matches them as text.

    ``arn:aws:ec2:*:*:security-group*/*`` fits security groups and their rules.
    """
    named = table.kind_of(resource)
    fixed = re.split(r"[*?]", resource.split(":", 5)[-1])[0]
    wild = "*" in named or "?" in named
    return not named or kind == named or (fixed != named and kind.startswith(fixed) and wild)
