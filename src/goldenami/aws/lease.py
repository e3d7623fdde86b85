"""One bake of an image at a time: an SSM parameter in the build region that only one can create.

Its holder renews it. A holder that died is noticed by the age of its last sign of life, which is
counted by AWS's clock alone, or at once where it can be proved that its process has ended.

SSM has no write that depends on what is there. So whoever takes over or renews writes for which
version of the parameter that is: of several at once, the first one holds it, and the others have
come too late. Where the last version is such a late one, the history tells who holds it.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

import contextlib
import time
from threading import Event, Lock, Thread
from typing import Any, Self

import msgspec
from msgspec import structs

from goldenami.aws import lease_holder
from goldenami.aws.action import ActionContext
from goldenami.aws.answers.actions import kinds
from goldenami.aws.answers.ssm import (
    GetParameter,
    GetParameterHistory,
    Parameter,
    PutParameter,
    Response,
)
from goldenami.aws.calls import call
from goldenami.aws.errors import ALREADY_THERE, NO_ANSWER, NOT_FOUND, Tolerated
from goldenami.aws.lease_holder import LeaseHolder
from goldenami.aws.parameters import settled
from goldenami.aws.session import RegionalAws
from goldenami.domain import prefixes
from goldenami.errors import AwsError, GoldenamiError, LeaseLostError, RefusedError

RENEW_S = 60.0
LAPSES_S = 240.0
MARGIN_S = 60.0
"""How long before its end a lease has to be renewed before anything is done with it."""

PERMISSIONS = (
    "ssm:DeleteParameter",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:PutParameter",
)
_ATTEMPTS = 3
READ_PERMISSIONS = ("ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParametersByPath")
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_decode = msgspec.json.Decoder(LeaseHolder).decode  # made before several threads use it
_ended_ids: set[str] = set()
"""The ids of the leases of this process that have ended, whatever the account says."""


def since_boot() -> float:
    """Return seconds of a clock that goes on while the machine sleeps (macOS's monotonic does)."""
    return time.clock_gettime(_CLOCK)


class HeldLease(msgspec.Struct, frozen=True):
    """A lease that is there: its holder, the parameter's version, how long ago that was written.

    ``age_s`` is counted by AWS's clock; it is None if the answer had no date.
    """

    holder: LeaseHolder
    age_s: float | None
    version: int

    @property
    def lapsed(self) -> bool:
        """Whether somebody else may take it."""
        process = self.holder.process
        if self.holder.id in _ended_ids or (process is not None and process.ended):
            return True
        return self.age_s is not None and self.age_s > LAPSES_S

    @property
    def seen(self) -> str:
        """Say when its holder gave its last sign of life."""
        return "seen some time ago" if self.age_s is None else f"seen {self.age_s:.0f} s ago"


class Lease:
    """The right to bake an image, from ``with`` to its end.

    Args:
        regional: whose, and where.
        image: the golden image's name.
        build: the build that takes it.
    """

    def __init__(self, regional: RegionalAws, image: str, build: str) -> None:
        self._regional = regional
        self._name = prefixes.LEASES + image
        self._image = image
        self._me = lease_holder.new(regional.aws, build)
        self._version = 0
        self._renewed_at = since_boot()
        self._lost = ""
        self._lock = Lock()
        self._ended = Event()
        self._renewing = Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        """Take the lease.

        Raises:
            RefusedError: another bake of the image is under way.
            AwsError: SSM refused.
        """
        try:
            self._take()
        except AwsError as error:
            if error.code in NO_ANSWER:  # it may have been written all the same
                self._let_go()
            raise
        self._renewing.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._renewing.join()
        self._let_go()

    def check(self) -> None:
        """See to it that the lease is still one's own, before anything is changed with it.

        Where AWS cannot be reached, it is one's own as long as nobody else can take it.

        Raises:
            LeaseLostError: somebody else has it, or may have it by now.
            AwsError: SSM refused to tell.
        """
        with self._lock:
            try:
                if self._overdue:
                    self._renew()
                else:
                    self._confirm()
            except AwsError as error:
                if error.code not in NO_ANSWER:
                    raise
                if self._overdue:
                    raise LeaseLostError(
                        f"{self._image}: the right to bake it could not be renewed in time, and "
                        f"may be somebody else's by now: {error.message}",
                        fix=error.fix,
                    ) from error

    @property
    def _overdue(self) -> bool:
        return since_boot() - self._renewed_at > LAPSES_S - MARGIN_S

    def _take(self) -> None:
        for _ in range(_ATTEMPTS):
            with Tolerated(ALREADY_THERE):
                if self._write(1):
                    return
            lease = read(self._regional, self._name)
            if lease is not None:
                self._take_over(lease)
                return
        raise RefusedError(
            f"{self._image}: other bakes of it begin and end right now", fix="try again later"
        )

    def _take_over(self, lease: HeldLease) -> None:
        if self._is_mine(lease):  # it was written, and only the answer was lost
            self._version = lease.version
            return
        if not lease.lapsed:
            raise self._refused(lease)
        if not self._write(lease.version + 1):  # somebody else did the same, first
            raise self._refused(lease, "and another process has just taken over")

    def _refused(self, lease: HeldLease, more: str = "") -> RefusedError:
        fix = f"wait for its end; if that process is dead, its right ends after {LAPSES_S:.0f} s"
        if lease.age_s is None:
            fix = (
                "something between here and AWS takes the date off its answers, so nobody can tell "
                f"whether that process is dead; if it is: `aws ssm delete-parameter --region "
                f"{self._regional.region} --name {self._name}`"
            )
        return RefusedError(
            f"{self._image} is being baked already: {lease.holder}, {more or lease.seen}", fix=fix
        )

    def _write(self, version: int) -> bool:
        """Write oneself as that version; return whether one holds the lease then.

        Another version than that was written if somebody else was faster, or if an answer was lost
        and the call made again.
        """
        before = since_boot()
        me = structs.replace(self._me, claims=version)
        written = self._regional.ask(
            PutParameter, "taking the right to bake",
            Name=self._name,
            Value=msgspec.json.encode(me).decode(),
            Type="String",
            Overwrite=version > 1,
            Description="goldenami: a bake of this image is under way",
        ).part  # fmt: skip
        self._version = written
        if written != version and not self._is_mine(self._look()):
            return False
        self._renewed_at = before
        return True

    def _look(self) -> HeldLease | None:
        """Read the lease; what was written just now may not be known everywhere yet."""
        return settled(lambda: read(self._regional, self._name), self._version)

    def _is_mine(self, lease: HeldLease | None) -> bool:
        return lease is not None and lease.holder.id == self._me.id

    def _confirm(self) -> None:
        """Read the lease, and raise a LeaseLostError if it is not one's own any more."""
        if not self._lost:
            lease = self._look()
            if lease is not None and self._is_mine(lease):
                self._version = lease.version
                return
            self._lost = f"{lease.holder} has it now" if lease else "somebody has deleted it"
        raise LeaseLostError(
            f"{self._image}: the right to bake it is lost: {self._lost}",
            fix="see whether another bake of it is under way, and wait for its end",
        )

    def _renew(self) -> None:
        self._confirm()
        if not self._write(self._version + 1):
            self._confirm()

    def _keep(self) -> None:
        while not self._ended.wait(RENEW_S) and not self._lost:
            with self._lock, contextlib.suppress(GoldenamiError):  # `check` tells
                self._renew()

    def _let_go(self) -> None:
        _ended_ids.add(self._me.id)
        with contextlib.suppress(GoldenamiError):  # then it lapses
            self._confirm()
            self._regional.ask(
                kinds()["ssm:DeleteParameter"], "ending the lease",
                Name=self._name,
            )  # fmt: skip


def of_image(regional: RegionalAws, image: str) -> HeldLease | None:
    """Return who bakes an image; see `read`."""
    return read(regional, prefixes.LEASES + image)


def read(regional: RegionalAws, name: str) -> HeldLease | None:
    """Return the lease of that parameter name; None if nobody bakes.

    Raises:
        AwsError: it cannot be read, or is not goldenami's.
    """
    with Tolerated(NOT_FOUND):
        answer = regional.ask(GetParameter, f"reading {name}", Name=name)
        return of_parameter(regional, answer.parameter, answer.response)
    return None


def of_parameter(regional: RegionalAws, parameter: Parameter, response: Response) -> HeldLease:
    """Return what a parameter of a lease tells.

    Raises:
        AwsError: it is not goldenami's, or its history is needed and cannot be read.
    """
    last = _holder(regional.region, parameter.name, parameter.value)
    owner = last if last.holds(parameter.version) else _owner(regional, parameter.name, last)
    date = response.date
    age_s = (date - parameter.last_modified_date).total_seconds() if date else None
    return HeldLease(owner, age_s and max(0.0, age_s), parameter.version)  # dates have no fractions


def remove(context: ActionContext) -> dict[str, Any]:
    """Delete a lease that has lapsed, unless somebody has taken it since ``Version``."""
    name, version = context.parameters["Name"], context.parameters["Version"]
    lease = read(context.regional, name)
    if lease is not None and lease.version != version:
        context.progress(f"left alone: {lease.holder} has just taken it")
        return {}
    return call(structs.replace(context, parameters={"Name": name}), "ssm:DeleteParameter", {})


def _owner(regional: RegionalAws, name: str, last: LeaseHolder) -> LeaseHolder:
    """Return who wrote the newest version of those that were not written too late."""
    history = regional.rows(GetParameterHistory, f"reading the history of {name}", Name=name)
    owner = last  # if the lease was deleted in between, and nobody's came in time
    for version in sorted(history, key=lambda version: version.version):
        writer = _holder(regional.region, name, version.value)
        if writer.holds(version.version):
            owner = writer
    return owner


def _holder(region: str, name: str, value: str) -> LeaseHolder:
    try:
        return _decode(value)
    except msgspec.MsgspecError as error:
        raise AwsError(
            f"the parameter {name} in {region} is not goldenami's: {error}", fix="delete it"
        ) from error
