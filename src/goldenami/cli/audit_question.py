"""What `goldenami audit` asks, from the command line and the release file."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from goldenami.cli.options import JudgingOptions, release_file
from goldenami.domain import names
from goldenami.domain.choices import AuditPart

if TYPE_CHECKING:
    from goldenami.spec import ReleaseFile
    from goldenami.workflows.audit.question import AuditQuestion


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
