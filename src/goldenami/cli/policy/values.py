"""The options that say what a policy is rendered with, for the commands that render."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldenami.cli import options

if TYPE_CHECKING:
    from goldenami.spec import EnforceFile
    from goldenami.spec.model import Attaching

DEFAULT_PROFILE = "guardrail"

Profile = Annotated[
    str | None,
    typer.Option("--profile", "-p", help="The policy profile; default: the release file's."),
]
Account = Annotated[str | None, typer.Option("--account", help="The account the policy lives in.")]
Owner = Annotated[
    list[str] | None, typer.Option("--owner", help="Account that owns golden images.")
]
Tag = Annotated[str | None, typer.Option("--tag", metavar="K=V", help="Approval tag.")]
Snapshot = Annotated[
    list[str] | None, typer.Option("--snapshot", help="Golden snapshot (repeatable).")
]
Partition = Annotated[str | None, typer.Option("--partition", help="aws, aws-cn …")]
Region = Annotated[str | None, typer.Option("--region", help="Region of the ARNs; default: all.")]
PipelineRole = Annotated[
    str | None, typer.Option("--pipeline-role", metavar="ARN", help="The role that may bake.")
]
Parameter = Annotated[
    list[str] | None,
    typer.Option("--parameter", help="Published SSM parameter, or a path and `/*` (repeatable)."),
]
AwsProfile = Annotated[
    str | None, typer.Option("--aws-profile", help="Named profile of the AWS configuration.")
]


def profile_of(file: "EnforceFile") -> str:
    """Return the profile that a file is first of all for: that of its first mechanism."""
    return next((one.profile for one in file.enforce.attaching.values()), None) or (
        file.enforce.profile
    )


def further_profiles(file: "EnforceFile", chosen: str) -> list[str]:
    """Say which mechanisms of a file attach another profile than the chosen one."""
    return [
        f"{mechanism} has another profile: --profile {one.profile}"
        for mechanism, one in file.enforce.attaching.items()
        if one.profile != chosen
    ]


def attaching(file: "EnforceFile", profile: str) -> "Attaching":
    """Return what a file attaches of a profile, by the first mechanism that has it."""
    from goldenami.spec.model import Attaching

    used = file.enforce.attaching.values()
    return next((one for one in used if one.profile == profile), Attaching(profile=profile))


def given(
    *,
    account: str | None,
    owner: Sequence[str] | None,
    tag: str | None,
    snapshot: Sequence[str] | None,
    partition: str | None,
    region: str | None,
    pipeline_role: str | None,
    parameter: Sequence[str] | None = None,
    group: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return the values that were given, by the names that `goldenami.iam.values` has for them."""
    key, value = options.tag_pair(tag) if tag else (None, None)
    every = {
        "account": account,
        "owners": tuple(owner or ()),
        "tag_key": key,
        "tag_value": value,
        "snapshots": tuple(snapshot or ()),
        "partition": partition,
        "region": region,
        "pipeline_role": pipeline_role,
        "groups": tuple(group or ()),
        "parameters": tuple(parameter or ()),
    }
    return {name: one for name, one in every.items() if one}
