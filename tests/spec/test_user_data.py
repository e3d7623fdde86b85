"""What is told of user data before anything starts, by its bytes alone."""

import gzip
from pathlib import Path

import pytest

from goldenami import spec
from goldenami.spec import user_data

NOWHERE = Path("/nonexistent")
SCRIPT = b"#!/bin/bash\ndnf -y install httpd\n"
MIME = (
    b'Content-Type: multipart/mixed; boundary="b"\r\nMIME-Version: 1.0\r\n\r\n'
    b"--b\r\nContent-Type: text/x-shellscript\r\n\r\n#!/bin/sh\r\n--b--\r\n"
)
RIGHT = {
    "a script": SCRIPT,
    "a script that is not UTF-8": b"#!/bin/sh\n\xff\n",
    "a configuration": b"#cloud-config\npackages: [httpd]\n",
    "a configuration with CRLF": b"#cloud-config\r\npackages: [httpd]\r\n",
    "a list of configurations": b"#cloud-config-archive\n- type: text/cloud-config\n",
    "a template": b"## template: jinja\n#cloud-config\nhostname: {{ v1.region }}\n",
    "what is included": b"#include\nhttps://example.com/setup\n",
    "a boothook": b"#cloud-boothook\n#!/bin/sh\n",
    "a part handler": b"#part-handler\n",
    "MIME": MIME,
    "MIME in gzip": gzip.compress(MIME),
    "a large script in gzip": gzip.compress(SCRIPT * 1000),
    "as large as can be": SCRIPT + b"#" * (user_data.LIMIT_BYTES - len(SCRIPT)),
}
NONE = "it is no form that cloud-init knows"
WRONG = {
    "nothing": (b"", "it is empty: leave the key out"),
    "blanks": (b" \n\n", "it is empty"),
    "nothing in gzip": (gzip.compress(b""), "it is empty"),
    "a script without a shebang": (b"dnf -y install httpd\n", NONE),
    "a comment": (b"# install\ndnf -y install httpd\n", NONE),
    "YAML without a header": (b"packages: [httpd]\n", NONE),
    "the same in gzip": (gzip.compress(b"packages: [httpd]\n"), NONE),
    "base64": (b"IyEvYmluL3NoCg==\n", NONE),
    "bytes": (b"\x00\x01\x02", NONE),
    "a shebang in the second line": (b"\n#!/bin/sh\n", "something stands before its `#!`"),
    "a byte order mark": (b"\xef\xbb\xbf" + SCRIPT, "begins with a byte order mark"),
    "UTF-16": (SCRIPT.decode().encode("utf-16"), "begins with a byte order mark"),
    "PowerShell": (b"<powershell>\r\ndir\r\n</powershell>", "user data of Windows"),
    "a batch script": (b"<script>dir</script>", "user data of Windows"),
    "gzip that is none": (b"\x1f\x8bnone", "cannot be unpacked"),
    "gzip without its end": (gzip.compress(SCRIPT)[:-9], "its end is missing"),
    "a configuration that is no YAML": (b"#cloud-config\na: [1\nb: 2\n", "no YAML, which a"),
    "a configuration of control characters": (b"#cloud-config\n\x01: 1\n", "no YAML, which a"),
    "an empty configuration": (b"#cloud-config\n", "a #cloud-config without any key"),
    "too much": (SCRIPT + b"#" * 16_384, "this has 16,417 bytes (cloud-init takes it packed"),
    "too much in gzip": (gzip.compress(SCRIPT) + b"#" * 16_384, "user data, this has "),
}


@pytest.mark.parametrize("content", RIGHT.values(), ids=RIGHT)
def test_what_an_instance_carries_out_is_taken(content: bytes) -> None:
    assert [*user_data.problems(content), *user_data.warnings(content)] == []


@pytest.mark.parametrize(("content", "problem"), WRONG.values(), ids=WRONG)
def test_what_nothing_could_carry_out_is_refused(content: bytes, problem: str) -> None:
    (line,) = user_data.problems(content)
    assert problem in line


@pytest.mark.parametrize(
    ("content", "warning"),
    [
        (b"#!/bin/sh\r\nid\r\n", "CRLF line ends, which cloud-init alone takes away"),
        (b"#!/bin/sh\nid\r\n", "CRLF at the end of some lines"),
        (gzip.compress(b"#!/bin/sh\nid\r\n"), "CRLF at the end of some lines"),
        (b'{"ignition": {}}', "none of cloud-init's"),
        (b"[settings.motd]", "none of cloud-init's"),
    ],
    ids=["CRLF", "some CRLF", "some CRLF in gzip", "Ignition", "Bottlerocket"],
)
def test_what_is_odd_is_a_note_of_the_plan(tmp_path: Path, content: bytes, warning: str) -> None:
    assert list(user_data.problems(content)) == []
    (tmp_path / "data").write_bytes(content)
    (tmp_path / "release.yaml").write_text(
        "schema: goldenami/v1\nimage: web\nregions: [us-east-1]\n"
        "base: {source: {ami: ami-01234567}, user_data: data}\n"
    )
    (line,) = spec.load(tmp_path / "release.yaml").warnings
    assert line.startswith("base.user_data ")
    assert warning in line


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("setup.sh", NOWHERE / "setup.sh"),
        ("scripts/setup.sh", NOWHERE / "scripts" / "setup.sh"),
        ("#!/bin/sh", None),
        ("#cloud-config", None),
        ("echo a\necho b\n", None),
    ],
)
def test_user_data_is_a_file_or_the_script_itself(text: str, path: Path | None) -> None:
    assert user_data.path_of(text, NOWHERE) == path
