"""What is to be audited, against what."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from goldenami.domain import names
from goldenami.domain.audit import waivers
from goldenami.domain.audit.document import FindingLine, ReleaseRead, Saved
from goldenami.domain.audit.rules import RULES, outdated_image, replaced_root
from goldenami.domain.audit.subject import LAUNCHES, Kind
from goldenami.domain.audit.waivers import Waiver
from goldenami.domain.choices import AuditPart
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import UsageError

if TYPE_CHECKING:
    from goldenami.spec import ReleaseFile
    from goldenami.spec.notify import Notify


class ApprovedList(Struct, frozen=True):
    """What ``--approved`` names: image ids, patterns of names, SSM parameters."""

    ids: frozenset[str] = frozenset()
    named: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()

    def also(self, other: "ApprovedList") -> "ApprovedList":
        """Return what either of them names."""
        return ApprovedList(
            self.ids | other.ids, self.named + other.named, self.parameters + other.parameters
        )

    @property
    def entries(self) -> tuple[str, ...]:
        """All of it, as the option takes it."""
        return (
            *sorted(self.ids),
            *(f"name:{pattern}" for pattern in self.named),
            *(f"ssm:{parameter}" for parameter in self.parameters),
        )


PART: Mapping[Kind, AuditPart] = {
    Kind.INSTANCE: AuditPart.INSTANCES,
    **dict.fromkeys(LAUNCHES, AuditPart.LAUNCHES),
    Kind.SETTING: AuditPart.SETTINGS,
    Kind.GUARDRAIL: AuditPart.GUARDRAILS,
    Kind.PARAMETER: AuditPart.LAUNCHES,
}
"""Which part each kind of thing belongs to."""


class AuditScope(Struct, frozen=True):
    """What was looked at; nothing can be said of the rest. ``roots`` are root volumes."""

    parts: frozenset[AuditPart]
    roots: bool = False

    def covers(self, kind: str, rule: str) -> bool:
        """Tell whether a finding of a rule on a kind of thing would have been seen."""
        if rule == replaced_root.RULE.id and not self.roots:
            return False
        return kind in PART and PART[Kind(kind)] in self.parts


USUAL = frozenset({AuditPart.INSTANCES, AuditPart.LAUNCHES, AuditPart.GUARDRAILS})
"""What is looked at unless something else is asked for."""


class AuditQuestion(Struct, frozen=True, kw_only=True):
    """What is to be audited, against what.

    Args:
        source: where it is read from: ``live``, ``config:AGGREGATOR`` or ``file:PATH``.
        keep: a file to save what was seen to.
        line: what a finding is in the one report that is made of the audit, if that has lines.
        regions: where; empty means every enabled region.
        accounts: other accounts, by id; ``organization`` takes those of the caller's organization.
        organization: every active account of the organization.
        role: the name of the role by which other accounts are read.
        parts: what to look at.
        roots: whether to compare root volumes with the images' snapshots, too.
        listed: what is approved by a list: see `ApprovedList`.
        owners: further accounts whose images are all golden.
        approval: the approval tag.
        newest: how many of the newest versions are current, None for all.
        max_age: how old a golden image may be, None for any age.
        derived: whether images that were made from golden ones are golden.
        waivers: what is waived.
        earlier: the audit to compare with.
        guardrails: the release file whose enforcement has to be in place.
        release: the release file that all this is from, None if there is none.
        allow_empty: whether a fleet without any instance is fine.
        notify: who is to be told of what is found; None if no release file tells.
    """

    source: str = "live"
    keep: Path | None = None
    line: FindingLine | None = None
    regions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    organization: bool = False
    role: str = ""
    parts: frozenset[AuditPart] = USUAL
    roots: bool = False
    listed: ApprovedList = ApprovedList()
    owners: frozenset[str] = frozenset()
    approval: ApprovalTag = ApprovalTag()
    newest: int | None = None
    max_age: timedelta | None = None
    derived: bool = False
    waivers: Sequence[Waiver] = ()
    earlier: Saved | None = None
    guardrails: "ReleaseFile | None" = None
    release: ReleaseRead | None = None
    allow_empty: bool = False
    notify: "Notify | None" = None

    @property
    def scope(self) -> AuditScope:
        """What is looked at live: guardrails only by the release file that has them."""
        nothing = frozenset() if self.guardrails else frozenset({AuditPart.GUARDRAILS})
        return AuditScope(self.parts - nothing, self.roots)

    def rules(self, scope: AuditScope) -> tuple[str, ...]:
        """Return the rules that can find something in what was looked at."""
        limits = self.newest is not None or self.max_age is not None
        return tuple(
            rule.id
            for rule in RULES
            if any(scope.covers(kind, rule.id) for kind in rule.kinds)
            and (limits or rule is not outdated_image.RULE)
        )


def of_release(file: "ReleaseFile") -> AuditQuestion:
    """Return what a release file asks to be audited, against what.

    Raises:
        SpecError: its waivers are wrong.
    """
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
        notify=settings.notify,
        guardrails=file if enforcement.declared else None,
        release=ReleaseRead(name=file.path.name, sha256=file.sha256),
    )
    if settings.approved:
        question = structs.replace(question, listed=approved_list(",".join(settings.approved)))
    return question


def approved_list(option: str) -> ApprovedList:
    """Read ``--approved``: ids, ``name:PATTERN``, ``ssm:PARAMETER`` with commas, or a file of them.

    Raises:
        UsageError: something in it is none of these, or it is empty.
    """
    entries, where = option.split(","), "--approved"
    if not all(entry.strip().startswith(("ami-", "name:", "ssm:")) for entry in entries):
        from goldenami import files

        where = option
        lines = files.read_text(Path(option)).splitlines()
        entries = [line.partition("#")[0] for line in lines]
    listed_entries = [entry.strip() for entry in entries if entry.strip()]
    if not listed_entries:
        raise UsageError(f"{where}: nothing is listed in it")
    return listed(listed_entries, where)


def listed(entries: Sequence[str], where: str = "the approved list of the audit") -> ApprovedList:
    """Read the entries of a list of what is approved: ids, ``name:PATTERN``, ``ssm:PARAMETER``.

    Raises:
        UsageError: one of them is none of these.
    """
    ids = [entry for entry in entries if not entry.startswith(("name:", "ssm:"))]
    if wrong := [image_id for image_id in ids if not names.AMI_ID.fullmatch(image_id)]:
        raise UsageError(
            f"{where}: `{wrong[0]}` is no image id",
            fix="give ids (`ami-` and 8 or 17 hex digits), name:PATTERN or ssm:PARAMETER, with "
            "commas between, or a file of them",
        )
    return ApprovedList(
        frozenset(ids),
        tuple(entry[5:] for entry in entries if entry.startswith("name:")),
        tuple(entry[4:] for entry in entries if entry.startswith("ssm:")),
    )
