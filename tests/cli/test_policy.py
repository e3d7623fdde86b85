"""`goldenami policy`, and the commands that need no AWS."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from goldenami import spec
from goldenami.iam.profiles import load_profiles
from goldenami_sandbox.server import Sandbox

from . import account

ALL = (
    "--account", "111122223333", "--owner", "111122223333", "--tag", "Golden=yes",
    "--snapshot", "snap-0123456789abcdef0", "--snapshot", "snap-0123456789abcdef1",
    "--partition", "aws-cn", "--region", "cn-north-1",
    "--pipeline-role", "arn:aws-cn:iam::111122223333:role/baker",
)  # fmt: skip


@pytest.mark.parametrize("profile", sorted(load_profiles()))
def test_every_profile_renders_without_aws_when_all_values_are_given(
    cli: Any, profile: str
) -> None:
    ran = cli("policy", "render", "--policy-profile", profile, *ALL)
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert document["Version"] == "2012-10-17"
    assert "arn:aws:" not in ran.out
    assert "of 6,144 characters" in ran.err
    assert " left" in ran.err


def test_minified_is_one_line_of_the_same_document(cli: Any) -> None:
    plain = cli("policy", "render", "-p", "guardrail", *ALL).out
    minified = cli("policy", "render", "-p", "guardrail", "--minify", *ALL).out
    assert minified.count("\n") == 1
    assert ": " not in minified
    assert json.loads(minified) == json.loads(plain)


def test_a_warning_says_what_the_guide_s_policies_do(cli: Any) -> None:
    ran = cli("policy", "render", "-p", "ec2-028-resource-tag", "--account", "111122223333")
    (statement,) = json.loads(ran.out)["Statement"]
    assert statement["Effect"] == "Allow"
    assert "Golden AMI" in ran.out
    assert "warning: " in ran.err
    assert "guardrail" in ran.err


def test_the_release_file_and_the_account_give_what_is_not_given(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    release = write(enforce__pipeline_role="baker")
    account.golden_images(sandbox)
    ran = cli("policy", "render", release)
    assert ran.code == 0, ran.err
    assert ran.out.count("snapshot/snap-") == 2
    assert "arn:aws:iam::123456789012:role/baker" in ran.out


def test_a_release_file_with_all_values_asks_aws_nothing(
    cli: Any, write: Any, sandbox: Sandbox
) -> None:
    ran = cli("policy", "render", write(enforce=None), "-p", "guardrail", *ALL)
    assert ran.code == 0
    assert sandbox.calls == ()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-p", "guardrial"], "did you mean `guardrail`?"),
        (["-p", "owner-only"], "needs the account it lives in"),
        (["-p", "guardrail", "--account", "111122223333"], "snapshot"),
        (["-p", "guardrail", *ALL, "--account", "1"], "account"),
        (["-p", "guardrail", *ALL, "--tag", "Golden"], "no `=` in it"),
        (["-p", "guardrail", *ALL, "--tag", "Golden=*"], "*"),
        (["-p", "guardrail", *ALL, "--partition", "aws-mars"], "aws-mars"),
    ],
    ids=["a profile", "no account", "no snapshot", "an account", "a tag", "a wildcard", "Mars"],
)
def test_wrong_values_are_refused(cli: Any, arguments: list[str], says: str) -> None:
    ran = cli("policy", "render", *arguments)
    assert ran.code == 2
    assert says in ran.err
    assert ran.out == ""


def test_a_list_over_the_limit_becomes_the_form_that_lists_nothing(cli: Any) -> None:
    many = [word for number in range(120) for word in ("--snapshot", f"snap-{number:017x}")]
    ran = cli("policy", "render", "-p", "guardrail", "--account", "111122223333", *many)
    assert ran.code == 0
    assert "6,144" in ran.err
    assert "`guardrail-by-tag` takes its place" in ran.err
    assert "snapshot/snap-" not in ran.out


def test_a_document_over_the_limit_that_has_no_other_form_is_refused(cli: Any) -> None:
    many = [word for number in range(400) for word in ("--owner", f"{number:012}")]
    ran = cli("policy", "render", "-p", "owner-only", "--account", "111122223333", *many)
    assert ran.code == 4
    assert "6,144" in ran.err


def test_the_profiles_are_listed(cli: Any) -> None:
    assert "guardrail" in cli("policy", "list").out
    document = json.loads(cli("policy", "list", "--format", "json").out)
    assert document["schema"] == "goldenami.profiles/v1"
    assert {item["name"] for item in document["items"]} == set(load_profiles())


@pytest.mark.parametrize("profile", sorted(load_profiles()))
def test_a_profile_is_shown_with_what_it_leaves_open(cli: Any, profile: str) -> None:
    ran = cli("policy", "show", profile)
    assert ran.code == 0, ran.err
    shown = load_profiles()[profile]
    assert shown.description in ran.out
    assert all(item.name in ran.out for item in shown.open)
    document = json.loads(cli("policy", "show", profile, "--format", "json").out)
    assert document["schema"] == "goldenami.profile/v1"
    assert [item["name"] for item in document["profile"]["open"]] == [
        item.name for item in shown.open
    ]


def test_the_guide_s_document_needs_no_account(cli: Any, sandbox: Sandbox) -> None:
    ran = cli(
        "policy", "render", "--policy-profile", "ec2-028-parent-snapshot", "--region", "us-east-1",
        "--snapshot", "snap-0123456789abcdef0",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    (statement,) = json.loads(ran.out)["Statement"]
    assert statement["Condition"]["ArnEquals"]["ec2:ParentSnapshot"] == (
        "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0"
    )
    assert sandbox.calls == ()


def test_published_parameters_are_those_of_the_release_file_or_given(cli: Any, write: Any) -> None:
    arn = "parameter/images/web"
    arguments = ("policy", "render", "-p", "tag-protection", "--account", "111122223333")
    assert arn not in cli(*arguments).out
    assert arn in cli(*arguments, "--parameter", "/images/web").out
    release = write(publish={"ssm_parameter": "/images/web"})
    rendered = cli("policy", "render", release, "-p", "tag-protection", *ALL).out
    assert arn in rendered
    assert "parameter/golden-ami/*" in rendered
    assert "no name of an SSM parameter" in cli(*arguments, "--parameter", "*").err


def test_init_writes_a_release_file_that_loads(cli: Any, tmp_path: Path) -> None:
    ran = cli("init", tmp_path / "new")
    assert ran.code == 0
    written = sorted(item.name for item in (tmp_path / "new").iterdir())
    assert written == [".goldenami", "release.yaml", "setup.sh", "waivers.yaml"]
    loaded = spec.load(tmp_path / "new" / "release.yaml")
    assert loaded.warnings == ()


def test_init_never_overwrites(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "setup.sh").write_text("mine")
    ran = cli("init", tmp_path)
    assert ran.code == 2
    assert "setup.sh is there already; nothing was written" in ran.err
    assert [item.name for item in tmp_path.iterdir()] == ["setup.sh"]


def test_init_in_a_folder_that_cannot_be(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = cli("init", tmp_path / "file" / "new")
    assert ran.code == 2
    assert "cannot be written" in ran.err


def test_without_its_extra_the_sandbox_says_how_to_install_it() -> None:
    program = (
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'moto':\n"
        "            raise ModuleNotFoundError(\"No module named 'moto'\", name='moto')\n"
        "sys.meta_path.insert(0, Without())\n"
        "import goldenami.cli as c; c.main(['sandbox'])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert " 'moto[ssm]" in ran.stderr


def test_the_version_and_the_help(cli: Any) -> None:
    assert cli("--version").out.startswith("goldenami 0.")
    assert "Exit codes" in cli("--help").out


@pytest.mark.parametrize("form", ["terraform", "cloudformation"])
def test_code_has_the_companions_and_the_groups_of_the_release_file(
    cli: Any, write: Any, sandbox: Sandbox, form: str
) -> None:
    ran = cli("policy", "render", write(), *ALL, "--as", form)
    assert ran.code == 0, ran.err
    assert "goldenami-guardrail" in ran.out
    assert "goldenami-tag-protection" in ran.out
    assert "ec2-admin-group" in ran.out
    assert sandbox.calls == ()


def test_code_without_a_group_says_that_it_attaches_nothing(cli: Any) -> None:
    arguments = ("-p", "ec2-028-resource-tag", "--account", "111122223333", "--as", "terraform")
    ran = cli("policy", "render", *arguments)
    assert "attached to nothing" in ran.err
    assert "warning: " in ran.err


def test_code_has_all_that_a_release_file_enforces(cli: Any, write: Any) -> None:
    release = write(
        enforce__mechanisms={"group_policy": True, "guardrail_protection": True},
        enforce__pipeline_role="baker",
    )
    ran = cli("policy", "render", release, *ALL, "--as", "terraform")
    assert ran.code == 0, ran.err
    assert "goldenami-guardrail-protection" in ran.out


def test_code_cannot_be_minified(cli: Any) -> None:
    ran = cli("policy", "render", *ALL, "--as", "terraform", "--minify")
    assert ran.code == 2
    assert "--minify is for JSON, not for terraform" in ran.err
    assert ran.out == ""
