"""The audit for people: findings, the worst first, then what could not be read."""

from typing import TextIO

from goldenami.domain.audit import Audit
from goldenami.domain.verdict import RULES, Severity
from goldenami.report.terminal import clean, console, table

_ORDER = list(Severity)


def write(audit: Audit, out: TextIO) -> None:
    """Write the findings as a table, each rule's fix once, and the regions."""
    findings = sorted(
        audit.findings,
        key=lambda one: (
            _ORDER.index(one.severity),
            one.rule,
            one.instance.region,
            one.instance.id,
        ),
    )
    if findings:
        table(
            ("severity", "rule", "region", "instance", "name", "image", "reason"),
            [
                (
                    one.severity.value, one.rule, one.instance.region, one.instance.id,
                    one.instance.name, one.instance.image_id, one.reason,
                )
                for one in findings
            ],
            out=out,
        )  # fmt: skip
        console(out).print()
    broken = {one.rule for one in findings}
    for rule in RULES:
        if rule.id in broken:
            console(out).print(f"{rule.id}: {rule.fix}")
    for region in audit.unread:
        console(out).print(clean(f"UNREAD {region.region}: {region.unread}"), style="red")


def summary(audit: Audit) -> list[str]:
    """Return the audit in a few sentences."""
    read = len(audit.regions) - len(audit.unread)
    broken = {one.instance.id for one in audit.findings}
    lines = [
        f"{audit.instances} instances in {read} of {len(audit.regions)} regions of account "
        f"{audit.account}: {audit.compliant} compliant, {len(broken)} with findings, "
        f"{len(audit.waived)} findings waived"
    ]
    if audit.unread:
        names = ", ".join(one.region for one in audit.unread)
        lines.append(f"INCOMPLETE: nothing is known of {names}")
    lines += [
        f"waiver expired on {waiver.expires} and no longer counts: {waiver.says} ({waiver.owner})"
        for waiver in audit.waivers_expired
    ]
    lines += [
        f"waiver covers nothing: {waiver.says} ({waiver.owner})" for waiver in audit.waivers_unused
    ]
    return lines
