"""Why a call is denied: what AWS hides in an encoded message, if the caller may decode it.

https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from goldenami.aws.answers.interface import OddAnswerError, read_json
from goldenami.aws.answers.others import DecodeAuthorizationMessage
from goldenami.aws.ask import Asking
from goldenami.aws.errors import EXPLICIT, fix_of_denial
from goldenami.errors import AwsError


class _Statement(Struct, frozen=True, rename="camel"):
    statement_id: str = ""


class _Items(Struct, frozen=True):
    items: tuple[_Statement, ...] = ()


class _Context(Struct, frozen=True):
    action: str = ""
    resource: str = ""


class _Denial(Struct, frozen=True, rename="camel"):
    """What a decoded message says; AWS promises none of its parts."""

    explicit_deny: bool = False
    matched_statements: _Items = _Items()
    context: _Context = _Context()


def decoded(asking: Asking, error: AwsError) -> AwsError:
    """Return an error with what its encoded message says; the same if that cannot be known.

    Args:
        asking: who was denied.
        error: what AWS said.
    """
    if not error.encoded:
        return error
    try:
        text = asking.ask(
            DecodeAuthorizationMessage, "decoding a denial", EncodedMessage=error.encoded
        ).part
        denial = read_json(_Denial, text)
    except (AwsError, OddAnswerError):
        return error  # the caller may not, or it is none: AWS's own words have to do
    message = f"{error.message} ({_words(denial)})"
    fix = fix_of_denial(denial.context.action, message) if denial.context.action else error.fix
    return AwsError(message, fix=fix, notes=error.notes, code=error.code)


@contextmanager
def explained(asking: Asking) -> Iterator[None]:
    """Run AWS calls; a denial is raised with what its encoded message says.

    Raises:
        AwsError: as AWS refuses.
    """
    try:
        yield
    except AwsError as error:
        if (explanation := decoded(asking, error)) is error:
            raise
        raise explanation from None


def is_explicit(error: AwsError) -> bool:
    """Tell whether a policy denies, so that no further permission helps."""
    return EXPLICIT in error.message


def _words(denial: _Denial) -> str:
    names = [statement.statement_id for statement in denial.matched_statements.items]
    what = f"{denial.context.action} on {denial.context.resource}"
    if not denial.explicit_deny:
        return f"{what}: no policy allows it"
    named = f" of statement {', '.join(filter(None, names))}" if any(names) else ""
    return f"{what}: {EXPLICIT}{named}"
