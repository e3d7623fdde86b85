"""What the commands of a version's life have in common."""

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Option
from goldenami.constraints import form
from goldenami.domain import tags
from goldenami.domain.life import WHY_LENGTH
from goldenami.errors import UsageError
from goldenami.report import listing

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.workflows.lifecycle.releases import Version

Image = Annotated[str, Argument("The golden image's name.", "IMAGE")]
VersionName = Annotated[str, Argument("The version.", "VERSION")]
Why = Annotated[
    str,
    form(
        lambda text: len(text) <= WHY_LENGTH and text.isprintable(),
        f"reason: one line of at most {WHY_LENGTH} characters",
    ),
]
Reason = Annotated[Why, form(lambda text: bool(text.strip()), "reason, such as CVE-2026-12345")]
"""One that has to be given."""
assert WHY_LENGTH <= tags.VALUE_LENGTH  # noqa: S101  it is a tag's value


Role = Annotated[
    str | None,
    Option("The role in other accounts, for releases whose manifest names none.", "NAME"),
]


class ImageOptions(shared.PlanOptions, frozen=True, kw_only=True):
    """Of what changes something about a golden image, wherever it is."""

    image: Image
    role: Role = None

    @property
    def subject(self) -> tuple[str, ...]:
        """What the command is about."""
        return (self.image,)

    def aws(self) -> "Aws":
        """Return the caller's AWS."""
        return self.session(None, "us-east-1")

    def again(self, command: str, **further: str | bool | None) -> str:
        """Return the command as the user would give it again."""
        words = ["goldenami", command, *self.subject]
        for name, value in {**further, "role": self.role}.items():
            option = f"--{name.replace('_', '-')}"
            if value is True:
                words.append(option)
            elif value:
                words += (option, str(value))
        return shlex.join(words)


class VersionOptions(ImageOptions, frozen=True, kw_only=True):
    """Of what changes the life of one version, wherever it is."""

    image: Image  # its argument comes first
    version: VersionName

    @property
    def subject(self) -> tuple[str, ...]:
        """What the command is about."""
        return (self.image, self.version)


def moment(text: str | None, option: str) -> datetime | None:
    """Read a time: ``2026-12-01T06:00Z``, or ``2026-12-01`` for its first moment in UTC.

    Raises:
        UsageError: it is none, or it has no time zone.
    """
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or (read.tzinfo is None and len(text) > len("2026-12-01")):
        raise UsageError(
            f"{option} {text}: needs a time with its zone, or a date",
            fix="write 2026-12-01T06:00Z, or 2026-12-01",
        )
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def show(schema: str, version: "Version", status: str, form: shared.ListFormat) -> None:
    """Write the images of a version with their new status."""
    listing.write(
        schema, version.listed(status), form.value,
        columns=("image", "version", "account", "region", "id", "status"),
        spare=("account", "image", "version"),
    )  # fmt: skip
