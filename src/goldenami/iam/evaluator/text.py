"""The text of a policy's values: wildcards, and variables filled in from the request.

Any key is a variable, also of a service that goldenami does not know. One without a value in the
request equals nothing and is like nothing: a condition with it does not hold, a negated one does,
and a resource with it is none. AWS does not say what comes of a variable whose value is empty, or
of a key that may have several: those are unknown, as is one whose value nobody knows.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Callable, Iterable
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from goldenami.errors import PolicyError
from goldenami.iam.evaluator.context import Context, Key
from goldenami.iam.evaluator.truth import Unknown

Test = Callable[[str], bool]

_WILD = r"(?P<wild>[*?])"
_PIECE = {
    True: re.compile(r"\$\{(?P<inside>[^}]*)\}|" + _WILD),
    False: re.compile(_WILD),
}
"""What is special in a text, with and without variables."""
_VARIABLE = re.compile(
    r"(?P<key>[\w.~/-]+:[\w.\[\]-]+(?:/[\w .:/=+@-]*[\w.:/=+@-])?)\s*(?:,\s*'(?P<default>[^']*)')?"
)
"""A key: its service or identity provider, its name, and for tags theirs."""


class Wild(Enum):
    """A wildcard, as it is written."""

    ANY = "*"
    ONE = "?"


class Variable(Struct, frozen=True):
    """``${key, 'default'}``."""

    key: Key
    default: str | None

    def value(self, context: Context) -> str | Unknown | None:
        """Return what takes its place in a request; None if nothing does."""
        value = context.value(self.key.name)
        if value is None:
            return self.key.if_missing(context, self.default)
        if value == ():
            return self.default
        if not isinstance(value, str) or self.key.multivalued:
            return Unknown(f"{self.key.name} may have several values, and is a variable")
        return value or Unknown(f"{self.key.name} is empty, and is a variable")


Resolved = tuple[str | Wild, ...]
"""A text whose variables are filled in. What they brought is literal, also a ``*``."""


class PolicyText(Struct, frozen=True):
    """One text of a policy."""

    parts: tuple[str | Wild | Variable, ...]

    @classmethod
    def parse(cls, text: str, *, variables: bool) -> "PolicyText":
        """Read a text.

        Args:
            text: as it stands in the policy.
            variables: whether ``${…}`` is special: the policy's version knows variables, and the
                element takes them.

        Raises:
            PolicyError: a variable that is not a key's name, or not closed.
        """
        parts: list[str | Wild | Variable] = []
        rest = 0
        for piece in _PIECE[variables].finditer(text):
            parts.append(text[rest : piece.start()])
            parts.append(Wild(piece["wild"]) if piece["wild"] else _variable(piece["inside"]))
            rest = piece.end()
        parts.append(text[rest:])
        if variables and any(isinstance(part, str) and "${" in part for part in parts):
            raise PolicyError(f"`{text}`: a `${{` without its `}}`", fix="close the variable")
        return cls(tuple(part for part in parts if part != ""))

    @property
    def fixed(self) -> bool:
        """Whether it is the same for every request."""
        return not any(isinstance(part, Variable) for part in self.parts)

    def filled(self, context: Context) -> Resolved | Unknown | None:
        """Fill the variables in.

        Returns:
            The text; None if a variable surely has no value, since nothing is equal to that or
            like it; else why the text is unknown.
        """
        parts: list[str | Wild] = []
        unknown: Unknown | None = None
        for part in self.parts:
            value = part.value(context) if isinstance(part, Variable) else part
            if value is None:
                return None
            if isinstance(value, Unknown):
                unknown = value
            else:
                parts.append(value)
        return tuple(parts) if unknown is None else unknown

    @property
    def widest(self) -> Resolved:
        """The text with anything at all in the place of each variable."""
        return tuple(Wild.ANY if isinstance(part, Variable) else part for part in self.parts)


def plain(resolved: Resolved) -> str:
    """Return a text in which ``*`` and ``?`` mean themselves."""
    return "".join(part if isinstance(part, str) else part.value for part in resolved)


def like(patterns: Iterable[Resolved]) -> Test:
    """Return the test whether a text is like any of the patterns, case-sensitively."""
    patterns = tuple(patterns)
    if (Wild.ANY,) in patterns:
        return lambda _: True
    literal = frozenset(plain(pattern) for pattern in patterns if not _wild(pattern))
    wild = tuple(pattern for pattern in patterns if _wild(pattern))
    if not wild:
        return literal.__contains__
    matches = _expression(wild).fullmatch
    if not literal:
        return lambda text: matches(text) is not None
    return lambda text: text in literal or matches(text) is not None


def like_any(texts: Iterable[str]) -> Test:
    """Return the same test for texts that have no variables."""
    return like(PolicyText.parse(text, variables=False).widest for text in texts)


def fixed_and_varying(
    texts: Iterable[str], *, variables: bool
) -> tuple[tuple[Resolved, ...], list[PolicyText]]:
    """Return those texts that are the same for every request, and those that are not."""
    parsed = [PolicyText.parse(text, variables=variables) for text in texts]
    fixed = tuple(text.widest for text in parsed if text.fixed)
    return fixed, [text for text in parsed if not text.fixed]


def _wild(resolved: Resolved) -> bool:
    return any(isinstance(part, Wild) for part in resolved)


@lru_cache(maxsize=4096)
def _expression(patterns: tuple[Resolved, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(regular, patterns)), re.DOTALL)


def regular(pattern: Resolved, *, character: str = ".") -> str:
    """Return a pattern as a regular expression that takes no more than quadratic time.

    What stands between two stars is taken where it fits first, and never elsewhere: a later place
    would leave less of the text to the rest. Only the last star may try several places, or the one
    before it if nothing follows the last: those are looked for from the end, which is faster.

    Args:
        pattern: the pattern.
        character: what stands for a single one; that of a field leaves out its separator.
    """
    between = [""]
    for part in pattern:
        if part is Wild.ANY:
            between.append("")
        else:
            between[-1] += character if part is Wild.ONE else re.escape(part)
    first, *others = between
    if not others:
        return first
    *middle, last = others
    if middle and not last:
        last = f"{middle.pop()}{character}*"
    return f"{first}{''.join(f'(?>{character}*?{piece})' for piece in middle)}{character}*{last}"


def _variable(inside: str) -> str | Variable:
    if inside in ("*", "?", "$"):
        return inside
    variable = _VARIABLE.fullmatch(inside)
    if variable is None:
        raise PolicyError(
            f"`${{{inside}}}` is no policy variable",
            fix="name a condition key, such as `${aws:username}`; write `${$}` for a `$`",
        )
    return Variable(Key.named(variable["key"]), variable["default"])
