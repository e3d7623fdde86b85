"""The policy simulator, by goldenami's own evaluator; moto lacks it.

Not done: resource-based policies, exclusions and resource handling options, which are refused. The
name of an overall result is ``*``; that of each resource is in its ResourceSpecificResults.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.iam.exceptions import IAMException, InvalidInput, NoSuchEntity, ValidationError
from moto.iam.models import Group, ManagedPolicy, Role

from goldenami.errors import GoldenamiError
from goldenami.iam.evaluator.request import Principal, Value
from goldenami_sandbox.iam.base import IamBase
from goldenami_sandbox.iam.simulation import SimulatedPolicy, Simulation
from goldenami_sandbox.iam.store import IamStore, SandboxUser
from goldenami_sandbox.organizations import store as organizations

Entity = SandboxUser | Group | Role


def principal_of(store: IamStore, arn: str) -> Principal:
    """Return a user, a group or a role as the simulated caller.

    Raises:
        IAMException: NoSuchEntity, or ValidationError for another ARN.
    """
    entity = _entity(store, arn)
    if isinstance(entity, Group):
        return Principal(arn=arn, keys={})
    own = organizations.organization_of(store.account_id)
    return Principal.from_arn(
        arn,
        tags={tag["Key"]: tag["Value"] for tag in entity.tags or []},
        unique_id=entity.id,
        session="" if isinstance(entity, SandboxUser) else "simulated",
        organization=own.id if own else "",
        in_management_account=bool(own and own.manages(store.account_id)),
    )


def sources_of(store: IamStore, arn: str) -> tuple[list[SimulatedPolicy], SimulatedPolicy | None]:
    """Return the policies of a user (its groups' too), a group or a role, and its boundary.

    Raises:
        IAMException: NoSuchEntity, or ValidationError for another ARN.
        PolicyError: a policy that the evaluator does not know.
    """
    entity = _entity(store, arn)
    policies = list(_own(entity))
    if isinstance(entity, SandboxUser):
        for group in store.get_groups_for_user(entity.name):
            policies += _own(group)
    unique = list({source.id: source for source in policies}.values())
    if isinstance(entity, Group):
        return unique, None
    boundary = entity.permissions_boundary_arn
    return unique, _managed(store.get_policy(boundary)) if boundary else None


def _entity(store: IamStore, arn: str) -> Entity:
    every = [*store.users.values(), *store.groups.values(), *store.roles.values()]
    for entity in cast(list[Entity], every):
        if entity.arn == arn:
            return entity
    if any(f":{kind}/" in arn for kind in ("user", "group", "role")):
        raise NoSuchEntity(f"Could not find entity: {arn}")
    raise ValidationError(
        f"Invalid Entity Arn: {arn} does not clearly define entity type and name."
    )


def _own(entity: Entity) -> Iterable[SimulatedPolicy]:
    kind = type(entity).__name__.lower()
    for name, text in entity.policies.items():
        yield SimulatedPolicy.of(f"{kind}_{entity.name}_{name}", text)
    for policy in entity.managed_policies.values():
        yield _managed(policy)


def _managed(policy: ManagedPolicy) -> SimulatedPolicy:
    default = next(version for version in policy.versions if version.is_default_version)
    return SimulatedPolicy.of(policy.name, default.document)


INPUT, BOUNDARY = "PolicyInputList", "PermissionsBoundaryPolicyInputList"
LEVELS, LEVEL = "OrderedOrganizationPolicyInputList", "ServiceControlPolicyInputList"
_NOT_DONE = ("ResourcePolicy", "PolicyExclusionList", "ResourceHandlingOption")

Levels = Sequence[tuple[str, Sequence[tuple[str, str]]]]
"""Names of levels, and name and text of the policies of each."""


class SimulateResponse(IamBase):
    """SimulateCustomPolicy and SimulatePrincipalPolicy."""

    def simulate_custom_policy(self) -> ActionResult:
        """Decide by the policies of the request only."""
        caller = self._get_param("CallerArn")
        levels = [
            (f"{LEVELS}.{level}", _numbered(f"{LEVELS}.{level}.{LEVEL}", documents.get(LEVEL, [])))
            for level, documents in enumerate(self._get_param(LEVELS, []), start=1)
        ]
        principal = (
            principal_of(self.backend, caller)
            if caller
            else Principal(arn=f"arn:{self.partition}:iam::{self.current_account}:root", keys={})
        )
        return self._simulated(principal, self._inputs(INPUT), None, levels)

    def simulate_principal_policy(self) -> ActionResult:
        """Decide by all policies of a user, a group or a role, and those of the request."""
        source = self._get_param("PolicySourceArn")
        policies, boundary = sources_of(self.backend, source)
        principal = principal_of(self.backend, self._get_param("CallerArn") or source)
        levels = organizations.scps_of(self.current_account)
        return self._simulated(principal, [*policies, *self._inputs(INPUT)], boundary, levels)

    def _simulated(
        self,
        principal: Principal,
        policies: Sequence[SimulatedPolicy],
        boundary: SimulatedPolicy | None,
        levels: Levels,
    ) -> ActionResult:
        for parameter in _NOT_DONE:
            if self._get_param(parameter):
                raise NotImplementedError(parameter)
        boundaries = self._inputs(BOUNDARY)
        if len(boundaries) > 1:
            raise InvalidInput("You can input only one permissions boundary policy.")
        try:
            simulation = Simulation(
                principal=principal,
                context=_context(self._get_param("ContextEntries", [])),
                identity=policies,
                boundary=boundaries[0] if boundaries else boundary,
                levels=[
                    (
                        name,
                        [SimulatedPolicy.of(policy_name, text) for policy_name, text in attached],
                    )
                    for name, attached in levels
                ],
            )
            results = [
                ("EvaluationResults", simulation.result(_checked(action), self._resources()))
                for action in self._get_param("ActionNames")
            ]
        except GoldenamiError as error:
            raise IAMException("PolicyEvaluation", str(error)) from error
        return self.paged(["EvaluationResults"], results)

    def _resources(self) -> list[str]:
        resources: list[str] = self._get_param("ResourceArns", [])
        return resources or ["*"]

    def _inputs(self, parameter: str) -> list[SimulatedPolicy]:
        """Return documents of the request, each named by its place there."""
        documents = []
        for name, text in _numbered(parameter, self._get_param(parameter, [])):
            try:
                documents.append(SimulatedPolicy.of(name, text))
            except GoldenamiError as error:
                raise InvalidInput(f"Invalid policy: {error}") from error
        return documents


def _numbered(name: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"{name}.{number}", text) for number, text in enumerate(texts, start=1)]


def _checked(action: str) -> str:
    service, _, name = action.partition(":")
    if not service or not name or "*" in action:
        raise InvalidInput(f"Invalid action name: {action}")
    return action


def _context(entries: Sequence[Mapping[str, Any]]) -> dict[str, Value]:
    """Return the context keys of a request; those of a list type are multivalued."""
    context: dict[str, Value] = {}
    for entry in entries:
        name, values = entry["ContextKeyName"], tuple(entry.get("ContextKeyValues", []))
        if entry.get("ContextKeyType", "string").endswith("List"):
            context[name] = values
        elif len(values) == 1:
            (context[name],) = values
        else:
            raise InvalidInput(f"The context key {name} has {len(values)} values and no list type")
    return context
