"""When an image was last launched, which EC2 tells its owner a day later.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-last-launched-time.html
"""

from datetime import datetime, timedelta

from moto.core.utils import utcnow

REPORTED_AFTER = timedelta(hours=24)


class LaunchTimes:
    """The launches of one image, by whomever."""

    def __init__(self) -> None:
        self._times: list[datetime] = []

    def add(self, moment: datetime) -> None:
        """Take note of a launch."""
        self._times.append(moment)

    @property
    def last_reported(self) -> datetime | None:
        """The last launch that is a day ago; None if there is none."""
        before = utcnow() - REPORTED_AFTER
        return max((moment for moment in self._times if moment <= before), default=None)

    def described(self) -> str | None:
        """Return the time of that launch as AWS writes it."""
        moment = self.last_reported
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None
