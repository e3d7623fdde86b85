"""A whole release as code: each example and each key, in both forms."""

import base64
import gzip
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest
import yaml
from tests.unmeasured import unmeasured

from goldenami import resources, spec
from goldenami.errors import SpecError
from goldenami.infrastructure.release import ReleaseCode, as_cloudformation, as_terraform, gaps
from goldenami.infrastructure.terraform import Block, document
from goldenami.workflows.export import release_code

from . import tools
from .terraform_checks import NEEDS_SCHEMA, problems, schema_problems

ACCOUNT = "123456789012"
EXAMPLES = sorted(resources.folder("examples").glob("*/release.yaml"))
MECHANISMS = {
    "group_policy": {"profile": "guardrail", "guardrail_protection": True},
    "permissions_boundary": {"roles": ["developers"], "profile": "guardrail-by-tag"},
    "scp": {"targets": ["ou-ab12-cdef3456"], "profile": "owner-only"},
    "allowed_amis": {"regions": ["us-east-1"], "names": ["web-*"], "created_within_days": 9},
    "declarative_policy": {"targets": ["r-ab12"], "exception_message": 'Ask "us" ${x}.'},
}
BASE: dict[str, Any] = {
    "schema": "goldenami/v1",
    "image": "web",
    "regions": ["us-east-1", "eu-west-1"],
    "base": {"source": {"ami": "ami-0123456789abcdef0"}},
    "enforce": {"groups": ["admins"], "pipeline_role": "baker"},
}
FULL: dict[str, Any] = {
    **BASE,
    "version": "1.2",
    "description": "Web",
    "base": {
        "source": {"filter": {"name": "al2023-*", "owners": ["amazon"], "architecture": "x86_64"}},
        "instance_type": "m7i.large",
        "key_name": "my key",
        "subnet": "subnet-01234567",
        "security_groups": ["sg-01234567"],
        "instance_profile": "base",
        "user_data": "#!/bin/sh\necho ${x} %{y}\n",
        "volumes": [
            {"device": "/dev/xvda", "size_gib": 9, "type": "gp3", "kms_key": "alias/a"},
            {
                "device": "/dev/sdf", "snapshot": "snap-01234567", "iops": 4000, "throughput": 250,
                "delete_on_termination": False,
            },
        ],
    },
    "bake": {"reboot": False},
    "validate": [{"run": "true"}],
    "test": {"scan": {"on": "image"}},
    "tags": {"Name": "Golden", "金 \"${k}\"": "%{v} 'é' {{ x }}", "Empty": ""},
    "attributes": {"imds": "v2.0", "boot_mode": "uefi", "tpm": "v2.0"},
    "watermark": True,
    "approval": "manual",
    "distribute": {"eu-west-1": {"kms_key": "alias/b"}},
    "copies": [
        {
            "account": "444455556666", "role": "copier", "regions": ["eu-west-1"],
            "kms_keys": {"eu-west-1": "alias/c"},
        }
    ],
    "share": {
        "accounts": ["111122223333"],
        "organizations": ["arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5"],
        "organizational_units": [
            "arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-ab12-cd34ef56"
        ],
        "snapshots": True,
    },
    "publish": {"ssm_parameter": "/golden/{channel}", "channels": ["a", "b"]},
    "sbom": {"bucket": "abc", "kms_key": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/a"},
    "lifecycle": {"deprecate_after": "90d", "delete_after": "99d", "protect": True},
    "enforce": {"groups": ["admins"], "pipeline_role": "baker", "mechanisms": MECHANISMS},
}  # fmt: skip
TWO = {
    "base": {"user_data": "#!/bin/sh\n", "volumes": [{"device": "/dev/sdf", "size_gib": 1}]},
    "architectures": {
        "x86_64": {"source": {"golden": "os"}, "instance_types": ["t3.micro", "t3a.micro"]},
        "arm64": {"source": {"ssm": "/aws/x"}, "instance_type": "t4g.micro"},
    },
    "publish": {"ssm_parameter": "/golden/{arch}"},
}
CHINA = {
    "regions": ["cn-north-1", "cn-northwest-1"],
    "share": {"accounts": ["111122223333"]},
    "sbom": None,
}
VARIANTS: dict[str, dict[str, Any]] = {
    "base": BASE,
    "full": FULL,
    "full, built in Packer": {**FULL, "bake": {"method": "packer"}},
    "own template": {**FULL, "bake": {"method": "packer", "template": "own.pkr.hcl"}},
    "own template, automatic": {
        **BASE, "bake": {"method": "packer", "template": "own.pkr.hcl"},
        "publish": {"ssm_parameter": "/a"},
    },
    "two architectures": {**FULL, **TWO},
    "two templates": {**FULL, **TWO, "bake": {"method": "packer", "template": "own.pkr.hcl"}},
    "candidates": {**FULL, "share_candidates": True},
    "golden source": {**BASE, "base": {"source": {"golden": "os"}}},
    "nothing enforced": {key: value for key, value in FULL.items() if key != "enforce"},
    "China": {**BASE, **CHINA},
    "GovCloud": {**BASE, "regions": ["us-gov-west-1"], "enforce": FULL["enforce"]},
}  # fmt: skip


def nobody() -> NoReturn:
    raise AssertionError("AWS is asked")


def loaded(folder: Path, release: dict[str, Any]) -> spec.ReleaseFile:
    (folder / "own.pkr.hcl").touch()
    path = folder / "release.yaml"
    path.write_text(yaml.safe_dump(release, sort_keys=False, allow_unicode=True))
    return spec.load(path)


def of(file: spec.ReleaseFile, *snapshots: str) -> ReleaseCode:
    return release_code(nobody, file, ACCOUNT, snapshots)[0]


class Texts(NamedTuple):
    """A release in either form."""

    terraform: str
    cloudformation: str


def texts_of(code: ReleaseCode) -> Texts:
    return Texts(as_terraform.text(code), as_cloudformation.text(code))


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ReleaseCode]:
    """Every example and every variant."""
    folder = tmp_path_factory.mktemp("releases")
    examples = {path.parent.name: of(spec.load(path)) for path in EXAMPLES}
    return examples | {name: of(loaded(folder, each)) for name, each in VARIANTS.items()}


