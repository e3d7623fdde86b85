"""The options that say what a policy is rendered with, for the commands that render."""

from typing import TYPE_CHECKING, Annotated, Any

from goldenami.cli.command import Option
from goldenami.cli.options import AwsOptions, tag_pair

if TYPE_CHECKING:
    from goldenami.spec import EnforceFile
    from goldenami.spec.model import Attaching
    from goldenami.workflows.prove import Kind

DEFAULT_PROFILE = "guardrail"


class RenderingOptions(AwsOptions, frozen=True, kw_only=True):
    """What the policies of a profile are rendered with, where no file says it."""

    policy_profile: Annotated[
        str | None,
        Option("The policy profile; default: the release file's.", names=("--profile", "-p")),
    ] = None
    account: Annotated[str | None, Option("The account the policy lives in.")] = None
    owner: Annotated[list[str] | None, Option("Account that owns golden images.")] = None
    tag: Annotated[str | None, Option("Approval tag.", "K=V")] = None
    snapshot: Annotated[list[str] | None, Option("Golden snapshot (repeatable).")] = None
    partition: Annotated[str | None, Option("aws, aws-cn …")] = None
    region: Annotated[str | None, Option("Region of the ARNs; default: all.")] = None
    pipeline_role: Annotated[str | None, Option("The role that may bake.", "ARN")] = None
    parameter: Annotated[
        list[str] | None, Option("Published SSM parameter, or a path and `/*` (repeatable).")
    ] = None
    aws_profile: Annotated[str | None, Option("Named profile of the AWS configuration.")] = None

    @property
    def values(self) -> dict[str, Any]:
        """What is given of them, by the names that `goldenami.iam.values` has for it."""
        key, value = tag_pair(self.tag) if self.tag else (None, None)
        values = {
            "account": self.account,
            "owners": tuple(self.owner or ()),
            "tag_key": key,
            "tag_value": value,
            "snapshots": tuple(self.snapshot or ()),
            "partition": self.partition,
            "region": self.region,
            "pipeline_role": self.pipeline_role,
            "parameters": tuple(self.parameter or ()),
        }
        return {name: value for name, value in values.items() if value}


def live_principals(
    user: str | None, group: str | None, role: str | None
) -> "list[tuple[Kind, str]]":
    """Return the principals that are named, each with its kind."""
    named: list[tuple[Kind, str | None]] = [("user", user), ("group", group), ("role", role)]
    return [(kind, name) for kind, name in named if name]


def profile_of(file: "EnforceFile") -> str:
    """Return the profile that a file is first of all for: that of its first mechanism."""
    attaching = file.enforce.attaching.values()
    return next((used.profile for used in attaching), None) or file.enforce.profile


def further_profiles(file: "EnforceFile", chosen: str) -> list[str]:
    """Say which mechanisms of a file attach another profile than the chosen one."""
    return [
        f"{mechanism} has another profile: --profile {attaching.profile}"
        for mechanism, attaching in file.enforce.attaching.items()
        if attaching.profile != chosen
    ]


def attaching(file: "EnforceFile", profile: str) -> "Attaching":
    """Return what a file attaches of a profile, by the first mechanism that has it."""
    from goldenami.spec.model import Attaching

    used = file.enforce.attaching.values()
    return next(
        (mechanism for mechanism in used if mechanism.profile == profile),
        Attaching(profile=profile),
    )
