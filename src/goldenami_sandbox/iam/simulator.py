"""The policy simulator, by goldenami's own evaluator; moto lacks it.

Not done: resource-based policies, exclusions and resource handling options, which are refused. The
name of an overall result is ``*``; that of each resource is in its ResourceSpecificResults.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import IAMException, InvalidInput

from goldenami.errors import GoldenamiError
from goldenami.iam.evaluator.document import compile_policy
from goldenami.iam.evaluator.request import Principal, Value
from goldenami_sandbox.iam.base import IamBase
from goldenami_sandbox.iam.simulated_principal import principal_of, sources_of
from goldenami_sandbox.iam.simulation import Simulation, Source
from goldenami_sandbox.organizations import store as organizations

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
            (f"{LEVELS}.{level}", _numbered(f"{LEVELS}.{level}.{LEVEL}", one.get(LEVEL, [])))
            for level, one in enumerate(self._get_param(LEVELS, []), start=1)
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
        policies: Sequence[Source],
        boundary: Source | None,
        levels: Levels,
    ) -> ActionResult:
        for parameter in _NOT_DONE:
            if self._get_param(parameter):
                raise NotImplementedError(parameter)
        given = self._inputs(BOUNDARY)
        if len(given) > 1:
            raise InvalidInput("You can input only one permissions boundary policy.")
        try:
            simulation = Simulation(
                principal=principal,
                context=_context(self._get_param("ContextEntries", [])),
                identity=policies,
                boundary=given[0] if given else boundary,
                levels=[
                    (name, [Source.of(one, text) for one, text in attached])
                    for name, attached in levels
                ],
            )
            found = [
                ("EvaluationResults", simulation.result(_checked(action), self._resources()))
                for action in self._get_param("ActionNames")
            ]
        except GoldenamiError as error:
            raise IAMException("PolicyEvaluation", str(error)) from error
        return self.paged(["EvaluationResults"], found)

    def _resources(self) -> list[str]:
        resources: list[str] = self._get_param("ResourceArns", [])
        return resources or ["*"]

    def _inputs(self, parameter: str) -> list[Source]:
        """Return documents of the request, each named by its place there."""
        found = []
        for name, text in _numbered(parameter, self._get_param(parameter, [])):
            try:
                compile_policy(name, text)
            except GoldenamiError as error:
                raise InvalidInput(f"Invalid policy: {error}") from error
            found.append(Source.of(name, text))
        return found


def _numbered(name: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"{name}.{number}", text) for number, text in enumerate(texts, start=1)]


def _checked(action: str) -> str:
    service, _, name = action.partition(":")
    if not service or not name or "*" in action:
        raise InvalidInput(f"Invalid action name: {action}")
    return action


def _context(entries: Sequence[Mapping[str, Any]]) -> dict[str, Value]:
    """Return the context keys of a request; those of a list type are multivalued."""
    found: dict[str, Value] = {}
    for entry in entries:
        name, values = entry["ContextKeyName"], tuple(entry.get("ContextKeyValues", []))
        if entry.get("ContextKeyType", "string").endswith("List"):
            found[name] = values
        elif len(values) == 1:
            (found[name],) = values
        else:
            raise InvalidInput(f"The context key {name} has {len(values)} values and no list type")
    return found
