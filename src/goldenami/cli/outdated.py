"""`goldenami outdated`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from goldenami.cli import options as shared
from goldenami.cli.audit_question import Duration
from goldenami.cli.command import Argument, Option
from goldenami.domain import names
from goldenami.errors import FindingsError, IncompleteError
from goldenami.report import listing

if TYPE_CHECKING:
    from goldenami.aws.session import Aws


class OutdatedOptions(shared.AwsOptions, frozen=True, kw_only=True):
    """The options of `goldenami outdated`."""

    release: Annotated[
        Path | None,
        Argument("A release file, or a folder of them; default: this folder.", "RELEASE|DIR"),
    ] = None
    max_age: Annotated[
        Duration | None, Option("Older images are, too: 90d; default: audit.max_age.", "TIME")
    ] = None
    form: shared.Format = shared.ListFormat.TABLE
    region: shared.Region = None

    def aws(self, build_region: str) -> "Aws":
        """Return the caller's AWS."""
        return self.session(self.region, build_region)


def outdated(options: OutdatedOptions) -> None:
    """Tell which releases are out of date, and why: by their sources, files, age and scans.

    What the newest version was baked from is compared with what its release file stands for today.
    The files of a folder come parents first, and one whose parent is out of date is so, too. Exit
    code 10 if something is, 3 if something could not be read.

    Example: goldenami outdated golden --max-age 30d --format json
    """
    path = options.release or Path()
    folder = shared.release_folder(path)
    from goldenami.workflows import freshness

    max_age = names.duration(options.max_age) if options.max_age else None
    judged = freshness.assess(options.aws, folder, datetime.now(UTC), max_age)
    items = [*freshness.unreadable(folder), *judged.values()]
    listing.write(
        "goldenami.outdated/v1", items, options.form.value,
        columns=("image", "version", "verdict", "path", "why"),
        sentences=("why",), spare=("path", "version"),
    )  # fmt: skip
    unread = [f"{each.path}: {each.unread}" for each in items if each.outdated is None]
    if unread:
        raise IncompleteError(
            f"{path}: of {len(unread)} of {len(items)} release files it is not known whether "
            "their images are out of date",
            notes=unread,
            fix="mend the files, or give the caller access to what they name",
        )
    late = sum(1 for each in items if each.outdated)
    if late:
        raise FindingsError(
            f"{late} of {len(items)} releases are out of date",
            fix=f"`goldenami bake {path} --if-outdated` bakes what is, parents first",
        )
