"""`goldenami policy render`."""

from pathlib import Path
from typing import Annotated

import typer

from goldenami.cli import options

DEFAULT_PROFILE = "guardrail"


def render(
    release: Annotated[
        Path | None, typer.Argument(help="Take what is not given from this release file.")
    ] = None,
    policy_profile: Annotated[
        str | None,
        typer.Option("--profile", "-p", help="The policy profile; default: the release file's."),
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="The account the policy lives in.")
    ] = None,
    owner: Annotated[
        list[str] | None, typer.Option("--owner", help="Account that owns golden images.")
    ] = None,
    tag: Annotated[str | None, typer.Option("--tag", metavar="K=V", help="Approval tag.")] = None,
    snapshot: Annotated[
        list[str] | None, typer.Option("--snapshot", help="Golden snapshot (repeatable).")
    ] = None,
    partition: Annotated[str | None, typer.Option("--partition", help="aws, aws-cn …")] = None,
    region: Annotated[
        str | None, typer.Option("--region", help="Region of the ARNs; default: all.")
    ] = None,
    pipeline_role: Annotated[
        str | None, typer.Option("--pipeline-role", metavar="ARN", help="The role that may bake.")
    ] = None,
    minify: Annotated[bool, typer.Option("--minify", help="No white space.")] = False,
    aws_profile: Annotated[
        str | None, typer.Option("--aws-profile", help="Named profile of the AWS configuration.")
    ] = None,
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

    options_given = {
        "account": account,
        "owners": tuple(owner or ()),
        "snapshots": tuple(snapshot or ()),
        "partition": partition,
        "region": region,
        "pipeline_role": pipeline_role,
        **_tag(tag),
    }
    given = {key: value for key, value in options_given.items() if value}
    if release is None:
        profile = profile_named(policy_profile or DEFAULT_PROFILE)
        values = rendering.given_values(given)
    else:
        file = options.release_file(release)
        enforce = file.release.enforce
        named = policy_profile or (enforce.profile if enforce else DEFAULT_PROFILE)
        profile = profile_named(named)
        values = rendering.values(
            lambda: options.session(None, aws_profile, endpoint_url, file.release.build_region),
            file, profile, given,
        )  # fmt: skip
    documents, note = rendering.documents(profile, values)
    if note:
        say(f"note: {note}", "yellow")
    report.write(profile, documents, minify=minify)


def _tag(given: str | None) -> dict[str, str]:
    if given is None:
        return {}
    key, value = options.tag_pair(given)
    return {"tag_key": key, "tag_value": value}
