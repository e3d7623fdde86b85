"""Runs `goldenami` in processes of its own, quickly: everything is imported once, and then forked.

Reads one JSON line a run from stdin, ``{"arguments": …, "environment": …, "log": path}``, and
answers each with the process id, and at its end with its exit status (negative: a signal).
"""

import faulthandler
import gc
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from botocore.retries.standard import ExponentialBackoff

from goldenami.aws import ask, waits
from goldenami.aws.session import Aws
from goldenami.cli import main

LATE = (
    "_strptime", "encodings.idna", "rich.console",
    "goldenami.aws.whole", "goldenami.report.listing", "goldenami.report.plan",
    "goldenami.workflows.freshness", "goldenami.workflows.lifecycle.pruning",
    "goldenami.workflows.lifecycle.restoration", "goldenami.workflows.lifecycle.revoke",
    "goldenami.workflows.lifecycle.rollback", "goldenami.workflows.release",
    "pydantic.type_adapter", "rich.pager", "rich.table", "typer._adapters",
)  # fmt: skip
"""What a command imports only when it needs it."""

sys.path.append(str(Path(__file__).parents[2]))
import_module("botocore_once").keep()
for name in LATE:
    import_module(name)
os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}  # a run has its own
for service in ("ec2", "iam", "organizations", "ssm", "sts", "service-quotas"):
    Aws(region="us-east-1").client(service)  # models and classes, as commands share them
for holder, setting, value in (
    (ask, "DELAYS_S", (0.0,) * len(ask.DELAYS_S)),
    (ExponentialBackoff, "delay_amount", lambda *_: 0.0),
    (waits, "FIRST_POLL_S", 0.02),
):
    setattr(holder, setting, value)
gc.freeze()  # what is there is shared by all forks


def run(order: dict[str, Any]) -> int:
    """Run one command in this process and return its exit status."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    faulthandler.enable()  # a crash of Python itself names the line it was at
    os.environ.clear()
    os.environ.update(order["environment"])
    try:
        main(order["arguments"])
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def answer(number: int) -> None:
    """Tell whoever ordered the run."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os._exit(run(json.loads(line)))
    answer(pid)
    _, status = os.waitpid(pid, 0)
    answer(os.waitstatus_to_exitcode(status))
