"""Tries an installed goldenami in a minute: modules, answers, every command's help, a rehearsal.

It needs nothing but ``goldenami[sandbox]``: ``make test-lowest``, ``make test-pythons`` and the
wheel's own environment run it as ``python -P tests/smoke.py``.
"""

import importlib
import io
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import botocore.session
import typer
from msgspec import inspect

import goldenami
import goldenami_sandbox
from goldenami.aws.answers.interface import Answer
from goldenami.cli import main
from goldenami.cli.root import app

RENDER = (
    "policy", "render", "--policy-profile", "guardrail", "--account", "111122223333",
    "--snapshot", "snap-0123456789abcdef0", "--minify",
)  # fmt: skip
REHEARSED = "The rehearsal worked."
NOT_OF_THE_MODEL = {
    "ssm:GetParameter.ResponseMetadata": "botocore's own",
    "ssm:GetParametersByPath.ResponseMetadata": "botocore's own",
    "ec2:DescribeSpotFleetRequests.SpotFleetRequestConfigs.SpotFleetRequestConfig"
    ".LaunchTemplateConfigs.Overrides.ImageId": "EC2 Fleet's overrides alone have it",
    "iam:GetAccountAuthorizationDetails.GroupDetailList.Tags": "users and roles alone have tags",
}
"""What answers can read and no botocore knows of."""
CRITERIA = {"ImageProviders", "ImageNames", "CreationDateCondition", "DeprecationTimeCondition"}
"""The youngest parameters that goldenami sends."""


def modules() -> Iterator[str]:
    """Yield the names of all modules but those that run when they are imported."""
    for package in (goldenami, goldenami_sandbox):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(".__main__"):
                yield module.name


def operations(kind: type[Answer] = Answer) -> Iterator[type[Answer]]:
    """Yield every type of an answer that has an operation."""
    for subclass in kind.__subclasses__():
        if vars(subclass).get("call"):
            yield subclass
        yield from operations(subclass)


def unknown(answer: type[Answer], session: Any) -> Iterator[str]:
    """Yield what an answer reads and the installed botocore would leave out of it."""
    service, operation = answer.call.split(":")
    model = session.get_service_model(service)
    if operation not in model.operation_names:
        yield answer.call
        return
    shape = model.operation_model(operation).output_shape
    yield from _unknown(inspect.type_info(answer), shape, answer.call)


def _unknown(kind: Any, shape: Any, where: str) -> Iterator[str]:
    match kind:
        case inspect.StructType(fields=fields) if shape and shape.type_name == "structure":
            for field in fields:
                path = f"{where}.{field.encode_name}"
                if field.encode_name not in shape.members:
                    yield path
                else:
                    yield from _unknown(field.type, shape.members[field.encode_name], path)
        case inspect.UnionType(types=types):
            for member in types:
                yield from _unknown(member, shape, where)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            yield from _unknown(item, shape.member, where)


def criteria(session: Any) -> set[str]:
    """Return the criteria of Allowed AMIs that the installed botocore can send."""
    model = session.get_service_model("ec2")
    request = model.operation_model("ReplaceImageCriteriaInAllowedImagesSettings").input_shape
    return set(request.members["ImageCriteria"].member.members)


def commands(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of a command and of every command below it."""
    yield path
    for name, subcommand in getattr(command, "commands", {}).items():
        yield from commands(subcommand, *path, name)


def shown(*arguments: str) -> str:
    """Return what a command prints in this process; it has to end well."""
    code: object = None
    with redirect_stdout(io.StringIO()) as output, redirect_stderr(io.StringIO()) as words:
        try:
            main(arguments)
        except SystemExit as ended:
            code = ended.code
    assert not code, (arguments, code, words.getvalue())
    return output.getvalue()


def rehearsed() -> str:
    """Return what a rehearsal prints in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "goldenami", "rehearse"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def check() -> str:
    """Try all of it, and return a line that says what was tried.

    Raises:
        AssertionError: something does not work; it says what.
    """
    names = list(modules())
    for name in names:
        importlib.import_module(name)
    answers, session = list(operations()), botocore.session.Session()
    left_out = {path for answer in answers for path in unknown(answer, session)}
    assert left_out == set(NOT_OF_THE_MODEL), (botocore.__version__, left_out)
    assert criteria(session) >= CRITERIA, botocore.__version__
    paths = list(commands(typer.main.get_command(app)))
    for path in paths:
        assert "--help" in shown(*path, "--help"), path
    assert json.loads(shown(*RENDER))["Statement"]
    assert REHEARSED in rehearsed()
    python = ".".join(map(str, sys.version_info[:3]))
    return (
        f"Python {python}, botocore {botocore.__version__}: {len(names)} modules,"
        f" {len(answers)} answers, {len(paths)} commands, a policy and a rehearsal work"
    )


if __name__ == "__main__":
    sys.stdout.write(f"{check()}\n")
