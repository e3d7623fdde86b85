"""Policy documents, compiled once to be evaluated many times.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from goldenami import jsonfile
from goldenami.errors import PolicyError
from goldenami.iam.evaluator.conditions import Condition, conditions
from goldenami.iam.evaluator.text import Context, Template, Test, like

VERSIONS = ("2012-10-17", "2008-10-17")
_ELEMENTS = {
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip

Resources = Callable[[str, Context], bool]


class Statement(Struct, frozen=True):
    """One statement. ``name`` is its Sid, or its place (``#2``) if it has none."""

    name: str
    allows: bool
    action: Test
    resource: Resources
    conditions: tuple[Condition, ...]

    def holds(self, resource: str, context: Context) -> bool:
        """Tell whether it applies to a resource, once its action does."""
        return self.resource(resource, context) and all(one(context) for one in self.conditions)


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
        if action not in self._by_action:
            self._by_action[action] = tuple(one for one in self.statements if one.action(action))
        return self._by_action[action]

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
        return Policy(name, _statements(_parsed(document)))
    except PolicyError as error:
        raise PolicyError(f"policy {name}: {error.message}", fix=error.fix) from error


def _parsed(document: Mapping[str, Any] | str) -> Mapping[str, Any]:
    if isinstance(document, str):
        try:
            document = jsonfile.parse(document)
        except ValueError as error:
            raise PolicyError(f"no JSON: {error}") from error
    if not isinstance(document, Mapping):
        raise PolicyError("it has to be an object of Version and Statement")
    return document


def _statements(document: Mapping[str, Any]) -> list[Statement]:
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
    statements = [
        _statement(one, index, variables=version == VERSIONS[0])
        for index, one in enumerate(listed, start=1)
    ]
    if len({one.name for one in statements}) != len(statements):
        raise PolicyError("a Sid twice", fix="name each statement differently, as IAM demands")
    return statements


def _statement(raw: Any, index: int, *, variables: bool) -> Statement:
    name = f"#{index}"
    try:
        _check_elements(raw)
        name = raw.get("Sid") or name
        return Statement(
            name=name,
            allows=raw["Effect"] == "Allow",
            action=_action(raw),
            resource=_resource(raw, variables=variables),
            conditions=tuple(conditions(raw["Condition"], variables=variables))
            if "Condition" in raw
            else (),
        )
    except PolicyError as error:
        raise PolicyError(f"statement {name}: {error.message}", fix=error.fix) from error


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
    for one in ("Action", "Resource"):
        if (one in raw) == (f"Not{one}" in raw):
            raise PolicyError(f"it needs either {one} or Not{one}")


def _action(raw: Mapping[str, Any]) -> Test:
    negated = "NotAction" in raw
    texts = _texts(raw, "NotAction" if negated else "Action")
    for text in texts:
        if text != "*" and ":" not in text:
            raise PolicyError(f"`{text}` is no action, such as `ec2:RunInstances`")
    templates = [Template.parse(one.lower(), variables=False) for one in texts]
    test = like([one.resolve({}) or () for one in templates])
    return (lambda action: not test(action)) if negated else test


def _resource(raw: Mapping[str, Any], *, variables: bool) -> Resources:
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
    templates = [Template.parse(one, variables=variables) for one in texts]
    if all(one.fixed for one in templates):
        test = like([one.resolve({}) or () for one in templates])
        return lambda resource, _: test(resource) != negated

    def resources(resource: str, context: Context) -> bool:
        resolved = (one.resolve(context) for one in templates)
        return like([one for one in resolved if one is not None])(resource) != negated

    return resources


def _texts(raw: Mapping[str, Any], element: str) -> list[str]:
    given = raw[element]
    listed = given if isinstance(given, list) else [given]
    if not listed or not all(isinstance(one, str) for one in listed):
        raise PolicyError(f"{element} has to be a text or a list of texts that is not empty")
    return listed
