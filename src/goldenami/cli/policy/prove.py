"""`goldenami policy prove`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldenami.cli import options
from goldenami.cli.options import ListFormat
from goldenami.cli.policy import values as given
from goldenami.errors import FindingsError, RefusedError, UsageError

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.workflows.prove import Kind, ProofQuestion

YAML = (".yaml", ".yml")


def prove(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="A release file (.yaml), or policy documents (.json)."),
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="A live user.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="A live group.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="A live role.")] = None,
    beside: Annotated[
        str | None,
        typer.Option(
            "--beside",
            help="What else is attached: admin, none, or a policy file; by default admin for "
            "documents that only deny.",
        ),
    ] = None,
    cases: Annotated[
        list[Path] | None,
        typer.Option("--cases", help="Further proof cases: a file, or a folder of files."),
    ] = None,
    with_aws: Annotated[
        bool, typer.Option("--with-aws", help="Ask IAM's policy simulator too.")
    ] = False,
    policy_profile: given.Profile = None,
    account: given.Account = None,
    owner: given.Owner = None,
    tag: given.Tag = None,
    snapshot: given.Snapshot = None,
    partition: given.Partition = None,
    region: given.Region = None,
    pipeline_role: given.PipelineRole = None,
    parameter: given.Parameter = None,
    form: options.Format = ListFormat.TABLE,
    aws_profile: given.AwsProfile = None,
    endpoint_url: options.Endpoint = None,
) -> None:
    """Prove what policies do: a table of launches and attacks, expected against decided.

    The policies are those of a release file, of a profile, of documents, or of a live user, group
    or role with everything that binds it. Every case that the profile promises has to be as
    expected, or the exit code is 4. With --with-aws, IAM's simulator is asked the same; where it
    disagrees, the exit code is 10.

    Example: goldenami policy prove release.yaml && goldenami policy prove --group ec2-admin-group
    """
    from goldenami.iam.proof.cases import load
    from goldenami.report import proof as report
    from goldenami.report.terminal import say
    from goldenami.workflows import prove as workflow

    named = given.given(
        account=account, owner=owner, tag=tag, snapshot=snapshot, partition=partition,
        region=region, pipeline_role=pipeline_role, parameter=parameter,
    )  # fmt: skip
    live = [("user", user), ("group", group), ("role", role)]
    aws = _Session(aws_profile, endpoint_url, region)
    question = _question(list(files or ()), live, named, policy_profile, beside, aws)
    for note in question.notes:
        say(f"note: {note}")
    proof = workflow.answer(question, load(cases or ()))
    differing = None
    if with_aws:
        differing = workflow.disagreements(aws.get(), question, proof)
    report.write(proof, form.value, question.ways, differing, question.access)
    if proof.failed:
        raise RefusedError(f"not proved: {len(proof.failed)} cases are not as they have to be")
    if differing:
        raise FindingsError(f"IAM's simulator decides {len(differing)} requests otherwise")


class _Session:
    """The caller's AWS, made only if something has to be asked of it."""

    def __init__(self, profile: str | None, endpoint_url: str | None, region: str | None) -> None:
        self.default = region
        self._profile, self._endpoint_url = profile, endpoint_url

    def get(self) -> "Aws":
        return options.session(None, self._profile, self._endpoint_url, self.default or "us-east-1")


def _question(
    files: list[Path],
    live: list[tuple[str, str | None]],
    named: dict[str, Any],
    profile_name: str | None,
    beside: str | None,
    aws: _Session,
) -> "ProofQuestion":
    from goldenami.iam.profiles import profile_named
    from goldenami.iam.values import Values
    from goldenami.workflows import prove as workflow

    principals: list[tuple[Any, str]] = [(kind, name) for kind, name in live if name]
    if len(principals) + bool(files) > 1 or not (principals or files or profile_name):
        raise UsageError(
            "say whose policies: files, a --profile, or one of --user, --group, --role",
            fix="for example: goldenami policy prove --group ec2-admin-group",
        )
    if principals:
        return _live(*principals[0], named, profile_name, aws)
    if not files:
        return workflow.of_profile(profile_named(str(profile_name)), named, beside)
    if files[0].suffix in YAML:
        return _enforcement(files, named, profile_name, beside, aws)
    values = Values(**{"account": workflow.ACCOUNT, **named})
    profile = profile_named(profile_name or given.DEFAULT_PROFILE)
    return workflow.of_documents(workflow.documents_of(files), values, profile, beside)


def _live(
    kind: "Kind", name: str, named: dict[str, Any], profile_name: str | None, aws: _Session
) -> "ProofQuestion":
    from goldenami.iam.profiles import profile_named
    from goldenami.iam.values import Values
    from goldenami.workflows import prove as workflow

    session = aws.get()
    values = Values(**{"account": session.account, "partition": session.partition, **named})
    profile = profile_named(profile_name or given.DEFAULT_PROFILE)
    return workflow.of_live(session, kind, name, values, profile)


def _enforcement(
    files: list[Path],
    named: dict[str, Any],
    profile_name: str | None,
    beside: str | None,
    aws: _Session,
) -> "ProofQuestion":
    from goldenami.iam.profiles import profile_named
    from goldenami.workflows import prove as workflow

    if len(files) > 1:
        raise UsageError("one release file at a time", fix="leave the other files out")
    file = options.enforce_file(files[0])
    profile = profile_named(profile_name or given.profile_of(file))
    aws.default = aws.default or file.region
    question = workflow.of_enforcement(aws.get, file, profile, named, beside)
    return workflow.noted(question, given.further_profiles(file, profile.name))
