"""What helps against what AWS refuses: one table, by operation, code and words.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-error-codes.html
"""

import re
from typing import Final

from msgspec import Struct

LAUNCH = "RunInstances"


class Fix(Struct, frozen=True):
    """What helps against some errors.

    Args:
        code: the pattern of the whole code.
        fix: what helps.
        operation: the only operation that it is about, if it is.
        words: the pattern of a part of AWS's message, whatever its case.
    """

    code: str
    fix: str
    operation: str = ""
    words: str = ""

    def helps(self, operation: str, code: str, message: str) -> bool:
        """Tell whether it helps against an error."""
        return (
            self.operation in ("", operation)
            and re.fullmatch(self.code, code) is not None
            and re.search(self.words, message, re.IGNORECASE) is not None
        )


FIXES: Final = (
    Fix(
        "OptInRequired|MarketplaceProductCodeNotSubscribed",
        "subscribe to the product in AWS Marketplace with this account, at the address that AWS "
        "names, or choose another `base.source`",
        words="marketplace|product code|accept (the )?terms",
    ),
    Fix("OptInRequired", "enable the region for this account, or leave it out"),
    Fix(
        "PendingVerification",
        "AWS is verifying the account for this region, which takes minutes, seldom hours: run the "
        "same command again then, or write to AWS Support",
    ),
    Fix("Blocked", "AWS has blocked the account: write to AWS Support"),
    Fix(
        "VcpuLimitExceeded|InstanceLimitExceeded",
        "ask for more vCPUs of that family in Service Quotas (`Running On-Demand … instances`), "
        "end instances, or name a type of another family under `base.instance_types`",
    ),
    Fix(
        "MaxSpotInstanceCountExceeded|SpotInstanceLimitExceeded",
        "ask for more Spot vCPUs in Service Quotas, or end Spot instances",
    ),
    Fix(
        "Insufficient(Instance|Host|ReservedInstance)?Capacity",
        "name further types and zones under `base.instance_types` and `base.subnets`, or run the "
        "same command again later",
    ),
    Fix(
        "InsufficientFreeAddressesInSubnet",
        "name further subnets under `base.subnets`, or free addresses in this one",
    ),
    Fix(
        "Unsupported",
        "name a subnet of a zone that has the type, or another type, under `base.subnets` and "
        "`base.instance_types` (`aws ec2 describe-instance-type-offerings --location-type "
        "availability-zone` lists them)",
        words="availability zone",
    ),
    Fix(
        "SnapshotCreationPerVolumeRateExceeded|(Concurrent|Pending)\\w+LimitExceeded",
        "wait until AWS has done what it is doing, and run the same command again",
    ),
    Fix(
        "InvalidKeyPair\\.NotFound",
        "`base.key_name` names no key pair of the build region: correct it, leave it out, or make "
        "it there (`aws ec2 import-key-pair`)",
        LAUNCH,
    ),
    Fix(
        "InvalidParameter|InvalidGroup\\.NotFound|InvalidSecurityGroup(ID)?\\.NotFound",
        "`base.security_groups` have to be groups of the VPC of `base.subnet`, in the build region",
        LAUNCH,
        words="group",
    ),
    Fix(
        "InvalidSubnet(ID)?\\.NotFound",
        "`base.subnet` has to be a subnet of the build region, in this account or shared with it",
        LAUNCH,
    ),
    Fix(
        "VPCIdNotSpecified|MissingInput",
        "the region has no default VPC: name a subnet under `base.subnet`",
        LAUNCH,
    ),
    Fix(
        "InvalidParameterValue",
        "`base.instance_profile` has to be the name of an instance profile, which is not always "
        "that of its role (`aws iam list-instance-profiles`)",
        LAUNCH,
        words="iamInstanceProfile|instance profile",
    ),
    Fix(
        "InvalidInstanceType|InvalidParameterValue",
        "name types that the build region has under `base.instance_type` or `base.instance_types` "
        "(`aws ec2 describe-instance-type-offerings` lists them)",
        words="instance ?type",
    ),
    Fix(
        "NotFoundException",
        "name a key, or an alias, that there is in that region (`aws kms list-aliases`)",
        "DescribeKey",
    ),
    Fix(
        "(?!Request)\\w+LimitExceeded(Exception)?|\\w*QuotaExceeded(Exception)?",
        "ask for a higher quota in Service Quotas, or remove what is no longer needed",
    ),
)
"""Each with what helps; the first that fits counts."""


def fix_for(operation: str, code: str, message: str) -> str:
    """Return what helps against an error of an operation, empty if the table has nothing."""
    fits = (each.fix for each in FIXES if each.helps(operation, code, message))
    return next(fits, "")