@pytest.fixture(scope="module")
def texts(codes: dict[str, ReleaseCode]) -> dict[str, Texts]:
    return {name: texts_of(code) for name, code in codes.items()}


def test_terraform_has_no_reference_to_nothing_and_the_layout_of_terraform(
    texts: dict[str, Texts], tmp_path: Path
) -> None:
    assert {name: list(problems(text.terraform)) for name, text in texts.items()} == {
        name: [] for name in texts
    }
    tools.check_format(tmp_path, *(text.terraform for text in texts.values()))


@NEEDS_SCHEMA
def test_each_resource_has_what_the_provider_s_schema_says(texts: dict[str, Texts]) -> None:
    found = {name: list(schema_problems(text.terraform)) for name, text in texts.items()}
    assert found == {name: [] for name in texts}


VALIDATED = {"GovCloud", "own template, automatic", "several-accounts", "two templates"}
PLANNED = {"full", "own template"}
"""Of which what the stand-in tells of sources is true."""


@tools.TERRAFORM
@NEEDS_SCHEMA
def test_terraform_validates_and_plans_by_the_provider_s_schema(
    texts: dict[str, Texts], tmp_path: Path
) -> None:
    several = {name: texts[name].terraform for name in sorted(VALIDATED | PLANNED)}
    folder = tools.with_stand_in(tmp_path, *several.values())
    values: dict[str, Any] = {"release_version": "1.0", "approved": True}
    values |= {f"golden_image{end}": "ami-01234567" for end in ("", "_x86_64", "_arm64")}
    modules = {}
    for number, (name, text) in enumerate(several.items()):
        (folder / f"m{number}").mkdir()
        (folder / f"m{number}" / "main.tf").write_text(text)
        chosen = {key: value for key, value in values.items() if f'variable "{key}"' in text}
        modules[name] = Block("module", (f"m{number}",), {"source": f"./m{number}", **chosen})
    (folder / "main.tf").write_text(document(modules.values()))
    tools.terraform(folder, "get")
    assert "Success!" in tools.terraform(folder, "validate", "-no-color")
    (folder / "main.tf").write_text(document(modules[name] for name in sorted(PLANNED)))
    shown = tools.terraform(folder, "plan", "-no-color", "-input=false")
    assert re.search(r"^Plan: \d{3} to add, 0 to change, 0 to destroy", shown, re.MULTILINE)


def test_cloudformation_passes_its_linter(texts: dict[str, Texts], tmp_path: Path) -> None:
    tools.lint(tmp_path, *(text.cloudformation for text in texts.values()))


@pytest.mark.parametrize("form", gaps.BOTH)
def test_what_is_not_done_is_said_at_the_head(
    codes: dict[str, ReleaseCode], texts: dict[str, Texts], form: gaps.Form
) -> None:
    for name, code in codes.items():
        text = getattr(texts[name], form)
        head = " ".join(
            line.removeprefix("#").strip() for line in text.splitlines() if line[:1] == "#"
        )
        missing = list(gaps.gaps(code, form))
        assert missing
        assert [gap for gap in missing if f"- {gap}" not in head] == []


