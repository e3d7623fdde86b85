"""`goldenami policy render`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.policy import values as given
from goldenami.errors import UsageError


class As(StrEnum):
    """What the documents are written as."""

    JSON = "json"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


def render(
    release: Annotated[
        Path | None,
        typer.Argument(help="Take what is not given from this release or enforcement file."),
    ] = None,
    policy_profile: given.Profile = None,
    account: given.Account = None,
    owner: given.Owner = None,
    tag: given.Tag = None,
    snapshot: given.Snapshot = None,
    partition: given.Partition = None,
    region: given.Region = None,
    pipeline_role: given.PipelineRole = None,
    parameter: given.Parameter = None,
    as_: Annotated[
        As, typer.Option("--as", help="JSON, or code with the profiles attached with it.")
    ] = As.JSON,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", help="Group to attach to, in code; default: the release file's."),
    ] = None,
    minify: Annotated[bool, typer.Option("--minify", help="No white space.")] = False,
    aws_profile: given.AwsProfile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Write a profile's policy documents; without a release file no AWS call is made.

    As JSON, the documents of the profiles that are attached with it are rendered on their own; as
    Terraform or CloudFormation, they come with it, as does what else a release file enforces.

    Example: goldenami policy render -p owner-only --account 111122223333 --owner 444455556666
    """
    from goldenami.iam.profiles import profile_named
    from goldenami.iam.values import Values
    from goldenami.report import policy as report
    from goldenami.report.terminal import say
    from goldenami.workflows import rendering
    from goldenami.workflows.enforce.documents import profiles

    if minify and as_ is not As.JSON:
        raise UsageError(f"--minify is for JSON, not for {as_}", fix="leave one of them out")
    named = given.given(
        account=account, owner=owner, tag=tag, snapshot=snapshot, partition=partition,
        region=region, pipeline_role=pipeline_role, parameter=parameter, group=group,
    )  # fmt: skip
    if release is None:
        profile = profile_named(policy_profile or given.DEFAULT_PROFILE)
        together, values = rendering.chain(profile), Values(**named)
    else:
        file = options.enforce_file(release)
        profile = profile_named(policy_profile or given.profile_of(file))
        for note in given.further_profiles(file, profile.name):
            say(f"note: {note}")
        values = rendering.values(
            lambda: options.session(None, aws_profile, endpoint_url, file.region),
            file, profile, {"groups": file.enforce.groups, **named},
        )  # fmt: skip
        together = profiles(given.attaching(file, profile.name))
    together = together[:1] if as_ is As.JSON else together
    rendered = [rendering.documents(one, values) for one in together]
    for note in [note for _, note in rendered if note]:
        say(f"note: {note}", "yellow")
    documents = [document for found, _ in rendered for document in found]
    if as_ is As.JSON:
        report.write(profile, documents, minify=minify)
    else:
        report.write_code(profile, documents, as_.value, values.groups)
