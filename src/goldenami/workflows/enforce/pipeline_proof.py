"""Who can become the pipeline role, whom no Deny binds: told, and refused of whom one should."""

from collections.abc import Iterable, Iterator

from goldenami.iam.account import Account
from goldenami.iam.reach.search import ReachPath, lines, reach
from goldenami.workflows.enforce.interface import Attachment, EnforcementProof

_SHOWN = 5
_FIX = "let its trust policy name only what runs the pipeline"
_UNPROTECTED = (
    "enforce.mechanisms.guardrail_protection keeps who is to be bound from changing the pipeline "
    "role"
)


def proved(after: Account, role: str, bound: Iterable[Attachment]) -> EnforcementProof:
    """Tell who can become the pipeline role once everything is attached.

    Whom the enforcement binds, and who can assume it as it is, is a failure; all others are warned
    of in a few lines.

    Args:
        after: the account as it will be.
        role: the pipeline role's ARN.
        bound: what is attached then.
    """
    holders = {(attachment.holder, attachment.name) for attachment in bound}

    def guarded(path: ReachPath) -> bool:
        match path.kind:
            case "group":
                return ("group", path.name) in holders
            case "user":
                return any(("group", name) in holders for name in after.users[path.name].groups)
        return path.kind == "role" and ("role-boundary", path.name) in holders

    everybody = reach(after, role)
    refused = [path for path in reach(after, role, assuming=True).become if guarded(path)]
    starts = {path.start for path in refused}
    others = [path for path in everybody.become if path.start not in starts]
    unprotected = any(guarded(path) for path in (*others, *everybody.change))
    return EnforcementProof(
        failures=tuple(
            f"who is to be bound can assume the pipeline role: {line}: {_FIX}"
            for line in lines(refused)
        ),
        warnings=(
            *_lines("can become the pipeline role", others),
            *((_UNPROTECTED,) if unprotected else ()),
            *_lines("can change the pipeline role, or pass it on", everybody.change),
            *everybody.notes,
        ),
    )


def _lines(what: str, paths: Iterable[ReachPath]) -> Iterator[str]:
    listed = lines(paths)
    for line in listed[:_SHOWN]:
        yield f"{what}: {line}"
    if (more := len(listed) - _SHOWN) > 0:
        yield f"{what}: {more} more ways, which `goldenami policy prove --format json` lists"
