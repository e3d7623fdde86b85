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
        if code_of(error) in FORBIDDEN:
            whether = f"whether KMS key {key} in {regional.region} can be used is not known"
            return CheckResult(unknown=(f"{whether}: {error.message}",))
        return CheckResult(wrong=(error.with_fix,))
    wrong = tuple(
        f"KMS key {key} in {regional.region} {fault}"
        for fault in _faults(answer.part, shared=shared)
    )
    return CheckResult(wrong=wrong) if wrong else _tried(regional, key)


def encrypts_by_default(regional: RegionalAws) -> bool:
    """Say whether a region encrypts new volumes unasked.

    Raises:
        AwsError: it could not be read.
    """
    purpose = "looking at the encryption by default"
    return bool(regional.ask(GetEbsEncryptionByDefault, purpose).part)


def default(regional: RegionalAws) -> str:
    """Return the key that a region encrypts with if none is named.

    Raises:
        AwsError: it could not be read.
    """
    return str(regional.ask(GetEbsDefaultKmsKeyId, "looking at the default key").part)


def check_shared(regional: RegionalAws, key: str, what: str, where: str) -> CheckResult:
    """Look whether what nobody names a key for can be shared.

    Args:
        regional: whose, and where.
        key: that it is encrypted with all the same.
        what: it, as a sentence starts.
        where: the key of the release file that names another one.
    """
    way_out = f"name a key of the account by `{where}`, or share with nobody"
    place = f"{what} would be encrypted in {regional.region} with"
    if key.endswith(EBS_KEY):
        own = f"{place} AWS's own key {EBS_KEY} and could not be shared"
        return CheckResult(wrong=(f"{own}: {way_out}",))
    looked = check(regional, key, shared=True)
    wrong = (f"{place} a key that cannot be shared: {way_out}",) if looked.wrong else ()
    return CheckResult(fine=looked.fine, wrong=looked.wrong + wrong, unknown=looked.unknown)


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
