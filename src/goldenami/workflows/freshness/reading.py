"""What there is of a release: its newest version, what that was baked from, and what it would be.

What a version was baked from is read from the record of its build, or from its manifest: whoever
may tag an image could say anything in its tags.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain

from msgspec import Struct, structs

from goldenami.aws import images, parameters, records
from goldenami.aws.session import Aws, RegionalAws
from goldenami.bake.launch import types
from goldenami.bake.manifest import template_sha256
from goldenami.domain import manifest, record, tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Produced
from goldenami.domain.choices import BakeMethod
from goldenami.domain.freshness.rules.interface import ReleaseState, SourceState
from goldenami.domain.image import Image, architecture_of, bake_of
from goldenami.domain.status import Status, reached
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import AwsError, GoldenamiError
from goldenami.spec import ReleaseFile
from goldenami.spec.architectures import by_architecture
from goldenami.workflows import goldens


class KnownRelease(Struct, frozen=True):
    """A release as it is: by its newest version, and by the candidate that came after it, if any.

    A candidate is judged as if it were approved, so that it can be told whether to wait for it.
    """

    state: ReleaseState
    candidate: ReleaseState | None = None


class _Origin(Struct, frozen=True):
    """What is known for certain of how an image was made: of what, and by which release file."""

    source: str = ""
    spec: str = ""
    template: str = ""


def read(aws: Aws, file: ReleaseFile, at: datetime, max_age: timedelta | None) -> KnownRelease:
    """Return what there is of a release.

    Args:
        aws: whose account.
        file: its release file.
        at: the time that it is judged at.
        max_age: how old its image may be.

    Raises:
        AwsError: something could not be read.
    """
    release, home = file.release, aws.in_region(file.release.build_region)
    every = images.produced(home, image=release.image)
    produced = _produced(home, every, release.approval_tag)
    approved = _newest(
        each
        for each in every
        if each.state == "available"
        and not _refusal(each, produced.get(each.id), release.approval_tag)
    )
    candidates = _newest(
        each
        for each in every
        if release.approval == "manual" and _waits(each, produced.get(each.id))
    )
    today = {name: _today(home, own, name) for name, own in by_architecture(file).items()}
    template = template_sha256(file) if release.bake.method == BakeMethod.PACKER else ""

    def state(version: Sequence[Image]) -> ReleaseState:
        origins = {image.id: _origin(aws, image) for image in version}
        first = origins[version[0].id] if version else _Origin()
        places = (image.tags.get(tags.UNPUBLISHED, "").split() for image in version)
        return ReleaseState(
            at=at,
            region=home.region,
            version=version[0].version if version else "",
            others=len(every) - len(version),
            spec=file.spec,
            recorded_specs=frozenset(each.spec for each in origins.values()) - {""},
            template=template,
            recorded_template=first.template,
            sources=tuple(
                _recorded(aws, release.approval_tag, now, version, origins)
                for now in today.values()
            ),
            unpublished=tuple(dict.fromkeys(chain.from_iterable(places))),
            max_age=max_age,
        )

    later = candidates and (not approved or every.index(candidates[0]) < every.index(approved[0]))
    return KnownRelease(state(approved), state(candidates) if later else None)


def _produced(
    regional: RegionalAws, every: Sequence[Image], approval: ApprovalTag
) -> Mapping[str, Produced]:
    place = AccountRegion(regional.account, regional.region)
    return goldens.read(regional.aws, {place: every}, approval)[place]


def _refusal(image: Image, produced: Produced | None, approval: ApprovalTag) -> str:
    """Say why an image does not count as approved; empty if it does, whatever EC2's state of it.

    With an approval tag of their own, images may carry it still when they are past their approval.
    """
    if produced and produced.forged:
        return produced.forged
    if reached(image.status, Status.DEPRECATED):
        return f"its status is {image.status}"
    golden = produced is not None and produced.approved
    return "" if golden else f"it lacks the tag {approval.key} = {approval.value}"


def _waits(image: Image, produced: Produced | None) -> bool:
    waiting = produced is not None and produced.candidate and not produced.forged
    return waiting and image.state == "available" and reached(image.status, Status.CANDIDATE)


def _newest(newest_first: Iterable[Image]) -> list[Image]:
    """Return the images of the newest version, one for each architecture."""
    every = list(newest_first)
    return [image for image in every if image.version == every[0].version]


def _today(home: RegionalAws, own: ReleaseFile, architecture: str) -> SourceState:
    """Return what ``base.source`` stands for now; that it stands for nothing is an answer too."""
    release = own.release
    state = SourceState(architecture=architecture, golden=release.base.source.golden or "")
    try:
        current = goldens.base_image(
            home, release.base.source, release.approval_tag, architecture=architecture,
            instance_type=types(release.base)[0],
        )  # fmt: skip
    except AwsError:
        raise
    except GoldenamiError as error:
        return structs.replace(state, unresolved=error.message)
    return structs.replace(state, current=current)


def _recorded(
    aws: Aws,
    approval: ApprovalTag,
    now: SourceState,
    version: Sequence[Image],
    origins: Mapping[str, _Origin],
) -> SourceState:
    """Return the same with the version's image for the architecture, and what that was made of."""
    image = next((i for i in version if now.architecture in ("", i.architecture)), None)
    source = origins[image.id].source if image else ""
    if not (image and source):
        return structs.replace(now, image=image)
    there = aws.in_region(_region(image))
    described = images.by_id(there, [source])
    return structs.replace(
        now,
        image=image,
        recorded=source,
        source=described[0] if described else None,
        refused=_refused(there, described[0], now.golden, approval) if described else "",
    )


def _refused(regional: RegionalAws, source: Image, golden: str, approval: ApprovalTag) -> str:
    """Say why a source that is a golden image of the account does not count as approved."""
    image = golden or source.image
    if source.owner != regional.account or not image:
        return ""
    produced = _produced(regional, images.produced(regional, image=image), approval)
    return _refusal(source, produced.get(source.id), approval)


def _region(image: Image) -> str:
    """Return the build region of an image: that is where its record and its source are."""
    return image.source_region or image.region


def _origin(aws: Aws, image: Image) -> _Origin:
    """Return what the record of its build says of an image, else its manifest, else EC2."""
    build = image.tags.get(tags.BUILD, "")
    by_record = record.parameter(image.image, build)
    by_manifest = manifest.parameter(image.image, bake_of(build))
    regional = aws.in_region(_region(image))
    there = parameters.parameters(
        regional, (by_record, by_manifest), "reading what a version was baked from"
    )
    recorded = records.recorded(there[by_record]) if by_record in there else None
    kept = manifest.read(there[by_manifest].value) if by_manifest in there else None
    template = kept.inputs.template_sha256 if kept else ""
    if recorded:
        return _Origin(recorded.record.source, recorded.record.spec, template)
    if kept:
        part = (kept.architectures or {}).get(architecture_of(build), kept)
        return _Origin(part.source.id, kept.inputs.spec, template)
    return _Origin(image.source_image if image.source_instance else "")
