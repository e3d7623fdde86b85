"""What a rule looks at, and what it says."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from goldenami.iam.evaluator.document import VERSIONS
from goldenami.iam.evaluator.text import like_any

Severity = Literal["high", "medium", "low"]


class LintTest(Struct, frozen=True):
    """One key of a condition: ``StringNotEquals`` on ``ec2:Owner`` with its values."""

    operator: str
    key: str
    values: tuple[str, ...]

    @property
    def name(self) -> str:
        """The operator without quantifier and IfExists."""
        return self.operator.rpartition(":")[2].removesuffix("IfExists")

    @property
    def negated(self) -> bool:
        """Whether it holds if nothing fits."""
        return "Not" in self.name


class LintStatement(Struct, frozen=True):
    """One statement of a policy, with lists where the document may have single texts.

    ``variables`` tells whether the policy's version knows them.
    """

    policy: str
    variables: bool
    name: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    tests: tuple[LintTest, ...]

    @property
    def denies(self) -> bool:
        """Whether it denies."""
        return self.effect == "Deny"

    @property
    def texts(self) -> tuple[str, ...]:
        """Its resources, and the values that it compares with."""
        return (*self.resources, *(value for test in self.tests for value in test.values))

    def on(self, *keys: str) -> tuple[LintTest, ...]:
        """Return the tests of condition keys; one that ends in ``/`` stands for its family."""
        return tuple(
            test
            for key in map(str.lower, keys)
            for test in self.tests
            if test.key.lower() == key or (key.endswith("/") and test.key.lower().startswith(key))
        )

    def about(self, *actions: str) -> bool:
        """Tell whether it names one of these actions, by a wildcard too and in any case."""
        return any(map(like_any(map(str.lower, self.actions)), map(str.lower, actions)))


class LintPolicies(Struct, frozen=True):
    """The statements of documents that are attached together."""

    statements: tuple[LintStatement, ...]
    partition: str


class LintFinding(Struct, frozen=True):
    """A wrong shape, and where it stands."""

    rule: str
    severity: Severity
    policy: str
    statement: str
    message: str
    right: str


Check = Callable[[LintStatement, LintPolicies], Iterator[str]]
"""Says what is wrong with a statement of policies that are attached together."""


class LintRule(Struct, frozen=True, kw_only=True):
    """One wrong shape.

    Args:
        id: stable, in lower case with dashes.
        severity: ``high`` if it lets launches through or blocks golden ones.
        title: the shape in a line.
        explanation: what it does, and why.
        right: the right form.
        check: finds it.
    """

    id: str
    severity: Severity
    title: str
    explanation: str
    right: str
    check: Check


def statements(policy: str, document: Mapping[str, Any]) -> tuple[LintStatement, ...]:
    """Return the statements of a document that the evaluator takes."""
    listed = document["Statement"]
    return tuple(
        LintStatement(
            policy=policy,
            variables=document.get("Version") == VERSIONS[0],
            name=str(raw.get("Sid") or f"#{index}"),
            effect=raw["Effect"],
            actions=_texts(raw.get("Action", ())),
            resources=_texts(raw.get("Resource", ())),
            tests=tuple(
                LintTest(operator, key, _texts(values))
                for operator, keys in raw.get("Condition", {}).items()
                for key, values in keys.items()
            ),
        )
        for index, raw in enumerate([listed] if isinstance(listed, Mapping) else listed, start=1)
    )


def _texts(value: Any) -> tuple[str, ...]:
    texts = value if isinstance(value, list | tuple) else [value]
    return tuple(str(text).lower() if isinstance(text, bool) else str(text) for text in texts)
