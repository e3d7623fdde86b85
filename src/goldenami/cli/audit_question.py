"""What `goldenami audit` asks, from the command line and the release file."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from goldenami.cli.options import JudgingOptions, release_file
from goldenami.domain import names
from goldenami.domain.choices import AuditPart
from goldenami.errors import UsageError

if TYPE_CHECKING:
    from goldenami.cli.audit import AuditOptions
    from goldenami.domain.audit.document import Saved
    from goldenami.spec import ReleaseFile
    from goldenami.workflows.audit.question import AuditQuestion


def of_audit(options: "AuditOptions") -> "AuditQuestion":
    """Return what is to be audited, against what.

    Raises:
        UsageError: an option is wrong.
        SpecError: the release file, the waivers or the earlier audit is.
    """
    question = judged_by(options, options.release)
    if options.all_regions:
        question = replace(question, regions=())
    if options.account or options.organization:
        accounts = tuple(options.account or ())
        question = replace(question, accounts=accounts, organization=options.organization)
    if options.only:
        question = replace(question, parts=frozenset(options.only))
    if options.since is not None:
        question = replace(question, earlier=_earlier(options.since))
    if options.source.startswith("config:") and options.save_inventory:
        raise UsageError("--save-inventory: an aggregator's instances are counted, not all read")
    return replace(
        question,
        source=_source(options.source),
        keep=options.save_inventory,
        allow_empty=options.allow_empty,
    )


def judged_by(options: JudgingOptions, release: Path | None) -> "AuditQuestion":
    """Return by what images are judged: by the options, which win over the release file.

    Raises:
        UsageError: an option is wrong.
        SpecError: the release file or the waivers are.
    """
    from goldenami.workflows.audit.question import AuditQuestion, approved_list

    question = AuditQuestion() if release is None else _of_release(release_file(release))
    if options.region:
        question = replace(question, regions=tuple(options.region))
    if options.approved is not None:
        listed = question.listed.also(approved_list(options.approved))
        question = replace(question, listed=listed)
    return replace(
        question,
        role=options.role or question.role,
        roots=options.roots or question.roots,
        newest=options.newest or question.newest,
        max_age=names.duration(options.max_age) if options.max_age else question.max_age,
    )


def _of_release(file: "ReleaseFile") -> "AuditQuestion":
    from goldenami.domain.audit import waivers
    from goldenami.domain.audit.document import ReleaseRead
    from goldenami.workflows.audit.question import USUAL, AuditQuestion, approved_list

    settings, enforcement = file.release.audit, file.enforcement
    used = enforcement.enforce.mechanisms
    by_setting = enforcement.declared and (used.allowed_amis or used.declarative_policy)
    question = AuditQuestion(
        regions=() if settings.regions == "all" else settings.regions,
        accounts=() if settings.accounts == "organization" else settings.accounts,
        organization=settings.accounts == "organization",
        role=settings.role,
        parts=USUAL | {AuditPart.SETTINGS} if by_setting else USUAL,
        roots=settings.roots,
        owners=frozenset(settings.owners),
        approval=file.release.approval_tag,
        newest=settings.newest,
        max_age=names.duration(settings.max_age) if settings.max_age else None,
        derived=settings.derived,
        waivers=waivers.load(file.folder / settings.waivers) if settings.waivers else (),
        guardrails=file if enforcement.declared else None,
        release=ReleaseRead(name=file.path.name, sha256=file.sha256),
    )
    if settings.approved:
        question = replace(question, listed=approved_list(",".join(settings.approved)))
    return question


def _source(text: str) -> str:
    kind, _, name = text.partition(":")
    if text == "live" or (kind in ("file", "config") and name):
        return text
    raise UsageError(
        f"--source {text}: is none", fix="give live, file:INVENTORY or config:AGGREGATOR"
    )


def _earlier(path: Path) -> "Saved":
    from goldenami.domain.audit import audit_file

    return audit_file.load(path)
