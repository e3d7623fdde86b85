"""Turns what botocore raises into one clear error; AWS's codes are classified only here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from goldenami.aws.endpoints import without_users
from goldenami.errors import AwsError, UsageError

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
    }
)
THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "RequestThrottled",
        "SlowDown",
        "EC2ThrottledException",
    }
)
UNKNOWN_ID = frozenset(
    {
        "InvalidAMIID.NotFound",
        "InvalidAMIID.Unavailable",
        "InvalidInstanceID.NotFound",
        "InvalidSnapshot.NotFound",
    }
)
NOT_FOUND = UNKNOWN_ID | frozenset(
    {
        "NoSuchEntity",
        "ParameterNotFound",
        "InvocationDoesNotExist",
    }
)
OPT_IN = frozenset({"OptInRequired"})
DUPLICATE_NAME = frozenset({"InvalidAMIName.Duplicate"})
TERMINATED = frozenset({"IdempotentInstanceTerminated"})
UNKNOWN_TEMPLATE = frozenset(
    {
        "InvalidLaunchTemplateId.NotFound",
        "InvalidLaunchTemplateId.VersionNotFound",
        "InvalidLaunchTemplateName.NotFoundException",
    }
)
ALREADY_THERE = frozenset({"ParameterAlreadyExists"})
VERSION_LIMIT = frozenset({"ParameterMaxVersionLimitExceeded"})
NO_AGENT = frozenset({"InvalidInstanceId"})
NOT_AVAILABLE_HERE = frozenset(
    {"InvalidAction", "UnsupportedOperation", "UnknownOperationException"}
)


@contextmanager
def explained(doing: str, region: str = "") -> Iterator[None]:
    """Run AWS calls; anything botocore raises becomes an :class:`AwsError`.

    Args:
        doing: what is being done, as the sentence starts: ``reading images``.
        region: where, if it is somewhere.

    Raises:
        AwsError: with AWS's own code and message, the place, and the fix where there is one.
        UsageError: the AWS profile or the region does not exist.
    """
    from botocore import exceptions as botocore
    from botocore.parsers import ResponseParserError

    where = f"{doing} in {region}" if region else doing
    try:
        yield
    except botocore.ClientError as error:
        raise _refused(where, error) from error
    except botocore.ProfileNotFound as error:
        raise UsageError(
            f"{where}: {error}", fix="name one of `aws configure list-profiles` with --profile"
        ) from error
    except (botocore.NoCredentialsError, botocore.PartialCredentialsError) as error:
        raise AwsError(
            f"{where}: no AWS credentials found", fix=_LOG_IN, code="NoCredentials"
        ) from error
    except (botocore.BotoCoreError, ResponseParserError) as error:
        raise _unreachable(where, error) from error


def code_of(error: BaseException) -> str:
    """Return AWS's error code of a botocore or goldenami error, or an empty string."""
    if isinstance(error, AwsError):
        return error.code
    response: Any = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


_LOG_IN = "log in (`aws sso login`), set AWS_PROFILE or --profile, or export AWS_ACCESS_KEY_ID"


def _refused(where: str, error: "ClientError") -> AwsError:
    code = code_of(error)
    call = error.operation_name
    message = error.response.get("Error", {}).get("Message", "")
    fix = ""
    if code in EXPIRED:
        fix = "the session token has expired: log in again and run the same command"
    elif code in BAD_CREDENTIALS:
        fix = f"AWS does not accept these credentials: {_LOG_IN}"
    elif code in FORBIDDEN:
        fix = f"the caller needs a permission for {call}; `--plan` lists all that are needed"
    elif code in THROTTLED:
        fix = "AWS is throttling this account; run the same command again in a minute"
    elif code in OPT_IN:
        fix = "enable the region for this account, or leave it out"
    return AwsError(f"{where}: {call}: {code}: {message}", fix=fix, code=code)


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
    return AwsError(f"{where}: {without_users(str(error))}", fix=fix, code=type(error).__name__)
