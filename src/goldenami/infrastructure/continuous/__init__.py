"""The continuous audit as data: what runs, what may, what is kept, who hears of it.

Either kind of code is made of this. Texts may have what only an account tells, in angle brackets:
``<partition>``, ``<region>``, ``<account>`` and ``<key>``, the ARN of the KMS key.
"""

from collections.abc import Mapping
from textwrap import indent
from typing import Any

import msgspec
from msgspec import Struct

from goldenami.domain import arns

DELIMITER = "GOLDENAMI_END"
PYTHON = "3.12"
IMAGE = "aws/codebuild/amazonlinux-aarch64-standard:3.0"
"""https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-available.html"""
TIMEOUT_MINUTES = 55
BUILDS_AT_ONCE = 2
"""The audit and the look for what is out of date; an audit ends before the next one begins."""
HOURLY = "rate(1 hour)"
DAILY = "cron(17 4 * * ? *)"
START_BUILD = arns.pattern("<partition>", "scheduler", "", "", "aws-sdk:codebuild:startBuild")
"""https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html"""
START_ATTEMPTS = 3
START_WITHIN_S = 1_800
SILENT_HOURS = 3
"""For how long no audit may have been complete."""
NAMESPACE = "goldenami"
LOG_DAYS = 90
KEPT_DAYS = 400
REPLACED_DAYS = 90
"""How long reports and inventories are kept, and versions of objects that were replaced."""
EVENT_DAYS = 4
RECEIVED_AT_MOST = 5
DEAD_DAYS = 14
VISIBILITY_S = 300
DAY_S = 86_400


class ContinuousAudit(Struct, frozen=True, kw_only=True):
    """What is deployed for a release file.

    Args:
        name: what all resources are called by.
        release: the release file's own name.
        image: the golden image.
        source: where the audit reads: ``live`` or ``config:AGGREGATOR``.
        wheel: the file of the goldenami that runs.
        wheel_sha256: its digest; empty if it is asked for when the stack is made.
        script: what the project runs, in bash.
        permissions: statements of what the audit reads.
    """

    name: str
    release: str
    image: str
    source: str = "live"
    wheel: str
    wheel_sha256: str
    script: str
    permissions: tuple[Mapping[str, Any], ...]

    @property
    def bucket(self) -> str:
        """The bucket of reports, inventories, the release file and the wheel."""
        return f"{self.name}-<account>-<region>"

    @property
    def database(self) -> str:
        """Athena's database, whose names have no hyphens."""
        return self.name.replace("-", "_")

    @property
    def findings(self) -> str:
        """The topic of new findings."""
        return f"{self.name}-findings"

    @property
    def incomplete(self) -> str:
        """The topic of whatever is not known."""
        return f"{self.name}-incomplete"

    @property
    def events(self) -> str:
        """The queue of launches and changes of images."""
        return f"{self.name}-events"

    @property
    def dead_events(self) -> str:
        """The queue of what nobody could deliver, or judge."""
        return f"{self.name}-events-dead"

    @property
    def log_group(self) -> str:
        """Where CodeBuild writes its log."""
        return f"/aws/codebuild/{self.name}"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something in the stack's own region and account."""
        return arns.pattern("<partition>", service, "<region>", "<account>", resource)

    @property
    def environment(self) -> Mapping[str, str]:
        """What the script is told, but for the wheel's digest."""
        return {
            "GOLDENAMI_RUN": "audit",
            "DEPLOYMENT": self.name,
            "RELEASE": self.release,
            "SOURCE": self.source,
            "BUCKET": self.bucket,
            "WHEEL": self.wheel,
            "FINDINGS_TOPIC": self.arn("sns", self.findings),
            "INCOMPLETE_TOPIC": self.arn("sns", self.incomplete),
        }

    @property
    def buildspec(self) -> str:
        """What CodeBuild does: the script has a bash of its own.

        https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
        """
        script = indent(f"{self.script}{DELIMITER}\nbash /tmp/goldenami.sh\n", " " * 8)
        return f"""\
version: 0.2
env:
  shell: bash
phases:
  install:
    runtime-versions:
      python: {PYTHON}
  build:
    commands:
      - |
        cat > /tmp/goldenami.sh <<'{DELIMITER}'
{script}"""

    @property
    def schedules(self) -> Mapping[str, str]:
        """When the project is started, by what it is to run."""
        return {"audit": HOURLY, "outdated": DAILY}

    def started_with(self, run: str) -> str:
        """Return what the scheduler starts the project with: StartBuild's input."""
        overridden = {"Name": "GOLDENAMI_RUN", "Value": run, "Type": "PLAINTEXT"}
        parameters = {"ProjectName": self.name, "EnvironmentVariablesOverride": [overridden]}
        return msgspec.json.encode(parameters).decode()
