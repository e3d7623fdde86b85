"""Profiles and values into policy documents, by the templates under ``templates/policies``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from goldenami import jsonfile, resources
from goldenami.domain import prefixes
from goldenami.domain.arns import arn, pattern
from goldenami.errors import SpecError, UsageError
from goldenami.iam.profiles import Profile
from goldenami.iam.values import Values

if TYPE_CHECKING:
    from jinja2 import Environment

VERSION = "2012-10-17"

_SID = re.compile(r"[A-Za-z0-9]+")
_OWN_PARAMETERS = (f"{prefixes.PARAMETERS}*",)
"""Manifests, leases and records of builds."""
_OPTION = {
    "account": ("the account it lives in", "--account, or a release file and AWS credentials"),
    "owners": ("an account that owns golden images", "--owner, or audit.owners"),
    "pipeline_role": ("the pipeline's role", "--pipeline-role, or enforce.pipeline_role"),
    "snapshots": ("the snapshot of a golden image", "--snapshot, or an approved image"),
}


class PolicyDocument(Struct, frozen=True):
    """A policy document that IAM takes, and the name it is shown and stored under."""

    name: str
    policy: dict[str, Any]

    def json(self, *, minify: bool = False) -> str:
        """Return the document as ASCII text: the same text for the same values, always.

        IAM takes no characters beyond Latin-1, so all others are escaped.
        """
        if minify:
            return json.dumps(self.policy, separators=(",", ":"))
        return json.dumps(self.policy, indent=2)

    @property
    def size(self) -> int:
        """The number of characters that IAM counts: all but white space.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
        """
        return len("".join(self.json(minify=True).split()))


def render(profile: Profile, values: Values) -> tuple[PolicyDocument, ...]:
    """Return the profile's own documents; those of ``attach_with`` are rendered by their profiles.

    Raises:
        UsageError: a value is missing that the profile needs.
        SpecError: a template does not give a policy document.
    """
    _check_needs(profile, values)
    templates = resources.environment(resources.folder("templates") / "policies", as_json)
    context = _context(profile, values)
    return tuple(
        PolicyDocument(document.name, fill(templates, document.template, context))
        for document in profile.documents
    )


def as_json(value: object) -> str:
    """Return a value as JSON, as templates print it: ``"Owner": {{ owners }}``, without quotes."""
    return json.dumps(value, default=str)  # str: the text of an undefined name raises and names it


def fill(templates: Environment, name: str, context: Mapping[str, object]) -> dict[str, Any]:
    """Return the policy document that a template gives.

    Raises:
        SpecError: it uses an unknown name, gives no JSON or a key twice, or no proper statements.
    """
    from jinja2 import TemplateError

    try:
        policy = jsonfile.parse(templates.get_template(name).render(context))
        _check_policy(policy)
    except TemplateError as error:
        raise SpecError(f"{name}: the template does not work: {error}") from error
    except ValueError as error:
        raise SpecError(f"{name}: the template gives no policy document: {error}") from error
    return dict(policy)


def _context(profile: Profile, values: Values) -> dict[str, object]:
    """Return what templates can use. Lists are sorted, so that order alone is never a drift."""

    def in_any_account(service: str, resource: str) -> str:
        """Name a resource in any account: an image is anybody's, an SCP is for many accounts."""
        kind, _, name = resource.partition("/")
        return arn(values.partition, service, values.region, "*", kind, name)

    listed = sorted(set(values.snapshots))
    return {
        "arn": partial(in_any_account, "ec2"),
        "exempt": values.pipeline_role if values.exempts_pipeline else None,
        "groups": sorted(set(values.groups)),
        "iam": partial(in_any_account, "iam"),
        "own_snapshots": [in_any_account("ec2", f"snapshot/{name}") for name in listed],
        "owners": sorted(set(values.golden_accounts)),
        "parameters": [
            arn(values.partition, "ssm", values.region, "*", "parameter", name)
            for name in sorted({*values.parameters, *_OWN_PARAMETERS})
        ],
        "pipeline_role": values.pipeline_role,
        "policies": prefixes.POLICIES,
        "prefix": prefixes.TAGS,
        # any region: the id is unique; any account: it matches an empty account field too
        "snapshots": [
            pattern(values.partition, "ec2", "*", "*", f"snapshot/{name}") for name in listed
        ],
        "tag": values.tag or profile.tag,
    }


def _check_needs(profile: Profile, values: Values) -> None:
    missing = [_OPTION[need] for need in profile.needs if not getattr(values, need)]
    if missing:
        raise UsageError(
            f"the profile `{profile.name}` needs {' and '.join(what for what, _ in missing)}",
            fix=f"give {'; '.join(option for _, option in missing)}",
        )


def _check_policy(policy: Any) -> None:
    if not isinstance(policy, dict) or set(policy) != {"Version", "Statement"}:
        raise ValueError("it has to be an object of Version and Statement")
    if policy["Version"] != VERSION:
        raise ValueError(f"Version has to be {VERSION}")
    statements = policy["Statement"]
    if not isinstance(statements, list) or not all(
        isinstance(statement, dict) for statement in statements
    ):
        raise ValueError("Statement has to be a list of objects")
    if not statements:
        raise ValueError("a policy without statements enforces nothing")
    _check_sids(str(statement["Sid"]) for statement in statements if "Sid" in statement)


def _check_sids(sids: Iterable[str]) -> None:
    """Hold the Sids to IAM's rules, since a denial is explained by its Sid.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
    """
    seen: set[str] = set()
    for sid in sids:
        if not _SID.fullmatch(sid):
            raise ValueError(f"the Sid `{sid}` may have letters and digits only")
        if sid in seen:
            raise ValueError(f"the Sid `{sid}` stands there twice")
        seen.add(sid)
