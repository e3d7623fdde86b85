"""Policy documents, compiled once to be evaluated many times.

A document that is not understood is refused (`compile_policy`), or what it could say is unknown
(`policy_in_force`): AWS has accepted what is attached, so goldenami is what does not know it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Mapping, Sequence
from functools import cached_property, reduce
from typing import Any

from msgspec import Struct

from goldenami import jsonfile
from goldenami.errors import PolicyError
from goldenami.iam.evaluator.conditions import Condition, conditions
from goldenami.iam.evaluator.context import Context
from goldenami.iam.evaluator.text import PolicyText, Test, fixed_and_varying, like, like_any
from goldenami.iam.evaluator.truth import Truth, Unknown, any_of, opposite

VERSIONS = ("2012-10-17", "2008-10-17")
_ELEMENTS = {
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip

_COLONS = 5
"""How many a whole ARN has at least.

IAM completes one that has fewer with ``:*``. It also says that a star that ends a field may run
over the colon after it: what only that reading of an incomplete ARN names, is unknown.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""
_INCOMPLETE = Unknown("AWS does not say whether its incomplete ARN names the resource")


def everything(_: Context) -> Truth:
    """Tell that ``*`` names every resource."""
    return True


class Statement(Struct, frozen=True, dict=True):
    """One statement. ``name`` is its Sid, or its place (``#2``) if it has none."""

    name: str
    allows: bool
    action: Test
    resource: Condition
    conditions: tuple[Condition, ...]

    @cached_property
    def holds(self) -> Condition:
        """The test whether it applies, once its action does."""
        if self.resource is not everything:
            parts = (self.resource, *self.conditions)
        else:
            parts = self.conditions or (everything,)
        return reduce(_both, parts)


def _both(first: Condition, second: Condition) -> Condition:
    """Return the test whether both hold, which ``all_of`` tells of any number."""

    def both(context: Context) -> Truth:
        truth = first(context)
        if truth is False:
            return False
        other = second(context)
        return other if truth is True or other is False else truth

    return both


class Policy:
    """A compiled policy document.

    Args:
        name: what people know it by.
        statements: in the order of the document.
    """

    def __init__(self, name: str, statements: Sequence[Statement]) -> None:
        self.name = name
        self.statements = tuple(statements)
        self._by_action: dict[str, tuple[Statement, ...]] = {}

    def about(self, action: str) -> tuple[Statement, ...]:
        """Return the statements about an action, which is given in lower case."""
        about = self._by_action.get(action)
        if about is None:
            about = tuple(statement for statement in self.statements if statement.action(action))
            self._by_action[action] = about
        return about

    def __repr__(self) -> str:
        return f"Policy({self.name!r}, {len(self.statements)} statements)"


def compile_policy(name: str, document: Mapping[str, Any] | str) -> Policy:
    """Compile an identity policy, a boundary, a service control policy or a session policy.

    Args:
        name: what people know it by; every error names it.
        document: the document, or its JSON text.

    Raises:
        PolicyError: it is no policy document, or has what the evaluator does not know: with the
            statement in which it stands. Nothing is ever skipped.
    """
    try:
        return Policy(name, _statements(document))
    except PolicyError as error:
        raise PolicyError(f"policy {name}: {error.message}", fix=error.fix) from error


def policy_in_force(name: str, document: Mapping[str, Any] | str) -> Policy:
    """Compile a document that AWS has accepted, whether or not all of it is understood.

    Of a statement that is not, it is unknown whether it holds; of a whole document, whatever it
    could allow or deny.
    """
    try:
        version, listed = _parts(document)
    except PolicyError as error:
        return Policy(name, _unreadable({}, "the document", error))
    statements: list[Statement] = []
    for index, raw in enumerate(listed, start=1):
        try:
            statements.append(_statement(raw, index, variables=version == VERSIONS[0]))
        except PolicyError as error:
            statements += _unreadable(raw, _name(raw, index), error)
    return Policy(name, statements)


def _unreadable(raw: Any, name: str, error: PolicyError) -> list[Statement]:
    """Return statements that may hold, of the effect and about the actions that can be read."""
    unknown = Unknown(f"goldenami does not know what it says: {error.message}")
    try:
        _check_elements(raw)
        effects, action = [raw["Effect"]], _action(raw)
    except PolicyError:
        effects, action = ["Deny", "Allow"], like_any(["*"])
    return [
        Statement(
            name=name, allows=effect == "Allow", action=action,
            resource=lambda _: unknown, conditions=(),
        )
        for effect in effects
    ]  # fmt: skip


