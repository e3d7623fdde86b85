"""`goldenami policy list` and `goldenami policy show`."""

from typing import Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Argument
from goldenami.report import listing


class ListProfilesOptions(shared.TableOptions, frozen=True, kw_only=True):
    """The options of `goldenami policy list`."""

    form: shared.Format = shared.ListFormat.TABLE


def list_(options: ListProfilesOptions) -> None:
    """List the policy profiles.

    Example: goldenami policy list --format json
    """
    from goldenami.iam.profiles import load_profiles

    profiles = list(load_profiles().values())
    listing.write(
        "goldenami.profiles/v1", profiles, options.form.value, columns=("name", "title", "needs"),
        sentences=("title", "needs"),
    )  # fmt: skip


class ShowProfileOptions(shared.TableOptions, frozen=True, kw_only=True):
    """The options of `goldenami policy show`."""

    profile: Annotated[str, Argument("The profile, by its name.")]
    form: shared.Format = shared.ListFormat.TABLE


def show(options: ShowProfileOptions) -> None:
    """Show a policy profile: what it denies, what it promises, and what it leaves open.

    Example: goldenami policy show guardrail
    """
    from goldenami.iam.profiles import profile_named
    from goldenami.report import policy as report

    report.write_profile(profile_named(options.profile), options.form.value)
