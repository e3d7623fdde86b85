"""Runs `goldenami` in processes of its own, quickly: everything is imported once, and then forked.

Reads one JSON line a run from stdin, ``{"arguments": …, "environment": …, "log": path}``, and
answers each with the process id, and at its end with its exit status (negative: a signal).
"""

import faulthandler
import gc
import json
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from botocore.retries.standard import ExponentialBackoff

import goldenami
from goldenami import resources
from goldenami.aws import ask, waits
from goldenami.aws.session import Aws
from goldenami.cli import main
from goldenami.cli.options import AwsOptions, clients_in_common
from goldenami.iam.profiles import load_profiles
from goldenami.iam.proof import cases
from goldenami.iam.render import as_json

LATE = (
    "_strptime", "encodings.idna", "encodings.unicode_escape", "pydantic.type_adapter",
    "rich.console", "rich.pager", "rich.table", "typer._adapters", "typer._click.decorators",
    "xml.sax.saxutils",
)  # fmt: skip
"""What others import only when they need it; goldenami's own modules are imported all."""
SERVICES = ("ec2", "iam", "organizations", "ssm", "sts", "service-quotas")
REGIONS = ("us-east-1", "eu-west-1")

sys.path.append(str(Path(__file__).parents[2]))
import_module("botocore_once").keep()
OWN = [module.name for module in walk_packages(goldenami.__path__, "goldenami.")]
for name in (*LATE, *OWN):
    if not name.endswith("__main__"):
        import_module(name)
cases.load()
load_profiles()
templates = resources.environment(resources.folder("templates") / "policies", as_json)
for name in templates.list_templates():
    templates.get_template(name)
os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}  # a run has its own
for service in SERVICES:  # models and classes, as commands share them
    Aws(region="us-east-1").client(service).meta.service_model.shape_for_error_code("")
for holder, setting, value in (
    (ask, "DELAYS_S", (0.0,) * len(ask.DELAYS_S)),
    (ExponentialBackoff, "delay_amount", lambda *_: 0.0),
    (waits, "FIRST_POLL_S", 0.02),
    (os, "fsync", lambda _: None),  # no test cuts the power
):
    setattr(holder, setting, value)


def run(order: dict[str, Any]) -> int:
    """Run one command in this process and return its exit status."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    faulthandler.enable()  # a crash of Python itself names the line it was at
    try:
        main(order["arguments"])
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def answer(number: int) -> None:
    """Tell whoever ordered the run."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def reach(environment: Mapping[str, str]) -> None:
    """Make the clients of whoever has this environment, with no connection yet."""
    os.environ.clear()
    os.environ.update(environment)
    aws = AwsOptions().session("us-east-1")
    for service in SERVICES:
        for region in REGIONS:
            aws.client(service, region)
    gc.freeze()  # what is there is shared by all forks


reached: Mapping[str, str] = {}
with clients_in_common():
    for line in sys.stdin:
        order = json.loads(line)
        if order["environment"] != reached:
            reached = order["environment"]
            reach(reached)
        pid = os.fork()
        if pid == 0:
            os._exit(run(order))
        answer(pid)
        _, status = os.waitpid(pid, 0)
        answer(os.waitstatus_to_exitcode(status))
