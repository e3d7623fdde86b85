"""A release file from its text to what a bake starts from."""

import hashlib
from pathlib import Path

import pytest

from goldenami import resources, spec
from goldenami.errors import SpecError

TEXT = """\
schema: goldenami/v1
image: web-base
regions: [us-east-1, eu-west-1]
base:
  source: {ssm: /aws/service/al2023}
  volumes:
  - {device: /dev/xvda, size_gib: 30, encrypted: false}
tags:
  Name: Golden AMI
"""
QUOTES = "put the value in quotes, so that YAML keeps it as text"


def file(folder: Path, text: str) -> Path:
    path = folder / "release.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_has_no_problems_and_no_warnings() -> None:
    loaded = spec.load(resources.folder("examples") / "web-base" / "release.yaml")
    assert loaded.warnings == ()
    assert loaded.user_data == (loaded.folder / "setup.sh").read_bytes()
    assert loaded.release.image == "web-base"


def test_what_is_not_given_has_its_default(tmp_path: Path) -> None:
    release = spec.load(file(tmp_path, TEXT)).release
    assert (release.version, release.bake.method, release.bake.reboot) == (
        "auto",
        "create-image",
        True,
    )
    assert (release.approval_tag.key, release.approval_tag.value) == (
        "goldenami:status",
        "approved",
    )
    assert (release.audit.regions, release.lifecycle.keep) == ("all", 3)
    assert (release.publish, release.enforce, release.lifecycle.deprecate_after) == (None,) * 3


def test_the_sum_is_of_the_files_bytes(tmp_path: Path) -> None:
    path = file(tmp_path, TEXT)
    loaded = spec.load(path)
    assert loaded.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert spec.load(file(tmp_path, TEXT + "# a comment\n")).sha256 != loaded.sha256
    assert (loaded.path, loaded.folder) == (path, tmp_path)


def with_user_data(user_data: str) -> str:
    return TEXT.replace("base:\n", f"base:\n  user_data: {user_data}\n")


def test_user_data_is_the_file_beside_the_release_file(tmp_path: Path) -> None:
    (tmp_path / "setup.sh").write_bytes(b"#!/bin/sh\n\xff\n")
    path = file(tmp_path, with_user_data("setup.sh"))
    assert spec.load(path).user_data == b"#!/bin/sh\n\xff\n"


def test_user_data_can_stand_in_the_release_file(tmp_path: Path) -> None:
    path = file(tmp_path, with_user_data('"#!/bin/sh\\necho é\\n"'))
    assert spec.load(path).user_data == "#!/bin/sh\necho é\n".encode()


def test_user_data_can_be_left_out(tmp_path: Path) -> None:
    assert spec.load(file(tmp_path, TEXT)).user_data is None


def test_warnings_come_with_the_file(tmp_path: Path) -> None:
    [warning] = spec.load(file(tmp_path, TEXT + "bake: {reboot: false}\n")).warnings
    assert "crash-consistent" in warning


BROKEN: dict[str, tuple[str, str, str, str]] = {
    "another schema": (
        "goldenami/v1",
        "goldenami/v2",
        ":1: schema: invalid enum value 'goldenami/v2'",
        "",
    ),
    "a misspelt key": ("image:", "imgae:", ":2: imgae: unknown key", "did you mean `image`?"),
    "a misspelt key of a volume": (
        "size_gib",
        "size_gb",
        ":7: base.volumes[0].size_gb: unknown key",
        "did you mean `size_gib`?",
    ),
    "no image": ("image: web-base\n", "", ":1: object missing required field `image`", ""),
    "one region without brackets": (
        "[us-east-1, eu-west-1]",
        "us-east-1",
        ":3: regions: expected `array`, got `str`",
        "",
    ),
    "a version that YAML takes for a number": (
        "tags:",
        "version: 1.10\ntags:",
        ":8: version: expected `str`, got `float`",
        QUOTES,
    ),
    "a version that YAML takes for a day": (
        "tags:",
        "version: 2026-11-23\ntags:",
        ":8: version: expected `str`, got `date`",
        QUOTES,
    ),
    "a tag that YAML takes for a number": (
        "Golden AMI",
        "1",
        ":9: tags.Name: expected `str`, got `int`",
        QUOTES,
    ),
    "an account that YAML takes for a number": (
        "tags:",
        "share: {accounts: [111122223333]}\ntags:",
        ":8: share.accounts[0]: expected `str`, got `int`",
        QUOTES,
    ),
    "a bake by no method there is": (
        "tags:",
        "bake: {method: docker}\ntags:",
        ":8: bake.method: invalid enum value 'docker'",
        "",
    ),
    "a volume without a size": (
        "size_gib: 30, ",
        "",
        ":7: base.volumes[0]: object missing required field `size_gib`",
        "",
    ),
    "a filter without owners": (
        "{ssm: /aws/service/al2023}",
        "{filter: {name: x}}",
        ":5: base.source.filter: object missing required field `owners`",
        "",
    ),
    "a key for a region without a copy": (
        "tags:",
        "distribute: {eu-west-2: {}}\ntags:",
        ":8: distribute.eu-west-2: `eu-west-2` is no region the image is copied to",
        "",
    ),
    "a problem in a place that is not in the file": (
        "  volumes:",
        "  instance_type: t3\n  volumes:",
        ":6: base.instance_type: `t3` is no type",
        "",
    ),
    "a script that is missing": (
        "base:\n",
        "base:\n  user_data: setup.sh\n",
        ":5: base.user_data: ",
        "",
    ),
}


@pytest.mark.parametrize(("old", "new", "said", "fix"), BROKEN.values(), ids=BROKEN.keys())
def test_refuses(old: str, new: str, said: str, fix: str, tmp_path: Path) -> None:
    path = file(tmp_path, TEXT.replace(old, new, 1))
    with pytest.raises(SpecError) as caught:
        spec.load(path)
    assert caught.value.message.startswith(f"{path}{said}")
    assert caught.value.fix == fix
    assert caught.value.notes == ()


def test_several_problems_are_told_together_each_with_its_line(tmp_path: Path) -> None:
    text = TEXT.replace("web-base", "web/base").replace("size_gib: 30", "size_gib: 0")
    path = file(tmp_path, text + "  aws:x: y\nlifecycle: {keep: 0}\n")
    with pytest.raises(SpecError) as caught:
        spec.load(path)
    assert caught.value.message == f"{path}: 4 problems"
    assert [note.removeprefix(str(path)).split(": ")[:2] for note in caught.value.notes] == [
        [":2", "image"],
        [":7", "base.volumes[0].size_gib"],
        [":10", "tags.aws:x"],
        [":11", "lifecycle.keep"],
    ]


def test_a_file_that_is_not_there_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read: No such file or directory"):
        spec.load(tmp_path / "release.yaml")
