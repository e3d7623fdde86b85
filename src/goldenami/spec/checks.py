"""What a release file can get wrong beyond its types, found before the first call."""

import json
from collections.abc import Iterator
from pathlib import Path

from goldenami import files
from goldenami.domain import names, tags
from goldenami.errors import SpecError
from goldenami.spec import auditing, enforcement
from goldenami.spec.enforcement import Problem
from goldenami.spec.model import Base, BaseSource, Release

VOLUME_TYPES = ("gp2", "gp3", "io1", "io2", "st1", "sc1", "standard")
USER_DATA_BYTES = 16 * 1024
LAUNCH_PERMISSIONS = 1_000
DEPRECATION_DAYS = 3_650
MINE_ON_IMAGES = 10
"""goldenami's own tags on an image, the approval tag counted."""


def problems(release: Release, folder: Path) -> list[Problem]:
    """Return every problem of a release file that lies in ``folder``, in the order of the file."""
    return [
        *_names(release),
        *_regions(release),
        *auditing.problems(release.audit),
        *_base(release.base, folder),
        *_bake(release),
        *_tags(release),
        *_approval(release),
        *_distribution(release),
        *_publication(release),
        *enforcement.problems(release),
        *_durations(release),
    ]


def warnings(release: Release) -> list[str]:
    """Return what is allowed but worth a word."""
    found = []
    if not release.bake.reboot:
        found.append("bake.reboot: false makes an image that is only crash-consistent")
    by_ssm = release.bake.method == "create-image" and release.validate
    tested = release.test and release.test.steps
    if (by_ssm or tested) and not release.base.instance_profile:
        what = " and ".join(name for name, run in (("validate", by_ssm), ("test", tested)) if run)
        found.append(
            f"{what} runs by SSM Run Command, which needs base.instance_profile (or the "
            "account's default host management role)"
        )
    if release.scan and not release.base.instance_profile:
        found.append(
            "test.scan: Inspector reads the instance by its SSM agent, which needs "
            "base.instance_profile (or the account's default host management role); without it "
            "only an account that scans agentless gets a result"
        )
    return found


def user_data_path(user_data: str, folder: Path) -> Path | None:
    """Return the file that ``base.user_data`` names, or None if the script stands there itself."""
    inline = "\n" in user_data or user_data.startswith("#")
    return None if inline else folder / user_data


def _approval(release: Release) -> Iterator[Problem]:
    if release.share_candidates and release.approval != "manual":
        yield "$.share_candidates", "only `approval: manual` has candidates; leave it out"


def _names(release: Release) -> Iterator[Problem]:
    if not names.IMAGE.fullmatch(release.image):
        yield (
            "$.image",
            (f"`{release.image}` is no image name: letters, digits, `.`, `_`, `-`, at most 100"),
        )
    if release.version != "auto" and not names.VERSION.fullmatch(release.version):
        yield (
            "$.version",
            (f"`{release.version}` is no version: letters, digits, `.`, `_`, `-`, or `auto`"),
        )
    name = names.ami_name(release.image, release.version)
    if names.IMAGE.fullmatch(release.image) and not names.AMI_NAME.fullmatch(name):
        yield "$.image", f"the AMI name `{name}` must have 3 to 128 characters"
    if len(release.description) > 255:
        yield "$.description", f"at most 255 characters, this one has {len(release.description)}"


def _regions(release: Release) -> Iterator[Problem]:
    if not release.regions:
        yield "$.regions", "name at least one region; the first is the build region"
    listed = [("regions", release.regions)]
    if release.audit.regions != "all":
        listed.append(("audit.regions", tuple(release.audit.regions)))
        if not release.audit.regions:
            yield "$.audit.regions", "name at least one region, or `all`"
    for key, regions in listed:
        for index, region in enumerate(regions):
            if not names.REGION.fullmatch(region):
                yield f"$.{key}[{index}]", f"`{region}` is no region name, such as `eu-west-1`"
            elif region in regions[:index]:
                yield f"$.{key}[{index}]", f"`{region}` is listed twice"


def _base(base: Base, folder: Path) -> Iterator[Problem]:
    yield from _source(base.source)
    if not names.INSTANCE_TYPE.fullmatch(base.instance_type):
        yield "$.base.instance_type", f"`{base.instance_type}` is no type, such as `t3.micro`"
    if base.subnet and not names.SUBNET_ID.fullmatch(base.subnet):
        yield "$.base.subnet", f"`{base.subnet}` is no subnet id (`subnet-…`)"
    for index, group in enumerate(base.security_groups):
        if not names.SECURITY_GROUP_ID.fullmatch(group):
            yield f"$.base.security_groups[{index}]", f"`{group}` is no group id (`sg-…`)"
    yield from _volumes(base)
    yield from _user_data(base, folder)


