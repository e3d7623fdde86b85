"""Infrastructure code on stdout or in a file; what it does not do on stderr."""

import sys
from collections.abc import Callable

from goldenami.domain.choices import CodeForm
from goldenami.infrastructure import cloudformation, enforcement, terraform
from goldenami.infrastructure.comments import listed
from goldenami.infrastructure.enforcement import as_cloudformation, as_terraform
from goldenami.infrastructure.release import ReleaseCode, gaps
from goldenami.infrastructure.release import as_cloudformation as release_as_cloudformation
from goldenami.infrastructure.release import as_terraform as release_as_terraform
from goldenami.report.terminal import say, tell
from goldenami.workflows.code import RenderedCode


def write_policies(rendered: RenderedCode, form: CodeForm) -> None:
    """Write what is enforced as code on stdout."""
    _tell(rendered)
    code = rendered.code
    missing = list(enforcement.gaps(code, form))
    comments = [listed(gaps.MISSING, missing)]
    if form is CodeForm.TERRAFORM:
        text = terraform.document(as_terraform.blocks(code), comments)
    else:
        stack = cloudformation.Stack(
            description="Golden AMI policies, rendered by goldenami",
            resources=tuple(as_cloudformation.resources(code)),
            comments=tuple(comments),
        )
        text = cloudformation.document(stack)
    sys.stdout.write(text)
    tell(missing, gaps.MISSING.lower())
    if code.mechanisms and not any(mechanism.holders for mechanism in code.mechanisms):
        say("attached to nothing: name groups with --group")


def write_release(
    code: ReleaseCode,
    rendered: RenderedCode | None,
    form: CodeForm,
    write: Callable[[str], object],
) -> None:
    """Write a release as code by ``write``, and say what the code does not do."""
    if rendered:
        _tell(rendered)
    if form is CodeForm.TERRAFORM:
        text = release_as_terraform.text(code)
    else:
        text = release_as_cloudformation.text(code)
    write(text)
    tell(gaps.gaps(code, form.value), gaps.MISSING.lower())
    if form is CodeForm.CLOUDFORMATION and len(text.encode()) > cloudformation.BODY_LIMIT:
        say(
            f"note: it has {len(text.encode()):,} bytes: CloudFormation takes more than "
            f"{cloudformation.BODY_LIMIT:,} from S3 alone (`--s3-bucket`, or `--template-url`)",
            "yellow",
        )


def _tell(rendered: RenderedCode) -> None:
    tell(rendered.warnings, "warning")
    tell(rendered.notes)
