"""`goldenami policy show`."""

from typing import Annotated

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat


def show(
    profile: Annotated[str, typer.Argument(help="The profile, by its name.")],
    form: options.Format = ListFormat.TABLE,
) -> None:
    """Show a policy profile: what it denies, what it promises, and what it leaves open.

    Example: goldenami policy show guardrail
    """
    from goldenami.iam.profiles import profile_named
    from goldenami.report import policy as report

    report.write_profile(profile_named(profile), form.value)
