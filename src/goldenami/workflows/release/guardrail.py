"""The guardrails that list snapshots: they list a new release's before it is published.

Whoever follows the published parameter could not launch it otherwise. All of the account's count,
whichever enforcement attached them: the lists only grow, by images that were just approved.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from goldenami.aws import iam, organizations, policy_simulator
from goldenami.aws.errors import FORBIDDEN
from goldenami.aws.kept_policy import KeptPolicy
from goldenami.aws.organizations import SCP
from goldenami.aws.parallel import ahead, side_by_side
from goldenami.aws.session import Aws
from goldenami.bake.actions import approved, image_id, snapshot_ids
from goldenami.bake.interface import Recipe
from goldenami.domain import arns, prefixes
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.check_result import CheckResult
from goldenami.domain.plan import Action, id_within, of_part
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import AwsError, RefusedError
from goldenami.iam import snapshot_list
from goldenami.iam.profiles import load_profiles
from goldenami.spec import ReleaseFile
from goldenami.workflows.enforce import rendering
from goldenami.workflows.enforce.snapshots import EXTEND, EXTEND_SCP

LOOKING = ("iam:GetPolicy",)
"""What is needed to see that there is none."""
_CHANGING = ("iam:CreatePolicyVersion", "iam:DeletePolicyVersion")
EXTENDING = (
    *LOOKING,
    *_CHANGING,
    "iam:GetAccountAuthorizationDetails",
    "iam:GetPolicyVersion",
    "iam:ListEntitiesForPolicy",
    "iam:ListPolicyVersions",
)
"""What it takes to let a policy of the account list further snapshots."""
_SCP_PERMISSIONS = (
    "iam:GetAccountAuthorizationDetails",
    "organizations:DescribePolicy",
    "organizations:ListPolicies",
    "organizations:ListTagsForResource",
    "organizations:ListTargetsForPolicy",
    "organizations:UpdatePolicy",
)


def permissions(*, organization: bool) -> tuple[str, ...]:
    """Return the IAM actions that a guardrail needs which lists snapshots.

    Args:
        organization: whether policies of the organization are looked at, too.
    """
    return (*EXTENDING, *(_SCP_PERMISSIONS if organization else ()))


class Guarding(Struct, frozen=True, kw_only=True):
    """What a release has to do about guardrails, and what is to be unknown before it begins.

    ``guardrails`` are the attached policies of goldenami's that list snapshots.
    """

    guardrails: tuple[KeptPolicy, ...] = ()
    notes: tuple[str, ...] = ()
    checked: CheckResult = CheckResult()


def look(aws: Aws, file: ReleaseFile) -> Guarding:
    """Look for the guardrails that list snapshots, and whether the caller may change them.

    Args:
        aws: the account.
        file: what is released there.

    Raises:
        AwsError: a policy could not be read, though the caller may.
    """
    try:
        mechanisms = file.enforcement.enforce.mechanisms
        organization = file.enforcement.declared and mechanisms.scp is not None
        guardrails = tuple(attached(aws, organization=organization))
    except (AwsError, RefusedError) as error:
        if isinstance(error, AwsError) and error.code not in FORBIDDEN:
            raise
        why = f"whether a guardrail lists snapshots is not known: {error.message}"
        return Guarding(checked=CheckResult(unknown=(why,)))
    if not guardrails:
        return Guarding()
    names = ", ".join(guardrail.key for guardrail in guardrails)
    note = f"{names} lists snapshots: those of this release are added before it is published"
    unknown: tuple[str, ...] = ()
    managed = [guardrail.key for guardrail in guardrails if not guardrail.of_organization]
    purpose = "asking whether the guardrail may be changed"  # not of the organization's policies
    try:
        missing = managed and policy_simulator.refused(aws, _CHANGING, managed, purpose)
        if missing:
            note = (
                f"{names} lists snapshots, and you may not change it ({'; '.join(missing)}): the "
                "release will be approved and not published, until "
                f"`goldenami enforce {_file(file)}` has been run by who may"
            )
    except AwsError as error:
        unknown = (f"whether {names} may be changed is not known: {error.message}",)
    return Guarding(guardrails=guardrails, notes=(note,), checked=CheckResult(unknown=unknown))


def before_publishing(
    guardrails: Sequence[KeptPolicy],
    builds: Sequence[tuple[str, Recipe, Sequence[AccountRegion]]],
    actions: tuple[Action, ...],
) -> tuple[Action, ...]:
    """Return the publication of a release after the change of the guardrails.

    What is approved stays so if a guardrail cannot be changed: nothing is published then, and the
    release can be gone on with.

    Args:
        guardrails: those of the account that list snapshots.
        builds: the part, the recipe, and the places where the image is approved, of each build.
        actions: as `goldenami.bake.publish.publication` gives them.
    """
    images = [
        of_part(part, _listed(recipe, place))
        for part, recipe, places in builds
        for place in places
        if not place.role
    ]
    if not (guardrails and images):
        return actions
    after = tuple(
        id_within(part, approved(place)) for part, _, places in builds for place in places
    )
    updates = [_update(builds[0][1], guardrail, images, after) for guardrail in guardrails]
    ids = tuple(update.id for update in updates)
    return (*updates, *(action.following(*ids) for action in actions))


def _listed(recipe: Recipe, place: AccountRegion) -> dict[str, Any]:
    return {
        "Region": place.region,
        "ImageId": image_id(recipe, place),
        "SnapshotIds": [snapshot_ids(place)],
    }


def attached(aws: Aws, *, organization: bool = False) -> Iterator[KeptPolicy]:
    """Yield the guardrails of an account that list snapshots and are attached to somebody.

    Args:
        aws: the account.
        organization: whether to look at the policies of its organization, too.

    Raises:
        AwsError: a policy could not be read.
    """
    listing = {
        document.name
        for profile in load_profiles().values()
        if "snapshots" in profile.needs
        for document in profile.documents
    }
    above = (
        ahead(partial(organizations.named, aws, SCP, prefixes.POLICIES)) if organization else dict
    )
    names = (f"{prefixes.POLICIES}{name}" for name in (*sorted(listing), rendering.BOUNDARY))
    arns_of_ours = [arns.iam_arn(aws.partition, aws.account, "policy", name) for name in names]
    managed = side_by_side(arns_of_ours, partial(iam.managed_policy, aws))
    policies = [policy for policy in managed.values() if policy]
    policies += above().values()
    for policy in policies:
        if policy.ours and policy.attached and snapshot_list.listed(policy.document):
            yield policy


def _file(file: ReleaseFile) -> str:
    enforcement = file.enforcement
    return str(enforcement.path) if enforcement.declared else "FILE"


def _update(
    recipe: Recipe, guardrail: KeptPolicy, images: Sequence[Any], after: tuple[str, ...]
) -> Action:
    aws, enforcement = recipe.aws, recipe.file.enforcement
    role, scp = enforcement.enforce.pipeline_role, enforcement.enforce.mechanisms.scp
    return extension(
        recipe.place, guardrail, images,
        {
            "Tag": enforcement.approval_tag,
            "Owners": list(dict.fromkeys((aws.account, *enforcement.owners))),
            "PipelineRole": arns.role_arn(aws.partition, aws.account, role) if role else "",
            "SizeLimit": scp.size_limit if scp else 0,
            "Enforce": f"goldenami enforce {_file(recipe.file)}",
        },
        after,
    )  # fmt: skip


def extension(
    place: AccountRegion,
    guardrail: KeptPolicy,
    images: Sequence[Any],
    settings: Mapping[str, Any],
    after: Sequence[str],
) -> Action:
    """Return what lets a guardrail list the snapshots of images: see `snapshots.extend`.

    Args:
        place: whose guardrail it is.
        guardrail: the guardrail.
        images: the images, each with region, id and snapshots.
        settings: the approval tag, and what the proof has to know of the enforcement.
        after: the ids of the actions that have to be done before.
    """
    tag: ApprovalTag = settings["Tag"]
    return Action.at(
        place,
        f"guardrail:{guardrail.key}",
        EXTEND_SCP if guardrail.of_organization else EXTEND,
        f"let {guardrail.key} list the snapshots of this release",
        {
            "Policy": guardrail.key,
            "Images": images,
            **settings,
            "Tag": {"Key": tag.key, "Value": tag.value},
        },
        permissions=_SCP_PERMISSIONS if guardrail.of_organization else EXTENDING,
        after=tuple(after),
    )
