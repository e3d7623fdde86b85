"""`goldenami rescan`: what is known today of the packages of versions that were released before.

One image of each build is scanned, in its build region if it is still there: copies have the same
content. A scan changes nothing in the account, and needs no lease.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, structs

from goldenami.aws import image_scans
from goldenami.aws.action import ActionContext
from goldenami.aws.session import Aws
from goldenami.domain import tags
from goldenami.domain.image import architecture_of
from goldenami.domain.plan import Action, Plan, Tell, silent
from goldenami.domain.status import Status
from goldenami.domain.vulnerabilities import ScanLimits, ScanVerdict, VulnerabilityFinding
from goldenami.errors import (
    FindingsError,
    GoldenamiError,
    IncompleteError,
    InterruptedRunError,
    UsageError,
)
from goldenami.workflows.execution import Execution
from goldenami.workflows.lifecycle import releases
from goldenami.workflows.lifecycle.releases import ReleaseImage, Releases, Version
from goldenami.workflows.lifecycle.run import home_of

CALL = "rescan:image"
_SAME = "one image of each build is scanned, its copies have the same content"


class RescanOrder(Struct, frozen=True, kw_only=True):
    """What is to be scanned again.

    Args:
        image: the golden image.
        version: the only version; empty for all good ones.
        deprecated: whether good ones that are deprecated are meant, too.
        limits: what an image may have.
        timeout_s: how long a scan may take.
        role: the name of the role in other accounts.
        command: the command, as the user would give it again.
    """

    image: str
    version: str = ""
    deprecated: bool = False
    limits: ScanLimits = ScanLimits()
    timeout_s: float = 3600.0
    role: str = ""
    command: str = ""


class ImageToScan(Struct, frozen=True, kw_only=True):
    """The image of a build that is scanned; none if there is none that can be."""

    version: Version
    build: str
    chosen: ReleaseImage | None

    @property
    def action(self) -> str:
        """The id of the action that scans it."""
        return f"rescan:{self.build}"


class RescannedImage(Struct, frozen=True, kw_only=True):
    """What a scan says of a build.

    ``passes`` is None if it could not be scanned; ``why`` says why. ``counts`` are of all findings
    that count, and ``findings`` those that fail it, the worst first.
    """

    image: str
    version: str
    architecture: str
    region: str
    id: str
    status: str
    passes: bool | None
    worst: str = ""
    counts: Mapping[str, int] = {}
    findings: tuple[VulnerabilityFinding, ...] = ()
    why: str = ""

    @property
    def result(self) -> str:
        """What tables say: whether it passes."""
        return {True: "passes", False: "fails", None: "not scanned"}[self.passes]

    @property
    def summary(self) -> str:
        """How many of which severity, as tables say it."""
        return ", ".join(f"{count} {severity}" for severity, count in self.counts.items())


class Rescan(Struct, frozen=True, kw_only=True):
    """Scans that can start."""

    aws: Aws
    order: RescanOrder
    images: tuple[ImageToScan, ...]
    plan: Plan
    unread: Mapping[str, str]


class Rescanned(Struct, frozen=True, kw_only=True):
    """What the scans say, and the places in which versions could not be looked for."""

    order: RescanOrder
    images: tuple[RescannedImage, ...]
    unread: Mapping[str, str]

    def refuse(self) -> None:
        """See to it that every image was scanned, and passes.

        Raises:
            IncompleteError: one could not be scanned, or a place could not be read.
            FindingsError: one does not pass.
        """
        failing = [each for each in self.images if each.passes is False]
        problems = [f"{each.version}: {_worst(each)}" for each in failing]
        unknown = [f"{each.version}: {each.why}" for each in self.images if each.passes is None]
        unknown += [f"{place}: {why}" for place, why in self.unread.items()]
        name = self.order.image
        if unknown:
            raise IncompleteError(
                f"{name}: not everything was scanned ({len(unknown)} problems)",
                notes=(*unknown, *problems),
                fix=f"mend the cause, then run `{self.order.command}` again",
            )
        if failing:
            several = f"{len(failing)} images have" if failing[1:] else "an image has"
            revoking = [_revoke(each) for each in failing]
            raise FindingsError(
                f"{name}: {several} vulnerabilities of severity {self.order.limits.severity} or "
                "worse",
                notes=problems,
                fix="bake it anew with updated packages; "
                f"{' and '.join(dict.fromkeys(revoking))} takes it out of use",
            )


def _worst(image: RescannedImage) -> str:
    more = len(image.findings) - 1
    return f"{image.findings[0]}{f', and {more} more' if more else ''}"


def _revoke(image: RescannedImage) -> str:
    words = ["goldenami", "revoke", image.image, image.version, "--why", image.worst]
    return f"`{shlex.join(words)}`"


def prepare(aws: Aws, order: RescanOrder) -> Rescan:
    """Look for what is to be scanned.

    Raises:
        UsageError: there is no such version, or no good one.
        IncompleteError: there is none where it could be looked for.
    """
    every = releases.read(aws, order.image, role=order.role)
    images = tuple(each for version in _versions(every, order) for each in _images(aws, version))
    actions = tuple(_scan(each, each.chosen, order) for each in images if each.chosen)
    left_alone = tuple(f"left alone: {each}" for each in every.left_alone)
    return Rescan(
        aws=aws,
        order=order,
        images=images,
        plan=Plan(
            title=f"scan {order.image} again",
            actions=actions,
            notes=(_SAME, *left_alone),
            checks=releases.PERMISSIONS,
        ),
        unread=every.unread,
    )


def _versions(every: Releases, order: RescanOrder) -> list[Version]:
    if order.version:
        return [every.version(order.version)]
    good = (Status.APPROVED, Status.DEPRECATED) if order.deprecated else (Status.APPROVED,)
    versions = [each for each in every.versions.values() if each.status in good]
    if not versions:
        every.complete(f"looking for versions of {order.image}")
        raise UsageError(
            f"there is no {' or '.join(good)} version of {order.image} to scan",
            fix=f"`goldenami history {order.image}` lists what there is; --all scans deprecated "
            "ones, too",
        )
    return versions


def _images(aws: Aws, version: Version) -> Iterator[ImageToScan]:
    """Yield what is scanned of each build of a version, by architecture.

    What was approved and is nowhere any more in the caller's account cannot be scanned. Builds
    that came to nothing have neither images nor an approval; a version of such builds alone cannot
    be scanned either.
    """
    own = [each for each in version.images if each.place.is_home]
    builds = {each.image.tags.get(tags.BUILD, "") for each in own}
    builds |= {build for build, each in version.builds.items() if each.recorded.record.approver}
    region = home_of(aws, version).region
    for build in sorted(builds) or [""]:
        available = [
            each
            for each in own
            if each.image.tags.get(tags.BUILD, "") == build and each.image.state == "available"
        ]
        available.sort(key=lambda each: each.place.region != region)
        chosen = next(iter(available), None)
        yield ImageToScan(version=version, build=build, chosen=chosen)


def _scan(each: ImageToScan, chosen: ReleaseImage, order: RescanOrder) -> Action:
    return Action.at(
        chosen.place, each.action, CALL, f"scan {chosen.image.id} of {each.version.name}",
        {
            "ImageId": chosen.image.id,
            "severity": order.limits.severity,
            "ignore": list(order.limits.ignore),
            "timeout_s": order.timeout_s,
        },
        permissions=image_scans.PERMISSIONS,
    )  # fmt: skip


def carry_out(prepared: Rescan, *, tell: Tell = silent) -> Rescanned:
    """Scan all of it at once; what cannot be scanned keeps nothing else from it.

    Raises:
        InterruptedRunError: Ctrl-C; the same command goes on with the scans that were begun.
    """
    order, scans = prepared.order, _Scans(prepared.order.limits)
    execution = Execution(prepared.aws, handlers={CALL: scans.scan}, tell=tell)
    try:
        outcome = execution.attempt(prepared.plan)
    except InterruptedRunError as error:
        error.fix = f"run `{order.command}` again: it goes on with the scans that were begun"
        raise
    return Rescanned(
        order=order,
        images=tuple(
            scans.judged(each, outcome.error.message if outcome.error else "")
            for each in prepared.images
        ),
        unread=prepared.unread,
    )


class _Scans:
    """Keeps what each scan has found, or why there is none, by image."""

    def __init__(self, limits: ScanLimits) -> None:
        self._limits = limits
        self._verdicts: dict[str, ScanVerdict] = {}
        self._failures: dict[str, str] = {}

    def scan(self, context: ActionContext) -> Mapping[str, Any]:
        """Carry out the action of `_scan`."""
        image_id = context.parameters["ImageId"]
        try:
            seen = image_scans.findings(context, "give it longer with --timeout")
        except GoldenamiError as error:
            self._failures[image_id] = error.with_fix
            raise
        verdict = self._verdicts[image_id] = self._limits.judge(seen)
        return {"findings": verdict.counts}

    def judged(self, each: ImageToScan, otherwise: str) -> RescannedImage:
        """Return what is known of an image now."""
        version, chosen = each.version, each.chosen
        row = RescannedImage(
            image=version.image,
            version=version.version,
            architecture=chosen.image.architecture if chosen else architecture_of(each.build),
            region=chosen.place.region if chosen else "",
            id=chosen.image.id if chosen else "",
            status=version.status or "",
            passes=None,
        )
        if chosen is None:
            return structs.replace(row, why="no image of it in this account is available")
        verdict = self._verdicts.get(chosen.image.id)
        if verdict is None:
            return structs.replace(row, why=self._failures.get(chosen.image.id, otherwise))
        return structs.replace(
            row,
            passes=not verdict.failing,
            worst=_name(verdict.failing),
            counts=verdict.counts,
            findings=verdict.failing,
        )


def _name(failing: Iterable[VulnerabilityFinding]) -> str:
    """Return what the worst finding is called, as a reason for a revocation."""
    return next((each.id or f"a {each.severity} vulnerability" for each in failing), "")
