"""What Packer is to build of a release file."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from goldenami import spec
from goldenami.aws.session import Aws
from goldenami.bake import shell
from goldenami.bake.interface import Recipe, new_build
from goldenami.bake.packer_baker import PackerBaker
from goldenami.domain.image import Image

RELEASE = """
schema: goldenami/v1
image: web
version: "1"
regions: [us-east-1]
base: {{source: {{ami: ami-01234567}}, user_data: setup.gz}}
bake: {{method: packer, cleanup: {cleanup}, wait_for_user_data: {waits}}}
validate: [{{run: id}}, {{run: "true", retry: 3, timeout: 5s}}]
timeouts: {{user_data: 45m}}
"""
SOURCE = Image(
    region="us-east-1", id="ami-01234567", name="source", owner="1", state="available",
    architecture="x86_64",
)  # fmt: skip


@pytest.mark.parametrize("on", [True, False])
def test_the_script_waits_checks_and_cleans_up_by_the_same_shell_as_ssm(
    tmp_path: Path, *, on: bool
) -> None:
    packed = gzip.compress(b"#!/bin/sh\n\xff\n")
    (tmp_path / "setup.gz").write_bytes(packed)
    path = tmp_path / "release.yaml"
    path.write_text(RELEASE.format(cleanup=str(on).lower(), waits=str(on).lower()))
    file = spec.load(path)
    build = new_build(file, datetime.now(UTC))
    recipe = Recipe(aws=Aws(region="us-east-1"), file=file, build=build, source=SOURCE)
    request = PackerBaker(recipe).request
    _, again = map(shell.attempts, file.release.validate)
    wait, clean = (shell.wait_for_user_data(45 * 60),), (shell.clean_up(),)
    expected = ("id", again)
    assert request.user_data == packed
    assert request.script == shell.script((*wait, *expected, *clean) if on else expected)
    assert "timeout 5 sh -ec true" in again
