"""The command line: parse, call one workflow, print one report, return one exit code."""


def main() -> None:
    """Run the ``goldenami`` command."""
