from pathlib import Path

import pytest

from goldenami.bake.packer_output import (
    BuiltImage,
    PackerEvent,
    builders,
    declared_variables,
    errors,
    images_in,
    parse_line,
    parse_version,
    read_manifest,
)
from goldenami.errors import BakeError

# Captured from Packer 1.6.6: the middle of a build is left out.
SUCCESS = """\
1795477792,,ui,say,==> amazon-ebs.golden: Prevalidating any provided VPC information
1795477792,,ui,message,    amazon-ebs.golden: Found Image ID: ami-03cf127a
1795477792,,ui,message,    amazon-ebs.golden: Adding tag: "Name": "Golden%!(PACKER_COMMA) AMI"
1795477793,,ui,say,==> amazon-ebs.golden: No volumes to clean up%!(PACKER_COMMA) skipping
1795477793,,ui,say,\\n==> Builds finished. The artifacts of successful builds are:
1795477793,amazon-ebs.golden,artifact-count,2
1795477793,amazon-ebs.golden,artifact,0,id,us-east-1:ami-174ec23f08cf69db2
1795477793,amazon-ebs.golden,artifact,0,string,AMIs were created:\\nus-east-1: ami-174ec23f\\n
1795477793,amazon-ebs.golden,artifact,0,end
"""
NAME_CLASH = """\
1795477793,,ui,say,==> amazon-ebs.golden: Prevalidating AMI Name: web-1
1795477793,,ui,error,==> amazon-ebs.golden: Error: AMI Name: 'web-1' is used by: ami-174ec23f
1795477793,,ui,error,Build 'amazon-ebs.golden' errored after 17 milliseconds 743 microseconds: \
Error: AMI Name: 'web-1' is used by: ami-174ec23f
1795477793,,error-count,1
1795477793,,ui,error,\\n==> Some builds didn't complete successfully and had errors:
1795477793,amazon-ebs.golden,error,Error: AMI Name: 'web-1' is used by: ami-174ec23f
1795477793,,ui,error,--> amazon-ebs.golden: Error: AMI Name: 'web-1' is used by: ami-174ec23f
1795477793,,ui,say,\\n==> Builds finished but no artifacts were created.
"""
NO_CREDENTIALS = """\
1795477834,,ui,error,Build 'amazon-ebs.golden' errored after 8 milliseconds: no valid credential \
sources for  found.\\n\\nPlease see \\nfor more information.
1795477834,,error-count,1
1795477834,,ui,error,\\n==> Some builds didn't complete successfully and had errors:
1795477834,amazon-ebs.golden,error,no valid credential sources for  found.\\n\\nPlease see \\nfor \
more information.
1795477834,,ui,error,--> amazon-ebs.golden: no valid credential sources for  found.\\n\\nPlease \
see \\nfor more information.
"""
INVALID = (
    "1795477198,,ui,error,Error: Unsupported argument\\n\\n  on t.pkr.hcl line 16:\\n"
    '  (source code not available)\\n\\nAn argument named "bogus" is not expected here.\\n\\n\n'
)
INSPECT_HCL = (
    "1795477198,,ui,say,Packer Inspect: HCL2 mode\\n\n"
    '1795477198,,ui,say,> input-variables:\\n\\nvar.foo: "x"\\nvar.region: "<unknown>"\\n'
    'var.tags: "{}"\\n\\n> local-variables:\\n\\n\n'
    "1795477198,,ui,say,> builds:\\n\\n  > <unnamed build 0>:\\n\n"
)
INSPECT_LEGACY = """\
1795477236,,ui,say,Required variables:\\n
1795477236,,template-variable,region,,1
1795477236,,ui,say,  region
1795477236,,template-variable,ami_name,x,0
1795477236,,ui,say,  ami_name = x
"""


