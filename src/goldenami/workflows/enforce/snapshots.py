"""Lets a guardrail list the snapshots of a new release: proved, written, and read back.

A list only grows here, and keeps the old ones: what could be launched still can be. What is retired
leaves it with the next `goldenami enforce`.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct, structs

from goldenami.aws import authorization_details, iam, organizations
from goldenami.aws.action import ActionContext
from goldenami.aws.calls import call
from goldenami.aws.errors import FORBIDDEN
from goldenami.aws.kept_policy import KeptPolicy
from goldenami.aws.organizations import SCP
from goldenami.aws.waits import until
from goldenami.domain import prefixes, tags
from goldenami.domain.image import Image
from goldenami.domain.plan import Plan
from goldenami.errors import AwsError, RefusedError
from goldenami.iam import snapshot_list
from goldenami.iam.limits import MANAGED_POLICY, Limit, check_size, service_control_policy
from goldenami.iam.profiles import DEFAULT, load_profiles
from goldenami.iam.proof import cases
from goldenami.iam.render import PolicyDocument
from goldenami.iam.values import Values
from goldenami.spec.model import Enforce
from goldenami.workflows.enforce import proof
from goldenami.workflows.enforce.interface import (
    MECHANISMS,
    Attachment,
    Enforcement,
    HolderKind,
    RenderedPolicies,
)

T = TypeVar("T")

EXTEND = "extend:policy"
EXTEND_SCP = "extend:organization-policy"
VERIFY_TIMEOUT_S = 60.0
_OF_LAUNCHES = frozenset(
    {
        "golden",
        "foreign-image",
        "unapproved-image",
        "others-snapshot",
        "foreign-snapshot",
        "listed-snapshot",
    }
)
"""The promises that hang on a list of snapshots; all others are as they were."""
_ATTEMPTS = 5
"""How often a list is written, if others write to it at the same time."""


class _Guardrail(Struct, frozen=True, kw_only=True):
    """A guardrail as it is now: whom it binds, how many characters it may have, what is beside it.

    ``beside`` are the other documents that its targets have of goldenami, which an account does
    not tell.
    """

    policy: KeptPolicy
    holders: tuple[tuple[HolderKind, str], ...]
    limit: Limit
    beside: tuple[Attachment, ...] = ()

    @property
    def name(self) -> str:
        """The policy's name, which is the end of its ARN."""
        return self.policy.key.rpartition("/")[2]


def extend(doing: ActionContext) -> dict[str, Any]:
    """Let a managed policy list the snapshots of a release.

    Raises:
        RefusedError: it may not be changed, has no room, or is not proved to let the release be
            launched. Nothing is published then; the fix is to enforce.
    """
    arn, snapshots = doing.parameters["Policy"], _snapshots(doing)

    def look() -> iam.ManagedPolicy | None:
        return iam.managed_policy(doing.aws, arn)

    def lists() -> bool | None:
        policy = look()
        return (policy and snapshots <= snapshot_list.listed(policy.document)) or None

    for _ in range(_ATTEMPTS):
        now = until(doing, look, timeout_s=VERIFY_TIMEOUT_S, thing=arn)
        if snapshots <= snapshot_list.listed(now.document):
            return {}
        holders: tuple[tuple[HolderKind, str], ...] = (
            *(("group", name) for name in now.groups),
            *(("role-boundary", name) for name in now.boundary_of),
        )
        guardrail = _Guardrail(policy=now, holders=holders, limit=MANAGED_POLICY)
        document = _proved(doing, guardrail, snapshots)
        others = _write(doing, now, document) - snapshot_list.listed(document.policy)
        if not others:
            until(doing, lists, timeout_s=VERIFY_TIMEOUT_S, thing=arn)
            return {}
        snapshots |= others
    raise _unpublished(doing, f"others write to {arn} at the same time")


def extend_organization(doing: ActionContext) -> dict[str, Any]:
    """Let a service control policy list the snapshots of a release.

    Raises:
        RefusedError: as `extend`.
    """
    name, snapshots = doing.parameters["Policy"], _snapshots(doing)

    def every() -> dict[str, organizations.OrganizationPolicy] | None:
        policies = organizations.named(doing.aws, SCP, prefixes.POLICIES)
        return policies if name in policies else None

    policies = until(doing, every, timeout_s=VERIFY_TIMEOUT_S, thing=name)
    now = policies[name]
    if snapshots <= snapshot_list.listed(now.document):
        return {}
    guardrail = _Guardrail(
        policy=now,
        holders=tuple(("organization-target", target) for target in now.targets),
        limit=service_control_policy(doing.parameters["SizeLimit"]),
        beside=tuple(
            Attachment(
                holder="organization-target", name=target, policy=other.key,
                document=other.document,
            )
            for other in policies.values()
            for target in other.targets
            if other.ours and other.key != name and target in now.targets
        ),
    )  # fmt: skip
    text = _proved(doing, guardrail, snapshots).json(minify=True)
    changing = {"PolicyId": now.reference, "Content": text}
    _allowed(doing, lambda: call(_with(doing, changing), "organizations:UpdatePolicy", {}))

    def lists() -> bool | None:
        policies = every()
        return (policies and snapshots <= snapshot_list.listed(policies[name].document)) or None

    until(doing, lists, timeout_s=VERIFY_TIMEOUT_S, thing=name)
    return {}


