"""Lets a guardrail list the snapshots of a new release: proved, written, and read back.

A list only grows here, and keeps the old ones: what could be launched still can be. What is retired
leaves it with the next `goldenami enforce`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any

from msgspec import structs

from goldenami.aws import authorization_details, iam, organizations
from goldenami.aws.action import ActionContext
from goldenami.aws.calls import call
from goldenami.aws.errors import FORBIDDEN
from goldenami.aws.kept_policy import KeptPolicy
from goldenami.aws.organizations import SCP
from goldenami.aws.session import Aws
from goldenami.aws.waits import until
from goldenami.domain import prefixes, tags
from goldenami.errors import AwsError, RefusedError
from goldenami.iam import snapshot_list
from goldenami.iam.limits import MANAGED_POLICY, check_size, service_control_policy
from goldenami.iam.profiles import DEFAULT, load_profiles
from goldenami.iam.proof import cases
from goldenami.iam.proof.lookup import GoldenImage
from goldenami.iam.render import PolicyDocument
from goldenami.iam.values import Values
from goldenami.spec.enforcement import Enforce
from goldenami.workflows.enforce import proof
from goldenami.workflows.enforce.interface import (
    MECHANISMS,
    Attachment,
    Enforcement,
    RenderedPolicies,
)

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


def extend(doing: ActionContext) -> dict[str, Any]:
    """Let a guardrail list the snapshots of a release.

    Raises:
        RefusedError: it may not be changed, has no room, or is not proved to let the release be
            launched. Nothing is published then; the fix is to enforce.
    """
    name, images = doing.parameters["Policy"], doing.parameters["Images"]
    snapshots = frozenset(snapshot for image in images for snapshot in image["SnapshotIds"])
    fix = "see in CloudTrail who changes the guardrail, and enforce again"
    waiting = partial(until, doing, timeout_s=VERIFY_TIMEOUT_S, thing=name, fix=fix)

    def look() -> list[KeptPolicy] | None:
        return _look(doing.aws, name)

    def lists(policies: list[KeptPolicy] | None) -> bool:
        return bool(policies and snapshots <= snapshot_list.listed(policies[0].document))

    for _ in range(_ATTEMPTS):
        policies = waiting(look)
        if lists(policies):
            return {}
        document = _proved(doing, policies, snapshots)
        others = _write(doing, policies[0], document) - snapshot_list.listed(document.policy)
        if not others:
            waiting(lambda: lists(look()) or None)
            return {}
        snapshots |= others
    raise _unpublished(doing, f"others write to {name} at the same time")


def _look(aws: Aws, name: str) -> list[KeptPolicy] | None:
    """Return a guardrail as it is now: a managed policy by its ARN, or the organization's by name.

    After one of the organization come goldenami's others, which an account does not tell.
    """
    if name.startswith("arn:"):
        managed = iam.managed_policy(aws, name)
        return [managed] if managed else None
    policies = organizations.named(aws, SCP, prefixes.POLICIES)
    if name not in policies:
        return None
    return [policies.pop(name), *(other for other in policies.values() if other.ours)]


def _proved(
    doing: ActionContext, policies: Sequence[KeptPolicy], snapshots: frozenset[str]
) -> PolicyDocument:
    """Return a guardrail's document with further snapshots, after its proof.

    Raises:
        RefusedError: it has no room, or the release could not be launched all the same.
    """
    policy, limit = policies[0], MANAGED_POLICY
    if policy.of_organization:
        limit = service_control_policy(doing.parameters["SizeLimit"])
    document = PolicyDocument(policy.name, snapshot_list.extended(policy.document, snapshots))
    enforce = doing.parameters["Enforce"]
    try:
        check_size(document, limit)
    except RefusedError as error:
        raise _unpublished(doing, error.message, notes=error.notes) from error
    if not policy.all_holders:  # somebody has attached it to users or roles, by hand
        return document
    with _allowed(doing):
        account, _ = authorization_details.account(doing.aws)
    prepared = _prepared(doing, policies, document)
    proved = proof.proved(prepared, Enforce(), account, cases.load(), doing.parameters["Owners"])
    if proved.failures and tags.UNPROVED not in policy.tags:
        why = f"{policy.name} is not proved with the snapshots of this release"
        raise _unpublished(doing, f"{why} (`{enforce} --plan` tells all)", notes=proved.failures)
    return document


def _prepared(
    doing: ActionContext, kept: Sequence[KeptPolicy], document: PolicyDocument
) -> Enforcement:
    """Return the change as an enforcement that can be proved, by the images of the release."""
    parameters, profiles = doing.parameters, load_profiles()
    profile = profiles.get(kept[0].tags.get(tags.POLICY, ""), profiles[DEFAULT])
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
        GoldenImage(
            region=image["Region"],
            id=image["ImageId"],
            owner=account,
            snapshots=tuple(image["SnapshotIds"]),
        )
        for image in parameters["Images"]
    )
    policies = RenderedPolicies(documents=(document,), profiles=(profile,), values=values)
    own = tuple(_attachments(kept[0], document.policy))
    targets = {attachment.name for attachment in own}
    beside = chain.from_iterable(_attachments(other, other.document) for other in kept[1:])
    mechanisms = {MECHANISMS[attachment.holder] for attachment in own}
    return Enforcement(
        attachments=(*(each for each in beside if each.name in targets), *own),
        policies=dict.fromkeys(sorted(mechanisms), policies),
        golden=golden,
        accounts=dict.fromkeys(targets, (account,)),
    )


def _attachments(policy: KeptPolicy, document: dict[str, Any]) -> Iterator[Attachment]:
    for kind, names in policy.holders.items():
        for name in names:
            yield Attachment(holder=kind, name=name, policy=policy.name, document=document)


def _write(doing: ActionContext, before: KeptPolicy, document: PolicyDocument) -> frozenset[str]:
    """Give a policy another document, as its new default version if it has versions.

    IAM numbers a policy's versions one after the other, so that a gap tells of a version that
    somebody else has written since this one was read.

    Returns:
        The snapshots that such versions list.
    """
    arn, text = before.key, document.json(minify=True)
    if before.of_organization:
        changing = {"PolicyId": before.reference, "Content": text}
        _call(doing, "organizations:UpdatePolicy", changing)
        return frozenset()
    for version in before.prunable:  # there would be no room for the new one
        _call(doing, "iam:DeletePolicyVersion", {"PolicyArn": arn, "VersionId": version})
    writing = {"PolicyArn": arn, "PolicyDocument": text, "SetAsDefault": True}
    outputs = {"version": "PolicyVersion.VersionId"}
    answer = _call(doing, "iam:CreatePolicyVersion", writing, outputs)
    written = iam.version_number(answer["version"])
    return frozenset(
        snapshot
        for number in range(before.newest + 1, written)
        for snapshot in snapshot_list.listed(iam.version_document(doing.aws, arn, f"v{number}"))
    )


def _call(
    doing: ActionContext, name: str, parameters: Mapping[str, Any], outputs: Mapping[str, str] = {}
) -> dict[str, Any]:
    with _allowed(doing):
        return call(structs.replace(doing, parameters=parameters), name, outputs)


@contextmanager
def _allowed(doing: ActionContext) -> Iterator[None]:
    """Do something that the caller may have no permission for.

    Raises:
        RefusedError: they have none.
    """
    try:
        yield
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
