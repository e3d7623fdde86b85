"""Organizations: what a policy is, by type, and which documents AWS takes.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
"""

import json
from typing import Any

from moto.iam.exceptions import MalformedPolicyDocument
from moto.organizations.exceptions import OrganizationsClientError
from moto.organizations.models import FakeOrganization, FakePolicy
from moto.organizations.utils import DEFAULT_RCP_POLICY_ID, DEFAULT_SCP_POLICY_ID

from goldenami_sandbox.iam import documents as iam_documents
from goldenami_sandbox.organizations import effective, quotas
from goldenami_sandbox.organizations.errors import constraint, invalid

SCP = "SERVICE_CONTROL_POLICY"
RCP = "RESOURCE_CONTROL_POLICY"
DECLARATIVE = "DECLARATIVE_POLICY_EC2"
TYPES = (SCP, RCP, DECLARATIVE, "TAG_POLICY", "BACKUP_POLICY", "AISERVICES_OPT_OUT_POLICY")
DEFAULTS = {SCP: DEFAULT_SCP_POLICY_ID, RCP: DEFAULT_RCP_POLICY_ID}
_ALLOWED = {SCP: "operation", RCP: "resource"}


class Policy(FakePolicy):
    """A policy of any type the sandbox knows; moto's knows fewer."""

    def __init__(self, organization: FakeOrganization, **asked: Any) -> None:
        super().__init__(organization, **(asked | {"Type": SCP}))
        self.type = asked["Type"]
        self._arn_format = f"arn:{{}}:organizations::{{}}:policy/{{}}/{self.type.lower()}/{{}}"


class AwsPolicy(Policy):
    """The policy of AWS's own that allows everything, of a type that has one."""

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
    if len(content) > quotas.characters(policy_type):
        raise constraint(
            "POLICY_CONTENT_LIMIT_EXCEEDED", "You have exceeded the maximum policy size."
        )
    try:
        if policy_type == SCP:
            iam_documents.check(content)
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
