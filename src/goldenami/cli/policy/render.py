"""`goldenami policy render`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Option
from goldenami.cli.policy.values import RenderingOptions, further_profiles
from goldenami.errors import UsageError
from goldenami.report.terminal import tell


class As(StrEnum):
    """What the documents are written as."""

    JSON = "json"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


class RenderOptions(RenderingOptions, frozen=True, kw_only=True):
    """The options of `goldenami policy render`."""

    release: Annotated[
        Path | None,
        Argument("Take what is not given from this release or enforcement file."),
    ] = None
    as_: Annotated[
        As, Option("JSON, or code with the profiles attached with it.", names=("--as",))
    ] = As.JSON
    group: Annotated[
        list[str] | None, Option("Group to attach to, in code; default: the release file's.")
    ] = None
    minify: Annotated[bool, Option("No white space.")] = False


def render(options: RenderOptions) -> None:
    """Write a profile's policy documents; without a release file no AWS call is made.

    As JSON, the documents of the profiles that are attached with it are rendered on their own; as
    Terraform or CloudFormation, they come with it, as does what else a release file enforces.

    Example: goldenami policy render -p owner-only --account 111122223333 --owner 444455556666
    """
    from goldenami.iam.values import Values
    from goldenami.report import policy as report
    from goldenami.workflows.enforce import rendering

    if options.minify and options.as_ is not As.JSON:
        raise UsageError(
            f"--minify is for JSON, not for {options.as_}", fix="leave one of them out"
        )
    named = options.values | ({"groups": tuple(options.group)} if options.group else {})
    if options.release is None:
        profile = options.profile()
        together, values = rendering.chain(profile), Values(**named)
    else:
        file = shared.enforce_file(options.release)
        profile = options.profile(file.profile)
        tell(further_profiles(file, profile.name), style="")
        values = rendering.values_of(
            lambda: options.session(None, file.region),
            file, profile, named,
        )  # fmt: skip
        together = rendering.profiles(file.attaching(profile.name))
    together = together[:1] if options.as_ is As.JSON else together
    rendered = [rendering.of_profile(profile, values) for profile in together]
    tell([note for _, note in rendered if note])
    documents = [document for several, _ in rendered for document in several]
    if options.as_ is As.JSON:
        report.write(profile, documents, minify=options.minify)
    else:
        report.write_code(profile, documents, options.as_.value, values.groups)
