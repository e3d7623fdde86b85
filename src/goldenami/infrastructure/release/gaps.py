"""What a release file says that no infrastructure code does, each with what does it instead."""

from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct, structs

from goldenami.domain.choices import BakeMethod
from goldenami.infrastructure import comments, enforcement
from goldenami.infrastructure.release import ReleaseCode
from goldenami.spec import Release
from goldenami.spec.lifecycle import Lifecycle

Form = Literal["terraform", "cloudformation"]
BOTH: tuple[Form, ...] = ("terraform", "cloudformation")


class ReleaseGap(Struct, frozen=True):
    """Something that a release file asks for.

    Args:
        keys: the keys of the release file.
        asked_for: tells of a release whether it asks for it.
        words: what is not done, and what does it.
        forms: the forms of code that do not do it.
        of_instance: whether it is of the base instance, which a template of the user's own has not.
    """

    keys: str
    asked_for: Callable[[Release], bool]
    words: str
    forms: tuple[Form, ...] = BOTH
    of_instance: bool = False


def _lets_go(lifecycle: Lifecycle) -> bool:
    rest = structs.replace(lifecycle, deprecate_after=None, protect=False)
    return rest != Lifecycle()


_BAKE = "`goldenami bake` does"
GAPS = (
    ReleaseGap(
        "image",
        lambda _: True,
        "CloudFormation makes no image of an instance, copies none and shares none: the commands "
        "at its head do, between two updates of the stack",
        ("cloudformation",),
    ),
    ReleaseGap(
        "image",
        lambda _: True,
        "one version is kept: Terraform deregisters it, whatever uses it, once another "
        "`release_version` is made",
        ("terraform",),
        of_instance=True,
    ),
    ReleaseGap(
        "base.user_data",
        lambda release: release.base.user_data is not None,
        "Terraform makes the image as soon as the instance runs, whether or not the user data is "
        "through: apply the base instance alone first (`-target`), wait until `cloud-init status "
        "--wait` is through on it, and apply the rest then",
        ("terraform",),
        of_instance=True,
    ),
    ReleaseGap(
        "base.instance_types, base.subnets",
        lambda release: any(
            len(choices) > 1
            for choices in (
                release.base.instance_types,
                release.base.subnets,
                *(each.instance_types for each in release.architectures.values()),
            )
        ),
        f"only the first is tried, whether or not AWS has room for it; {_BAKE} the rest",
        of_instance=True,
    ),
    ReleaseGap(
        "base.volumes.delete_on_termination",
        lambda release: any(not volume.delete_on_termination for volume in release.base.volumes),
        "the volumes of the image's instances end with them: only CreateImage can say otherwise",
        of_instance=True,
    ),
    ReleaseGap(
        "bake",
        lambda release: (
            release.bake.method is BakeMethod.PACKER and release.bake.template == "amazon-ebs"
        ),
        "no Packer runs: the image is made of an instance, with the same user data and volumes",
    ),
    ReleaseGap(
        "bake.cleanup",
        lambda release: release.bake.cleanup,
        f"nothing is cleaned up; {_BAKE} it",
        of_instance=True,
    ),
    ReleaseGap(
        "validate",
        lambda release: bool(release.validate),
        f"nothing is checked on the base instance before it is made an image; {_BAKE} it",
        of_instance=True,
    ),
    ReleaseGap(
        "test",
        lambda release: release.test is not None,
        f"the image is neither booted nor scanned before others have it; {_BAKE} it",
    ),
    ReleaseGap(
        "approval",
        lambda release: release.approval == "manual",
        "nobody is recorded as its approver: whoever sets `approved` approves it",
        ("terraform",),
    ),
    ReleaseGap(
        "approval",
        lambda release: release.approval == "manual",
        "nobody is recorded as its approver: whoever names the image to the stack approves it",
        ("cloudformation",),
    ),
    ReleaseGap(
        "attributes.imds",
        lambda release: release.attributes.imds is not None,
        "no resource sets it: `aws ec2 modify-image-attribute --image-id ID --imds-support v2.0`",
    ),
    ReleaseGap(
        "attributes.boot_mode, attributes.tpm",
        lambda release: bool(release.attributes.boot_mode or release.attributes.tpm),
        "nothing checks that the source has them; the image inherits what it has",
        ("cloudformation",),
    ),
    ReleaseGap(
        "watermark",
        lambda release: release.watermark,
        "no resource attaches it: `aws ec2 attach-image-watermark`",
    ),
    ReleaseGap(
        "lifecycle.deprecate_after",
        lambda release: release.lifecycle.deprecate_after is not None,
        "no resource sets it: `aws ec2 enable-image-deprecation --image-id ID --deprecate-at TIME`",
        ("cloudformation",),
    ),
    ReleaseGap(
        "lifecycle.keep, keep_for, disable_after, delete_after, except, prune",
        lambda release: _lets_go(release.lifecycle),
        "no older version is kept or let go by these rules; `goldenami prune` goes by them",
    ),
    ReleaseGap(
        "lifecycle.protect",
        lambda release: release.lifecycle.protect,
        "no resource sets it: `aws ec2 enable-image-deregistration-protection --image-id ID`",
    ),
    ReleaseGap(
        "publish.channels",
        lambda release: bool(release.publish and release.publish.channels),
        "only the first channel is published to; `goldenami promote` takes a version on",
    ),
    ReleaseGap(
        "publish.manifest",
        lambda release: bool(release.publish and release.publish.manifest),
        "no manifest is kept, and no record of the build: the audit knows such an image as golden "
        "only if `audit.approved` names it, or its parameter",
    ),
    ReleaseGap(
        "sbom",
        lambda release: release.sbom is not None,
        "its software is not exported; `goldenami sbom` does it of what goldenami has baked",
    ),
    ReleaseGap(
        "audit",
        lambda _: True,
        "nothing is audited or proved: `goldenami audit` and `goldenami policy prove` do",
    ),
)
"""In the order of the release file. A gap of both forms stands once."""


MISSING = "Not done by this code"


def head(code: ReleaseCode, form: Form) -> tuple[str, ...]:
    """Return what is said at the head of a document: whose it is, who applies it, its gaps.

    Args:
        code: the release.
        form: the form of the code.
    """
    role = code.file.enforcement.enforce.pipeline_role
    pipeline = f"Apply it as {role}: the policies deny everybody else what they protect."
    return (
        f"The golden image {code.release.image}, of {code.file.path.name}, by `goldenami export`.",
        pipeline if role and code.enforcement.mechanisms else "",
        comments.listed(MISSING, gaps(code, form)),
    )


def gaps(code: ReleaseCode, form: Form) -> Iterator[str]:
    """Yield what no code of a form does of a release, with its key.

    Args:
        code: the release.
        form: the form of the code.
    """
    for gap in GAPS:
        applies = form in gap.forms and not (gap.of_instance and code.is_templated)
        if applies and gap.asked_for(code.release):
            yield f"{gap.keys}: {gap.words}"
    if code.is_templated:
        yield (
            f"bake.template: Packer runs `{code.release.bake.template}`, and its image is named to "
            "this code"
        )
    for words in enforcement.gaps(code.enforcement, form):
        yield f"enforce.mechanisms.{words}"
