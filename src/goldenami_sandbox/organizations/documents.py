"""Organizations: what a policy is, by type, which documents AWS takes, and how many.

Quotas that AWS raises on request can be set.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html#API_AttachPolicy_Errors
"""

import json
from typing import Any

from moto.iam.exceptions import MalformedPolicyDocument
from moto.organizations.exceptions import OrganizationsClientError
from moto.organizations.models import FakeOrganization, FakePolicy
from moto.organizations.utils import DEFAULT_RCP_POLICY_ID, DEFAULT_SCP_POLICY_ID

from goldenami_sandbox.iam.store import check_document
from goldenami_sandbox.organizations import effective
from goldenami_sandbox.overriding import overrides


class ReasonError(OrganizationsClientError):
    """An error that tells its reason by a constant."""

    @overrides
    def __init__(self, code: str, reason: str, message: str) -> None:
        super().__init__(code, message)
        self.reason = reason


def constraint(reason: str, message: str) -> OrganizationsClientError:
    """A minimum or maximum that a call would break."""
    return ReasonError("ConstraintViolationException", reason, message)


def invalid(reason: str, message: str) -> OrganizationsClientError:
    """A parameter that makes no sense."""
    return ReasonError("InvalidInputException", reason, message)


SCP = "SERVICE_CONTROL_POLICY"
RCP = "RESOURCE_CONTROL_POLICY"
DECLARATIVE = "DECLARATIVE_POLICY_EC2"
TYPES = (SCP, RCP, DECLARATIVE, "TAG_POLICY", "BACKUP_POLICY", "AISERVICES_OPT_OUT_POLICY")
DEFAULTS = {SCP: DEFAULT_SCP_POLICY_ID, RCP: DEFAULT_RCP_POLICY_ID}
_ALLOWED = {SCP: "operation", RCP: "resource"}


class SandboxPolicy(FakePolicy):
    """A policy of any type the sandbox knows; moto's knows fewer."""

    @overrides
    def __init__(self, organization: FakeOrganization, **parameters: Any) -> None:
        super().__init__(organization, **(parameters | {"Type": SCP}))
        self.type = parameters["Type"]
        self._arn_format = f"arn:{{}}:organizations::{{}}:policy/{{}}/{self.type.lower()}/{{}}"


class AwsPolicy(SandboxPolicy):
    """The policy of AWS's own that allows everything, of a type that has one."""

    @overrides
    def __init__(self, organization: FakeOrganization, policy_type: str) -> None:
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        if policy_type == RCP:
            statement["Principal"] = "*"
        super().__init__(
            organization,
            Type=policy_type,
            Name=DEFAULTS[policy_type].removeprefix("p-"),
            Description="Allows access to every " + _ALLOWED[policy_type],
            Content=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        self.id = DEFAULTS[policy_type]
        self.aws_managed = True
        self._arn_format = f"arn:{{0}}:organizations::aws:policy/{policy_type.lower()}/{{3}}"


def check_type(policy_type: str) -> None:
    """Refuse a type the sandbox does not know."""
    if policy_type not in TYPES:
        raise invalid("INVALID_ENUM_POLICY_TYPE", "You specified an invalid policy type string.")


def check_content(policy_type: str, content: str) -> None:
    """Refuse a document that is too long, or no policy of its type."""
    if len(content) > characters(policy_type):
        raise constraint(
            "POLICY_CONTENT_LIMIT_EXCEEDED", "You have exceeded the maximum policy size."
        )
    try:
        if policy_type == SCP:
            check_document(content)
        elif policy_type == DECLARATIVE:
            effective.parsed(content)
        else:
            json.loads(content)
    except (ValueError, MalformedPolicyDocument) as error:
        raise OrganizationsClientError(
            "MalformedPolicyDocumentException",
            "The provided policy document does not meet the requirements of the specified policy "
            f"type. {error}",
        ) from None


SCP_CHARACTERS = 5_120
DECLARATIVE_CHARACTERS = 10_000

scp_characters = SCP_CHARACTERS
"""How long a service control policy may be, white space counted; AWS raises it to 10,240."""

_CHARACTERS = {"DECLARATIVE_POLICY_EC2": DECLARATIVE_CHARACTERS, "RESOURCE_CONTROL_POLICY": 5_120}
_PER_TARGET = {"SERVICE_CONTROL_POLICY": 5, "RESOURCE_CONTROL_POLICY": 5}
_OTHERS_PER_TARGET = 10


def characters(policy_type: str) -> int:
    """Return how long a policy of a type may be."""
    if policy_type == "SERVICE_CONTROL_POLICY":
        return scp_characters
    return _CHARACTERS.get(policy_type, DECLARATIVE_CHARACTERS)


def per_target(policy_type: str) -> int:
    """Return how many policies of a type one root, unit or account may have attached."""
    return _PER_TARGET.get(policy_type, _OTHERS_PER_TARGET)
