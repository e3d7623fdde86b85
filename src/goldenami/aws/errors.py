"""Turns what botocore raises into one clear error; AWS's codes are classified only here."""

import re
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from goldenami.aws.answers.interface import OddAnswerError
from goldenami.aws.endpoints import without_users
from goldenami.aws.fixes import fix_for
from goldenami.errors import AwsError, GoldenamiError, UnreadableAnswerError, UsageError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
)
BAD_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "MissingAuthenticationToken",
    }
)
FORBIDDEN = frozenset(
    {
        "UnauthorizedOperation",
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedAccess",
        "AuthorizationError",
    }
)
EXPLICIT = "explicit deny"
"""How AWS's own words call it when a policy denies, and not only no policy allows."""

UNREADABLE = frozenset({"UnreadableAnswer"})
CONCURRENT = frozenset(
    {
        "ConcurrentModification",
        "ConcurrentModificationException",
        "ConcurrentTagAccess",
        "EntityTemporarilyUnmodifiable",
        "PolicyChangesInProgressException",
        "ResourceContention",
        "TooManyUpdates",
    }
)
"""Somebody else is changing the same thing at this moment."""

THROTTLED = CONCURRENT | {
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "EC2ThrottledException",
}
NETWORK = frozenset(
    {
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "ConnectionError",
        "EndpointConnectionError",
        "HTTPClientError",
        "ProxyConnectionError",
        "ReadTimeoutError",
        "SSLError",
    }
)
"""botocore's names for no answer at all."""

BROKEN = frozenset(
    {"InternalError", "InternalFailure", "InternalServerError", "ServiceUnavailable", "Unavailable"}
)
NO_ANSWER = NETWORK | BROKEN | THROTTLED | UNREADABLE
"""What says nothing about the thing that was asked for: another time it may be answered."""

UNKNOWN_ID = frozenset(
    {
        "InvalidAMIID.NotFound",
        "InvalidAMIID.Unavailable",
        "InvalidInstanceID.NotFound",
        "InvalidSnapshot.NotFound",
    }
)
NOT_FOUND = UNKNOWN_ID | {
    "NoSuchEntity",
    "ParameterNotFound",
    "InvocationDoesNotExist",
}


class _Gone(Container[str]):
    """What AWS says of something that it does not have, whatever kind of thing that is."""

    _code = re.compile(r"(?:NoSuch\w+|[\w.]*(?:NotFound|NotExist)(?:Exception)?|\w+\.Unavailable)")

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and bool(self._code.fullmatch(code))


GONE = _Gone()

CHANGED = frozenset(
    {
        "ConstraintViolationException",
        "DeleteConflict",
        "DuplicatePolicyException",
        "EntityAlreadyExists",
        "LimitExceeded",
        "NoSuchEntity",
        "PolicyInUseException",
        "PolicyNotFoundException",
        "TargetNotFoundException",
    }
)
"""What IAM and Organizations say if things are not as they were when they were looked at."""

TERMINATED = frozenset({"IdempotentInstanceTerminated"})
USED_TOKEN = TERMINATED | {"IdempotentParameterMismatch"}
"""What is said of a client token that has launched what is gone, or something else."""
UNKNOWN_GROUP = frozenset({"InvalidGroup.NotFound"})
REFRESHING = frozenset({"InstanceRefreshInProgress"})
ALREADY_THERE = frozenset({"ParameterAlreadyExists"})
VERSION_LIMIT = frozenset({"ParameterMaxVersionLimitExceeded"})
NO_AGENT = frozenset({"InvalidInstanceId"})
NOT_AVAILABLE_HERE = frozenset(
    {"InvalidAction", "UnsupportedOperation", "UnknownOperationException"}
)


T = TypeVar("T")


def unless_gone(read: Callable[[], T]) -> T | None:
    """Return what is read of a thing that something else named; None if there is no such thing.

    What disappears between a listing and a closer look is gone, and not unreadable.

    Raises:
        AwsError: it could not be read.
    """
    with Tolerated(GONE):
        return read()
    return None


class Tolerated:
    """Goes on after a block that AWS refuses with one of these codes, as `suppress` does."""

    def __init__(self, codes: Container[str]) -> None:
        self._codes = codes

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        return isinstance(error, AwsError) and error.code in self._codes


@contextmanager
def explained(purpose: str, region: str = "", call: str = "") -> Iterator[None]:
    """Run AWS calls; anything botocore raises becomes an :class:`AwsError`.

    Args:
        purpose: what is being done, as the sentence starts: ``reading images``.
        region: where, if it is somewhere.
        call: the operation that is called: ``ec2:DescribeImages``. All that goes wrong in reading
            its answer is then the answer's fault.

    Raises:
        AwsError: with AWS's own code and message, the place, and the fix where there is one.
        UnreadableAnswerError: what came is no whole answer; nothing of it is in the message.
        UsageError: the AWS profile or the region does not exist.
    """
    where = f"{purpose} in {region}" if region else purpose
    try:
        yield
    except GoldenamiError:
        raise
    except Exception as error:
        problem = _explanation(error, where, call)
        if problem is None:
            raise
        raise problem from None  # botocore's error may quote the answer, or what was sent


