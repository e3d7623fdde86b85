"""What the continuous audit of a release reads, and its daily look for what is out of date."""

from collections.abc import Iterator, Mapping
from typing import Any

from goldenami.domain.choices import PermissionCommand
from goldenami.spec import ReleaseFile
from goldenami.workflows.permissions.generation import generate

_RUNS = (PermissionCommand.AUDIT, PermissionCommand.OUTDATED)
_TELLING = ("sns:Publish",)
_AGGREGATOR: Mapping[str, Any] = {
    "Sid": "Aggregator",
    "Effect": "Allow",
    "Action": [
        "config:DescribeConfigurationAggregatorSourcesStatus",
        "config:SelectAggregateResourceConfig",
    ],
    "Resource": "*",
}


def statements(
    file: ReleaseFile, account: str, source: str = "live"
) -> Iterator[Mapping[str, Any]]:
    """Yield what may be read in the account that audits. No AWS call is made.

    Whom the release file notifies is told by audits that are asked to, and these are not.

    Args:
        file: the release file.
        account: the account, or what stands for it in code.
        source: where the audit reads: ``live`` or ``config:AGGREGATOR``.

    Raises:
        RefusedError: a statement is too long for any document.
    """
    for command in _RUNS:
        for statement in generate(file, command, account=account)[0].statements:
            if statement.actions != _TELLING:
                yield {**statement.policy, "Sid": f"{command.title()}{statement.sid}"}
    if source != "live":
        yield _AGGREGATOR
