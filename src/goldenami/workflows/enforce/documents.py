"""Which documents each mechanism attaches: its profile's, the companions', and what protects them.

Each has the form that fits it: a list of snapshots that is too long for one holder is no reason to
weaken another.
"""

from collections.abc import Iterable

from msgspec import structs

from goldenami.aws.session import Aws
from goldenami.domain.image import Image
from goldenami.iam.combine import combined
from goldenami.iam.limits import MANAGED_POLICY, Limit, check_size, service_control_policy, size
from goldenami.iam.profiles import DEFAULT, Profile, profile_named
from goldenami.iam.render import PolicyDocument, render
from goldenami.iam.values import Values
from goldenami.spec import EnforceFile
from goldenami.spec.model import Attaching, Enforce
from goldenami.workflows import rendering
from goldenami.workflows.enforce.interface import RenderedPolicies

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
        *rendering.chain(main_profile(attaching)),
        *(profile_named(name) for name, yes in named.items() if yes),
    ]
    return tuple({profile.name: profile for profile in chosen}.values())


def main_profile(attaching: Attaching) -> Profile:
    """Return the profile that a mechanism is in use for."""
    return profile_named(attaching.profile or DEFAULT)


def desired(aws: Aws, file: EnforceFile) -> tuple[dict[str, RenderedPolicies], tuple[Image, ...]]:
    """Render everything that is enforced, from the golden images as they are now.

    Returns:
        What each mechanism attaches, by its name, and the golden images.

    Raises:
        RefusedError: nothing is approved, or a document is too large.
        IncompleteError: a region could not be read.
    """
    enforce = file.enforce
    used = {name: main_profile(each) for name, each in enforce.attaching.items()}
    golden = _golden(aws, file, used.values())
    policies = {}
    for mechanism, profile in used.items():
        chosen = {
            "groups": enforce.groups,
            "owners": rendering.owners(profile, file, aws.account, bakes=bool(golden)),
            "snapshots": rendering.snapshots(golden),
        }
        values = rendering.values(lambda: aws, file, profile, chosen)
        policies[mechanism] = fitting(enforce, mechanism, values)
    return policies, golden


def fitting(enforce: Enforce, mechanism: str, values: Values) -> RenderedPolicies:
    """Render what a mechanism attaches, in the form that fits its holders.

    If a document that lists snapshots exceeds their limit, the profile's form that knows snapshots
    by their tag takes its place, and a note says so.

    Raises:
        RefusedError: a document is too large all the same.
    """
    attaching = enforce.attaching[mechanism]
    policies, note = rendering.fitting(
        main_profile(attaching),
        lambda profile: _rendered(
            enforce, mechanism, structs.replace(attaching, profile=profile.name), values
        ),
    )
    notes = (f"{mechanism}: {note}", *policies.notes) if note else policies.notes
    return structs.replace(policies, notes=notes)


def _golden(aws: Aws, file: EnforceFile, used: Iterable[Profile]) -> tuple[Image, ...]:
    """Whatever a profile tests: with nothing approved it would deny every launch."""
    if file.owners and all(map(rendering.tests_owner_alone, used)):
        return ()
    return tuple(rendering.golden_images(aws, file.approval_tag, file.release))


def boundary(documents: tuple[PolicyDocument, ...]) -> PolicyDocument:
    """Return one document that is a permissions boundary: a boundary has to allow, too."""
    allows = any(
        statement["Effect"] == "Allow"
        for document in documents
        for statement in document.policy["Statement"]
    )
    return combined(BOUNDARY, documents, *(() if allows else (ALLOW_ALL,)))


def _rendered(
    enforce: Enforce, mechanism: str, attaching: Attaching, values: Values
) -> RenderedPolicies:
    chain = profiles(attaching)
    if mechanism == "permissions_boundary":  # the pipeline's role is never bound by it
        values = structs.replace(values, exempts_pipeline=False)
    documents = tuple(document for link in chain for document in render(link, values))
    attached = (boundary(documents),) if mechanism == "permissions_boundary" else documents
    limit = _limit(enforce, mechanism)
    for document in attached:
        check_size(document, limit)
    room = ", ".join(
        f"{document.name} {limit.characters - size(document, limit):,}" for document in attached
    )
    note = f"{mechanism}: characters left of {limit.characters:,}: {room}"
    return RenderedPolicies(documents=documents, profiles=chain, values=values, notes=(note,))


def _limit(enforce: Enforce, mechanism: str) -> Limit:
    scp = enforce.mechanisms.scp
    if mechanism == "scp" and scp:
        return service_control_policy(scp.size_limit)
    return MANAGED_POLICY
