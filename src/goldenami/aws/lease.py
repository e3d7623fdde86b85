"""One bake of an image at a time: an SSM parameter in the build region that only one can create.

Its holder renews it. A holder that died is noticed by the age of its last sign of life, or at once
on its own machine.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

import contextlib
import os
import socket
from threading import Event, Thread
from types import TracebackType
from typing import Self

import msgspec

from goldenami.aws.answers.actions import ANSWERS
from goldenami.aws.answers.ssm import GetParameter, Parameter, PutParameter, Response
from goldenami.aws.ask import ask
from goldenami.aws.errors import ALREADY_THERE, NOT_FOUND, code_of
from goldenami.aws.session import Aws
from goldenami.errors import AwsError, GoldenamiError, RefusedError

PREFIX = "/goldenami/bake/"
RENEW_S = 60.0
LAPSES_S = 240.0
PERMISSIONS = ("ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter")


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who bakes: the build, the caller's ARN, the machine and the process."""

    build: str
    by: str
    host: str
    pid: int

    @property
    def is_gone(self) -> bool:
        """Whether it is a process of this machine that has ended."""
        if self.host != socket.gethostname():
            return False
        if self.pid == os.getpid():
            return True  # an earlier bake of this very process
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False


class Held(msgspec.Struct, frozen=True):
    """A lease that is there: its holder, how long ago it gave a sign of life, its version."""

    holder: Holder
    age_s: float
    version: int

    @property
    def lapsed(self) -> bool:
        """Whether somebody else may take it."""
        return self.holder.is_gone or self.age_s > LAPSES_S


class Lease:
    """The right to bake an image, from ``with`` to its end.

    Args:
        aws: whose account.
        region: the build region.
        image: the golden image's name.
        build: the build that takes it.
    """

    def __init__(self, aws: Aws, region: str, image: str, build: str) -> None:
        self._aws = aws
        self._region = region
        self._name = PREFIX + image
        self._image = image
        self._holder = Holder(
            build=build, by=aws.caller, host=socket.gethostname(), pid=os.getpid()
        )
        self._ended = Event()
        self._renewing = Thread(target=self._renew, daemon=True)

    def __enter__(self) -> Self:
        """Take the lease.

        Raises:
            RefusedError: another bake of the image is under way.
            AwsError: SSM refused.
        """
        try:
            self._put(overwrite=False)
        except AwsError as error:
            if code_of(error) not in ALREADY_THERE:
                raise
            self._take_over()
        self._renewing.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._renewing.join()
        with contextlib.suppress(AwsError):  # then it lapses
            ask(
                self._aws, self._region, ANSWERS["ssm:DeleteParameter"], "ending the lease",
                Name=self._name,
            )  # fmt: skip

    def _take_over(self) -> None:
        held = read(self._aws, self._region, self._name)
        if held is None:  # its holder has just let it go
            self._put(overwrite=False)
            return
        if not held.lapsed:
            raise self._refused(held.holder, f"seen {held.age_s:.0f} s ago")
        if self._put(overwrite=True) != held.version + 1:  # somebody else did the same, first
            raise self._refused(held.holder, "and another process has just taken over")

    def _refused(self, holder: Holder, seen: str) -> RefusedError:
        return RefusedError(
            f"{self._image} is being baked already: build {holder.build} by {holder.by} "
            f"on {holder.host} (process {holder.pid}), {seen}",
            fix=f"wait for its end; if that process is dead, its right ends after {LAPSES_S:.0f} s",
        )

    def _put(self, *, overwrite: bool) -> int:
        return ask(
            self._aws, self._region, PutParameter, "taking the right to bake",
            Name=self._name,
            Value=msgspec.json.encode(self._holder).decode(),
            Type="String",
            Overwrite=overwrite,
            Description="goldenami: a bake of this image is under way",
        ).version  # fmt: skip

    def _renew(self) -> None:
        while not self._ended.wait(RENEW_S):
            with contextlib.suppress(GoldenamiError):
                self._put(overwrite=True)


def of_image(aws: Aws, region: str, image: str) -> Held | None:
    """Return who bakes an image; see `read`."""
    return read(aws, region, PREFIX + image)


def read(aws: Aws, region: str, name: str) -> Held | None:
    """Return the lease of that parameter name; None if nobody bakes.

    Raises:
        AwsError: it cannot be read.
        GoldenamiError: the parameter is not goldenami's.
    """
    try:
        answer = ask(aws, region, GetParameter, f"reading {name}", Name=name)
    except AwsError as error:
        if code_of(error) in NOT_FOUND:
            return None
        raise
    return held(answer.parameter, answer.response, region)


def held(parameter: Parameter, response: Response, region: str) -> Held:
    """Return what a parameter of a lease tells.

    Raises:
        GoldenamiError: the parameter is not goldenami's.
    """
    try:
        holder = msgspec.json.decode(parameter.value, type=Holder)
    except msgspec.MsgspecError as error:
        raise GoldenamiError(
            f"the parameter {parameter.name} in {region} is not goldenami's: {error}",
            fix="delete it",
        ) from error
    now = response.date or parameter.last_modified_date
    age_s = (now - parameter.last_modified_date).total_seconds()
    return Held(holder, age_s, parameter.version)