BUILDS_HCL = (
    "1795685000,,ui,say,> builds:\\n\\n  > nm:\\n\\n    sources:\\n\\n      amazon-ebs.a\\n\\n"
    "      amazon-ebs.b\\n\\n    provisioners:\\n\\n      <no provisioner>\\n\\n"
    "    post-processors:\\n\\n      <no post-processor>\\n\\n  > <unnamed build 1>:\\n\\n"
    "    sources:\\n\\n      null.c\\n\\n    provisioners:\\n\\n      shell-local\\n\n"
)
BUILDS_LEGACY = """\
1795685001,,ui,say,Builders:\\n
1795685001,,template-builder,al2,amazon-ebs
1795685001,,ui,say,  al2          (amazon-ebs)
1795685001,,template-builder,ubuntu16-ami,amazon-ebs
"""


def events(output: str) -> list[PackerEvent]:
    return [parse_line(line) for line in output.splitlines()]


@pytest.mark.parametrize(
    ("output", "version"),
    [
        pytest.param("Packer v1.6.6\n", (1, 6, 6), id="Debian's"),
        pytest.param(
            "Packer v1.9.4\n\nYour version of Packer is out of date! The latest version\n"
            "is 1.15.4. You can update by downloading from www.packer.io/downloads\n",
            (1, 9, 4),
            id="a newer one that tells of a newer one yet",
        ),
        pytest.param("Packer v1.11.0-dev (abc)\n", (1, 11, 0), id="a development build"),
        pytest.param("skipping line: 1\n0 0\n", None, id="cracklib's command of the same name"),
        pytest.param("", None, id="silence"),
    ],
)
def test_version(output: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(output) == version


@pytest.mark.parametrize(
    ("line", "kind", "text", "target"),
    [
        pytest.param("17,,ui,say,==> x: Launching", "say", "x: Launching", "", id="a step"),
        pytest.param("17,,ui,message,    x: AMI", "message", "x: AMI", "", id="a detail"),
        pytest.param("17,,ui,error,--> x: no\\n", "error", "x: no", "", id="an error"),
        pytest.param("17,x,error,no", "build-error", "no", "x", id="the error of a build"),
        pytest.param("17,x,artifact,0,end", "artifact", "", "x", id="an artifact"),
        pytest.param("17,,error-count,1", "other", "", "", id="a type nobody shows"),
        pytest.param("17,,ui,later,x", "other", "", "", id="a kind of message yet unknown"),
        pytest.param("17,,ui,say,a%!(PACKER_COMMA) b", "say", "a, b", "", id="an escaped comma"),
        pytest.param("17,,ui,say,a\\r\\nb", "say", "a\nb", "", id="an escaped line break"),
        pytest.param("17,,ui,say,", "say", "", "", id="an empty message"),
        pytest.param("17,,ui", "other", "", "", id="a message cut off"),
        pytest.param("panic: oh, no", "text", "panic: oh, no", "", id="a crash"),
        pytest.param("a,b,c,d", "text", "a,b,c,d", "", id="commas, but no time stamp"),
        pytest.param("", "text", "", "", id="an empty line"),
    ],
)
def test_a_line_becomes_an_event(line: str, kind: str, text: str, target: str) -> None:
    event = parse_line(line + "\n")
    assert (event.kind, event.text, event.target) == (kind, text, target)


@pytest.mark.parametrize(
    ("line", "images"),
    [
        pytest.param("17,x,artifact,0,id,us-east-1:ami-03cf127a", {"ami-03cf127a"}, id="an image"),
        pytest.param(
            "17,x,artifact,0,id,us-east-1:ami-03cf127a%!(PACKER_COMMA)eu-west-1:ami-13cf127a",
            {"ami-03cf127a", "ami-13cf127a"},
            id="with a copy",
        ),
        pytest.param("17,x,artifact,0,string,AMIs: ami-03cf127a", set(), id="words"),
        pytest.param("17,x,artifact,0,id", set(), id="a line cut off"),
        pytest.param("17,,ui,message,id us-east-1:ami-03cf127a", set(), id="what a script says"),
    ],
)
def test_artifacts_are_images(line: str, images: set[str]) -> None:
    assert images_in(parse_line(line)) == images


def test_a_successful_build_reads_as_its_steps_and_artifacts() -> None:
    found = events(SUCCESS)
    assert [event.kind for event in found] == [
        "say", "message", "message", "say", "say", "other", "artifact", "artifact", "artifact",
    ]  # fmt: skip
    assert found[2].text == 'amazon-ebs.golden: Adding tag: "Name": "Golden, AMI"'
    assert found[6].data == ("0", "id", "us-east-1:ami-174ec23f08cf69db2")
    assert errors(found) == ()


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param(
            NAME_CLASH,
            ("Error: AMI Name: 'web-1' is used by: ami-174ec23f",),
            id="a build's error that Packer says four times is told once",
        ),
        pytest.param(
            NO_CREDENTIALS,
            ("no valid credential sources for  found.\n\nPlease see \nfor more information.",),
            id="an error of several lines stays whole",
        ),
        pytest.param(
            INVALID,
            (
                "Error: Unsupported argument\n\n  on t.pkr.hcl line 16:\n"
                "  (source code not available)\n\n"
                'An argument named "bogus" is not expected here.',
            ),
            id="an invalid template names its place",
        ),
        pytest.param(
            "17,x,error,timeout\n17,,ui,error,Error terminating instance\n",
            ("timeout", "Error terminating instance"),
            id="an error of the clean-up follows the one that ended the build",
        ),
    ],
)
def test_errors(output: str, expected: tuple[str, ...]) -> None:
    assert errors(events(output)) == expected


