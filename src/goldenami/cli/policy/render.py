"""`goldenami policy render`."""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Option
from goldenami.cli.policy.values import RenderingOptions, further_profiles
from goldenami.domain.choices import CodeForm
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

    As JSON, the documents of the profiles that are attached with it are rendered on their own. As
    Terraform or CloudFormation they come with it; and if a file but no profile is named, everything
    that the file enforces, by every mechanism. What no such code does is said in it, and here.

    Example: goldenami policy render -p owner-only --account 111122223333 --owner 444455556666
    """
    from goldenami.iam.values import Values
    from goldenami.report import code as code_report
    from goldenami.report import policy as report
    from goldenami.workflows import code
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
        session = cache(lambda: options.session(None, file.region))
        if options.as_ is not As.JSON and options.policy_profile is None:
            rendered = code.enforcement(session, file, named)
            code_report.write_policies(rendered, CodeForm(options.as_))
            return
        profile = options.profile(file.profile)
        tell(further_profiles(file, profile.name), style="")
        values = rendering.values_of(session, file, profile, named)
        together = rendering.profiles(file.attaching(profile.name))
    together = together[:1] if options.as_ is As.JSON else together
    rendered_profiles = [rendering.of_profile(profile, values) for profile in together]
    tell([note for _, note in rendered_profiles if note])
    documents = [document for several, _ in rendered_profiles for document in several]
    if options.as_ is As.JSON:
        report.write(profile, documents, minify=options.minify)
    else:
        rendered = code.of_profile(profile, documents, values)
        code_report.write_policies(rendered, CodeForm(options.as_))