def _snapshots(doing: ActionContext) -> frozenset[str]:
    """Return the snapshots of the release."""
    return frozenset(name for image in doing.parameters["Images"] for name in image["SnapshotIds"])


def _proved(
    doing: ActionContext, guardrail: _Guardrail, snapshots: frozenset[str]
) -> PolicyDocument:
    """Return a guardrail's document with further snapshots, after its proof.

    Raises:
        RefusedError: it has no room, or the release could not be launched all the same.
    """
    policy = guardrail.policy
    document = PolicyDocument(guardrail.name, snapshot_list.extended(policy.document, snapshots))
    enforce = doing.parameters["Enforce"]
    try:
        check_size(document, guardrail.limit)
    except RefusedError as error:
        raise _unpublished(doing, error.message, notes=error.notes) from error
    if not guardrail.holders:  # somebody has attached it to users or roles, by hand
        return document
    account, _ = _allowed(doing, lambda: authorization_details.account(doing.aws))
    prepared = _prepared(doing, guardrail, document)
    proved = proof.proved(prepared, Enforce(), account, cases.load(), doing.parameters["Owners"])
    if proved.failures and tags.UNPROVED not in policy.tags:
        why = f"{guardrail.name} is not proved with the snapshots of this release"
        raise _unpublished(doing, f"{why} (`{enforce} --plan` tells all)", notes=proved.failures)
    return document


def _prepared(doing: ActionContext, guardrail: _Guardrail, document: PolicyDocument) -> Enforcement:
    """Return the change as an enforcement that can be proved, by the images of the release."""
    parameters, profiles = doing.parameters, load_profiles()
    profile = profiles.get(guardrail.policy.tags.get(tags.POLICY, ""), profiles[DEFAULT])
    proves = tuple(topic for topic in profile.proves if topic in _OF_LAUNCHES)
    profile = structs.replace(profile, proves=proves)
    account, listed = doing.aws.account, snapshot_list.listed(document.policy)
    values = Values(
        account=account,
        partition=doing.aws.partition,
        owners=tuple(parameters["Owners"]),
        tag_key=parameters["Tag"]["Key"],
        tag_value=parameters["Tag"]["Value"],
        snapshots=tuple(sorted(listed)),
        pipeline_role=parameters["PipelineRole"] or None,
    )
    golden = tuple(
        Image(
            region=image["Region"], id=image["ImageId"], name="", owner=account,
            state="available", architecture="", snapshots=tuple(image["SnapshotIds"]),
        )
        for image in parameters["Images"]
    )  # fmt: skip
    policies = RenderedPolicies(documents=(document,), profiles=(profile,), values=values)
    mechanisms = {MECHANISMS[holder] for holder, _ in guardrail.holders}
    return Enforcement(
        changes=(),
        plan=Plan(title=doing.summary, actions=()),
        attachments=(
            *guardrail.beside,
            *(
                Attachment(
                    holder=holder, name=name, policy=guardrail.name, document=document.policy
                )
                for holder, name in guardrail.holders
            ),
        ),
        policies=dict.fromkeys(sorted(mechanisms), policies),
        golden=golden,
        accounts={name: (account,) for holder, name in guardrail.holders},
    )


def _write(
    doing: ActionContext, before: iam.ManagedPolicy, document: PolicyDocument
) -> frozenset[str]:
    """Make a new default version of a policy.

    IAM numbers a policy's versions one after the other, so that a gap tells of a version that
    somebody else has written since this one was read.

    Returns:
        The snapshots that such versions list.
    """
    arn = before.key
    for version in before.prunable:  # there would be no room for the new one
        pruning = {"PolicyArn": arn, "VersionId": version}
        _allowed(doing, partial(call, _with(doing, pruning), "iam:DeletePolicyVersion", {}))
    writing = {
        "PolicyArn": arn, "PolicyDocument": document.json(minify=True), "SetAsDefault": True,
    }  # fmt: skip
    operation, outputs = "iam:CreatePolicyVersion", {"version": "PolicyVersion.VersionId"}
    answer = _allowed(doing, partial(call, _with(doing, writing), operation, outputs))
    written = iam.version_number(answer["version"])
    return frozenset(
        snapshot
        for number in range(before.newest + 1, written)
        for snapshot in snapshot_list.listed(iam.version_document(doing.aws, arn, f"v{number}"))
    )


def _with(doing: ActionContext, parameters: dict[str, Any]) -> ActionContext:
    return structs.replace(doing, parameters=parameters)


def _allowed(doing: ActionContext, do: Callable[[], T]) -> T:
    """Do something that the caller may have no permission for.

    Raises:
        RefusedError: they have none.
    """
    try:
        return do()
    except AwsError as error:
        if error.code in FORBIDDEN:
            raise _unpublished(doing, error.message) from error
        raise


def _unpublished(doing: ActionContext, why: str, notes: Iterable[str] = ()) -> RefusedError:
    """Say that a release is approved, and why it is not published."""
    return RefusedError(
        f"it is approved and not published, since {doing.parameters['Policy']} does not list its "
        f"snapshots yet: {why}",
        notes=notes,
        fix=f"run `{doing.parameters['Enforce']}`",
    )
