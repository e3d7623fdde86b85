"""Enforcement: render, compare with what is there, prove, apply, read back.

Each mechanism is a file with a ``plan``: what it would change, and the steps to it. A mechanism
that the release file no longer names is taken away, once everything else is in place. A run that
failed is not undone, since each of its steps closed something: the next run does the rest.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from msgspec import structs

from goldenami.aws import authorization_details, iam, regions
from goldenami.aws.errors import CHANGED
from goldenami.aws.parallel import ahead
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.plan import Plan, Tell, silent
from goldenami.errors import AwsError, BakeError, GoldenamiError, RefusedError, UsageError
from goldenami.iam.proof import cases
from goldenami.spec import EnforceFile
from goldenami.spec.enforcement import Enforce, Mechanisms
from goldenami.workflows.enforce import (
    adoption,
    allowed_amis,
    managed_policies,
    organization_policies,
    proof,
    rendering,
)
from goldenami.workflows.enforce.interface import (
    EnforceContext,
    Enforcement,
    EnforcementProof,
    joined,
)
from goldenami.workflows.enforce.reconcile import begun_after
from goldenami.workflows.execution import Execution

HANDLERS = {
    "adopt:organization-policy": adoption.adopt,
    "adopt:policy": adoption.adopt,
    "adopt:policy-version": adoption.adopt_version,
    "verify:policy": adoption.verify,
    "verify:organization-policy": adoption.verify,
    "verify:allowed-images": allowed_amis.verify,
}
_REMOVALS = 3
"""How often what is left is removed, as long as somebody else makes it anew."""

_MECHANISMS = {
    "group_policy": managed_policies.group_policy,
    "permissions_boundary": managed_policies.permissions_boundary,
    "scp": organization_policies.scp,
    "allowed_amis": allowed_amis.plan,
    "declarative_policy": organization_policies.declarative_policy,
}


def prepare(
    aws: Aws,
    file: EnforceFile,
    *,
    remove: bool = False,
    take_over: bool = False,
    audit_mode: bool = False,
    record: dict[str, str] | None = None,
) -> Enforcement:
    """Compare what should be with what is, by every mechanism, and plan the difference.

    Args:
        aws: whose account.
        file: what is enforced.
        remove: take away everything that this enforcement made.
        take_over: make what another enforcement attached this one's.
        audit_mode: only the Allowed AMIs mechanisms, in audit-mode whatever the file says.
        record: further tags of the policies that are made.

    Raises:
        UsageError: the release file has no ``enforce`` part, or names no known profile.
        RefusedError: a group or role is missing, a policy of the same name is not goldenami's or
            another enforcement's, a document is too large, a quota is full, nothing is approved.
            Nothing was changed.
        IncompleteError: a region could not be read.
    """
    if not file.declared:
        raise UsageError(
            f"{file.path}: there is no `enforce` part",
            fix="add one: `enforce: {groups: [ec2-admin-group]}`",
        )
    enforce = file.enforce
    if audit_mode:
        enforce = _in_audit_mode(file, enforce)
        file = structs.replace(file, enforce=enforce)
    regions.begin(aws)
    proves = not (remove or audit_mode)
    identities = ahead(partial(authorization_details.account, aws)) if proves else None
    renders = enforce.attaching and not remove
    rendered = ahead(lambda: rendering.desired(aws, file) if renders else ({}, ()))
    context = EnforceContext(
        aws=aws,
        region=file.region or aws.region,
        enforce=enforce,
        name=file.name,
        policies=lambda: rendered()[0],
        owners=(*dict.fromkeys((aws.account, *file.owners)),),
        remove=remove,
        take_over=take_over,
        tags=record or {},
    )
    planning = [
        ahead(partial(plan_of, context))
        for name, plan_of in _MECHANISMS.items()
        if not audit_mode or getattr(enforce.mechanisms, name)
    ]
    noting = ahead(lambda: tuple(_notes(context)))
    policies, golden = rendered()
    plan = joined(planned() for planned in planning)
    if plan.problems:
        raise RefusedError(
            "enforcement refused, and nothing was changed",
            notes=plan.problems,
            fix=f"correct {file.path}, or rename, delete or free what is in the way",
        )
    if remove and plan.others and not plan.removals:
        raise RefusedError(
            f"nothing here is `{file.name}`'s, and nothing was changed",
            notes=plan.others,
            fix="remove it by the file of its own enforcement, or pass --take-over",
        )
    notes = noting()
    again = partial(
        prepare, aws, file,
        remove=remove, take_over=take_over, audit_mode=audit_mode, record=record,
    )  # fmt: skip
    return Enforcement(
        again=again,
        removes=remove,
        changes=plan.changes,
        plan=Plan(
            title=_title(enforce, "remove" if remove else "enforce"),
            # what is taken away goes last: until then something closes what it closed
            actions=(*plan.actions, *begun_after(plan.actions, plan.removals)),
            notes=(*notes, *plan.notes, *plan.others),
        ),
        attachments=plan.attachments,
        policies=policies,
        golden=golden,
        accounts=dict(plan.accounts),
        identities=identities,
    )


def prove(aws: Aws, file: EnforceFile, prepared: Enforcement) -> EnforcementProof:
    """Prove a prepared enforcement under everybody's effective policies after it.

    Raises:
        AwsError: the account's identities could not be read.
        RefusedError: there is nothing to prove it by.
        IncompleteError: a document that binds a group or a role could not be read.
    """
    account, notes = (prepared.identities or partial(authorization_details.account, aws))()
    owners = (aws.account, *file.owners)
    proved = proof.proved(prepared, file.enforce, account, cases.load(), owners)
    return structs.replace(proved, warnings=(*notes, *proved.warnings))


def promised(file: EnforceFile, mechanism: str) -> frozenset[str]:
    """Return what the profiles of a mechanism promise, all together."""
    profiles = rendering.profiles(file.enforce.attaching[mechanism])
    return frozenset(topic for profile in profiles for topic in profile.proves)


def accepted(aws: Aws, failures: Sequence[str]) -> dict[str, str]:
    """Return the tag that records that somebody accepted an enforcement that is not proved."""
    now = datetime.now(UTC)
    return {tags.UNPROVED: f"{now:%Y-%m-%dT%H:%MZ} {len(failures)} accepted by {aws.caller}"[:256]}


def apply(aws: Aws, prepared: Enforcement, *, tell: Tell = silent) -> None:
    """Carry a prepared enforcement out; its last actions read everything back.

    Where AWS says that things are not as they were compared, they are compared again. Somebody else
    may have brought the same about; what is left of a removal is removed, and of anything else that
    would have to be proved again.

    Raises:
        RefusedError: somebody else changes what is enforced at the same time.
        AwsError: AWS refused; the next run does the rest.
    """
    for _ in range(_REMOVALS if prepared.removes else 1):
        error = Execution(aws, handlers=HANDLERS, tell=tell).attempt(prepared.plan).error
        if error is None:
            return
        if not (prepared.again and _changed_meanwhile(error)):
            raise error
        trouble = error
        prepared = prepared.again()
        if prepared.nothing_to_do:
            return
    raise RefusedError(
        f"somebody else changes what is enforced at the same time: {trouble.message}",
        notes=trouble.notes,
        fix="wait until that is over, and run the same command again: it does what is left",
    ) from trouble


def _changed_meanwhile(error: GoldenamiError) -> bool:
    """Say whether things are not as they were compared, or as they were written."""
    return isinstance(error, BakeError) or (isinstance(error, AwsError) and error.code in CHANGED)


def _title(enforce: Enforce, verb: str) -> str:
    profiles = dict.fromkeys(attaching.profile or "" for attaching in enforce.attaching.values())
    return f"{verb} {', '.join(profiles) or enforce.profile} on {', '.join(_holders(enforce))}"


def _holders(enforce: Enforce) -> Iterator[str]:
    used = enforce.mechanisms
    if used.group_policy:
        yield from enforce.groups
    if used.permissions_boundary:
        yield from (f"role {name}" for name in used.permissions_boundary.roles)
    if used.scp:
        yield from used.scp.targets
    if used.allowed_amis:
        yield "Allowed AMIs"
    if used.declarative_policy:
        yield from (f"Allowed AMIs of {name}" for name in used.declarative_policy.targets)


def _in_audit_mode(file: EnforceFile, enforce: Enforce) -> Enforce:
    used = enforce.mechanisms
    if not (used.allowed_amis or used.declarative_policy):
        raise UsageError(
            f"{file.path}: --audit-mode is for allowed_amis and declarative_policy, and "
            "enforce.mechanisms has neither",
            fix="add `mechanisms: {allowed_amis: {}}`",
        )
    settings = {
        name: structs.replace(setting, state="audit-mode")
        for name in ("allowed_amis", "declarative_policy")
        if (setting := getattr(used, name))
    }
    return structs.replace(enforce, mechanisms=Mechanisms(**settings))


def _notes(context: EnforceContext) -> Iterator[str]:
    enforce, rendered = context.enforce, context.policies().values()
    if not rendered:
        return
    for policies in rendered:
        yield from policies.notes
    warnings = (policies.profiles[0].warning for policies in rendered)
    yield from dict.fromkeys(warning for warning in warnings if warning)
    role = next(iter(rendered)).values.pipeline_role or ""
    if any(attaching.guardrail_protection for attaching in enforce.attaching.values()):
        yield _who_may_run_it(context.aws.caller, role)
    if enforce.pipeline_role is None:
        yield (
            "no enforce.pipeline_role: nobody in these groups can bake any more, and no role is "
            "exempt where the same documents bind roles"
        )
        return
    name = enforce.pipeline_role.rpartition("/")[2]
    here = f":{context.aws.account}:" in role
    if here and iam.role(context.aws, name) is None:
        yield f"the pipeline role {name} does not exist: whoever creates it will be exempt"


def _who_may_run_it(caller: str, role: str) -> str:
    """Say who can change an enforcement that protects itself; warn a caller who may not."""
    note = (
        "guardrail_protection: from now on only the pipeline role can run `goldenami enforce` "
        "where these policies bind"
    )
    account, name = role.split(":")[4], role.rpartition("/")[2]
    if f":sts::{account}:assumed-role/{name}/" in caller:
        return note
    return f"{note}; you are {caller}, and may lock yourself out"
