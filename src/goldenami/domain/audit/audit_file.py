"""Reads an audit back from its file, and refuses one to act on that no audit can have written.

Anybody can write a document that passes. So nothing in it is a reason to touch anything: it only
names what is judged again.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from goldenami import files, jsonfile
from goldenami.constraints import Pattern
from goldenami.domain import names
from goldenami.domain.audit import digest
from goldenami.domain.audit.document import Saved
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.subject import Kind
from goldenami.errors import SpecError

_HEX = r"(?:[0-9a-f]{8}|[0-9a-f]{17})"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NTH = r"(?:#[0-9]+)?"
_REGION = Pattern(rf"\*|{names.REGION.pattern}")
IDS: Mapping[Kind, Pattern] = {
    Kind.INSTANCE: names.INSTANCE_ID,
    Kind.LAUNCH_TEMPLATE: Pattern(rf"lt-{_HEX}:[1-9][0-9]*"),
    Kind.LAUNCH_CONFIGURATION: Pattern(r".{1,255}"),
    Kind.AUTO_SCALING_GROUP: Pattern(rf".{{1,255}}{_NTH}"),
    Kind.FLEET: Pattern(rf"fleet-{_UUID}{_NTH}"),
    Kind.SPOT_FLEET: Pattern(rf"sfr-(?:{_UUID}|{_HEX}){_NTH}"),
    Kind.NODE_GROUP: Pattern(r"[^/]{1,255}/[^/]{1,255}"),
    Kind.SETTING: Pattern(r"[a-z-]+"),
    Kind.GUARDRAIL: Pattern(r".+"),
    Kind.IMAGE: names.AMI_ID,
    Kind.SPOT_REQUEST: Pattern(r"sir-[0-9a-z]{8,17}"),
    Kind.PARAMETER: Pattern(r"[A-Za-z0-9_./-]{1,1011}"),
}
"""What the id of each kind of thing looks like, as an audit writes it."""


def load(path: Path) -> Saved:
    """Read a file that ``goldenami audit --format json`` wrote.

    Raises:
        SpecError: it cannot be read, or is no such file.
    """
    content = files.read_bytes(path, files.AUDIT_BYTES)
    try:
        return msgspec.json.decode(content, type=Saved)
    except jsonfile.WRONG as error:
        raise SpecError(
            f"{path}: is no audit: {jsonfile.why(error)}",
            fix="give a file of `goldenami audit --format json`",
        ) from error


def load_whole(path: Path) -> Saved:
    """Read such a file to act on it: only one that an audit can have written.

    Raises:
        UsageError: it cannot be read.
        SpecError: it is no such file, or not as an audit left it: everything that is odd about it.
    """
    audit = load(path)
    if problems := [*_problems(audit)]:
        raise SpecError(
            f"{path}: no audit has written this: {problems[0]}",
            notes=problems[1:],
            fix="audit again with `goldenami audit --format json`, and leave the file as it is",
        )
    return audit


def _problems(audit: Saved) -> Iterator[str]:
    if not audit.digest:
        yield "it has no digest, so it is cut, or older than this version"
        return
    if audit.digest != digest.of_document(audit):
        yield "its digest is not that of its content"
    for place in audit.places:
        if not names.ACCOUNT.fullmatch(place.account) or not _REGION.fullmatch(place.region):
            yield f"`{place.where}` is no region of an account"
    every = (*audit.findings, *(waived.finding for waived in audit.waived))
    yield from sorted({odd for finding in every if (odd := _odd(audit, finding))})
    if audit.open_findings != len(audit.findings) or audit.waived_findings != len(audit.waived):
        yield "it counts other findings than it lists"
    elif _counted(audit) != _listed(audit):
        yield "it counts the findings of its places and rules otherwise than it lists them"


def _odd(audit: Saved, finding: Finding) -> str:
    subject = finding.subject
    places = {(place.account, place.region) for place in audit.places}
    if (subject.account, subject.region) not in places:
        return f"{subject.resource} lies where it did not look"
    if not IDS[subject.kind].fullmatch(subject.id):
        return f"`{subject.id}` is no id of a thing of the kind {subject.kind.value}"
    return ""


def _counted(audit: Saved) -> Counter[str]:
    return +Counter(
        {place.where: place.findings for place in audit.places}
        | {rule.id: rule.findings for rule in audit.rules}
    )


def _listed(audit: Saved) -> Counter[str]:
    subjects = (finding.subject for finding in audit.findings)
    places = Counter(f"{subject.account}/{subject.region}" for subject in subjects)
    return places + Counter(finding.rule for finding in audit.findings)
