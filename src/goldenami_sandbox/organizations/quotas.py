"""Quotas of Organizations. Those that AWS raises on request can be set.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
"""

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
