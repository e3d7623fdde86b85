"""What goldenami hands to a Packer template, by variable, and what a template without it means."""

import re
from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Final


class Need(Enum):
    """What it means that a template declares no variable for a value."""

    ALWAYS = auto()
    """It cannot be used: it would bake something else."""
    IF_SET = auto()
    """The same, if there is a value."""
    TELL = auto()
    """The template decides it, and the plan says so."""
    NEVER = auto()
    """Nothing is lost: goldenami does without, or sees to it itself."""


NEEDS: Final[Mapping[str, Need]] = MappingProxyType(
    {
        "region": Need.ALWAYS,
        "script_file": Need.IF_SET,
        "user_data_file": Need.IF_SET,
        "block_devices": Need.IF_SET,
        "source_ami": Need.TELL,  # EC2 says what the instance was launched from
        "ami_name": Need.TELL,  # EC2 says which image was made of it
        "instance_type": Need.TELL,
        "subnet_id": Need.TELL,
        "security_group_ids": Need.TELL,
        "iam_instance_profile": Need.TELL,
        "ami_description": Need.NEVER,
        "tags": Need.NEVER,  # they are written once more when Packer has ended
        "snapshot_tags": Need.NEVER,
        "run_tags": Need.NEVER,
        "run_volume_tags": Need.NEVER,
        "manifest_path": Need.NEVER,  # a hint: EC2 says what there is
        "temporary_key_pair_name": Need.NEVER,
        "endpoint_url": Need.NEVER,
        "poll_delay_seconds": Need.NEVER,
        "poll_max_attempts": Need.NEVER,
    }
)
"""Every variable that goldenami sets."""

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
"""A template's own name of a variable, in HCL or in JSON as before it."""
