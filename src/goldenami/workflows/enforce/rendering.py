"""From an enforcement and the account as it is now to the documents that each mechanism attaches.

They are its profile's, the companions', and what protects them. Each has the form that fits it: a
list of snapshots that is too long for one holder is no reason to weaken another.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from msgspec import structs

from goldenami.aws import images
from goldenami.aws.session import Aws
from goldenami.domain import arns
from goldenami.domain.names import PUBLISHED
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import RefusedError
from goldenami.iam.combine import combined
from goldenami.iam.limits import MANAGED_POLICY, check_size, service_control_policy, size
from goldenami.iam.profiles import DEFAULT, Profile, load_profiles, profile_named
from goldenami.iam.proof.lookup import GoldenImage
from goldenami.iam.render import PolicyDocument, render
from goldenami.iam.values import Values
from goldenami.spec import EnforceFile
from goldenami.spec.enforcement import Attaching, Enforce
from goldenami.workflows import registry
from goldenami.workflows.enforce.interface import RenderedPolicies

T = TypeVar("T")

BOUNDARY = "boundary"
ALLOW_ALL = {
    "Sid": "AllowWhatOtherPoliciesAllow",
    "Effect": "Allow",
    "Action": "*",
    "Resource": "*",
}


def profiles(attaching: Attaching) -> tuple[Profile, ...]:
    """Return the profiles whose documents a mechanism attaches, the main one first."""
    named = {
        "tag-protection": attaching.tag_protection,
        "guardrail-protection": attaching.guardrail_protection,
    }
    chosen = [
        *chain(main_profile(attaching)),
        *(profile_named(name) for name, yes in named.items() if yes),
    ]
    return tuple({profile.name: profile for profile in chosen}.values())


def main_profile(attaching: Attaching) -> Profile:
    """Return the profile that a mechanism is in use for."""
    return profile_named(attaching.profile or DEFAULT)


def desired(
    aws: Aws, file: EnforceFile
) -> tuple[dict[str, RenderedPolicies], tuple[GoldenImage, ...]]:
    """Render everything that is enforced, from the golden images as they are now.

    Returns:
        What each mechanism attaches, by its name, and the golden images.

    Raises:
        RefusedError: nothing is approved, or a document is too large.
        IncompleteError: a region could not be read.
    """
    enforce = file.enforce
    used = {name: main_profile(each) for name, each in enforce.attaching.items()}
    golden: tuple[GoldenImage, ...] = ()
    if not (file.owners and all(map(tests_owner_alone, used.values()))):
        # whatever a profile tests: with nothing approved it would deny every launch
        golden = golden_images(aws, file.approval_tag, file.release)
    policies = {}
    for mechanism, profile in used.items():
        chosen = {
            "owners": owners(profile, file, aws.account, bakes=bool(golden)),
            "snapshots": snapshots(golden),
        }
        policies[mechanism] = fitting(
            enforce, mechanism, values_of(lambda: aws, file, profile, chosen)
        )
    return policies, golden


def fitting(enforce: Enforce, mechanism: str, values: Values) -> RenderedPolicies:
    """Render what a mechanism attaches, in the form that fits its holders.

    If a document that lists snapshots exceeds their limit, the profile's form that knows snapshots
    by their tag takes its place, and a note says so.

    Raises:
        RefusedError: a document is too large all the same.
    """
    attaching, scp = enforce.attaching[mechanism], enforce.mechanisms.scp
    bounds, limit = mechanism == "permissions_boundary", MANAGED_POLICY
    if mechanism == "scp" and scp:
        limit = service_control_policy(scp.size_limit)
    if bounds:  # the pipeline's role is never bound by it
        values = structs.replace(values, exempts_pipeline=False)

    def rendered(profile: Profile) -> RenderedPolicies:
        links = profiles(structs.replace(attaching, profile=profile.name))
        documents = tuple(document for link in links for document in render(link, values))
        attached = (boundary(documents),) if bounds else documents
        for document in attached:
            check_size(document, limit)
        room = ", ".join(
            f"{document.name} {limit.characters - size(document, limit):,}" for document in attached
        )
        note = f"{mechanism}: characters left of {limit.characters:,}: {room}"
        return RenderedPolicies(documents=documents, profiles=links, values=values, notes=(note,))

    policies, note = _with_room(main_profile(attaching), rendered)
    notes = (f"{mechanism}: {note}", *policies.notes) if note else policies.notes
    return structs.replace(policies, notes=notes)


def boundary(documents: tuple[PolicyDocument, ...]) -> PolicyDocument:
    """Return one document that is a permissions boundary: a boundary has to allow, too."""
    allows = any(
        statement["Effect"] == "Allow"
        for document in documents
        for statement in document.policy["Statement"]
    )
    return combined(BOUNDARY, documents, *(() if allows else (ALLOW_ALL,)))


def golden_images(aws: Aws, tag: ApprovalTag, release: str = "") -> tuple[GoldenImage, ...]:
    """Return every approved image of the account, of every release and in every enabled region.

    The policies deny everything else, so an image that is missed would be locked out.

    Args:
        aws: whose account.
        tag: what marks an approved image.
        release: the release file that is to be baked if there is none.

    Raises:
        IncompleteError: a region could not be read.
        RefusedError: nothing is approved.
    """
    golden, regions = approved_images(aws, tag)
    if golden:
        return golden
    none = f"no approved image ({tag.key} = {tag.value}) in any of {regions} regions"
    if release:
        raise RefusedError(
            f"{none}: the policy would deny every launch",
            fix=f"bake one first: goldenami bake {release}",
        )
    raise RefusedError(
        f"{none}, so nothing can be proved",
        fix="bake one first, or name the approval tag with --tag",
    )


def approved_images(aws: Aws, tag: ApprovalTag) -> tuple[tuple[GoldenImage, ...], int]:
    """Return the same images, if there are any, and the number of regions that were read.

    Raises:
        IncompleteError: a region could not be read.
    """
    produced = registry.produced(aws).complete("looking for the golden images")
    golden = tuple(
        GoldenImage(region=image.region, id=image.id, owner=image.owner, snapshots=image.snapshots)
        for region in produced.values()
        for image in images.approved(region, tag)
    )
    return golden, len(produced)


def snapshots(golden: Iterable[GoldenImage]) -> tuple[str, ...]:
    """Return the ids of the snapshots behind images, sorted."""
    return tuple(sorted({snapshot for image in golden for snapshot in image.snapshots}))


def values_of(
    session: Callable[[], Aws], file: EnforceFile, profile: Profile, overrides: Mapping[str, Any]
) -> Values:
    """Return what a profile is rendered from: the overrides, else the file, else AWS.

    ``session`` is called only if something has to be asked of AWS.
    """
    approval = file.approval_tag
    chosen = dict(overrides)
    if approval != ApprovalTag():  # a profile may have a default of its own
        chosen = {"tag_key": approval.key, "tag_value": approval.value, **overrides}
    if "account" not in chosen or "partition" not in chosen:
        aws = session()
        chosen = {"account": aws.account, "partition": aws.partition, **chosen}
    chosen.setdefault("groups", file.enforce.groups)
    chosen.setdefault("owners", owners(profile, file, chosen["account"]))
    if "snapshots" in profile.needs and "snapshots" not in chosen:
        chosen["snapshots"] = snapshots(golden_images(session(), file.approval_tag, file.release))
    role = file.enforce.pipeline_role
    if role is not None:
        chosen.setdefault(
            "pipeline_role", arns.role_arn(chosen["partition"], chosen["account"], role)
        )
    chosen.setdefault("parameters", (PUBLISHED, *file.parameters))
    return Values(**chosen)


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


def chain(profile: Profile) -> tuple[Profile, ...]:
    """Return a profile and those that are attached with it."""
    profiles = load_profiles()
    return (profile, *(profiles[name] for name in profile.attach_with))


def of_profile(profile: Profile, values: Values) -> tuple[tuple[PolicyDocument, ...], str]:
    """Render one profile, each document checked against the limit of a managed policy.

    Returns:
        The documents, and a note if they are another profile's, which lists no snapshots.

    Raises:
        RefusedError: a document is too large.
        UsageError: the profile needs a value that is missing.
    """

    def checked(profile: Profile) -> tuple[PolicyDocument, ...]:
        rendered = render(profile, values)
        for document in rendered:
            check_size(document, MANAGED_POLICY)
        return rendered

    return _with_room(profile, checked)


def _with_room(profile: Profile, rendered: Callable[[Profile], T]) -> tuple[T, str]:
    """Render a profile, or where it is too large the one that takes its place, and say so."""
    try:
        return rendered(profile), ""
    except RefusedError as error:
        if profile.when_too_large is None:
            raise
        other = profile_named(profile.when_too_large)
        why = f"{error.message}: `{other.name}` takes its place, which knows snapshots by their tag"
        return rendered(other), why
