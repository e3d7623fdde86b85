"""What CloudFormation cannot do, as commands of the AWS CLI that stand in a template's comments.

https://docs.aws.amazon.com/cli/latest/reference/ec2/
"""

import json
import shlex
from collections.abc import Iterator

from goldenami.domain import names, tags
from goldenami.infrastructure.release import ReleaseCode
from goldenami.spec import Release

_SPECIAL = ",'\"=[]{} "


def lookup(code: ReleaseCode, release: Release) -> str:
    """Return the command that finds the source image of a filter or a golden image."""
    source = release.base.source
    if source.filter:
        owners = source.filter.owners
        filters = {"name": source.filter.name, "state": "available"}
        if source.filter.architecture:
            filters["architecture"] = source.filter.architecture
    else:
        owners = ("self",)
        filters = {f"tag:{tags.IMAGE}": source.golden or ""}
        filters |= {f"tag:{key}": value for key, value in code.approval.items()}
    words = [f"Name={_shorthand(key)},Values={_shorthand(it)}" for key, it in filters.items()]
    query = "sort_by(Images,&CreationDate)[-1].ImageId"
    return _ec2(
        "describe-images", "--region", release.build_region, "--owners", *owners,
        "--filters", *words, "--query", query, "--output", "text",
    )  # fmt: skip


def making(code: ReleaseCode) -> Iterator[str]:
    """Yield what makes the image of each architecture, copies it and shares it, a text for each."""
    for name, file in code.parts.items():
        release = file.release
        which = f" for {name}" if name else ""
        when = "" if code.is_templated else ", once the user data is through"
        approval, shares = [*_approval(code, release)], [*_shares(release)]
        later = [*shares, *approval] if release.share_candidates else [*approval, *shares]
        copies = [*_made(code, release, name), *later, *_elsewhere(code, release, name)]
        if copies:
            yield "\n".join([f"The image{which}{when}:", *copies])


def _made(code: ReleaseCode, release: Release, architecture: str) -> Iterator[str]:
    home = release.build_region
    if not code.is_templated:
        reboot = () if release.bake.reboot else ("--no-reboot",)
        yield _ec2(
            "create-image", "--region", home, "--instance-id", "INSTANCE", *reboot,
            *_marks(code, release, architecture),
        )  # fmt: skip
    for region in release.destinations:
        yield _ec2(
            "copy-image", "--region", region, "--source-region", home, "--source-image-id", "IMAGE",
            *_encryption(release.kms_key(region)), *_marks(code, release, architecture),
        )  # fmt: skip


def _approval(code: ReleaseCode, release: Release) -> Iterator[str]:
    if code.waits_for_approval:
        approval = json.dumps(tags.to_aws(code.approval))
        for region in release.regions:
            yield (
                _ec2("create-tags", "--region", region, "--resources", "IMAGE", "SNAPSHOT",
                     "--tags", approval)
                + "  # once it is approved"
            )  # fmt: skip


def _shares(release: Release) -> Iterator[str]:
    share = release.share
    accounts = dict.fromkeys([*share.accounts, *(each.account for each in release.copies)])
    for region in release.regions:
        for option, several in (
            ("--user-ids", accounts),
            ("--organization-arns", share.organizations),
            ("--organizational-unit-arns", share.organizational_units),
        ):
            if several:
                yield _ec2(
                    "modify-image-attribute", "--region", region, "--image-id", "IMAGE",
                    "--attribute", "launchPermission", "--operation-type", "add", option, *several,
                )  # fmt: skip
        if release.copying_accounts:
            yield _ec2(
                "modify-snapshot-attribute", "--region", region, "--snapshot-id", "SNAPSHOT",
                "--attribute", "createVolumePermission", "--operation-type", "add", "--user-ids",
                *release.copying_accounts,
            )  # fmt: skip


def _elsewhere(code: ReleaseCode, release: Release, architecture: str) -> Iterator[str]:
    for each in release.copies:
        for region in each.regions or release.regions:
            copied = _ec2(
                "copy-image", "--region", region, "--source-region", region,
                "--source-image-id", "IMAGE", *_encryption(each.kms_keys.get(region)),
                *_marks(code, release, architecture),
            )  # fmt: skip
            yield f"{copied}  # as {each.role} of account {each.account}"


def _marks(code: ReleaseCode, release: Release, architecture: str) -> tuple[str, ...]:
    """Return name, description and tags of an image; those of its approval come later."""
    version = "VERSION" if release.version == "auto" else release.version
    name = names.ami_name(release.image, version, architecture)
    own = code.own_tags if code.waits_for_approval else {**code.own_tags, **code.approval}
    marks = json.dumps([tags.specification(kind, own) for kind in ("image", "snapshot")])
    return (
        "--name",
        name,
        "--description",
        release.description or name,
        "--tag-specifications",
        marks,
    )


def _encryption(key: str | None) -> tuple[str, ...]:
    return ("--encrypted", "--kms-key-id", key) if key else ()


def _ec2(*words: str) -> str:
    return shlex.join(["aws", "ec2", *words])


def _shorthand(text: str) -> str:
    """Return a text for the AWS CLI's shorthand, in which some characters have a meaning.

    https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-shorthand.html
    """
    if not any(character in text for character in _SPECIAL):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
