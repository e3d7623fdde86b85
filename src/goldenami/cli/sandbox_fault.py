"""A fault of the sandbox as people write it: ``SERVICE:OPERATION=CODE[*TIMES][@REGION]``."""

import re
from typing import TYPE_CHECKING

from goldenami.domain.regions import misspelt
from goldenami.errors import UsageError
from goldenami.validation import closest

if TYPE_CHECKING:
    from goldenami_sandbox.faults import Fault

EXAMPLE = "ec2:RunInstances=InsufficientInstanceCapacity*2@us-east-1"
_FAULT = re.compile(
    r"(?P<service>[a-z0-9-]+):(?P<operation>[A-Z][A-Za-z0-9]*|\*)=(?P<code>[A-Z][A-Za-z0-9.]*)"
    r"(?:\*(?P<times>[1-9][0-9]{0,5}))?(?:@(?P<region>[a-z0-9-]+))?"
)
_STATUSES = {
    "InternalError": 500,
    "InternalFailure": 500,
    "RequestLimitExceeded": 503,
    "ServiceUnavailable": 503,
    "Unavailable": 503,
}
"""The codes that AWS sends with another status than 400, which its clients retry."""


def parse(text: str) -> "Fault":
    """Return the fault that a text stands for.

    Args:
        text: a service's signing name, one of its operations or ``*`` for all, AWS's error code;
            then how many calls fail (all, if that is left out), and in which region (everywhere).

    Raises:
        UsageError: it is none, or AWS has no such service, operation or region.
    """
    match = _FAULT.fullmatch(text)
    if match is None:
        raise UsageError(f"--fail {text}: is no fault", fix=f"write it as {EXAMPLE}")
    service, operation, region = match["service"], match["operation"], match["region"]
    from goldenami_sandbox.models import operations

    known = operations(service)
    if known is None:
        raise UsageError(f"--fail {text}: AWS has no service {service}", fix=f"as in {EXAMPLE}")
    if operation != "*" and operation not in known:
        close = closest(operation, known)
        fix = f"did you mean {close}?" if close else ""
        raise UsageError(f"--fail {text}: {service} has no operation {operation}", fix=fix)
    if region:
        check_region(region, f"--fail {text}")
    from goldenami_sandbox.faults import Fault

    return Fault(
        service=service,
        operation=operation,
        code=match["code"],
        region=region,
        status=_STATUSES.get(match["code"], 400),
        times=int(match["times"]) if match["times"] else None,
    )


def check_region(name: str, option: str) -> None:
    """Refuse what is no region of AWS.

    Raises:
        UsageError: it is none.
    """
    from goldenami_sandbox.models import regions

    known = regions()
    if name not in known:
        close = misspelt(name, known)
        fix = f"did you mean {close}?" if close else "such as us-east-1"
        raise UsageError(f"{option}: AWS has no region {name}", fix=fix)
