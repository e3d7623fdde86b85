"""What somebody has just made under a name of ours: taken for ours if it is the same, or refused.

Two enforcements may run at once, and an answer may be lost: then AWS says that a policy is there.
"""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import structs

from goldenami.aws.action import ActionContext
from goldenami.aws.calls import call
from goldenami.aws.kept_policy import KeptPolicy
from goldenami.domain import tags
from goldenami.errors import RefusedError
from goldenami.workflows.enforce import ownership
from goldenami.workflows.enforce.operations import PolicyOperations


def adopt(
    doing: ActionContext,
    operations: PolicyOperations,
    policy: KeptPolicy,
    text: str,
) -> None:
    """Take a policy for the desired one that was there when it was to be made.

    Args:
        doing: the creation that AWS refused.
        operations: how such policies are kept.
        policy: what is there.
        text: the document that it should have.

    Raises:
        RefusedError: it is not goldenami's, another enforcement's, or has another content.
    """
    key = policy.key
    if not policy.ours:
        raise RefusedError(operations.made_by_others(key))
    check_content(policy.document, text, key)
    desired = tags.from_aws(doing.parameters["Tags"])
    owner = ownership.of_tags(policy.tags)
    if owner and owner != ownership.of_tags(desired):
        raise RefusedError(
            f"{key} has just been attached by the enforcement `{owner}`",
            fix="let one enforcement at a time be applied in this account; then run it again",
        )
    if missing := {name: value for name, value in desired.items() if name not in policy.tags}:
        tagging = operations.calls["tag"]
        parameters = tagging.parameters(
            {"reference": policy.reference, "tags": tags.to_aws(missing)}
        )
        call(structs.replace(doing, parameters=parameters), tagging.call, {})


def check_content(document: Mapping[str, Any], text: str, key: str) -> None:
    """See that a policy that somebody has just written has the desired content.

    Raises:
        RefusedError: it has another one.
    """
    if document != json.loads(text):
        raise RefusedError(
            f"another enforcement has just made {key}, with another content than this one's",
            fix="let one release file at a time be enforced in this account; then run it again",
        )