def _source(source: BaseSource) -> Iterator[Problem]:
    if len(source.given) != 1:
        given = ", ".join(source.given) or "none"
        yield "$.base.source", f"give exactly one of ssm, ami, filter, golden (given: {given})"
    if source.ami and not names.AMI_ID.fullmatch(source.ami):
        yield "$.base.source.ami", f"`{source.ami}` is no image id (`ami-` and 8 or 17 hex digits)"
    if source.filter:
        if not source.filter.owners:
            yield "$.base.source.filter.owners", "pin the owners: anyone can publish that name"
        for index, owner in enumerate(source.filter.owners):
            if not names.OWNER.fullmatch(owner):
                yield (
                    f"$.base.source.filter.owners[{index}]",
                    f"`{owner}` is no account id, `self`, `amazon` or `aws-marketplace`",
                )


def _volumes(base: Base) -> Iterator[Problem]:
    for index, volume in enumerate(base.volumes):
        key = f"$.base.volumes[{index}]"
        if not volume.device.startswith(("/dev/", "xvd")):
            yield f"{key}.device", f"`{volume.device}` is no device name, such as `/dev/xvda`"
        if not 1 <= volume.size_gib <= 65_536:
            yield f"{key}.size_gib", f"1 to 65,536 GiB, not {volume.size_gib}"
        if volume.type not in VOLUME_TYPES:
            yield f"{key}.type", f"`{volume.type}` is none of {', '.join(VOLUME_TYPES)}"
        if volume.kms_key and not volume.encrypted:
            yield f"{key}.kms_key", "a KMS key needs `encrypted: true`"


def _user_data(base: Base, folder: Path) -> Iterator[Problem]:
    if base.user_data is None:
        return
    path = user_data_path(base.user_data, folder)
    try:
        size = len(files.read_bytes(path)) if path else names.in_bytes(base.user_data)
    except SpecError as error:
        yield "$.base.user_data", error.message
        return
    if size > USER_DATA_BYTES:
        yield "$.base.user_data", f"EC2 takes at most 16 KiB of user data, this has {size:,} bytes"


def _bake(release: Release) -> Iterator[Problem]:
    if release.bake.method != "packer" and release.bake.vars:
        yield "$.bake.vars", "only `method: packer` takes vars"
    yield from _vars(release)
    steps = [("validate", release.validate)]
    if release.test:
        steps.append(("test.steps", release.test.steps))
        kind = release.test.instance_type
        if kind and not names.INSTANCE_TYPE.fullmatch(kind):
            yield "$.test.instance_type", f"`{kind}` is no type, such as `t3.micro`"
    for index, one in enumerate(release.scan.ignore if release.scan else ()):
        if not names.VULNERABILITY.fullmatch(one):
            yield f"$.test.scan.ignore[{index}]", f"`{one}` is no id, such as `CVE-2026-12345`"
    for key, listed in steps:
        for index, step in enumerate(listed):
            if not step.run.strip():
                yield f"$.{key}[{index}].run", "an empty command checks nothing"


def _vars(release: Release) -> Iterator[Problem]:
    for name, value in release.bake.vars.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):  # a date, or a number that is none
            yield f"$.bake.vars.{name}", "Packer takes no such value: put it in quotes"


def _tags(release: Release) -> Iterator[Problem]:
    for key, value in release.tags.items():
        if wrong := tags.problem(key, value):
            yield f"$.tags.{key}", wrong
    if len(release.tags) > tags.TAGS_PER_RESOURCE - MINE_ON_IMAGES:
        yield (
            "$.tags",
            (
                f"at most {tags.TAGS_PER_RESOURCE - MINE_ON_IMAGES} tags of your own: "
                f"EC2 allows {tags.TAGS_PER_RESOURCE} and goldenami writes {MINE_ON_IMAGES}"
            ),
        )
    approval = release.approval_tag
    wrong = tags.problem(approval.key, approval.value)
    if wrong and approval != tags.ApprovalTag():
        yield "$.approval_tag", wrong
    for key in release.tags:
        if key != approval.key and key.lower() == approval.key.lower():
            yield (
                f"$.tags.{key}",
                f"differs from the approval tag `{approval.key}` in case alone, which IAM ignores",
            )


