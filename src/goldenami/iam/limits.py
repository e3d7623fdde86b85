"""How long policy documents and their names may be.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
"""

import re

from msgspec import Struct

from goldenami.domain.names import IAM_NAME
from goldenami.errors import RefusedError, UsageError
from goldenami.iam.render import Document

_SNAPSHOT_ARN = re.compile(r'"arn:[^"]*:snapshot/snap-[0-9a-f]+"')


class Limit(Struct, frozen=True):
    """A limit on the size of policies.

    Args:
        holder: what the limit is of.
        characters: how many it may have.
        counts_spaces: whether AWS counts the white space that a minified document still has.
    """

    holder: str
    characters: int
    counts_spaces: bool = False


MANAGED_POLICY = Limit("a managed policy", 6_144)
GROUP_INLINE = Limit("the inline policies of a group, in sum,", 5_120)
SCP = Limit("a service control policy", 5_120, counts_spaces=True)
SCP_RAISED = Limit("a service control policy with the raised quota", 10_240, counts_spaces=True)


def check_size(document: Document, limit: Limit) -> None:
    """Refuse a document that AWS would not take.

    Raises:
        RefusedError: it is too long; says by how much, and how many snapshots would fit.
    """
    text = document.json(minify=True)
    size = len(text) if limit.counts_spaces else document.size
    if size <= limit.characters:
        return
    listed = _SNAPSHOT_ARN.findall(text)
    raise RefusedError(
        f"the policy document `{document.name}` has {size:,} characters, and {limit.holder} "
        f"may have {limit.characters:,}",
        notes=_how_many_fit(listed, limit.characters - size),
        fix="keep fewer images (`lifecycle.keep`), or use the profile `guardrail-by-tag`, which "
        "knows snapshots by their tag and lists none"
        if listed
        else "use fewer owners, or a shorter tag",
    )


def check_policy_name(name: str) -> None:
    """Refuse a name that IAM would not take.

    Raises:
        UsageError: it is empty or too long, or has other characters.
    """
    if not IAM_NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` is no policy name",
            fix="use 1 to 128 letters, digits and `_+=,.@-`",
        )


def _how_many_fit(listed: list[str], room: int) -> list[str]:
    """Say how many snapshots fit; ``room`` is negative by the characters that are too many."""
    if not listed:
        return []
    longest = max(len(arn) for arn in listed) + len(",")
    fit = max(0, len(listed) + room // longest)
    return [f"it lists {len(listed)} snapshots, and {fit} fit"]
