"""One HTML page that needs nothing else: no network, no other file."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TextIO

import msgspec

from goldenami import resources
from goldenami.domain.audit.document import Audit, Document, ImageUse
from goldenami.domain.audit.finding import Finding
from goldenami.report.audit.as_table import summary
from goldenami.report.audit.rows import accounts, image_row, worst
from goldenami.report.listing import fields
from goldenami.report.terminal import clean

FINDINGS = 5_000
"""How many findings the page holds; more would only make it slow."""

IMAGES = 200
_AGES = (
    (30, "up to 30 days"),
    (90, "31 to 90 days"),
    (180, "91 to 180 days"),
    (365, "181 to 365 days"),
)
_OLDER, _UNKNOWN = "more than a year", "unknown: the image is gone"


def write(document: Document, out: TextIO) -> None:
    """Write the page; what comes from AWS is escaped."""
    from markupsafe import Markup, escape

    templates = resources.folder("templates") / "reports"
    environment = resources.environment(templates, escape, blocks=True)
    environment.filters |= {"clean": clean, "count": "{:,}".format}
    audit = document.audit
    used = sorted(audit.images, key=lambda use: -use.subjects)
    rows = [_row(finding) for finding in worst(document.findings, FINDINGS)]
    page = environment.get_template("audit.html.j2").stream(
        audit=audit,
        at=f"{audit.at:%Y-%m-%d %H:%M}",
        accounts=accounts(audit),
        tool=audit.tool,
        summary=[clean(line) for line in summary(audit)],
        share=_share(audit.compliant, audit.instances),
        places=list(_places(audit)),
        images=[_image(use, audit) for use in used[:IMAGES]],
        images_left=max(0, len(audit.images) - IMAGES),
        ages=list(_ages(audit)),
        left=audit.open_findings - len(rows),
        data=Markup(_as_data(rows)),  # noqa: S704  see there
    )
    out.writelines(page)


def _as_data(rows: list[dict[str, str]]) -> str:
    """Return findings as JSON that cannot end the script element it stands in."""
    text = msgspec.json.encode(rows).decode()
    for special in "<>&":
        text = text.replace(special, f"\\u{ord(special):04x}")
    return text


def _row(finding: Finding) -> dict[str, str]:
    subject = finding.subject
    image = f"{subject.image.id} {subject.image.name}".strip()
    return {
        "severity": finding.severity.value,
        "rule": finding.rule,
        "place": f"{subject.account}/{subject.region}",
        "what": subject.id,
        "name": clean(subject.name),
        "image": clean(image),
        "reason": clean(finding.reason),
    }


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "0"


def _places(audit: Audit) -> Iterator[dict[str, Any]]:
    for place in audit.places:
        if place.subjects or place.unread:
            yield {
                **fields(place, ("account", "region", "instances", "findings")),
                "compliant": place.instances_compliant,
                "percent": _percent(place.instances_compliant, place.instances),
                "unread": bool(place.unread),
            }


def _image(use: ImageUse, audit: Audit) -> dict[str, Any]:
    whole = sum(used.subjects for used in audit.images)
    age_days = _age_days(use, audit.at)
    return {
        "id": use.image.id,
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