def _explanation(error: Exception, where: str, call: str) -> GoldenamiError | None:
    """Return what an error of a call means; None if it is none of AWS's or botocore's."""
    from botocore import exceptions as botocore

    from goldenami.aws.botocore_private import ResponseParserError
    from goldenami.aws.whole import PartialAnswerError

    match error:
        case botocore.ClientError():
            return _refused(where, error)
        case botocore.ProfileNotFound():
            fix = "name one of `aws configure list-profiles` with --profile"
            return UsageError(f"{where}: {error}", fix=fix)
        case botocore.NoCredentialsError() | botocore.PartialCredentialsError():
            return AwsError(f"{where}: no AWS credentials found", fix=_LOG_IN, code="NoCredentials")
        case botocore.BotoCoreError():
            return _unreachable(where, error)
        case PartialAnswerError() | OddAnswerError():
            return unreadable(where, call, str(error))
        case ResponseParserError():
            return unreadable(where, call, "it cannot be parsed")
    if call and isinstance(error, _OF_ODD_ANSWERS):
        return unreadable(where, call, f"its parts do not fit: {type(error).__name__}")
    return None


_OF_ODD_ANSWERS = (
    KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError,
)  # fmt: skip
"""What botocore ends in when it parses, or works on, an answer without its usual parts."""


def unreadable(where: str, call: str, why: str, *, tried: bool = False) -> UnreadableAnswerError:
    """Return the error of an answer that is no whole one.

    Args:
        where: what was being done, and in which region.
        call: the operation.
        why: what is wrong with the answer, without any of its text.
        tried: whether it was asked for several times.
    """
    operation = call.rpartition(":")[2] or "AWS"
    return UnreadableAnswerError(
        f"{where}: {operation}: the answer cannot be read ({why})", fix=_NOT_AWS, tried=tried
    )


_NOT_AWS = (
    "run the same command again; if it stays so, look at what stands between here and AWS: a "
    "proxy, a portal, --endpoint-url"
)


def code_of(error: BaseException) -> str:
    """Return AWS's error code of a botocore or goldenami error, or an empty string."""
    if isinstance(error, AwsError):
        return error.code
    response: Any = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


_CODE = re.compile(r"[A-Za-z][\w.:#/-]{1,127}")
MESSAGE_CHARACTERS = 2_000
"""How much of AWS's words is repeated."""
_ENCODED = "Encoded authorization failure message:"

_LOG_IN = "log in (`aws sso login`), set AWS_PROFILE or --profile, or export AWS_ACCESS_KEY_ID"


def _refused(where: str, error: "ClientError") -> AwsError:
    code = code_of(error)
    call = error.operation_name
    if not _CODE.fullmatch(code):  # no error of AWS's: a load balancer's page, or nothing
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        why = f"HTTP status {status} without AWS's words"
        return unreadable(where, call, why, tried=status >= 500)  # botocore asks again then
    message = str(error.response.get("Error", {}).get("Message", ""))
    message, _, encoded = message.partition(_ENCODED)
    message = message.strip()[:MESSAGE_CHARACTERS]
    fix = fix_for(call, code, message)
    if code in EXPIRED:
        fix = "the session token has expired: log in again and run the same command"
    elif code in BAD_CREDENTIALS:
        fix = f"AWS does not accept these credentials: {_LOG_IN}"
    elif code in FORBIDDEN:
        fix = fix_of_denial(call, message)
    elif code in CONCURRENT:
        fix = "somebody else is changing the same thing; run the same command again"
    elif code in THROTTLED:
        fix = "AWS is throttling this account; run the same command again in a minute"
    words = f"{where}: {call}: {code}: {message}"
    return AwsError(words, fix=fix, code=code, encoded=encoded.strip())


def fix_of_denial(action: str, message: str) -> str:
    """Return what helps against a denial.

    Args:
        action: what is denied: an IAM action, or the operation.
        message: AWS's words, or what is decoded of them.
    """
    if EXPLICIT in message:
        return (
            "a policy denies it, so that no further permission helps: run it as a role that the "
            "policy leaves alone, or have the policy changed"
        )
    return f"the caller needs a permission for {action}; `--plan` lists all that are needed"


def _unreachable(where: str, error: Exception) -> AwsError:
    from botocore import exceptions as botocore

    reach = (botocore.EndpointConnectionError, botocore.ConnectionError, botocore.HTTPClientError)
    fix = ""
    if isinstance(error, botocore.SSLError):
        fix = (
            "name the file of the authority that signed the certificate in AWS_CA_BUNDLE, or "
            "correct --endpoint-url / AWS_ENDPOINT_URL (http:// where no TLS is spoken)"
        )
    elif isinstance(error, botocore.ProxyConnectionError):
        fix = "correct HTTPS_PROXY / HTTP_PROXY, or name what needs no proxy in NO_PROXY"
    elif isinstance(error, reach):
        fix = "check the network, the region name, and --endpoint-url / AWS_ENDPOINT_URL"
    return AwsError(f"{where}: {_words(error)}", fix=fix, code=type(error).__name__)


def _words(error: Exception) -> str:
    """Return botocore's words, but for what they may quote: values that were sent, and secrets."""
    from botocore import exceptions as botocore

    if isinstance(error, botocore.ParamValidationError):
        return _VALUE.sub("", str(error))
    if isinstance(error, botocore.CredentialRetrievalError):
        provider = error.kwargs.get("provider", "the credential chain")
        return f"no credentials could be fetched by {provider}"
    return without_users(str(error))


_VALUE = re.compile(r", value: .*?(?=, (?:type|valid)|$)", re.DOTALL | re.MULTILINE)
