"""The command line: parse, call one workflow, print one report, return one exit code.

Start-up matters (`goldenami --help` in a runbook): a command is imported when it is given, and
botocore, jinja2 and rich by the commands that use them, inside their functions.
"""

from collections.abc import Sequence
from typing import NoReturn

from goldenami import garbage


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code; what it is made of is imported here."""
    garbage.collect_seldom()
    from goldenami.cli.root import run

    run(arguments)
