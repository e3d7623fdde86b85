"""Which documents are enforced: the profile's, its companions', and those that protect them."""

from msgspec import structs

from goldenami.aws.session import Aws
from goldenami.domain.image import Image
from goldenami.errors import RefusedError
from goldenami.iam.limits import MANAGED_POLICY, check_size, service_control_policy
from goldenami.iam.profiles import Profile, profile_named
from goldenami.iam.render import VERSION, Document, render
from goldenami.iam.values import Values
from goldenami.spec import ReleaseFile
from goldenami.spec.model import Enforce
from goldenami.workflows import rendering
from goldenami.workflows.enforce.interface import Wanted

BOUNDARY = "boundary"
ALLOW_ALL = {
    "Sid": "AllowWhatOtherPoliciesAllow",
    "Effect": "Allow",
    "Action": "*",
    "Resource": "*",
}


def profiles(enforce: Enforce, profile: Profile) -> tuple[Profile, ...]:
    """Return the profiles whose documents are enforced together, the main one first."""
    used = enforce.mechanisms
    named = {
        "tag-protection": used.tag_protection,
        "guardrail-protection": used.guardrail_protection,
    }
    chosen = [
        *rendering.chain(profile),
        *(profile_named(name) for name, yes in named.items() if yes),
    ]
    return tuple({one.name: one for one in chosen}.values())


def wanted(aws: Aws, file: ReleaseFile, enforce: Enforce) -> Wanted:
    """Render everything that is enforced, from the golden images as they are now.

    Raises:
        RefusedError: nothing is approved, or a document is too large.
        IncompleteError: a region could not be read.
    """
    profile = profile_named(enforce.profile)
    golden = _golden(aws, file, profile)
    given = {"groups": enforce.groups, "snapshots": rendering.snapshots(golden)}
    values = rendering.values(lambda: aws, file, profile, given)
    return fitting(enforce, profile, values, golden)


def fitting(
    enforce: Enforce, profile: Profile, values: Values, golden: tuple[Image, ...]
) -> Wanted:
    """Render everything in the form that fits the holders in use.

    If a document that lists snapshots exceeds the limit of a holder, the profile's form that
    knows snapshots by their tag takes its place, and a note says so.

    Raises:
        RefusedError: a document is too large all the same.
    """
    try:
        return _rendered(enforce, profile, values, golden)
    except RefusedError as error:
        if profile.when_too_large is None:
            raise
        instead = profile_named(profile.when_too_large)
        found = _rendered(enforce, instead, values, golden)
        return structs.replace(found, notes=(rendering.took_the_place(error, instead),))


def _golden(aws: Aws, file: ReleaseFile, profile: Profile) -> tuple[Image, ...]:
    """Whatever the profile tests: with nothing approved it would deny every launch."""
    if rendering.tests_owner_alone(profile) and file.release.audit.owners:
        return ()
    return tuple(rendering.golden_images(aws, file))


def boundary(documents: tuple[Document, ...]) -> Document:
    """Return one document that is a permissions boundary: a boundary has to allow, too."""
    statements = [one for document in documents for one in document.policy["Statement"]]
    if not any(one["Effect"] == "Allow" for one in statements):
        statements.insert(0, ALLOW_ALL)
    return Document(BOUNDARY, {"Version": VERSION, "Statement": statements})


def _rendered(
    enforce: Enforce, profile: Profile, values: Values, golden: tuple[Image, ...]
) -> Wanted:
    used, several = enforce.mechanisms, profiles(enforce, profile)
    documents = tuple(document for one in several for document in render(one, values))
    for document in documents:
        if used.group_policy:
            check_size(document, MANAGED_POLICY)
        if used.scp:
            check_size(document, service_control_policy(used.scp.size_limit))
    if used.permissions_boundary:
        check_size(boundary(documents), MANAGED_POLICY)
    return Wanted(documents=documents, profiles=several, values=values, golden=golden)
