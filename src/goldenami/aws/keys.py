"""KMS keys: one that cannot be used fails a copy an hour later, so look first."""

from goldenami.aws.answers.ec2 import GetEbsDefaultKmsKeyId, GetEbsEncryptionByDefault
from goldenami.aws.answers.others import (
    DescribeKey,
    GenerateDataKeyWithoutPlaintext,
    KeyMetadata,
)
from goldenami.aws.errors import FORBIDDEN, code_of
from goldenami.aws.session import RegionalAws
from goldenami.domain.check_result import CheckResult
from goldenami.errors import AwsError

PERMISSIONS = ("kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext")
DEFAULT_PERMISSIONS = ("ec2:GetEbsDefaultKmsKeyId", "ec2:GetEbsEncryptionByDefault")
EBS_KEY = "alias/aws/ebs"
_TRIED = "DryRunOperationException"


def check(regional: RegionalAws, key: str, *, shared: bool) -> CheckResult:
    """Look whether snapshots can be encrypted with a key, and shared.

    What AWS encrypts with a key of its own cannot be shared:
    https://docs.aws.amazon.com/ebs/latest/userguide/share-kms-key.html

    Args:
        regional: whose, and where.
        key: id, alias or ARN.
        shared: whether other accounts are to use the snapshots.
    """
    try:
        answer = regional.ask(DescribeKey, f"looking at KMS key {key}", KeyId=key)
    except AwsError as error:
        return CheckResult(wrong=(error.with_fix,))
    wrong = tuple(
        f"KMS key {key} in {regional.region} {fault}"
        for fault in _faults(answer.part, shared=shared)
    )
    return CheckResult(wrong=wrong) if wrong else _tried(regional, key)


def check_default(regional: RegionalAws, *, encrypted: bool) -> CheckResult:
    """Look whether images can be shared that are encrypted with the region's default key.

    Args:
        regional: whose, and where.
        encrypted: whether they are encrypted even if the account does not ask for it.
    """
    purpose = "looking at the encryption by default"
    try:
        default = regional.ask(GetEbsEncryptionByDefault, purpose).part
        if not encrypted and not default:
            return CheckResult(fine=(f"not encrypted in {regional.region}, and so can be shared",))
        key = regional.ask(GetEbsDefaultKmsKeyId, purpose).part
    except AwsError as error:
        return CheckResult(unknown=(f"whether it can be shared is not known: {error.message}",))
    if key.endswith(EBS_KEY):
        return CheckResult(
            wrong=(
                f"the image is encrypted in {regional.region} with AWS's own key {EBS_KEY} and "
                "cannot be shared: name a key of the account (`kms_key`), or share with nobody",
            )
        )
    return check(regional, key, shared=True)


def _faults(key: KeyMetadata, *, shared: bool) -> list[str]:
    faults = []
    if key.key_state != "Enabled":
        faults.append(f"is {key.key_state}, not Enabled")
    if key.key_spec != "SYMMETRIC_DEFAULT":
        faults.append(f"is of kind {key.key_spec}: EBS takes symmetric keys alone")
    if shared and key.key_manager == "AWS":
        faults.append("is AWS's own: what it encrypts cannot be shared")
    return faults


def _tried(regional: RegionalAws, key: str) -> CheckResult:
    """Try the key without using it; a denial may come from a policy that lets EC2 use it alone."""
    try:
        regional.ask(
            GenerateDataKeyWithoutPlaintext, f"trying KMS key {key}",
            KeyId=key, KeySpec="AES_256", DryRun=True,
        )  # fmt: skip
    except AwsError as error:
        if code_of(error) in FORBIDDEN:
            return CheckResult(
                unknown=(
                    f"KMS key {key} in {regional.region} is enabled; whether EC2 may use it for "
                    "the caller is not known, since the caller may not",
                )
            )
        if code_of(error) != _TRIED:
            return CheckResult(wrong=(error.with_fix,))
    return CheckResult(fine=(f"KMS key {key} in {regional.region} is enabled and can be used",))