def test_another_partition_s_arns_are_of_that_partition(texts: dict[str, Texts]) -> None:
    for name, partition in (("China", "aws-cn"), ("GovCloud", "aws-us-gov")):
        for text in texts[name]:
            assert f"arn:{partition}:ec2" in text
            assert "arn:aws:" not in text


CHANGES: dict[str, Any] = {
    "image": "other",
    "version": "1.3",
    "description": "Other",
    "regions": ["us-east-1", "eu-west-1", "eu-west-2"],
    "base.source": {"ssm": "/x"},
    "base.instance_type": "m7i.xlarge",
    "base.key_name": "other",
    "base.subnet": "subnet-01234568",
    "base.security_groups": ["sg-01234568"],
    "base.instance_profile": "other",
    "base.user_data": "#!/bin/bash\n",
    "base.volumes.0.device": "/dev/sda1",
    "base.volumes.0.size_gib": 10,
    "base.volumes.0.type": "gp2",
    "base.volumes.0.kms_key": "alias/other",
    "base.volumes.1.snapshot": "snap-01234568",
    "base.volumes.1.iops": 5000,
    "base.volumes.1.throughput": 300,
    "base.volumes.1.encrypted": False,
    "base.volumes.1.delete_on_termination": True,
    "bake.reboot": True,
    "bake": {"cleanup": True},
    "bake.method": "packer",
    "validate": [],
    "tags": {"Name": "Other"},
    "attributes": {"imds": "v2.0"},
    "watermark": False,
    "approval": "automatic",
    "approval_tag": {"key": "Golden", "value": "yes"},
    "distribute.eu-west-1.kms_key": "alias/other",
    "copies.0.account": "777788889999",
    "copies.0.role": "other",
    "copies.0.regions": ["eu-west-1", "us-east-1"],
    "copies.0.kms_keys.eu-west-1": "alias/other",
    "share.accounts": ["222233334444"],
    "share.organizations": [],
    "share.organizational_units": [],
    "share.snapshots": False,
    "publish.ssm_parameter": "/other/{channel}",
    "publish.channels": ["b", "a"],
    "sbom": None,
    "lifecycle.deprecate_after": None,
    "lifecycle.protect": False,
    "enforce.groups": ["others"],
    "enforce.pipeline_role": "other",
    "enforce.mechanisms.group_policy.profile": "allow",
    "enforce.mechanisms.permissions_boundary.roles": ["others"],
    "enforce.mechanisms.scp.targets": ["r-ab12"],
    "enforce.mechanisms.allowed_amis.names": ["other"],
    "enforce.mechanisms.declarative_policy.targets": ["r-ab13"],
}
SILENT = {
    "test": "the gaps have it",
    "share_candidates": "without candidates there is nothing that is shared earlier",
    "schema": "it is what the file is",
    "audit": "what an audit finds is not of the release",
    "timeouts": "Terraform and CloudFormation have their own",
    "architectures": "the variants have it",
}


def changed(key: str, value: Any) -> dict[str, Any]:
    release = deepcopy(FULL)
    *parents, last = key.split(".")
    part: Any = release
    for parent in parents:
        part = part[int(parent) if parent.isdigit() else parent]
    part[last] = value
    return (
        release if value is not None or parents else {k: v for k, v in release.items() if k != key}
    )


@pytest.mark.parametrize("key", CHANGES)
def test_every_key_of_a_release_makes_a_difference_in_either_form(
    key: str, texts: dict[str, Texts], tmp_path: Path
) -> None:
    code = of(loaded(tmp_path, changed(key, CHANGES[key])))
    after = unmeasured(texts_of)(code)  # the same lines for each key
    assert after.terraform != texts["full"].terraform
    assert after.cloudformation != texts["full"].cloudformation


ALWAYS = {"image", "audit"}


@pytest.mark.parametrize("form", gaps.BOTH)
def test_each_gap_is_told_of_what_asks_for_it_alone(
    codes: dict[str, ReleaseCode], form: gaps.Form
) -> None:
    known = {gap.keys for gap in gaps.GAPS if form in gap.forms}
    told = {
        name: {gap.partition(": ")[0] for gap in gaps.gaps(code, form)}
        for name, code in codes.items()
    }
    assert told["base"] <= ALWAYS
    asked = told["full"] | told["two architectures"] | told["full, built in Packer"]
    assert known - asked == {"bake.cleanup"}
    assert {"enforce.mechanisms.permissions_boundary"} <= told["full"]
    assert "bake.template" in told["own template"]
    assert not {"base.user_data", "validate"} & told["own template"]


def test_no_key_of_a_release_is_forgotten() -> None:
    tried = {key.split(".")[0] for key in CHANGES}
    assert tried | set(SILENT) == set(spec.Release.__struct_fields__)


