"""`goldenami policy list`."""

from goldenami.cli import options
from goldenami.cli.options import ListFormat


def list_(form: options.Format = ListFormat.TABLE) -> None:
    """List the policy profiles.

    Example: goldenami policy list --format json
    """
    from goldenami.iam.profiles import load_profiles
    from goldenami.report import listing

    profiles = list(load_profiles().values())
    listing.write("goldenami.profiles/v1", profiles, form.value, columns=("name", "title", "needs"))
