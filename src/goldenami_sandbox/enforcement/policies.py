"""Which policies bind a caller, each compiled once."""

from collections.abc import Iterator
from functools import lru_cache

from moto.iam.models import Group, ManagedPolicy, Role

from goldenami.iam.evaluator.decide import Layer, Level, Matched, Policies
from goldenami.iam.evaluator.document import Policy, compile_policy
from goldenami_sandbox.enforcement.caller import Caller, account_id, store
from goldenami_sandbox.iam.store import SandboxUser
from goldenami_sandbox.organizations import store as organizations
from goldenami_sandbox.organizations.documents import SCP
from goldenami_sandbox.sts import Session

Holder = SandboxUser | Role | Group
"""What policies are attached to."""

_compiled = lru_cache(maxsize=1024)(compile_policy)


def policies_of(caller: Caller) -> Policies:
    """Return everything that binds a caller.

    Raises:
        PolicyError: a document has what the evaluator does not know.
    """
    boundary = caller.entity.permissions_boundary_arn
    session = caller.session
    return Policies(
        identity=tuple(policy for holder in _holders(caller) for policy in _attached(holder)),
        boundary=_managed(store().get_policy(boundary)) if boundary else None,
        scps=tuple(
            Level(level, tuple(_compiled(name, text) for name, text in documents))
            for level, documents in organizations.scps_of(account_id())
        ),
        session=tuple(_passed(session)) if session and session.limited else None,
    )


def policy_arn(caller: Caller, matched: Matched) -> str:
    """Return the ARN of the policy of a statement that decided; empty for one that has none.

    Inline policies have no ARN, nor has the document that was passed to a session.
    """
    if matched.layer is Layer.SCP:
        organization = organizations.organization_of(account_id())
        policies = organization.policies if organization else []
        arns = [
            policy.arn for policy in policies if (policy.type, policy.name) == (SCP, matched.policy)
        ]
    else:
        managed = (store().get_policy(arn) for arn in _managed_arns(caller, matched.layer))
        arns = [policy.arn for policy in managed if policy.name == matched.policy]
    return arns[0] if arns else ""


def _managed_arns(caller: Caller, layer: Layer) -> Iterator[str]:
    if layer is Layer.BOUNDARY:
        yield caller.entity.permissions_boundary_arn or ""
    elif layer is Layer.SESSION:
        yield from caller.session.policy_arns if caller.session else ()
    else:
        for holder in _holders(caller):
            yield from holder.managed_policies


def _holders(caller: Caller) -> Iterator[Holder]:
    yield caller.entity
    if isinstance(caller.entity, SandboxUser):
        yield from store().get_groups_for_user(caller.entity.name)


def _attached(holder: Holder) -> Iterator[Policy]:
    for policy in holder.managed_policies.values():
        yield _managed(policy)
    kind = type(holder).__name__.lower()
    for name, text in holder.policies.items():
        yield _compiled(f'inline "{name}" of {kind} {holder.name}', text)


def _managed(policy: ManagedPolicy) -> Policy:
    default = next(version for version in policy.versions if version.is_default)
    return _compiled(policy.name, default.document)


def _passed(session: Session) -> Iterator[Policy]:
    if session.policy:
        yield _compiled("the session's policy", session.policy)
    for arn in session.policy_arns:
        yield _managed(store().get_policy(arn))
