"""`goldenami export`, and policies as code: what is asked of AWS, and what is said where."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.infrastructure import tools

from goldenami_sandbox.server import Sandbox

ACCOUNT = ("--account", "111122223333")
MECHANISMS = {
    "group_policy": {"profile": "guardrail"},
    "permissions_boundary": {"roles": ["developers"]},
    "scp": {"targets": ["ou-ab12-cdef3456"], "profile": "owner-only"},
    "allowed_amis": {"watermarks": [{"key": "111122223333:web"}]},
    "declarative_policy": {"targets": ["r-ab12"]},
}


@pytest.mark.parametrize("form", ["terraform", "cloudformation"])
def test_with_an_account_no_aws_is_asked_and_gaps_are_told_twice(
    cli: Any, write: Any, sandbox: Sandbox, form: str
) -> None:
    release = write(
        validate=[{"run": "true"}],
        enforce__pipeline_role="baker",
        enforce__mechanisms=MECHANISMS,
    )
    ran = cli("export", release, "--as", form, *ACCOUNT)
    assert ran.code == 0, ran.err
    assert sandbox.calls == ()
    assert "arn:aws:iam::111122223333:role/baker" in ran.out
    assert ran.out.startswith(
        "# The golden image web-base, of release.yaml, by `goldenami export`."
    )
    told = [line for line in ran.err.splitlines() if line.startswith("not done by this code: ")]
    for key in (
        "validate",
        "enforce.mechanisms.permissions_boundary",
        "enforce.mechanisms.allowed_amis",
    ):
        assert [line for line in told if f": {key}: " in line]
        assert f"# - {key}: " in ran.out


def test_golden_images_that_exist_stay_allowed(cli: Any, write: Any, golden: str) -> None:
    ran = cli("export", write(), "--as", "cloudformation")
    assert ran.code == 0, ran.err
    template = tools.loaded(ran.out)
    known = template["Parameters"]["GoldenSnapshots"]["Default"].split(",")
    assert known
    assert all(each.startswith("snap-") for each in known)


def test_an_account_without_golden_images_gets_code_all_the_same(
    cli: Any, write: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "golden.tf"
    ran = cli("export", write(), "--output", path)
    assert (ran.code, ran.out) == (0, "")
    assert 'allowed_account_ids = ["123456789012"]' in path.read_text()
    assert "  default     = []\n" in path.read_text()


def test_an_output_that_cannot_be_written_is_one_error(
    cli: Any, write: Any, tmp_path: Path
) -> None:
    ran = cli("export", write(), *ACCOUNT, "--output", tmp_path / "none" / "golden.tf")
    assert ran.code == 2
    assert "none/golden.tf" in ran.err
    assert not (tmp_path / "none").exists()


def test_an_account_that_is_none_is_refused(cli: Any, write: Any) -> None:
    ran = cli("export", write(), "--account", "1234")
    assert ran.code == 2
    assert "--account: `1234` is no account id (12 digits)" in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("form", ["terraform", "cloudformation"])
def test_policies_as_code_are_those_of_every_mechanism(
    cli: Any, tmp_path: Path, sandbox: Sandbox, form: str
) -> None:
    path = tmp_path / "enforce.yaml"
    file = {"schema": "goldenami.enforce/v1", "groups": ["admins"], "mechanisms": MECHANISMS}
    path.write_text(yaml.safe_dump(file))
    values = (*ACCOUNT, "--partition", "aws", "--snapshot", "snap-0123456789abcdef0")
    ran = cli("policy", "render", path, "--as", form, *values)
    assert ran.code == 0, ran.err
    assert sandbox.calls == ()
    for name in ("guardrail", "boundary", "owner-only", "allowed-images"):
        assert f"goldenami-{name}" in ran.out
    assert "not done by this code: permissions_boundary" in ran.err
    assert "not done by this code: allowed_amis" in ran.err
    alone = cli("policy", "render", path, "-p", "guardrail", "--as", form, *values)
    assert "goldenami-boundary" not in alone.out
