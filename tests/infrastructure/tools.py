"""Whoever can read infrastructure code: Terraform itself, and CloudFormation's linter."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unmeasured import nothing_measured

SCHEMA = Path(os.environ.get("GOLDENAMI_TERRAFORM_AWS", "/nonexistent"))
"""The schema of Terraform's AWS provider, which `make test` fetches."""
TERRAFORM = pytest.mark.skipif(shutil.which("terraform") is None, reason="no terraform on PATH")


@nothing_measured()
def terraform(folder: Path, *arguments: str, text: str = "") -> str:
    """Run Terraform in a folder, without its look for news."""
    ran = subprocess.run(
        ["terraform", *arguments], input=text, cwd=folder, capture_output=True, text=True,
        env={
            **os.environ, "CHECKPOINT_DISABLE": "1", "TF_DISABLE_PLUGIN_TLS": "1",
            "TF_CLI_CONFIG_FILE": str(folder.parent / "terraform.rc"),
        },
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def with_stand_in(folder: Path, *codes: str) -> Path:
    """Return a folder where the AWS provider is a stand-in that knows its schema, if used."""
    used = {kind for code in codes for kind in re.findall(r'"(aws_\w+)"', code)}
    schema = {
        section: {kind: each for kind, each in kinds.items() if kind in used}
        for section, kinds in json.loads(SCHEMA.read_text()).items()
        if section != "version"
    }
    (folder / "schema.json").write_text(json.dumps(schema))
    for name in ("aws", "time"):
        program = folder / f"terraform-provider-{name}"
        words = [sys.executable, str(Path(__file__).with_name("stand_in.py")), name]
        words.append(str(folder / "schema.json"))
        program.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n")
        program.chmod(0o755)
    overrides = {f"hashicorp/{name}": str(folder) for name in ("aws", "time")}
    (folder / "terraform.rc").write_text(
        "provider_installation {\n  dev_overrides {\n"
        + "".join(f'    "{name}" = "{path}"\n' for name, path in overrides.items())
        + "  }\n}\n"
    )
    (folder / "code").mkdir()
    return folder / "code"


def check_format(folder: Path, *codes: str) -> None:
    """Hold code to what `terraform fmt` makes of it, where there is one."""
    if shutil.which("terraform"):
        for number, code in enumerate(codes):
            (folder / f"{number}.tf").write_text(code)
        terraform(folder, "fmt", "-check", "-diff", ".")


def evaluated(folder: Path, expressions: Sequence[str]) -> list[Any]:
    """Return what Terraform says that expressions are worth."""
    return [json.loads(text) for text in _encoded(folder, expressions, "jsonencode({})")]


def evaluated_texts(folder: Path, expressions: Sequence[str]) -> list[str]:
    """Return what Terraform says that texts are, accents that its own JSON spoils included."""
    texts = _encoded(folder, expressions, '"-${{{}}}"')
    return [text.removeprefix("-") for text in texts]


def _encoded(folder: Path, expressions: Sequence[str], form: str) -> list[str]:
    names = [f"v{number}" for number in range(len(expressions))]
    several = [f"  {name} = {text}\n" for name, text in zip(names, expressions, strict=True)]
    (folder / "main.tf").write_text(f"locals {{\n{''.join(several)}}}\n")
    encoded = ", ".join(f"base64encode({form.format(f'local.{name}')})" for name in names)
    shown = terraform(folder, "console", text=f"jsonencode([{encoded}])\n")
    return [b64decode(text).decode() for text in json.loads(json.loads(shown))]


@nothing_measured()
def lint(folder: Path, *templates: str, ignored: Sequence[str] = ()) -> None:
    """Hold templates to CloudFormation's linter, warnings included but for those ``ignored``."""
    paths = [folder / f"{number}.yaml" for number in range(len(templates))]
    for path, template in zip(paths, templates, strict=True):
        path.write_text(template)
    program = "import gc, sys; gc.disable(); from cfnlint.runner import main; sys.exit(main())"
    ran = subprocess.run(
        [
            sys.executable, "-c", program, *(f"--ignore-checks={rule}" for rule in ignored), "--",
            *map(str, paths),
        ],
        capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


class _Loader(yaml.SafeLoader):
    """Reads the short forms of functions as the long ones."""


def _long_form(loader: _Loader, name: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        argument: object = loader.construct_sequence(node, deep=True)
    else:
        argument = node.value
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": argument}


_Loader.add_multi_constructor("!", _long_form)


def loaded(template: str) -> Any:
    """Return a template as CloudFormation reads it."""
    return yaml.load(template, _Loader)
