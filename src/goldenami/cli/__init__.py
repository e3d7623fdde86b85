"""The command line: parse, call one workflow, print one report, return one exit code.

Start-up matters (`goldenami --help` in a runbook): a command is imported when it is given, and
botocore, jinja2 and rich by the commands that use them, inside their functions.
"""

import gc
from collections.abc import Sequence
from typing import NoReturn

COLLECT_AFTER = 200_000
"""How many new objects Python looks for cycles after: modules, AWS's models and answers are many
objects, and next to none of them in one."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code.

    What it is made of is imported here: with Python's own threshold that takes a tenth longer.
    """
    gc.set_threshold(COLLECT_AFTER, 50, 100)
    from goldenami.cli.root import run

    run(arguments)
