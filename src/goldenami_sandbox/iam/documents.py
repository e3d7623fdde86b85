"""Which policy documents IAM takes for users, groups and roles, and Organizations as an SCP.

Mended: a document with a principal is refused; moto takes it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json

from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.policy_validation import IAMPolicyDocumentValidator

_PRINCIPALS = {"Principal", "NotPrincipal"}


def check(document: str) -> None:
    """Refuse a document that is no identity-based policy.

    Raises:
        MalformedPolicyDocument: with what is wrong.
    """
    IAMPolicyDocumentValidator(document).validate()
    statements = json.loads(document)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        if not _PRINCIPALS.isdisjoint(statement):
            raise MalformedPolicyDocument("Policy document should not specify a principal.")
