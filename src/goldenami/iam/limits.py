"""How long policy documents may be.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
"""

import re

from msgspec import Struct

from goldenami.errors import RefusedError
from goldenami.iam.render import PolicyDocument

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


def service_control_policy(characters: int) -> Limit:
    """Return the limit of an organization's service control policies.

    Args:
        characters: the organization's quota, 5,120 unless AWS has raised it.
    """
    holder = "a service control policy (enforce.mechanisms.scp.size_limit)"
    return Limit(holder, characters, counts_spaces=True)


def size(document: PolicyDocument, limit: Limit) -> int:
    """Return how many characters a document has, as the holder's limit counts them."""
    return len(document.json(minify=True)) if limit.counts_spaces else document.size


def check_size(document: PolicyDocument, limit: Limit) -> None:
    """Refuse a document that AWS would not take.

    Raises:
        RefusedError: it is too long; says by how much, and how many snapshots would fit.
    """
    characters = size(document, limit)
    if characters <= limit.characters:
        return
    listed = _SNAPSHOT_ARN.findall(document.json(minify=True))
    notes = []
    if listed:
        longest = max(map(len, listed)) + len(",")
        fit = max(0, len(listed) + (limit.characters - characters) // longest)
        notes = [f"it lists {len(listed)} snapshots, and {fit} fit"]
    raise RefusedError(
        f"the policy document `{document.name}` has {characters:,} characters, and {limit.holder} "
        f"may have {limit.characters:,}",
        notes=notes,
        fix="use the profile `guardrail-by-tag`, which knows snapshots by their tag and lists none"
        if listed
        else "use fewer owners, or a shorter tag",
    )
