"""From an enforcement and the account as it is now to policy documents."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from goldenami.aws import images, regions
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws
from goldenami.domain import arns
from goldenami.domain.image import Image
from goldenami.domain.names import PUBLISHED
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import RefusedError
from goldenami.iam.limits import MANAGED_POLICY, check_size
from goldenami.iam.profiles import Profile, load_profiles, profile_named
from goldenami.iam.render import PolicyDocument, render
from goldenami.iam.values import Values
from goldenami.spec import EnforceFile


def golden_images(aws: Aws, file: EnforceFile) -> list[Image]:
    """Return every approved image of the account, of every release and in every enabled region.

    The policies deny everything else, so an image that is missed would be locked out.

    Raises:
        IncompleteError: a region could not be read.
        RefusedError: nothing is approved.
    """
    answers = in_regions(
        regions.enabled(aws), lambda region: images.produced(aws.in_region(region))
    )
    produced = answers.complete("looking for the golden images")
    approval = file.approval_tag
    found = [image for region in produced.values() for image in images.approved(region, approval)]
    if not found:
        raise RefusedError(
            f"no approved image ({approval.key} = {approval.value}) in any of {len(produced)} "
            "regions: the policy would deny every launch",
            fix=f"bake one first: goldenami bake {file.release}",
        )
    return found


def snapshots(golden: Iterable[Image]) -> tuple[str, ...]:
    """Return the ids of the snapshots behind images, sorted."""
    return tuple(sorted({one for image in golden for one in image.snapshots}))


def given_values(given: Mapping[str, Any]) -> Values:
    """Return values that were all given, for rendering without AWS.

    Raises:
        SpecError: a value is wrong.
    """
    return Values(**given)


def values(
    session: Callable[[], Aws], file: EnforceFile, profile: Profile, given: Mapping[str, Any]
) -> Values:
    """Return what a profile is rendered from: what is given, else the file, else AWS.

    ``session`` is called only if something has to be asked of AWS.
    """
    approval = file.approval_tag
    found = dict(given)
    if approval != ApprovalTag():  # a profile may have a default of its own
        found = {"tag_key": approval.key, "tag_value": approval.value, **given}
    if "account" not in found or "partition" not in found:
        aws = session()
        found = {"account": aws.account, "partition": aws.partition, **found}
    found.setdefault("owners", owners(profile, file, found["account"]))
    if "snapshots" in profile.needs and "snapshots" not in found:
        found["snapshots"] = snapshots(golden_images(session(), file))
    role = file.enforce.pipeline_role
    if role is not None:
        found.setdefault("pipeline_role", role_arn(role, found["partition"], found["account"]))
    found.setdefault("parameters", (PUBLISHED, *file.parameters))
    return Values(**found)


def owners(
    profile: Profile, file: EnforceFile, account: str, *, bakes: bool = False
) -> tuple[str, ...]:
    """Return the accounts whose images are golden for a profile.

    A profile that tests the owner alone is for accounts with which images are shared: there the
    account's own images are golden only if it is named among the owners, or has golden images
    (``bakes``), which another mechanism of the same enforcement is for.
    """
    if tests_owner_alone(profile) and file.owners and not bakes:
        return file.owners
    return tuple(dict.fromkeys((account, *file.owners)))


def tests_owner_alone(profile: Profile) -> bool:
    """Tell whether the owner is all that a profile knows golden images by."""
    return "owners" in profile.needs


def tests_tags(profile: Profile) -> bool:
    """Tell whether a profile tests tags, which nobody but an image's owner can see.

    Only a tag tells an owner's unapproved image from an approved one.
    """
    return "unapproved-image" in profile.proves


def role_arn(role: str, partition: str, account: str) -> str:
    """Return the ARN of a role that is given by name or by ARN."""
    return role if role.startswith("arn:") else arns.iam_arn(partition, account, "role", role)


def chain(profile: Profile) -> tuple[Profile, ...]:
    """Return a profile and those that are attached with it."""
    profiles = load_profiles()
    return (profile, *(profiles[name] for name in profile.attach_with))


def documents(profile: Profile, given: Values) -> tuple[tuple[PolicyDocument, ...], str]:
    """Render one profile, each document checked against the limit of a managed policy.

    Returns:
        The documents, and a note if they are those of the form that lists no snapshots, since
        the profile's own would be too large; empty otherwise.

    Raises:
        RefusedError: a document is too large.
        UsageError: the profile needs a value that is missing.
    """
    try:
        return _checked(profile, given), ""
    except RefusedError as error:
        if profile.when_too_large is None:
            raise
        instead = profile_named(profile.when_too_large)
        return _checked(instead, given), took_the_place(error, instead)


def took_the_place(error: RefusedError, instead: Profile) -> str:
    """Say that another profile is used, and why."""
    return f"{error.message}: `{instead.name}` takes its place, which knows snapshots by their tag"


def _checked(profile: Profile, given: Values) -> tuple[PolicyDocument, ...]:
    rendered = render(profile, given)
    for document in rendered:
        check_size(document, MANAGED_POLICY)
    return rendered
