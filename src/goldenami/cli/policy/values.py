"""The options that say what a policy is rendered with, for the commands that render."""

from typing import TYPE_CHECKING, Annotated, Any

from goldenami.cli.command import Option
from goldenami.cli.options import AwsOptions, tag_pair
from goldenami.errors import UsageError

if TYPE_CHECKING:
    from goldenami.iam.profiles import Profile
    from goldenami.spec import EnforceFile
    from goldenami.workflows.prove import Kind


class RenderingOptions(AwsOptions, frozen=True, kw_only=True):
    """What the policies of a profile are rendered with, where no file says it."""

    policy_profile: Annotated[
        str | None,
        Option(
            "The policy profile; default: the release file's.", names=("--policy-profile", "-p")
        ),
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

    def profile(self, usual: str = "guardrail") -> "Profile":
        """Return the policy profile that is named, or the usual one.

        Raises:
            UsageError: there is none of that name, or it is given as that of the AWS configuration.
        """
        from goldenami.iam.profiles import load_profiles, profile_named

        if self.policy_profile is None and self.aws_profile in load_profiles():
            raise UsageError(
                f"--profile {self.aws_profile}: that is a policy profile, and --profile names one "
                "of the AWS configuration",
                fix=f"pass --policy-profile {self.aws_profile}",
            )
        return profile_named(self.policy_profile or usual)


def live_principals(
    user: str | None, group: str | None, role: str | None
) -> "list[tuple[Kind, str]]":
    """Return the principals that are named, each with its kind."""
    named: list[tuple[Kind, str | None]] = [("user", user), ("group", group), ("role", role)]
    return [(kind, name) for kind, name in named if name]


def further_profiles(file: "EnforceFile", chosen: str) -> list[str]:
    """Say which mechanisms of a file attach another profile than the chosen one."""
    return [
        f"{mechanism} has another profile: --policy-profile {attaching.profile}"
        for mechanism, attaching in file.enforce.attaching.items()
        if attaching.profile != chosen
    ]
