"""`goldenami policy prove`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from goldenami.cli import options as shared
from goldenami.cli.command import Argument, Option
from goldenami.cli.policy.values import RenderingOptions, further_profiles, live_principals
from goldenami.errors import FindingsError, RefusedError, UsageError
from goldenami.report.terminal import tell

if TYPE_CHECKING:
    from goldenami.workflows.prove import ProofQuestion

YAML = (".yaml", ".yml")


class ProveOptions(RenderingOptions, frozen=True, kw_only=True):
    """The options of `goldenami policy prove`."""

    files: Annotated[
        list[Path] | None,
        Argument("A release file (.yaml), or policy documents (.json)."),
    ] = None
    user: Annotated[str | None, Option("A live user.")] = None
    group: Annotated[str | None, Option("A live group.")] = None
    role: Annotated[str | None, Option("A live role.")] = None
    beside: Annotated[
        str | None,
        Option(
            "What else is attached: admin, none, or a policy file; by default admin for "
            "documents that only deny."
        ),
    ] = None
    cases: Annotated[
        list[Path] | None, Option("Further proof cases: a file, or a folder of files.")
    ] = None
    with_aws: Annotated[bool, Option("Ask IAM's policy simulator too.")] = False
    form: shared.Format = shared.ListFormat.TABLE


def prove(options: ProveOptions) -> None:
    """Prove what policies do: a table of launches and attacks, expected against decided.

    The policies are those of a release file, of a profile, of documents, or of a live user, group
    or role with everything that binds it. Every case that the profile promises has to be as
    expected, or the exit code is 4. With --with-aws, IAM's simulator is asked the same; where it
    disagrees, the exit code is 10.

    Example: goldenami policy prove release.yaml && goldenami policy prove --group ec2-admin-group
    """
    from goldenami.iam.proof.cases import load
    from goldenami.report import proof as report
    from goldenami.workflows import prove as workflow

    question, region = _question(options)
    tell(question.notes, style="")
    proof = workflow.answer(question, load(options.cases or ()))
    differing = None
    if options.with_aws:
        aws = options.session(None, region)
        differing = workflow.disagreements(aws, question, proof)
    report.write(proof, options.form.value, question.ways, differing, question.access)
    if proof.failed:
        raise RefusedError(f"not proved: {len(proof.failed)} cases are not as they have to be")
    if differing:
        raise FindingsError(f"IAM's simulator decides {len(differing)} requests otherwise")


def _question(options: ProveOptions) -> "tuple[ProofQuestion, str]":
    """Return what is to be proved, and the region in which AWS is asked about it."""
    from goldenami.iam.values import Values
    from goldenami.workflows import prove as workflow

    region = options.region or "us-east-1"
    files = options.files or []
    principals = live_principals(options.user, options.group, options.role)
    if len(principals) + bool(files) > 1 or not (principals or files or options.policy_profile):
        raise UsageError(
            "say whose policies: files, a --policy-profile, or one of --user, --group, --role",
            fix="for example: goldenami policy prove --group ec2-admin-group",
        )
    if principals:
        aws, [(kind, principal)] = options.session(None, region), principals
        live = workflow.of_live(aws, kind, principal, options.values, options.profile())
        return live, region
    if not files:
        return workflow.of_profile(options.profile(), options.values, options.beside), region
    if files[0].suffix in YAML:
        return _enforcement(options, files)
    values = Values(**{"account": workflow.ACCOUNT, **options.values})
    documents = workflow.documents_of(files)
    return workflow.of_documents(documents, values, options.profile(), options.beside), region


def _enforcement(options: ProveOptions, files: list[Path]) -> "tuple[ProofQuestion, str]":
    from goldenami.workflows import prove as workflow

    if len(files) > 1:
        raise UsageError("one release file at a time", fix="leave the other files out")
    file = shared.enforce_file(files[0])
    profile = options.profile(file.profile)
    region = options.region or file.region or "us-east-1"
    question = workflow.of_enforcement(
        lambda: options.session(None, region), file, profile, options.values, options.beside
    )
    return workflow.noted(question, further_profiles(file, profile.name)), region
