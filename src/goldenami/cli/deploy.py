"""`goldenami deploy`."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from goldenami import __version__, files
from goldenami.cli import options as shared
from goldenami.cli.command import Option, Options
from goldenami.constraints import form, needs
from goldenami.domain import names, prefixes
from goldenami.errors import UsageError
from goldenami.report.terminal import say, tell

if TYPE_CHECKING:
    from goldenami.infrastructure.continuous import ContinuousAudit

WHEEL = f"{prefixes.NAME}-{__version__}-py3-none-any.whl"


def _is_source(text: str) -> bool:
    kind, _, name = text.partition(":")
    return text == "live" or (kind == "config" and bool(names.AGGREGATOR.fullmatch(name)))


class Code(StrEnum):
    """What kind of code is rendered."""

    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


class DeployOptions(Options, frozen=True, kw_only=True):
    """The options of `goldenami deploy`."""

    release: shared.Release
    as_: Annotated[Code, Option("What kind of code it is.", names=("--as",))]
    name: Annotated[
        Annotated[str, form(names.DEPLOYMENT, "name: 3 to 32 lower-case letters, digits and `-`")],
        Option("What its resources are called by.", "NAME"),
    ] = "goldenami-audit"
    source: Annotated[
        Annotated[str, needs(_is_source, lambda text: f"{text}: is neither live nor config:NAME")],
        Option("Where the audit reads: AWS, or an AWS Config aggregator.", "live|config:NAME"),
    ] = "live"
    wheel: Annotated[
        Path | None, Option("The wheel that will run: its name and digest are in the code.", "FILE")
    ] = None
    output: Annotated[
        Path | None, Option("Write to this file, not to stdout.", names=("--output", "-o"))
    ] = None


def deploy(options: DeployOptions) -> None:
    """Render what audits a release every hour as infrastructure code; nothing is applied.

    A schedule that runs the audit, a bucket of its reports and inventories, topics for new findings
    and for whatever is not known, an alarm where no audit was complete for three hours, the events
    of launches and images as a queue, and a table for Athena. No AWS call is made.

    Example: goldenami deploy release.yaml --as cloudformation --output audit.yaml
    """
    if options.output is not None and not options.output.parent.is_dir():
        raise UsageError(f"--output {options.output}: there is no folder {options.output.parent}")
    audit = _continuous_audit(options)
    if options.as_ is Code.TERRAFORM:
        from goldenami.infrastructure.continuous.as_terraform import code
    else:
        from goldenami.infrastructure.continuous.as_cloudformation import template as code
    text = code(audit)
    if options.output is None:
        sys.stdout.write(text)
    else:
        files.write_atomically(options.output, text)
        say(f"wrote {options.output}")
    bucket = f"{options.name}-ACCOUNT-REGION"
    wheel = options.wheel or Path(WHEEL)
    tell(
        (
            f"once it is applied: aws s3 cp {wheel} s3://{bucket}/tools/",
            f"and whenever it changes: aws s3 sync {options.release.parent} s3://{bucket}/release/",
            "events of what AWS is called for come by way of CloudTrail: the account needs a trail",
        )
    )


def _continuous_audit(options: DeployOptions) -> "ContinuousAudit":
    """Return what is deployed.

    Raises:
        UsageError: the wheel is none.
        SpecError: the release file is wrong.
    """
    from goldenami import resources
    from goldenami.infrastructure.continuous import ContinuousAudit
    from goldenami.workflows.permissions import continuous

    file = shared.release_file(options.release)
    script = files.read_text(resources.folder("templates") / "continuous" / "run.sh")
    wheel, digest = WHEEL, ""
    if options.wheel is not None:
        wheel = options.wheel.name
        if not names.WHEEL.fullmatch(wheel):
            raise UsageError(
                f"--wheel {options.wheel}: is no wheel of goldenami", fix=f"such as {WHEEL}"
            )
        content = files.read_bytes(options.wheel, files.WHEEL_BYTES)
        import hashlib

        digest = hashlib.sha256(content).hexdigest()
    return ContinuousAudit(
        name=options.name,
        release=options.release.name,
        image=file.release.image,
        source=options.source,
        wheel=wheel,
        wheel_sha256=digest,
        script=script,
        permissions=tuple(continuous.statements(file, "<account>", options.source)),
    )