def tag_values(template: str) -> Iterator[dict[str, str]]:
    for each in tools.loaded(template)["Resources"].values():
        data = each["Properties"].get("LaunchTemplateData", {})
        for specification in data.get("TagSpecifications", []):
            yield {tag["Key"]: tag["Value"] for tag in specification["Tags"]}


@tools.TERRAFORM
def test_hostile_tags_are_read_back(texts: dict[str, Texts], tmp_path: Path) -> None:
    own = {key: value for key, value in FULL["tags"].items() if key != "Name"}
    for written in tag_values(texts["full"].cloudformation):
        assert written == {"Name": "web base", **own}
    text = texts["full"].terraform
    (tmp_path / "variables.tf").write_text(
        'variable "approved" {\n  default = true\n}\n'
        'locals {\n  approval_tag = { "goldenami:status" = "approved" }\n}\n'
    )
    tags = text.split("\n  tags = ", 1)[1].split("\n\n  approval_tag", 1)[0]
    (read,) = tools.evaluated(tmp_path, [tags])
    assert read == {**FULL["tags"], "goldenami:status": "approved"}


SCRIPTS = {
    "plain": b"#!/bin/sh\necho ${x}\n",
    "packed": gzip.compress(b"#!/bin/sh\n", mtime=0),
    "carriage returns": b"#!/bin/sh\r\necho\r\n",
    "two ways to write an accent": "#!/bin/sh\necho e\u0301\n".encode(),
    "dynamic reference": b"#!/bin/sh\necho {{resolve:ssm:/x}}\n",
    "end of a heredoc": b"#!/bin/sh\ncat <<EOT\n  EOT\nEOT\n",
    "no last line end": b"#!/bin/sh\necho",
    "tabs": b"#!/bin/sh\n\tif true\n\tthen echo\tx\n",
}


@pytest.mark.parametrize("name", SCRIPTS)
@tools.TERRAFORM
def test_user_data_is_the_same_bytes_in_either_form(name: str, tmp_path: Path) -> None:
    script = SCRIPTS[name]
    (tmp_path / "setup").write_bytes(script)
    file = loaded(tmp_path, {**BASE, "base": {**BASE["base"], "user_data": "setup"}})
    text, template = as_terraform.text(of(file)), as_cloudformation.text(of(file))
    data = tools.loaded(template)["Resources"]["BaseTemplate"]["Properties"]["LaunchTemplateData"]
    given = data["UserData"]
    assert script == (
        given["Fn::Base64"].encode() if isinstance(given, dict) else base64.b64decode(given)
    )
    found = re.search(r"^  (user_data\w*) += (.*?)\n\n  tags = ", text, re.DOTALL | re.MULTILINE)
    assert found
    (read,) = tools.evaluated_texts(tmp_path, [f"{found[2]}\n"])
    assert script == (read.encode() if found[1] == "user_data" else base64.b64decode(read))


def test_an_image_of_goldenami_s_own_is_looked_for_by_its_tags(texts: dict[str, Texts]) -> None:
    text, template = texts["golden source"]
    assert 'name   = "tag:goldenami:image"\n    values = ["os"]' in text
    assert 'name   = "tag:goldenami:status"\n    values = ["approved"]' in text
    assert "Name=tag:goldenami:image,Values=os" in template


def test_known_snapshots_stay_allowed(tmp_path: Path) -> None:
    known = "snap-0123456789abcdef0"
    code = of(loaded(tmp_path, BASE), known)
    assert f'default     = ["{known}"]' in as_terraform.text(code)
    parameters = tools.loaded(as_cloudformation.text(code))["Parameters"]
    assert parameters["GoldenSnapshots"]["Default"] == known
    assert "snap-0000000" not in as_terraform.text(code) + as_cloudformation.text(code)


def test_a_list_of_snapshots_that_would_be_too_long_is_none(tmp_path: Path) -> None:
    release = {
        **BASE,
        "regions": [f"eu-{side}-{n}" for side in ("west", "east") for n in range(1, 90)],
    }
    code, rendered = release_code(nobody, loaded(tmp_path, release), ACCOUNT)
    assert rendered is not None
    assert [note for note in rendered.notes if "`guardrail-by-tag` takes its place" in note]
    assert not code.enforcement.lists_snapshots
    assert "golden_snapshots" not in as_terraform.text(code)
    assert "GoldenSnapshots" not in as_cloudformation.text(code)


def test_a_tag_that_cloudformation_would_replace_is_refused(tmp_path: Path) -> None:
    code = of(loaded(tmp_path, {**BASE, "tags": {"a": "{{resolve:ssm:/x}}"}}))
    with pytest.raises(SpecError, match=r"BaseTemplate has `{{resolve:`"):
        as_cloudformation.text(code)
    assert json.dumps("{{resolve:ssm:/x}}") in as_terraform.text(code)
