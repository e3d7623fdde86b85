"""A mechanism as data: the table of the calls by which a service keeps and attaches policies."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from goldenami.aws.kept_policy import HolderKind
from goldenami.domain import tags
from goldenami.domain.plan import Action, Ref

Verb = Literal["create", "update", "prune", "delete", "tag", "untag", "attach", "detach", "verify"]
_SUMMARIES: Final[Mapping[Verb, str]] = {
    "create": "create {policy}",
    "update": "update {policy}",
    "prune": "delete version {version} of {policy}",
    "delete": "delete {policy}",
    "tag": "tag {policy}: {keys}",
    "untag": "untag {policy}: {keys}",
    "attach": "attach {policy} to {holder_name}",
    "detach": "detach {policy} from {holder_name}",
    "verify": "read {policy} back",
}


class Operation(Struct, frozen=True):
    """One call of a table.

    Args:
        call: as an `Action` has it, like all that is not told here.
        values: which value each parameter gets, by AWS's name of the parameter.
        summary: what it does, if it is not what its verb says.
        constants: the parameters that are always the same.
        permissions: what it needs, if that is not the call's own alone.
    """

    call: str
    values: Mapping[str, str]
    summary: str = ""
    constants: Mapping[str, Any] = {}
    permissions: tuple[str, ...] = ()
    outputs: Mapping[str, str] = {}
    adopt: str = ""

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return its parameters with these values."""
        return {name: values[value] for name, value in self.values.items()} | {**self.constants}


class PolicyOperations(Struct, frozen=True, kw_only=True):
    """How a service keeps policies, and attaches them to one kind of holder.

    A policy's ``key`` is what it is known by before there is one (its ARN, or its name), and its
    ``reference`` is what calls name it by (its ARN, or its id).

    Args:
        holder: the kind of holder; None for what no proof is about: a setting.
        calls: the table. Only what has versions prunes them.
        policy: how steps name a policy.
        title: how changes name it.
        holder_name: how steps name a holder.
        holder_title: how changes name it.
        foreign: what is said of a policy of that key that is somebody else's.
        full: what is said of a holder that would have too many.
    """

    holder: HolderKind | None
    calls: Mapping[Verb, Operation]
    policy: str = "{key}"
    title: str = "{key}"
    holder_name: str = "{holder}"
    holder_title: str = "{holder}"
    foreign: str
    full: str = ""

    def step(self, region: str, verb: Verb, key: str, **values: Any) -> Action:
        """Return the step of a plan that makes a call of the table.

        Args:
            region: where.
            verb: which call.
            key: the policy's.
            values: what its parameters and words are made of.
        """
        operation = self.calls[verb]
        words = {"key": key, "holder": "", **values}
        words["policy"] = self.policy.format_map(words)
        words["holder_name"] = self.holder_name.format_map(words)
        detail = values.get("holder") or values.get("version") or ""
        return Action(
            id=" ".join(filter(None, (verb, self.title.format_map(words), detail))),
            summary=(operation.summary or _SUMMARIES[verb]).format_map(words),
            call=operation.call,
            region=region,
            parameters=operation.parameters(words),
            permissions=operation.permissions,
            outputs=operation.outputs,
            adopt=operation.adopt,
        )

    def reference(self, creation: Action, key: str) -> str | Ref:
        """Return what later steps name a policy by that a step creates."""
        (output, *_) = (*creation.outputs, "")
        return Ref(creation.id, output) if output else key

    def made_by_others(self, key: str) -> str:
        """Say that a policy of this key is somebody else's."""
        return self.foreign.format(key=key, tag=tags.POLICY)
