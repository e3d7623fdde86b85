"""By what images are judged, from the command line and the release file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec.structs import replace

from goldenami.cli.command import Option
from goldenami.cli.options import AwsOptions, release_file
from goldenami.constraints import between, form
from goldenami.domain import names

if TYPE_CHECKING:
    from goldenami.workflows.audit.question import AuditQuestion

Duration = Annotated[
    str, form(lambda text: names.duration(text) is not None, "duration: write it as 90d or 12h")
]


class JudgingOptions(AwsOptions, frozen=True, kw_only=True):
    """What an audit takes for golden, and where; a remediation judges by the same."""

    region: Annotated[list[str] | None, Option("Only these regions (repeatable).")] = None
    role: Annotated[str | None, Option("The role by which other accounts are reached.")] = None
    roots: Annotated[bool, Option("Compare root volumes with their images, too.")] = False
    approved: Annotated[
        str | None,
        Option("Further approved images: ids, name:PATTERN, ssm:PARAMETER.", "LIST|FILE"),
    ] = None
    newest: Annotated[
        Annotated[int, between(1)] | None, Option("Only so many versions are current.  [x>=1]")
    ] = None
    max_age: Annotated[Duration | None, Option("Older images are findings: 90d.", "TIME")] = None

    def question(self, release: Path | None) -> "AuditQuestion":
        """Return by what images are judged: by the options, which win over the release file.

        Raises:
            UsageError: an option is wrong.
            SpecError: the release file or the waivers are.
        """
        from goldenami.workflows.audit.question import AuditQuestion, approved_list, of_release

        question = AuditQuestion() if release is None else of_release(release_file(release))
        if self.region:
            question = replace(question, regions=tuple(self.region))
        if self.approved is not None:
            listed = question.listed.also(approved_list(self.approved))
            question = replace(question, listed=listed)
        return replace(
            question,
            role=self.role or question.role,
            roots=self.roots or question.roots,
            newest=self.newest or question.newest,
            max_age=names.duration(self.max_age) if self.max_age else question.max_age,
        )