def _parts(document: Mapping[str, Any] | str) -> tuple[str, list[Any]]:
    """Return a document's version and its statements."""
    if isinstance(document, str):
        try:
            document = jsonfile.parse(document)
        except ValueError as error:
            raise PolicyError(f"no JSON: {error}") from error
    if not isinstance(document, Mapping):
        raise PolicyError("it has to be an object of Version and Statement")
    unknown = set(document) - {"Version", "Id", "Statement"}
    if unknown:
        raise PolicyError(f"unknown element {', '.join(sorted(unknown))}")
    version = document.get("Version", VERSIONS[1])  # IAM's default is the old one
    if version not in VERSIONS:
        raise PolicyError(f"Version `{version}` is none of {', '.join(VERSIONS)}")
    listed = document.get("Statement")
    if isinstance(listed, Mapping):
        listed = [listed]
    if not isinstance(listed, list) or not listed:
        raise PolicyError("Statement has to be an object or a list that is not empty")
    return version, listed


def _statements(document: Mapping[str, Any] | str) -> list[Statement]:
    version, listed = _parts(document)
    statements: list[Statement] = []
    for index, raw in enumerate(listed, start=1):
        try:
            statements.append(_statement(raw, index, variables=version == VERSIONS[0]))
        except PolicyError as error:
            message = f"statement {_name(raw, index)}: {error.message}"
            raise PolicyError(message, fix=error.fix) from error
    if len({statement.name for statement in statements}) != len(statements):
        raise PolicyError("a Sid twice", fix="name each statement differently, as IAM demands")
    return statements


def _statement(raw: Any, index: int, *, variables: bool) -> Statement:
    _check_elements(raw)
    return Statement(
        name=_name(raw, index),
        allows=raw["Effect"] == "Allow",
        action=_action(raw),
        resource=_resource(raw, variables=variables),
        conditions=tuple(conditions(raw["Condition"], variables=variables))
        if "Condition" in raw
        else (),
    )


def _name(raw: Any, index: int) -> str:
    """Return a statement's Sid, or its place if it has none."""
    sid = raw.get("Sid") if isinstance(raw, Mapping) else None
    return sid if sid and isinstance(sid, str) else f"#{index}"


def _check_elements(raw: Any) -> None:
    if not isinstance(raw, Mapping):
        raise PolicyError("it has to be an object")
    unknown = set(raw) - _ELEMENTS
    if unknown & {"Principal", "NotPrincipal"}:
        raise PolicyError("Principal belongs to policies of resources", fix="leave it out")
    if unknown:
        raise PolicyError(f"unknown element {', '.join(sorted(unknown))}")
    if not isinstance(raw.get("Sid", ""), str):
        raise PolicyError("Sid has to be a text")
    if raw.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError("Effect has to be Allow or Deny")
    for element in ("Action", "Resource"):
        if (element in raw) == (f"Not{element}" in raw):
            raise PolicyError(f"it needs either {element} or Not{element}")


def _action(raw: Mapping[str, Any]) -> Test:
    negated = "NotAction" in raw
    texts = _texts(raw, "NotAction" if negated else "Action")
    for text in texts:
        if text != "*" and ":" not in text:
            raise PolicyError(f"`{text}` is no action, such as `ec2:RunInstances`")
    test = like_any(text.lower() for text in texts)
    return (lambda action: not test(action)) if negated else test


def _resource(raw: Mapping[str, Any], *, variables: bool) -> Condition:
    negated = "NotResource" in raw
    texts = _texts(raw, "NotResource" if negated else "Resource")
    for text in texts:
        if text != "*" and not text.startswith("arn:"):
            raise PolicyError(f"`{text}` is no ARN", fix='write a whole ARN, or "*"')
        if variables and any("${" in part for part in text.split(":", 5)[:5]):
            raise PolicyError(
                f"`{text}`: a variable before the fifth colon",
                fix="IAM fills variables in after it only: write what stands there, or `*`",
            )
    incomplete = [text for text in texts if text != "*" and text.count(":") < _COLONS]
    completed = [text + ":*" * (_COLONS - text.count(":")) for text in incomplete]
    whole = [text for text in dict.fromkeys(texts) if text not in incomplete]
    fixed, varying = fixed_and_varying((*whole, *completed), variables=variables)
    if "*" in texts and not negated:
        return everything
    test = like(fixed)
    if not varying and not incomplete:
        return lambda context: test(context.resource) is not negated
    loose = like_any(incomplete)

    def resources(context: Context) -> Truth:
        resource = context.resource
        each = (_names(template, context, negated=negated) for template in varying)
        named = any_of((test(resource), *each, _INCOMPLETE if loose(resource) else False))
        return opposite(named) if negated else named

    return resources


def _names(template: PolicyText, context: Context, *, negated: bool) -> Truth:
    """Tell whether a text with variables names the resource.

    With a variable that has no value it names none. Of NotResource the guide says that, too, and
    that such a variable might make the whole statement invalid: whether the statement then applies
    to everything or to nothing, it does not say.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
    """
    filled = template.filled(context)
    if filled is None:
        return Unknown("a variable of its NotResource has no value") if negated else False
    if isinstance(filled, Unknown):
        return filled if like([template.widest])(context.resource) else False
    return like([filled])(context.resource)


def _texts(raw: Mapping[str, Any], element: str) -> list[str]:
    value = raw[element]
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise PolicyError(f"{element} has to be a text or a list of texts that is not empty")
    return texts
