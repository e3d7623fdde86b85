"""Who can become the pipeline role, whom no Deny binds: told, and refused of whom one should."""

from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from goldenami.iam.account import Account
from goldenami.iam.reach import telling
from goldenami.iam.reach.search import Reach, ReachPath, reach

_SHOWN = 5
_FIX = "let its trust policy name only what runs the pipeline"


class PipelineAccess(Struct, frozen=True, kw_only=True):
    """Who can become the pipeline role.

    Args:
        reach: everybody who can, by which path.
        failures: those whom the enforcement should bind, and who can assume it as it is.
        warnings: the others, in a few lines.
    """

    reach: Reach
    failures: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def of(
    after: Account, role: str, groups: Collection[str], roles: Collection[str]
) -> PipelineAccess:
    """Tell who can become the pipeline role once everything is attached.

    Args:
        after: the account as it will be.
        role: the pipeline role's ARN.
        groups: the names of the groups that the enforcement binds.
        roles: the names of the roles that it binds.
    """
    found = reach(after, role)

    def guarded(path: ReachPath) -> bool:
        match path.kind:
            case "group":
                return path.name in groups
            case "user":
                return not set(after.users[path.name].groups).isdisjoint(groups)
        return path.kind == "role" and path.name in roles

    assuming = reach(after, role, assuming=True)
    bound = [one for one in assuming.become if guarded(one)]
    refused = {one.start for one in bound}
    others = [one for one in found.become if one.start not in refused]
    return PipelineAccess(
        reach=found,
        failures=tuple(
            f"who is to be bound can assume the pipeline role: {line}: {_FIX}"
            for line in telling.lines(bound)
        ),
        warnings=(
            *_told("can become the pipeline role", others),
            *_unprotected(guarded(one) for one in (*others, *found.change)),
            *_told("can change the pipeline role, or pass it on", found.change),
            *found.notes,
        ),
    )


def _unprotected(guarded: Iterable[bool]) -> Iterator[str]:
    if any(guarded):
        yield (
            "enforce.mechanisms.guardrail_protection keeps who is to be bound from changing the "
            "pipeline role"
        )


def _told(what: str, paths: Iterable[ReachPath]) -> Iterator[str]:
    every = telling.lines(paths)
    for line in every[:_SHOWN]:
        yield f"{what}: {line}"
    if (more := len(every) - _SHOWN) > 0:
        yield f"{what}: {more} more ways, which `goldenami policy prove --format json` lists"
