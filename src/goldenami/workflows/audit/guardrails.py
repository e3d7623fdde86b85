"""Whether what a release file enforces is in place, unchanged."""

from goldenami.aws.session import Aws
from goldenami.domain.audit.subject import Kind, Subject
from goldenami.errors import RefusedError
from goldenami.spec import ReleaseFile
from goldenami.workflows import enforce
from goldenami.workflows.audit import stale_list
from goldenami.workflows.audit.sources import Batch, Batches
from goldenami.workflows.enforce.interface import Change


def guardrails(aws: Aws, file: ReleaseFile) -> Batches:
    """Yield every policy and setting that the release file enforces, with what differs.

    Raises:
        AwsError: it could not be read.
        IncompleteError: a region with golden images could not be.
    """
    try:
        changes = enforce.prepare(aws, file.enforcement).changes
    except RefusedError as error:  # a group or role is missing, or a policy is somebody else's
        difference = "; ".join(error.notes) or error.message
        yield Batch(subjects=[_subject(aws, file, "enforcement", {"difference": difference})])
        return
    yield Batch(
        subjects=[
            _subject(aws, file, change.policy, _facts(aws, file, change)) for change in changes
        ]
    )


def _facts(aws: Aws, file: ReleaseFile, change: Change) -> dict[str, str]:
    """Tell what is not as it should be; a list that is out of date is none of somebody's doing."""
    stale, changed = "", "its content was changed" if change.kind == "update" else ""
    if change.lists:
        stale, changed = stale_list.explained(aws, file.enforcement.approval_tag, change.lists)
    return {"difference": _difference(change, changed), "stale": stale}


def _subject(aws: Aws, file: ReleaseFile, name: str, facts: dict[str, str]) -> Subject:
    return Subject(
        kind=Kind.GUARDRAIL,
        account=aws.account,
        region=file.release.build_region,
        id=name,
        name=name.rpartition("/")[2],
        facts={name: text for name, text in facts.items() if text},
    )


def _difference(change: Change, changed: str) -> str:
    if change.kind == "create":
        return "it is missing"
    if change.kind == "remove":
        return "it should no longer be there"
    moved = [
        *(f"not attached to {target}" for target in change.attach),
        *(f"still attached to {target}" for target in change.detach),
    ]
    return ", ".join([*([changed] if changed else []), *moved])
