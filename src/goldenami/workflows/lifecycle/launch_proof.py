"""Who may still launch an image: decided by the account's own policies, and tried by a dry run.

The evaluator decides for every user, group and role of the images' account, as the images are
tagged by then; EC2 itself is asked for the caller alone, since nobody can try as somebody else.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct, structs

from goldenami.aws import authorization_details, calls
from goldenami.aws.parallel import concurrently
from goldenami.aws.session import Aws
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import Image
from goldenami.domain.tags import Tags
from goldenami.errors import GoldenamiError
from goldenami.iam.account import Account, Identity
from goldenami.iam.authorization.calls import ApiCall, requests
from goldenami.iam.authorization.resources import Scope
from goldenami.iam.evaluator.decide import Policies, Verdict, decide_all
from goldenami.workflows.explain import ImageLookup

LAUNCH = "ec2:RunInstances"
PERMISSIONS = (
    "iam:GetAccountAuthorizationDetails",
    "organizations:DescribeOrganization",
    "organizations:DescribePolicy",
    "organizations:ListParents",
    "organizations:ListPoliciesForTarget",
    LAUNCH,
)
_SHOWN = 5
_DENIED = "UnauthorizedOperation"
_OUT_OF_USE = "InvalidAMIID.Unavailable"
_TYPES = {"x86_64": "t3.micro", "arm64": "t4g.micro"}
"""What a launch is tried with: a type of another architecture would be refused for that."""
_SERVICE = ":role/aws-service-role/"


class DryRun(Struct, frozen=True, kw_only=True):
    """What EC2 says of a launch by the caller; ``launches`` is None if that tells nothing."""

    place: AccountRegion
    image: str
    launches: bool | None
    words: str


class LaunchProof(Struct, frozen=True, kw_only=True):
    """Who may still launch images of a version.

    Args:
        decided: for how many users, groups and roles it was decided.
        denied: how many of them may not, whatever else they may.
        allowed: the ARNs of those that may, or of whom nobody knows.
        services: service-linked roles, which guardrails do not bind.
        dry_runs: what EC2 says to the caller.
        notes: what is not known.
    """

    decided: int = 0
    denied: int = 0
    allowed: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    dry_runs: tuple[DryRun, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """Say it, a line each."""
        lines = []
        if self.decided:
            lines.append(
                f"proof: {self.denied} of {self.decided} users, groups and roles may not launch it"
            )
        lines += [f"may still launch it: {arn}" for arn in self.allowed[:_SHOWN]]
        if (more := len(self.allowed) - _SHOWN) > 0:
            lines.append(f"may still launch it: {more} more, which --format json lists")
        if self.services:
            lines.append(
                f"not bound by any policy: {len(self.services)} service-linked roles (Auto Scaling "
                "and its like); --hard stops them, too"
            )
        lines += [f"dry run in {each.place.name}: {each.words}" for each in self.dry_runs]
        return [*lines, *self.notes]


def prove(aws: Aws, images: Sequence[tuple[AccountRegion, Image, Tags]]) -> LaunchProof:
    """Decide who may launch images that carry tags by now.

    What cannot be decided is a note, since what was done stays done.

    Args:
        aws: the caller.
        images: images of the caller's own account, each with its place, as it was read, and with
            the tags that were written on it since: an empty value for one that went.
    """
    tagged = [
        (place, structs.replace(image, tags=_after(image, written)))
        for place, image, written in images
    ]
    runs, errors = concurrently(range(len(tagged)), lambda number: _dry_run(aws, *tagged[number]))
    proof = LaunchProof(
        dry_runs=tuple(runs.values()),
        notes=tuple(f"no dry run: {error.message}" for error in errors.values()),
    )
    try:
        return _decided(aws, proof, tagged)
    except GoldenamiError as error:
        why = f"who may launch it is not decided: {error.message}"
        return structs.replace(proof, notes=(*proof.notes, why))


def _decided(
    aws: Aws, proof: LaunchProof, tagged: Sequence[tuple[AccountRegion, Image]]
) -> LaunchProof:
    account, notes = authorization_details.account(aws)
    identities = [*account.users.values(), *account.groups.values(), *account.roles.values()]
    services = tuple(each.arn for each in identities if _SERVICE in each.arn)
    bound = [each for each in identities if _SERVICE not in each.arn]
    allowed = [each.arn for each in bound if not _denied(account, each, tagged)]
    return structs.replace(
        proof,
        decided=len(bound),
        denied=len(bound) - len(allowed),
        allowed=tuple(allowed),
        services=services,
        notes=(*proof.notes, *notes),
    )


def _after(image: Image, written: Tags) -> dict[str, str]:
    return {key: value for key, value in {**image.tags, **written}.items() if value}


def _denied(
    account: Account, identity: Identity, images: Sequence[tuple[AccountRegion, Image]]
) -> bool:
    """Tell whether somebody may surely launch none of the images."""
    policies = account.policies_of(identity)
    return all(
        not verdict.allowed and not verdict.unknown
        for verdict in _verdicts(account, identity, policies, images)
    )


def _verdicts(
    account: Account,
    identity: Identity,
    policies: Policies,
    images: Sequence[tuple[AccountRegion, Image]],
) -> Iterator[Verdict]:
    for place, image in images:
        lookup = ImageLookup(image, Scope(account.partition, place.region, account.id))
        launch = ApiCall(LAUNCH, place.region, {"ImageId": image.id})
        needed = requests(launch, account.principal(identity).anywhere(), lookup)
        yield decide_all(policies, needed)


def _dry_run(aws: Aws, place: AccountRegion, image: Image) -> DryRun:
    error = calls.refusal(
        aws.at(place), LAUNCH, "trying a launch",
        ImageId=image.id, MinCount=1, MaxCount=1,
        InstanceType=_TYPES.get(image.architecture, _TYPES["x86_64"]),
    )  # fmt: skip
    launches: bool | None = None
    if error is None:
        launches, words = True, f"the caller may still launch {image.id}"
    elif error.code == _DENIED:
        launches, words = False, f"{image.id} is denied to the caller"
    elif error.code == _OUT_OF_USE:
        launches, words = False, f"nobody can launch {image.id}: it is disabled"
    else:
        words = f"{image.id}: it tells nothing: {error.message}"
    return DryRun(place=place, image=image.id, launches=launches, words=words)
