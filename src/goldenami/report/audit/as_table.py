"""The audit for people: what is wrong by image, the worst first, then what could not be read."""

from collections.abc import Iterator
from typing import TextIO

from goldenami.domain.audit.document import Audit, Document
from goldenami.domain.audit.finding import Finding
from goldenami.report.audit.rows import accounts, image_row, unread, worst
from goldenami.report.terminal import clean, line, table

EXAMPLES = 200
"""How many findings are listed one by one; the other formats have them all."""


def write(document: Document, out: TextIO) -> None:
    """Write images with findings, the findings, each rule's fix once, and what was not read."""
    audit = document.audit
    broken = [use for use in audit.images if use.worst]
    if broken:
        rows = [image_row(use) for use in broken]
        table(
            tuple(rows[0]), [row.values() for row in rows], out=out, sentences=("findings",),
            spare=("owner", "name", "launches", "region", "instances", "findings", "severity"),
        )  # fmt: skip
        line(out=out)
    shown = worst(document.findings, EXAMPLES)
    if shown:
        table(
            ("severity", "rule", "region", "kind", "what", "name", "image", "reason"),
            (_finding(audit, finding) for finding in shown),
            out=out,
            sentences=("reason",),
            spare=("name", "region", "kind", "image", "reason", "rule", "severity"),
        )
        line(out=out)
    if audit.open_findings > len(shown):
        rest = audit.open_findings - len(shown)
        line(f"… and {rest} more; --format csv has them all\n", out=out)
    for rule in audit.rules:
        line(f"{rule.id} ({rule.findings}): {rule.fix}", out=out)
    for place, why in unread(audit):
        where = _where(audit, place.account, place.region)
        line(clean(f"UNREAD {where}: {why}"), "red", out=out)


def summary(audit: Audit) -> list[str]:
    """Return the audit in a few sentences."""
    return [*_numbers(audit), *_changes(audit), *_waivers(audit)]


def _numbers(audit: Audit) -> Iterator[str]:
    read = sum(not place.unread for place in audit.places)
    with_findings = audit.instances - audit.compliant
    places = f"{read} of {len(audit.places)} regions of {accounts(audit)}"
    yield (
        f"{audit.instances} instances in {places}: "
        f"{audit.compliant} compliant, {with_findings} with findings, "
        f"{audit.waived_findings} findings waived"
    )
    if audit.baking:
        several = "s" if audit.baking > 1 else ""
        yield f"{audit.baking} instance{several} of a bake under way, not judged"
    launches = audit.subjects - audit.instances
    if launches:
        compliant = sum(place.compliant - place.instances_compliant for place in audit.places)
        without = f", {audit.without_image} without an image" if audit.without_image else ""
        kinds = "launch templates, groups, parameters and guardrails"
        yield f"{launches} {kinds}: {compliant} compliant{without}"
    if severities := audit.by_severity:
        listed = ", ".join(f"{count} {severity.value}" for severity, count in severities.items())
        yield f"{audit.open_findings} open findings: {listed}"
    if audit.unread:
        names = ", ".join(_where(audit, place.account, place.region) for place in audit.unread)
        yield f"INCOMPLETE: not everything is known of {names}"


def _changes(audit: Audit) -> Iterator[str]:
    if since := audit.since:
        unknown = f", {since.unknown} where nothing could be read" if since.unknown else ""
        yield (
            f"since {since.at:%Y-%m-%d %H:%M}: {since.new} new, {since.fixed} fixed, "
            f"{since.open} still open{unknown}"
        )


def _waivers(audit: Audit) -> Iterator[str]:
    for waiver in audit.waivers_expired:
        yield (
            f"waiver expired on {waiver.expires} and no longer counts: "
            f"{waiver.coverage} ({waiver.owner})"
        )
    for waiver in audit.waivers_unused:
        yield f"waiver covers nothing: {waiver.coverage} ({waiver.owner})"


def _finding(audit: Audit, finding: Finding) -> tuple[object, ...]:
    subject = finding.subject
    where = _where(audit, subject.account, subject.region)
    return (
        finding.severity.value, finding.rule, where, subject.kind.value, subject.id, subject.name,
        subject.image.id, finding.reason,
    )  # fmt: skip


def _where(audit: Audit, account: str, region: str) -> str:
    return region if len(audit.accounts) == 1 else f"{account}/{region}"
