"""The guardrails that list snapshots: they list a new release's before it is published.

Whoever follows the published parameter could not launch it otherwise. All of the account's count,
whichever enforcement attached them: the lists only grow, by images that were just approved.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from goldenami.aws import iam, organizations, policy_simulator
from goldenami.aws.errors import FORBIDDEN
from goldenami.aws.organizations import SCP
from goldenami.bake.actions import approved, image_id, snapshot_ids
from goldenami.bake.interface import Recipe
from goldenami.domain import arns, prefixes
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.check_result import CheckResult
from goldenami.domain.plan import Action
from goldenami.errors import AwsError, RefusedError
from goldenami.iam import snapshot_list
from goldenami.iam.profiles import load_profiles
from goldenami.workflows import rendering
from goldenami.workflows.enforce.documents import BOUNDARY
from goldenami.workflows.enforce.snapshots import EXTEND, EXTEND_SCP

LOOKING = ("iam:GetPolicy",)
"""What is needed to see that there is none."""
_CHANGING = ("iam:CreatePolicyVersion", "iam:DeletePolicyVersion")
_PERMISSIONS = (
    *LOOKING,
    *_CHANGING,
    "iam:GetAccountAuthorizationDetails",
    "iam:GetPolicyVersion",
    "iam:ListEntitiesForPolicy",
    "iam:ListPolicyVersions",
)
_SCP_PERMISSIONS = (
    "iam:GetAccountAuthorizationDetails",
    "organizations:DescribePolicy",
    "organizations:ListPolicies",
    "organizations:ListTagsForResource",
    "organizations:ListTargetsForPolicy",
    "organizations:UpdatePolicy",
)


class Guardrail(Struct, frozen=True, kw_only=True):
    """An attached policy of goldenami's that lists snapshots.

    Args:
        name: its ARN, or its name in the organization.
        scp: whether it is a service control policy.
    """

    name: str
    scp: bool = False


class Guarding(Struct, frozen=True, kw_only=True):
    """What a release has to do about guardrails, and what is to be unknown before it begins."""

    guardrails: tuple[Guardrail, ...] = ()
    notes: tuple[str, ...] = ()
    checked: CheckResult = CheckResult()


def look(recipe: Recipe) -> Guarding:
    """Look for the guardrails that list snapshots, and whether the caller may change them.

    Raises:
        AwsError: a policy could not be read, though the caller may.
    """
    try:
        guardrails = tuple(_attached(recipe))
    except (AwsError, RefusedError) as error:
        if isinstance(error, AwsError) and error.code not in FORBIDDEN:
            raise
        unknown = f"whether a guardrail lists snapshots is not known: {error.message}"
        return Guarding(checked=CheckResult(unknown=(unknown,)))
    if not guardrails:
        return Guarding()
    names = ", ".join(guardrail.name for guardrail in guardrails)
    fine = f"{names} lists snapshots: those of this release are added before it is published"
    try:
        missing = _missing(recipe, guardrails)
    except AwsError as error:
        unknown = f"whether {names} may be changed is not known: {error.message}"
        return Guarding(
            guardrails=guardrails, notes=(fine,), checked=CheckResult(unknown=(unknown,))
        )
    if not missing:
        return Guarding(guardrails=guardrails, notes=(fine,))
    note = (
        f"{names} lists snapshots, and you may not change it ({'; '.join(missing)}): the release "
        f"will be approved and not published, until `goldenami enforce {_file(recipe)}` has been "
        "run by who may"
    )
    return Guarding(guardrails=guardrails, notes=(note,))


def before_publishing(
    recipe: Recipe,
    guardrails: Sequence[Guardrail],
    places: Sequence[AccountRegion],
    actions: tuple[Action, ...],
) -> tuple[Action, ...]:
    """Return the publication of a release after the change of the guardrails.

    What is approved stays so if a guardrail cannot be changed: nothing is published then, and the
    release can be gone on with.

    Args:
        recipe: what is baked.
        guardrails: those of the account that list snapshots.
        places: where the image is approved.
        actions: as `goldenami.bake.publish.publication` gives them.
    """
    own = [place for place in places if not place.role]
    if not (guardrails and own):
        return actions
    after = tuple(approved(place) for place in places)
    updates = [_update(recipe, guardrail, own, after) for guardrail in guardrails]
    ids = tuple(update.id for update in updates)
    return (*updates, *(action.following(*ids) for action in actions))


def _attached(recipe: Recipe) -> Iterator[Guardrail]:
    aws = recipe.aws
    listing = {
        document.name
        for profile in load_profiles().values()
        if "snapshots" in profile.needs
        for document in profile.documents
    }
    for name in (*sorted(listing), BOUNDARY):
        policy_name = f"{prefixes.POLICIES}{name}"
        arn = arns.iam_arn(aws.partition, aws.account, "policy", policy_name)
        policy = iam.managed_policy(aws, arn)
        if policy is None or not policy.ours or not snapshot_list.listed(policy.document):
            continue
        if policy.groups or policy.boundary_of or policy.others:
            yield Guardrail(name=arn)
    if recipe.file.enforcement.declared and recipe.file.enforcement.enforce.mechanisms.scp:
        for scp in organizations.named(aws, SCP, prefixes.POLICIES).values():
            if scp.ours and scp.targets and snapshot_list.listed(scp.document):
                yield Guardrail(name=scp.key, scp=True)


def _missing(recipe: Recipe, guardrails: Sequence[Guardrail]) -> tuple[str, ...]:
    """Return what the caller may not do; of the organization's policies it is not asked."""
    arns = [guardrail.name for guardrail in guardrails if not guardrail.scp]
    if not arns:
        return ()
    purpose = "asking whether the guardrail may be changed"
    return policy_simulator.refused(recipe.aws, _CHANGING, arns, purpose) or ()


def _file(recipe: Recipe) -> str:
    enforcement = recipe.file.enforcement
    return str(enforcement.path) if enforcement.declared else "FILE"


def _update(
    recipe: Recipe, guardrail: Guardrail, places: Sequence[AccountRegion], after: tuple[str, ...]
) -> Action:
    aws, enforcement = recipe.aws, recipe.file.enforcement
    tag, role = enforcement.approval_tag, enforcement.enforce.pipeline_role
    scp = enforcement.enforce.mechanisms.scp
    return Action.at(
        recipe.place,
        f"guardrail:{guardrail.name}",
        EXTEND_SCP if guardrail.scp else EXTEND,
        f"let {guardrail.name} list the snapshots of this release",
        {
            "Policy": guardrail.name,
            "Images": [
                {
                    "Region": place.region,
                    "ImageId": image_id(recipe, place),
                    "SnapshotIds": [snapshot_ids(place)],
                }
                for place in places
            ],
            "Tag": {"Key": tag.key, "Value": tag.value},
            "Owners": list(dict.fromkeys((aws.account, *enforcement.owners))),
            "PipelineRole": rendering.role_arn(role, aws.partition, aws.account) if role else "",
            "SizeLimit": scp.size_limit if scp else 0,
            "Enforce": f"goldenami enforce {_file(recipe)}",
        },
        permissions=_SCP_PERMISSIONS if guardrail.scp else _PERMISSIONS,
        after=after,
    )
