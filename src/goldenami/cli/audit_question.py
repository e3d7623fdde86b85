"""What `goldenami audit` asks, from the command line and the release file."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from goldenami.cli import options
from goldenami.errors import UsageError

if TYPE_CHECKING:
    from datetime import timedelta

    from goldenami.domain.audit.document import Saved
    from goldenami.spec import ReleaseFile
    from goldenami.workflows.audit.question import AuditQuestion


class Given(Struct, frozen=True, kw_only=True):
    """The options of the command line, which win over the release file."""

    regions: tuple[str, ...] = ()
    all_regions: bool = False
    accounts: tuple[str, ...] = ()
    organization: bool = False
    role: str | None = None
    only: tuple[str, ...] = ()
    roots: bool = False
    approved: str | None = None
    newest: int | None = None
    max_age: str | None = None
    since: Path | None = None
    source: str = "live"
    save_inventory: Path | None = None
    allow_empty: bool = False


def question(release: Path | None, given: Given) -> "AuditQuestion":
    """Return what is to be audited, against what.

    Raises:
        UsageError: an option is wrong.
        SpecError: the release file, the waivers or the earlier audit is.
    """
    from goldenami.workflows.audit.question import AuditPart, AuditQuestion, approved_list

    asked = AuditQuestion() if release is None else _of_release(options.release_file(release))
    if given.all_regions or given.regions:
        asked = replace(asked, regions=given.regions)
    if given.accounts or given.organization:
        asked = replace(asked, accounts=given.accounts, organization=given.organization)
    if given.only:
        asked = replace(asked, parts=frozenset(AuditPart(one) for one in given.only))
    if given.approved is not None:
        asked = replace(asked, listed=asked.listed.also(approved_list(given.approved)))
    if given.since is not None:
        asked = replace(asked, earlier=_earlier(given.since))
    if given.source.startswith("config:") and given.save_inventory:
        raise UsageError("--save-inventory: an aggregator's instances are counted, not all read")
    return replace(
        asked,
        source=_source(given.source),
        keep=given.save_inventory,
        role=given.role or asked.role,
        roots=given.roots or asked.roots,
        newest=given.newest or asked.newest,
        max_age=_age(given.max_age) if given.max_age else asked.max_age,
        allow_empty=given.allow_empty,
    )


def _of_release(file: "ReleaseFile") -> "AuditQuestion":
    from goldenami.domain.audit import waivers
    from goldenami.domain.audit.document import ReleaseRead
    from goldenami.workflows.audit.question import USUAL, AuditPart, AuditQuestion, approved_list

    wanted, enforcement = file.release.audit, file.enforcement
    used = enforcement.enforce.mechanisms
    by_setting = enforcement.declared and (used.allowed_amis or used.declarative_policy)
    asked = AuditQuestion(
        regions=() if wanted.regions == "all" else wanted.regions,
        accounts=() if wanted.accounts == "organization" else wanted.accounts,
        organization=wanted.accounts == "organization",
        role=wanted.role,
        parts=USUAL | {AuditPart.SETTINGS} if by_setting else USUAL,
        roots=wanted.roots,
        owners=frozenset(wanted.owners),
        approval=file.release.approval_tag,
        newest=wanted.newest,
        max_age=_age(wanted.max_age) if wanted.max_age else None,
        derived=wanted.derived,
        waivers=waivers.load(file.folder / wanted.waivers) if wanted.waivers else (),
        guardrails=file if enforcement.declared else None,
        release=ReleaseRead(name=file.path.name, sha256=file.sha256),
    )
    if wanted.approved:
        asked = replace(asked, listed=approved_list(",".join(wanted.approved)))
    return asked


def _source(text: str) -> str:
    kind, _, name = text.partition(":")
    if text == "live" or (kind in ("file", "config") and name):
        return text
    raise UsageError(
        f"--source {text}: is none", fix="give live, file:INVENTORY or config:AGGREGATOR"
    )


def _age(text: str) -> "timedelta":
    from goldenami.domain import names

    found = names.duration(text)
    if found is None:
        raise UsageError(f"--max-age {text}: is no duration", fix="write it as 90d or 12h")
    return found


def _earlier(path: Path) -> "Saved":
    from goldenami.domain.audit import audit_file

    return audit_file.load(path)
