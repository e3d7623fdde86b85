"""How many calls stand one after the other in a command that looks at all regions of an account."""

from typing import Any

import pytest
from tests.round_trips import START, counted

from goldenami_sandbox.server import Sandbox

from .conftest import Cli, Write

BEYOND_START = {
    "images": 1,  # the images
    "history web-base": 1,
    # images, instances | the records of builds
    "audit --only instances --allow-empty": 2,
    "policy prove --group ec2-admin-group": 1,
    # golden images | policies, what lists snapshots | their documents
    "enforce {release} --plan": 3,
    # the source's image, builds | launch and copies tried, names, quotas | vCPUs in use
    "bake {next} --plan": 3,
    # releases, own images | parameters' histories, instances they came from | who uses it
    "revoke web-base 1.0 --why CVE-2026-12345 --no-successor --plan": 3,
}
"""The round trips beyond a start, which is one: who the caller is, and which regions there are."""


def test_a_command_asks_side_by_side_what_does_not_hang_on_each_other(
    cli: Cli, write: Write, every_region: frozenset[str], sandbox: Sandbox, admins: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sandbox.pending_s = 0.0
    regions: Any = ["us-east-1", *sorted(every_region - {"us-east-1"})]
    release = write(regions=regions)
    files = {"release": release, "next": write("next.yaml", version="1.1", regions=regions)}
    assert cli("bake", release, "--yes").code == 0
    assert cli("enforce", release, "--yes").code == 0
    beyond, first = {}, {}
    for command in BEYOND_START:
        with counted(monkeypatch) as trips:
            ran = cli(*command.format(**files).split())
        assert ran.code == 0, ran.err
        beyond[command], first[command] = trips.beyond_start, {*trips.operations[0]}
    assert beyond == BEYOND_START
    listing = {"images", "history web-base"}
    assert {command for command in first if not first[command] >= START} == listing
    assert all("DescribeRegions" in first[command] for command in listing)
