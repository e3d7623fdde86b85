"""`goldenami policy list`."""

from goldenami.cli import options as shared
from goldenami.cli.command import Options
from goldenami.report import listing


class ListProfilesOptions(Options, frozen=True, kw_only=True):
    """The options of `goldenami policy list`."""

    form: shared.Format = shared.ListFormat.TABLE


def list_(options: ListProfilesOptions) -> None:
    """List the policy profiles.

    Example: goldenami policy list --format json
    """
    from goldenami.iam.profiles import load_profiles

    profiles = list(load_profiles().values())
    listing.write(
        "goldenami.profiles/v1", profiles, options.form.value, columns=("name", "title", "needs")
    )