@pytest.mark.parametrize(
    ("output", "names"),
    [
        pytest.param(INSPECT_HCL, {"foo", "region", "tags"}, id="HCL"),
        pytest.param(INSPECT_LEGACY, {"region", "ami_name"}, id="legacy JSON"),
        pytest.param("17,,ui,say,> input-variables:\\n\\n", set(), id="none"),
    ],
)
def test_declared_variables(output: str, names: set[str]) -> None:
    assert declared_variables(events(output)) == names


@pytest.mark.parametrize(
    ("output", "names"),
    [
        pytest.param(INSPECT_HCL, (), id="none"),
        pytest.param(BUILDS_HCL, ("nm.amazon-ebs.a", "nm.amazon-ebs.b", "null.c"), id="HCL"),
        pytest.param(BUILDS_LEGACY, ("al2", "ubuntu16-ami"), id="legacy JSON"),
    ],
)
def test_builders(output: str, names: tuple[str, ...]) -> None:
    assert builders(events(output)) == names


@pytest.mark.parametrize(
    ("text", "images"),
    [
        pytest.param(
            '{"builds": [{"artifact_id": "us-east-1:ami-174ec23f08cf69db2"}]}',
            (BuiltImage("us-east-1", "ami-174ec23f08cf69db2"),),
            id="one image",
        ),
        pytest.param(
            '{"builds": [{"artifact_id": "eu-west-1:ami-174ec23f,us-east-1:ami-03cf127a"}]}',
            (BuiltImage("eu-west-1", "ami-174ec23f"), BuiltImage("us-east-1", "ami-03cf127a")),
            id="images of several regions",
        ),
        pytest.param(
            '{"builds": [{"artifact_id": "a:ami-174ec23f"}, {"artifact_id": "b:ami-03cf127a"}]}',
            (BuiltImage("a", "ami-174ec23f"), BuiltImage("b", "ami-03cf127a")),
            id="several builds",
        ),
    ],
)
def test_manifest(tmp_path: Path, text: str, images: tuple[BuiltImage, ...]) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(text)
    assert read_manifest(path) == images


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "cannot be read", id="not JSON"),
        pytest.param("[]", "cannot be read", id="not an object"),
        pytest.param('{"builds": null}', "cannot be read", id="no builds"),
        pytest.param('{"builds": [{}]}', "cannot be read", id="no artifact"),
        pytest.param('{"builds": [{"artifact_id": 1}]}', "cannot be read", id="a number"),
        pytest.param(
            '{"builds": [{"artifact_id": "sha256:0123"}]}', "'sha256:0123'", id="a container image"
        ),
        pytest.param('{"builds": [{"artifact_id": ""}]}', "''", id="an empty artifact"),
    ],
)
def test_a_wrong_manifest_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(BakeError, match=message):
        read_manifest(path)


def test_a_missing_manifest_names_no_image(tmp_path: Path) -> None:
    assert read_manifest(tmp_path / "manifest.json") == ()