def _distribution(release: Release) -> Iterator[Problem]:
    for region in release.distribute:
        if region not in release.destinations:
            yield (
                f"$.distribute.{region}",
                (
                    f"`{region}` is no region the image is copied to; add it to `regions` "
                    "(the first one is the build region and takes its key from base.volumes)"
                ),
            )
    yield from _copies(release)
    yield from _sharing(release)


def _copies(release: Release) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, one in enumerate(release.copies):
        key = f"$.copies[{index}]"
        if not names.ACCOUNT.fullmatch(one.account):
            yield f"{key}.account", f"`{one.account}` is no account id (12 digits)"
        elif one.account in seen:
            yield f"{key}.account", f"`{one.account}` is listed twice"
        seen.add(one.account)
        if not names.ROLE.fullmatch(one.role):
            yield f"{key}.role", f"`{one.role}` is no role name, such as `golden-ami-copies`"
        for region in dict.fromkeys([*one.regions, *one.kms_keys]):
            if region not in release.regions:
                yield (
                    f"{key}.regions",
                    f"`{region}` is not among `regions`, and the copy is made from the image there",
                )


def _sharing(release: Release) -> Iterator[Problem]:
    for index, account in enumerate(release.share.accounts):
        if not names.ACCOUNT.fullmatch(account):
            yield f"$.share.accounts[{index}]", f"`{account}` is no account id (12 digits)"
    for index, arn in enumerate(release.share.organizations):
        if not names.ORGANIZATION_ARN.fullmatch(arn):
            yield f"$.share.organizations[{index}]", f"`{arn}` is no organization ARN"
    for index, arn in enumerate(release.share.organizational_units):
        if not names.ORGANIZATIONAL_UNIT_ARN.fullmatch(arn):
            yield f"$.share.organizational_units[{index}]", f"`{arn}` is no OU ARN"
    if release.share.targets > LAUNCH_PERMISSIONS:
        yield "$.share", f"AWS allows 1,000 launch permissions, these are {release.share.targets:,}"
    if release.share.snapshots and not release.share.accounts:
        yield "$.share.snapshots", "snapshots are shared with accounts: name some"
    if release.share.targets or release.copies:
        yield from _unshareable(release)


def _unshareable(release: Release) -> Iterator[Problem]:
    """An image encrypted with the account's default key cannot be shared.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html
    """
    encrypted = [index for index, one in enumerate(release.base.volumes) if one.encrypted]
    for index in encrypted:
        if _is_default_key(release.base.volumes[index].kms_key):
            yield (
                f"$.base.volumes[{index}]",
                (
                    "encrypted with the account's default key, so the image cannot be shared: "
                    "give `kms_key`, or `encrypted: false`"
                ),
            )
    for region in release.destinations if encrypted else ():
        if _is_default_key(release.kms_key(region)):
            yield (
                "$.distribute",
                (
                    f"the copy in {region} would use the account's default key and could not be "
                    f"shared: give distribute.{region}.kms_key"
                ),
            )


def _is_default_key(key: str | None) -> bool:
    return key is None or key.endswith("alias/aws/ebs")  # the alias alone, or its ARN


def _publication(release: Release) -> Iterator[Problem]:
    if release.publish is None:
        return
    name = release.publish.ssm_parameter
    if not names.SSM_PARAMETER.fullmatch(name) or len(name) > 1011:
        yield "$.publish.ssm_parameter", f"`{name}` is no parameter name, such as `/golden-ami/web`"
    elif name.lower().strip("/").startswith(("aws", "ssm")):
        yield "$.publish.ssm_parameter", f"`{name}`: names that start with aws or ssm are AWS's"


def _durations(release: Release) -> Iterator[Problem]:
    for name in release.timeouts.__struct_fields__:
        text = getattr(release.timeouts, name)
        if not names.duration(text):
            yield f"$.timeouts.{name}", f"`{text}` is no time, such as `30m` or `2h`"
    after = release.lifecycle.deprecate_after
    if after is not None:
        length = names.duration(after)
        if not length:
            yield "$.lifecycle.deprecate_after", f"`{after}` is no time, such as `90d`"
        elif length.days > DEPRECATION_DAYS:
            yield "$.lifecycle.deprecate_after", "AWS deprecates at most 10 years ahead (3650d)"
    if release.lifecycle.keep < 1:
        yield "$.lifecycle.keep", "keep at least 1 version"
