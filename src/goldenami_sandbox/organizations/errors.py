"""Errors of Organizations that tell a reason beside their code.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html#API_AttachPolicy_Errors
"""

from moto.organizations.exceptions import OrganizationsClientError


class ReasonError(OrganizationsClientError):
    """An error that tells its reason by a constant."""

    def __init__(self, code: str, reason: str, message: str) -> None:
        super().__init__(code, message)
        self.reason = reason


def constraint(reason: str, message: str) -> OrganizationsClientError:
    """A minimum or maximum that a call would break."""
    return ReasonError("ConstraintViolationException", reason, message)


def invalid(reason: str, message: str) -> OrganizationsClientError:
    """A parameter that makes no sense."""
    return ReasonError("InvalidInputException", reason, message)
