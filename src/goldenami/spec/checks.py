"""What a release or enforcement file can get wrong across its keys, found before the first call.

What a key has to be by itself stands with the key, in `goldenami.spec.model`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from goldenami import files
from goldenami.domain import names
from goldenami.errors import SpecError
from goldenami.spec.model import Enforce, EnforceSpec, Release
from goldenami.validation import Problem, Rule

USER_DATA_BYTES = 16 * 1024
LAUNCH_PERMISSIONS = 1_000
_ATTACHING = (
    "group_policy", "permissions_boundary", "scp", "allowed_amis", "declarative_policy",
)  # fmt: skip

Problems = Iterator[Problem]


def rules(folder: Path) -> tuple[Rule[Release], ...]:
    """Return the rules of a release file that lies in ``folder``; each is asked by itself."""
    return (
        _ami_name, _audited_accounts, _user_data_size(folder), _volume_keys, _packer_variables,
        _approval, _approval_tag, _distribution, _copies, _copied_accounts, _launch_permissions,
        _shared_snapshots, _shared_volumes, _shared_copies, enforcement,
    )  # fmt: skip


def warnings(release: Release) -> list[str]:
    """Return what is allowed but worth a word."""
    lines = []
    if not release.bake.reboot:
        lines.append("bake.reboot: false makes an image that is only crash-consistent")
    by_ssm = release.bake.method == "create-image" and release.validate
    tested = release.test and release.test.steps
    if (by_ssm or tested) and not release.base.instance_profile:
        what = " and ".join(name for name, run in (("validate", by_ssm), ("test", tested)) if run)
        lines.append(
            f"{what} runs by SSM Run Command, which needs base.instance_profile (or the "
            "account's default host management role)"
        )
    if release.scan and not release.base.instance_profile:
        lines.append(
            "test.scan: Inspector reads the instance by its SSM agent, which needs "
            "base.instance_profile (or the account's default host management role); without it "
            "only an account that scans agentless gets a result"
        )
    return lines


def user_data_path(user_data: str, folder: Path) -> Path | None:
    """Return the file that ``base.user_data`` names, or None if the script stands there itself."""
    inline = "\n" in user_data or user_data.startswith("#")
    return None if inline else folder / user_data


def _ami_name(release: Release) -> Problems:
    name = names.ami_name(release.image, release.version)
    if not names.AMI_NAME.fullmatch(name):
        yield Problem("$.image", f"the AMI name `{name}` must have 3 to 128 characters")


def _audited_accounts(release: Release) -> Problems:
    if release.audit.accounts and not release.audit.role:
        yield Problem("$.audit.accounts", "needs audit.role, the role in those accounts that reads")


def _user_data_size(folder: Path) -> Callable[[Release], Problems]:
    def check(release: Release) -> Problems:
        user_data = release.base.user_data
        if user_data is None:
            return
        path = user_data_path(user_data, folder)
        try:
            size = len(files.read_bytes(path)) if path else names.in_bytes(user_data)
        except SpecError as error:
            yield Problem("$.base.user_data", error.message)
            return
        if size > USER_DATA_BYTES:
            yield Problem(
                "$.base.user_data",
                f"EC2 takes at most 16 KiB of user data, this has {size:,} bytes",
            )

    return check


def _volume_keys(release: Release) -> Problems:
    for index, volume in enumerate(release.base.volumes):
        if volume.kms_key and not volume.encrypted:
            yield Problem(f"$.base.volumes[{index}].kms_key", "a KMS key needs `encrypted: true`")


def _packer_variables(release: Release) -> Problems:
    if release.bake.method == "packer":
        return
    for key in ("vars", "names", "only", "plugins"):
        if getattr(release.bake, key):
            yield Problem(f"$.bake.{key}", f"only `method: packer` takes {key}")


def _approval(release: Release) -> Problems:
    if release.share_candidates and release.approval != "manual":
        yield Problem("$.share_candidates", "only `approval: manual` has candidates; leave it out")


def _approval_tag(release: Release) -> Problems:
    approval = release.approval_tag.key
    for key in release.tags:
        if key != approval and key.lower() == approval.lower():
            yield Problem(
                f"$.tags.{key}",
                f"differs from the approval tag `{approval}` in case alone, which IAM ignores",
            )


def _distribution(release: Release) -> Problems:
    for region in release.distribute:
        if region not in release.destinations:
            yield Problem(
                f"$.distribute.{region}",
                f"`{region}` is no region the image is copied to; add it to `regions` "
                "(the first one is the build region and takes its key from base.volumes)",
            )


def _copies(release: Release) -> Problems:
    for index, copies in enumerate(release.copies):
        for region in dict.fromkeys([*copies.regions, *copies.kms_keys]):
            if region not in release.regions:
                yield Problem(
                    f"$.copies[{index}].regions",
                    f"`{region}` is not among `regions`, and the copy is made from the image there",
                )


def _copied_accounts(release: Release) -> Problems:
    accounts = [copies.account for copies in release.copies]
    for index, account in enumerate(accounts):
        if account in accounts[:index]:
            yield Problem(f"$.copies[{index}].account", f"`{account}` is listed twice")


def _launch_permissions(release: Release) -> Problems:
    if release.share.targets > LAUNCH_PERMISSIONS:
        yield Problem(
            "$.share", f"AWS allows 1,000 launch permissions, these are {release.share.targets:,}"
        )


def _shared_snapshots(release: Release) -> Problems:
    if release.share.snapshots and not release.share.accounts:
        yield Problem("$.share.snapshots", "snapshots are shared with accounts: name some")


def _shared_volumes(release: Release) -> Problems:
    """An image encrypted with the account's default key cannot be shared.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html
    """
    if not (release.share.targets or release.copies):
        return
    for index, volume in enumerate(release.base.volumes):
        if volume.encrypted and _is_default_key(volume.kms_key):
            yield Problem(
                f"$.base.volumes[{index}]",
                "encrypted with the account's default key, so the image cannot be shared: "
                "give `kms_key`, or `encrypted: false`",
            )


def _shared_copies(release: Release) -> Problems:
    """Nor can a copy that is."""
    shared = release.share.targets or release.copies
    if not shared or not any(volume.encrypted for volume in release.base.volumes):
        return
    for region in release.destinations:
        if _is_default_key(release.kms_key(region)):
            yield Problem(
                "$.distribute",
                f"the copy in {region} would use the account's default key and could not be "
                f"shared: give distribute.{region}.kms_key",
            )


def _is_default_key(key: str | None) -> bool:
    return key is None or key.endswith("alias/aws/ebs")  # the alias alone, or its ARN


def enforcement(release: Release) -> Problems:
    """Yield what is wrong with what enforces a release file."""
    if release.enforce is None:
        return
    if release.enforce.file is None:
        yield from _enforce("$.enforce", release.enforce)
    elif release.enforce != Enforce(file=release.enforce.file):
        yield Problem("$.enforce.file", "that file says it all: leave the other keys out")


def enforcement_rules(stem: str) -> tuple[Rule[EnforceSpec], ...]:
    """Return the rules of an enforcement file that is called so without its ending."""

    def named(spec: EnforceSpec) -> Problems:
        if not spec.name and not names.IMAGE.fullmatch(stem):
            yield Problem(
                "$.name", f"`{stem}`, as the file is called, is no name of an enforcement: give one"
            )

    return named, lambda spec: _enforce("$", spec)


def _enforce(parent: str, enforce: Enforce) -> Problems:
    key, used = f"{parent}.mechanisms", enforce.mechanisms
    if used.group_policy and not enforce.groups:
        yield Problem(f"{parent}.groups", "name at least one group")
    if not (enforce.attaching or used.allowed_amis or used.declarative_policy):
        yield Problem(key, "name at least one of " + ", ".join(_ATTACHING))
    if not enforce.pipeline_role:
        role = f"{parent}.pipeline_role".removeprefix("$.")
        for where in _self_protecting(key, enforce):
            yield Problem(where, f"it needs {role}: nobody else could change the policies any more")


def _self_protecting(key: str, enforce: Enforce) -> Iterator[str]:
    """Yield where a protection from everybody is asked for."""
    used = enforce.mechanisms
    if used.guardrail_protection:
        yield f"{key}.guardrail_protection"
    for name in enforce.attaching:
        if getattr(getattr(used, name), "guardrail_protection", None):
            yield f"{key}.{name}.guardrail_protection"
