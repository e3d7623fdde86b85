"""`goldenami policy lint`."""

from pathlib import Path
from typing import Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Option
from goldenami.errors import FindingsError, UsageError


class LintOptions(shared.TableOptions, frozen=True, kw_only=True):
    """The options of `goldenami policy lint`."""

    files: Annotated[
        list[Path] | None,
        Argument("Policies that are attached together; - is standard input."),
    ] = None
    rules: Annotated[bool, Option("List the rules, with the right forms.")] = False
    partition: Annotated[str, Option("The partition they are for.")] = "aws"
    form: shared.Format = shared.ListFormat.TABLE


def lint(options: LintOptions) -> None:
    """Find the wrong shapes of golden AMI policies, each with the right form.

    The files are judged together, as one principal's policies are: some shapes are wrong only
    beside each other. The exit code is 10 if something is found.

    Example: goldenami policy lint guardrail.json && goldenami policy lint --rules
    """
    from goldenami.files import standard_input
    from goldenami.iam.lint.run import RULES, documents, documents_in
    from goldenami.iam.lint.run import lint as find
    from goldenami.report import lint as report

    if options.rules:
        report.write_rules(RULES, options.form.value)
        return
    if not options.files:
        raise UsageError("name at least one policy file", fix="or pass --rules")
    policies = [
        policy
        for path in options.files
        for policy in (documents("-", standard_input()) if str(path) == "-" else documents_in(path))
    ]
    findings = find(policies, options.partition)
    report.write(findings, options.form.value)
    if findings:
        raise FindingsError(
            f"policies read: {len(policies)}, findings: {len(findings)}",
            fix="`goldenami policy lint --rules` explains each rule",
        )
