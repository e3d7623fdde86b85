"""Policy documents as infrastructure code: Terraform and CloudFormation, for shops that want it.

The policies have the names that `goldenami enforce` gives them, and not its tag: they belong to
the code, so that `enforce` leaves them alone.

The templates lie under ``templates/iac``. In them, too, every ``{{ … }}`` prints one whole JSON
value, which is a string of HCL as well once ``${`` and ``%{`` are escaped.
https://developer.hashicorp.com/terraform/language/expressions/strings
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-managedpolicy.html
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goldenami import resources
from goldenami.domain.prefixes import POLICIES
from goldenami.errors import SpecError
from goldenami.iam.render import PolicyDocument, as_json


def terraform(documents: Sequence[PolicyDocument], groups: Sequence[str]) -> str:
    """Return the policies and their attachments to groups, formatted as `terraform fmt` has it."""
    templates = resources.environment(
        _folder(), lambda value: _escaped(as_json(value)), blocks=True
    )
    text: str = templates.get_template("terraform.tf.j2").render(
        documents=[_in_hcl(document) for document in documents], groups=sorted(set(groups))
    )
    return text


def cloudformation(documents: Sequence[PolicyDocument], groups: Sequence[str]) -> str:
    """Return a CloudFormation template (JSON) of the policies, attached to groups.

    Raises:
        SpecError: a value is what CloudFormation takes for a dynamic reference.
    """
    policies = [
        {
            "logical_id": "".join(part.title() for part in document.name.split("-")),
            "name": document.name,
            "policy": _without_references(document),
            "policy_name": f"{POLICIES}{document.name}",
        }
        for document in documents
    ]
    template = resources.environment(_folder(), as_json).get_template("cloudformation.json.j2")
    text = template.render(documents=policies, groups=sorted(set(groups)))
    return json.dumps(json.loads(text), indent=2) + "\n"


def _folder() -> Path:
    return resources.folder("templates") / "iac"


def _without_references(document: PolicyDocument) -> dict[str, Any]:
    """Refuse what no template can say: a dynamic reference cannot be escaped.

    CloudFormation resolves it after every function, so that joining its parts is no way either.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
    """
    if "{{resolve:" in document.json():
        raise SpecError(
            f"the policy document `{document.name}` has `{{{{resolve:` in a value, which "
            "CloudFormation would replace",
            fix="use another tag, or render it --as terraform",
        )
    return document.policy


def _in_hcl(document: PolicyDocument) -> dict[str, Any]:
    from markupsafe import Markup

    label = document.name.replace("-", "_")
    lines = document.json().splitlines()
    return {
        "heredoc": Markup(_escaped("\n".join(f"    {line}" for line in lines))),  # noqa: S704
        "label": label,
        "name": document.name,
        "policy_name": f"{POLICIES}{document.name}",
        "reference": Markup(label),  # noqa: S704  # letters and underscores
    }


def _escaped(text: str) -> str:
    """Keep HCL from filling in what it would take for a template."""
    return text.replace("${", "$${").replace("%{", "%%{")
