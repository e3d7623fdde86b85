"""The options that say what a policy is rendered with, for the commands that render."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from goldenami.cli import options

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
AwsProfile = Annotated[
    str | None, typer.Option("--aws-profile", help="Named profile of the AWS configuration.")
]


def given(
    *,
    account: str | None,
    owner: Sequence[str] | None,
    tag: str | None,
    snapshot: Sequence[str] | None,
    partition: str | None,
    region: str | None,
    pipeline_role: str | None,
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
    }
    return {name: one for name, one in every.items() if one}
