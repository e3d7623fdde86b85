"""`goldenami policy render`."""

from pathlib import Path
from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.policy import values as given


def render(
    release: Annotated[
        Path | None, typer.Argument(help="Take what is not given from this release file.")
    ] = None,
    policy_profile: given.Profile = None,
    account: given.Account = None,
    owner: given.Owner = None,
    tag: given.Tag = None,
    snapshot: given.Snapshot = None,
    partition: given.Partition = None,
    region: given.Region = None,
    pipeline_role: given.PipelineRole = None,
    minify: Annotated[bool, typer.Option("--minify", help="No white space.")] = False,
    aws_profile: given.AwsProfile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Write a profile's policy documents as JSON; without a release file no AWS call is made.

    The documents of the profiles that are attached with it are rendered on their own.

    Example: goldenami policy render -p owner-only --account 111122223333 --owner 444455556666
    """
    from goldenami.iam.profiles import profile_named
    from goldenami.report import policy as report
    from goldenami.report.terminal import say
    from goldenami.workflows import rendering

    named = given.given(
        account=account, owner=owner, tag=tag, snapshot=snapshot, partition=partition,
        region=region, pipeline_role=pipeline_role,
    )  # fmt: skip
    if release is None:
        profile = profile_named(policy_profile or given.DEFAULT_PROFILE)
        values = rendering.given_values(named)
    else:
        file = options.release_file(release)
        enforce = file.release.enforce
        profile = profile_named(
            policy_profile or (enforce.profile if enforce else given.DEFAULT_PROFILE)
        )
        values = rendering.values(
            lambda: options.session(None, aws_profile, endpoint_url, file.release.build_region),
            file, profile, named,
        )  # fmt: skip
    documents, note = rendering.documents(profile, values)
    if note:
        say(f"note: {note}", "yellow")
    report.write(profile, documents, minify=minify)
