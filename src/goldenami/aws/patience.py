"""What is waited out because AWS will do it in a while: one table, by operation.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-error-codes.html
"""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from goldenami.errors import AwsError

NEW_PROFILE_S = 120.0
"""How long a new instance profile may be unknown to EC2; a wrong one was found by the check."""


class Busy(Struct, frozen=True):
    """An error that passes by itself.

    Args:
        code: AWS's code.
        words: the pattern of a part of its message, whatever its case.
        most_s: how long it may last, if that is less than the step may.
    """

    code: str
    words: str = ""
    most_s: float = float("inf")


_SNAPSHOTS = (
    Busy("SnapshotCreationPerVolumeRateExceeded"),  # one in 15 seconds
    Busy("ConcurrentSnapshotLimitExceeded"),
    Busy("PendingSnapshotLimitExceeded"),
)
BUSY: Final[Mapping[str, tuple[Busy, ...]]] = {
    "ec2:CopyImage": (
        Busy("ResourceLimitExceeded", words="in[ -]progress|concurrent|simultaneous|too many"),
        *_SNAPSHOTS,
    ),
    "ec2:CreateImage": (*_SNAPSHOTS, Busy("ConcurrentCreateImageNoRebootLimitExceeded")),
    "ec2:RestoreImageFromRecycleBin": (Busy("IncorrectState", words="recovering"),),
    "ec2:RunInstances": (
        Busy("InvalidParameterValue", words="instance ?profile", most_s=NEW_PROFILE_S),
    ),
}


NOT_HERE: Final = (
    Busy("Insufficient(Instance|Host|Volume|Address)?Capacity"),
    Busy("InsufficientFreeAddressesInSubnet"),
    Busy("Unsupported", words="availability zone"),
    Busy("VcpuLimitExceeded|InstanceLimitExceeded"),  # each family of types has a quota of its own
)
"""What a launch is refused with that another zone, or another type, may have room for."""


def is_not_here(error: AwsError) -> bool:
    """Tell whether a launch may succeed in another subnet, or with another type."""
    return any(
        re.fullmatch(busy.code, error.code) and re.search(busy.words, error.message, re.IGNORECASE)
        for busy in NOT_HERE
    )


def is_busy(call: str, error: AwsError, spent_s: float, patience_s: float) -> bool:
    """Tell whether a call is to be made again later.

    Args:
        call: the operation: ``ec2:CopyImage``.
        error: what AWS said.
        spent_s: how long it has been tried already.
        patience_s: how long it may be.
    """
    return any(
        error.code == busy.code
        and re.search(busy.words, error.message, re.IGNORECASE) is not None
        and spent_s < min(patience_s, busy.most_s)
        for busy in BUSY.get(call, ())
    )
