"""One HTML page that needs nothing else: no network, no other file."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TextIO

import msgspec

from goldenami import resources
from goldenami.domain.audit.document import Audit, Document, ImageUse
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.rules import BY_ID
from goldenami.report.audit import console_links
from goldenami.report.audit.as_table import summary
from goldenami.report.audit.rows import accounts, image_row, worst
from goldenami.report.listing import fields
from goldenami.report.terminal import clean

FINDINGS = 10_000
"""How many findings the page holds; more would only make it slow."""

PAGE = 100
"""How many of them are shown at once, and without JavaScript."""

FIXED = 200
IMAGES = 200
MOSTLY_PERCENT = 90
"""From this share on, what is not all compliant is no longer alarming."""

_AGES = (
    (30, "up to 30 days"),
    (90, "31 to 90 days"),
    (180, "91 to 180 days"),
    (365, "181 to 365 days"),
)
_OLDER, _UNKNOWN = "more than a year", "unknown: the image is gone, or cannot be seen"
_COLUMNS = (
    "severity", "rule", "place", "what", "kind", "name", "image", "reason", "controls",
)  # fmt: skip


def write(document: Document, out: TextIO) -> None:
    """Write the page; what comes from AWS is escaped."""
    from markupsafe import Markup, escape

    templates = resources.folder("templates") / "reports"
    environment = resources.environment(templates, escape, blocks=True)
    environment.filters |= {"clean": clean, "count": "{:,}".format}
    audit = document.audit
    used = sorted(audit.images, key=lambda use: -use.subjects)
    rows = [_row(finding) for finding in worst(document.findings, FINDINGS)]
    data = {"findings": rows, "page": PAGE}
    page = environment.get_template("audit.html.j2").stream(
        audit=audit,
        at=f"{audit.at:%Y-%m-%d %H:%M}",
        accounts=accounts(audit),
        tool=audit.tool,
        summary=[clean(line) for line in summary(audit)],
        share=_share(audit.compliant, audit.instances),
        grade=_grade(audit.compliant, audit.instances),
        places=list(_places(audit)),
        images=[_image(use, audit) for use in used[:IMAGES]],
        images_left=max(0, len(audit.images) - IMAGES),
        ages=list(_ages(audit)),
        since=_since(audit),
        columns=(*_COLUMNS, *(("change",) if audit.since else ())),
        rows=rows[:PAGE],
        left=audit.open_findings - len(rows),
        data=Markup(_as_data(data)),  # noqa: S704  see there
    )
    out.writelines(page)


def _as_data(data: object) -> str:
    """Return data as JSON that cannot end the script element it stands in."""
    text = msgspec.json.encode(data).decode()
    for special in "<>&":
        text = text.replace(special, f"\\u{ord(special):04x}")
    return text


def _row(finding: Finding) -> dict[str, str]:
    """Return a finding by column; ``link`` and ``image_link`` lead to the AWS console."""
    subject = finding.subject
    rule = BY_ID.get(finding.rule)
    return {
        "severity": finding.severity.value,
        "rule": finding.rule,
        "place": f"{subject.account}/{subject.region}",
        "what": clean(subject.id),
        "link": console_links.of_subject(subject),
        "kind": subject.kind.value,
        "name": clean(subject.name) if subject.name != subject.id else "",
        "image_id": clean(subject.image.id),
        "image_name": clean(subject.image.name),
        "image_link": console_links.of_image(subject.region, subject.image),
        "reason": clean(finding.reason),
        "controls": ", ".join(rule.controls) if rule else "",
        "tags": clean(", ".join(f"{key}={value}" for key, value in subject.tags.items())),
        "change": finding.change,
    }


def _share(part: int, whole: int) -> str:
    return f"{_percent(part, whole)} %" if whole else "none"


def _percent(part: int, whole: int) -> str:
    """Return a share in percent, rounded down: 100.0 is all."""
    return f"{1000 * part // whole / 10:.1f}" if whole else "0"


def _grade(part: int, whole: int) -> str:
    """Return which colour a share of what should be all deserves."""
    if not whole:
        return "soft"
    if part == whole:
        return "good"
    return "medium" if 100 * part >= MOSTLY_PERCENT * whole else "high"


def _places(audit: Audit) -> Iterator[dict[str, Any]]:
    for place in audit.places:
        if place.subjects or place.unread:
            yield {
                **fields(place, ("account", "region", "instances", "findings")),
                "compliant": place.instances_compliant,
                "percent": _percent(place.instances_compliant, place.instances),
                "grade": _grade(place.instances_compliant, place.instances),
                "unread": bool(place.unread),
            }


def _since(audit: Audit) -> dict[str, Any] | None:
    """Return what changed since an earlier audit, and what of it is fixed, by place and rule."""
    since = audit.since
    if since is None:
        return None
    most = max(since.new, since.open, since.fixed, since.unknown, 1)
    bars = (
        ("new", since.new, "high"),
        ("still open", since.open, "medium"),
        ("fixed", since.fixed, "good"),
        ("not known: nothing could be read there", since.unknown, "use"),
    )
    return {
        "at": f"{since.at:%Y-%m-%d %H:%M}",
        "bars": [
            {"name": name, "count": count, "use": use, "percent": _percent(count, most)}
            for name, count, use in bars
        ],
        "fixed": [_fixed(key) for key in since.fixed_findings[:FIXED]],
        "fixed_left": max(0, len(since.fixed_findings) - FIXED),
    }


def _fixed(key: str) -> dict[str, str]:
    """Return a finding that is fixed, of which its key is left, by column."""
    account, region, kind, rest = key.split("/", 3)
    what, _, rule = rest.rpartition("/")
    return {"rule": rule, "place": f"{account}/{region}", "what": clean(what), "kind": kind}


def _image(use: ImageUse, audit: Audit) -> dict[str, Any]:
    whole = sum(used.subjects for used in audit.images)
    age_days = _age_days(use, audit.at)
    return {
        "id": use.image.id,
        "link": console_links.of_image(use.region, use.image),
        "name": clean(use.image.name),
        "golden": use.golden,
        "region": use.region,
        "age": "" if age_days is None else age_days,
        "subjects": use.subjects,
        "percent": _percent(use.subjects, whole),
        "worst": use.worst.value if use.worst else "good",
        "what": image_row(use)["findings"],
    }


def _age_days(use: ImageUse, at: datetime) -> int | None:
    return (at - use.image.created).days if use.image.created else None


def _ages(audit: Audit) -> Iterator[dict[str, Any]]:
    counts = dict.fromkeys((*(name for _, name in _AGES), _OLDER, _UNKNOWN), 0)
    for use in audit.images:
        age_days = _age_days(use, audit.at)
        name = _UNKNOWN
        if age_days is not None:
            name = next((name for most, name in _AGES if age_days <= most), _OLDER)
        counts[name] += use.subjects
    whole = sum(counts.values())
    for name, count in counts.items():
        yield {"name": name, "count": count, "percent": _percent(count, whole)}
