"""What an enforcement attaches and sets, by mechanism, as data that either kind of code is made of.

The policies have the names that `goldenami enforce` gives them, and not its tag: they belong to
the code, so that `enforce` leaves them alone.
"""

import json
import shlex
from collections.abc import Callable, Collection, Iterator
from typing import Any

from msgspec import Struct

from goldenami.domain import arns
from goldenami.domain.prefixes import POLICIES
from goldenami.iam.render import PolicyDocument
from goldenami.spec.allowed import AllowedAmis

GROUPS, BOUNDARY, SCP = "group_policy", "permissions_boundary", "scp"
ALLOWED_AMIS, DECLARATIVE = "allowed_amis", "declarative_policy"
TYPES = {SCP: "SERVICE_CONTROL_POLICY", DECLARATIVE: "DECLARATIVE_POLICY_EC2"}
"""What Organizations calls its policies: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html"""

BOUNDARY_GAP = (
    "permissions_boundary: no infrastructure code attaches a boundary to a role that it does not "
    "keep itself; for each of {roles}: {command}"
)
_UNKNOWN_CRITERIA = "allowed_amis: the AWS provider of Terraform knows no {names}"
_NO_RESOURCE = (
    "allowed_amis: CloudFormation has no resource for it; in each region: {commands}; or use "
    "declarative_policy"
)
BOUND = "The permissions boundary of {roles}: it has to be attached by hand."
ORGANIZATION = (
    "It is made in the organization's management account, or by a delegated administrator."
)


class MechanismDocuments(Struct, frozen=True, kw_only=True):
    """The documents of one mechanism, and what each of them is attached to.

    Args:
        name: its key of the release file.
        documents: policies, by the names that they get after ``goldenami-``.
        holders: names of groups or roles, or ids of roots, units and accounts.
    """

    name: str
    documents: tuple[PolicyDocument, ...]
    holders: tuple[str, ...]


class EnforcementCode(Struct, frozen=True, kw_only=True):
    """All that an enforcement attaches and sets.

    Args:
        mechanisms: what is attached, by mechanism.
        allowed_amis: the setting of the account's regions, if there is to be one.
        criteria: its criteria as EC2 takes them.
        owners: the accounts whose images it allows where it names no providers.
        snapshots: the ids that stand in the documents for golden snapshots.
        partition: the account's.
        account: the account.
    """

    mechanisms: tuple[MechanismDocuments, ...] = ()
    allowed_amis: AllowedAmis | None = None
    criteria: tuple[dict[str, Any], ...] = ()
    owners: tuple[str, ...] = ()
    snapshots: frozenset[str] = frozenset()
    partition: str = "aws"
    account: str = ""

    @property
    def lists_snapshots(self) -> bool:
        """Whether a document names golden snapshots."""
        return any(
            True
            for mechanism in self.mechanisms
            for document in mechanism.documents
            for _ in _named(document.policy, self.snapshots)
        )


def policy_name(document: PolicyDocument) -> str:
    """Return what a policy is called in an account."""
    return f"{POLICIES}{document.name}"


def description(document: PolicyDocument) -> str:
    """Return what a policy says of itself."""
    return f"goldenami profile document {document.name}"


def comment(mechanism: MechanismDocuments) -> str:
    """Return what is to be known of a policy beside what it says."""
    if mechanism.name == BOUNDARY:
        return BOUND.format(roles=", ".join(mechanism.holders))
    return ORGANIZATION if mechanism.name in (SCP, DECLARATIVE) else ""


def policies(
    code: EnforcementCode, listed: Callable[[str], Any] | None
) -> Iterator[tuple[MechanismDocuments, PolicyDocument, dict[str, Any]]]:
    """Yield each document with its mechanism, and its policy as the code has it.

    Args:
        code: what is enforced.
        listed: as of `with_snapshots`; None if the ids in the documents stay.
    """
    for mechanism in code.mechanisms:
        for document in mechanism.documents:
            policy = document.policy
            if listed:
                policy = with_snapshots(policy, code.snapshots, listed)
            yield mechanism, document, policy


def with_snapshots(value: Any, ids: Collection[str], listed: Callable[[str], Any]) -> Any:
    """Return a document in which what lists golden snapshots is listed by an expression instead.

    Args:
        value: the document, or a part of it.
        ids: the ids that stand in it.
        listed: returns the expression, of how the ARN begins.
    """
    match value:
        case dict():
            return {key: with_snapshots(each, ids, listed) for key, each in value.items()}
        case [str() as first, *_] if start := _start(first, ids):
            return listed(start)
        case list():
            return [with_snapshots(each, ids, listed) for each in value]
        case str() if start := _start(value, ids):
            return listed(start)
    return value


def gaps(code: EnforcementCode, form: str) -> Iterator[str]:
    """Yield what of an enforcement no code of a form does, with what does it instead.

    Args:
        code: what is enforced.
        form: ``terraform`` or ``cloudformation``.
    """
    for mechanism in code.mechanisms:
        if mechanism.name == BOUNDARY:
            roles = ", ".join(mechanism.holders)
            for document in mechanism.documents:
                yield BOUNDARY_GAP.format(roles=roles, command=_boundary(code, document))
    settings = code.allowed_amis
    if settings and form == "cloudformation":
        yield _NO_RESOURCE.format(commands=_allowing(code, settings.state))
    elif settings:
        unknown = {"watermarks": settings.watermarks, "scan": settings.scan}
        if names := " and no ".join(name for name, value in unknown.items() if value):
            yield f"{_UNKNOWN_CRITERIA.format(names=names)}: `goldenami enforce` sets them"


def _boundary(code: EnforcementCode, document: PolicyDocument) -> str:
    arn = arns.iam_arn(code.partition, code.account or "ACCOUNT", "policy", policy_name(document))
    return f"`aws iam put-role-permissions-boundary --permissions-boundary {arn} --role-name ROLE`"


def _allowing(code: EnforcementCode, state: str) -> str:
    criteria = shlex.quote(json.dumps(code.criteria))
    return (
        "`goldenami enforce`, or `aws ec2 replace-image-criteria-in-allowed-images-settings "
        f"--image-criteria {criteria}` and `aws ec2 enable-allowed-images-settings "
        f"--allowed-images-settings-state {state}`"
    )


def _named(value: Any, ids: Collection[str]) -> Iterator[str]:
    match value:
        case dict():
            for each in value.values():
                yield from _named(each, ids)
        case list():
            for each in value:
                yield from _named(each, ids)
        case str() if _start(value, ids):
            yield value


def _start(text: str, ids: Collection[str]) -> str:
    """Return how the ARN of one of the snapshots begins, empty if the text is none."""
    start, slash, name = text.rpartition("/")
    return f"{start}/" if slash and name in ids and start.endswith(":snapshot") else ""
