"""Speed as ratios against something run beside it: `make bench`.

Start-up: `goldenami --help` against `python -c "import boto3"`.
Audit: `goldenami audit` of one empty region of the embedded AWS against `import boto3` too, and
against botocore alone asking the same three questions.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping

from goldenami_sandbox.server import Sandbox

RUNS = 7

ASK = """
import boto3
boto3.client("sts").get_caller_identity()
ec2 = boto3.client("ec2")
ec2.describe_images(Owners=["self"])
ec2.describe_instances()
"""


def median_s(arguments: list[str], environment: Mapping[str, str]) -> float:
    """Return the median wall time of a whole process, in seconds."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(arguments, env=environment, capture_output=True, check=False)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    with Sandbox() as sandbox:
        environment = sandbox.environment(base=os.environ)
        goldenami = [sys.executable, "-m", "goldenami"]
        audit = [
            *goldenami,
            "audit",
            "--region",
            "us-east-1",
            "--approved",
            "ami-0123456789abcdef0",
        ]
        boto3 = median_s([sys.executable, "-c", "import boto3"], environment)
        asked = median_s([sys.executable, "-c", ASK], environment)
        shown = median_s([*goldenami, "--help"], environment)
        audited = median_s([*audit, "--allow-empty"], environment)
    print(f"import boto3                      {boto3:.2f} s")
    print(f"goldenami --help                  {shown:.2f} s  {shown / boto3:.2f} x import boto3")
    print(f"boto3 asking the same questions   {asked:.2f} s")
    print(f"goldenami audit, one empty region {audited:.2f} s  {audited / asked:.2f} x boto3's")


if __name__ == "__main__":
    main()
