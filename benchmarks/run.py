"""Start-up: each command's help beside `import boto3`, and what clients take. Part of `make bench`.

Whole processes of the Python that goldenami is installed for, so that both have their bytecode.
Runs of both sides take turns. A lazy client is one that is made when something is asked: what it
saves is what an `import boto3` and one client of EC2 take beyond a start.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from processes import median, spent
from table import Held, Row

from goldenami.cli.commands import COMMANDS

REGIONS = (
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
    "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2",
    "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip
BOTO3 = "import boto3"
STARTED = "import goldenami.cli.root"
CLIENTS = f"""
import boto3
session = boto3.Session(region_name="us-east-1")
for region in {REGIONS}:
    session.client("ec2", region)
"""
OWN_CLIENTS = f"""
from goldenami.aws.session import Aws
aws = Aws(region="us-east-1")
for region in {REGIONS}:
    aws.client("ec2", region)
"""
OWN_CLIENT = OWN_CLIENTS.replace(str(REGIONS), str(REGIONS[:1]))
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}


def medians(commands: Mapping[str, list[str]], runs: int) -> dict[str, float]:
    """Return the median processor time of each of some commands, which take turns, in seconds.

    A start waits for nothing, and its wall time would tell how busy the machine is besides.
    """
    environment = {**os.environ, **KEYS}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        rounds = [
            {name: spent(command, environment, out) for name, command in commands.items()}
            for _ in range(runs)
        ]
    return {name: median([each[name] for each in rounds]).cpu_s for name in commands}


def rows(*, quick: bool) -> Iterator[Row]:
    """Measure."""
    goldenami = os.environ["GOLDENAMI"]
    python = str(Path(goldenami).with_name("python"))
    runs = 5 if quick else 9  # the slowest of many is one that was slow by chance, if these are few
    scripts = {BOTO3: BOTO3, "start": STARTED, "boto3's": CLIENTS, "own": OWN_CLIENTS}
    scripts |= {"client": OWN_CLIENT}
    helps = {name: [goldenami, name, "--help"] for name in COMMANDS}
    took = medians(
        {
            "": [goldenami, "--help"],
            **helps,
            **{name: [python, "-c", script] for name, script in scripts.items()},
        },
        runs,
    )
    boto3, slowest = took[BOTO3], max(helps, key=took.__getitem__)
    yield Row("goldenami --help", took[""], "s", Held.WITHIN, 0.5, boto3, BOTO3)
    yield Row(
        f"the slowest command's: {slowest} --help",
        took[slowest],
        "s",
        Held.WITHIN,
        0.5,
        boto3,
        BOTO3,
    )
    saved_ms = 1_000 * (took["client"] - took["start"])
    yield Row("what a lazy client saves", saved_ms, "ms")
    yield Row(
        "EC2's clients of 17 regions", took["own"], "s", Held.FASTER, None, took["boto3's"], "boto3"
    )  # fmt: skip
