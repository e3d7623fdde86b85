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
    assert release.audit.regions == "all"
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
        ":1: schema: needs `goldenami/v1`, not `goldenami/v2`",
        "did you mean `goldenami/v1`?",
    ),
    "a misspelt key": ("image:", "imgae:", ":2: imgae: unknown key", "did you mean `image`?"),
    "a misspelt key of a volume": (
        "size_gib",
        "size_gb",
        ":7: base.volumes[0].size_gb: unknown key",
        "did you mean `size_gib`?",
    ),
    "no image": ("image: web-base\n", "", ":1: image: is missing", ""),
    "one region without brackets": (
        "[us-east-1, eu-west-1]",
        "us-east-1",
        ":3: regions: needs a list, not `us-east-1`",
        "",
    ),
    "a version that YAML takes for a number": (
        "tags:",
        "version: 1.10\ntags:",
        ":8: version: needs text, not the number 1.1",
        QUOTES,
    ),
    "a version that YAML takes for a day": (
        "tags:",
        "version: 2026-11-23\ntags:",
        ":8: version: needs text, not the day 2026-11-23",
        QUOTES,
    ),
    "a tag that YAML takes for a number": (
        "Golden AMI",
        "1",
        ":9: tags.Name: needs text, not the number 1",
        QUOTES,
    ),
    "an account that YAML takes for a number": (
        "tags:",
        "share: {accounts: [111122223333]}\ntags:",
        ":8: share.accounts[0]: needs text, not the number 111122223333",
        QUOTES,
    ),
    "a bake by no method there is": (
        "tags:",
        "bake: {method: docker}\ntags:",
        ":8: bake.method: needs `create-image` or `packer`, not `docker`",
        "",
    ),
    "a volume without a size": (
        "size_gib: 30, ",
        "",
        ":7: base.volumes[0].size_gib: is missing",
        "",
    ),
    "a filter without owners": (
        "{ssm: /aws/service/al2023}",
        "{filter: {name: x}}",
        ":5: base.source.filter.owners: is missing",
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
    "a tag value that is too long": (
        "Golden AMI",
        "x" * 257,
        ":9: tags.Name: a tag value has at most 256 characters, this one 257",
        "",
    ),
    "a tag of goldenami's own": (
        "Name: Golden AMI",
        "goldenami:status: approved",
        ":9: tags.goldenami:status: tag keys that start with `goldenami:` are written by",
        "",
    ),
    "a variable that goldenami does not set": (
        "tags:",
        "bake: {method: packer, names: {no_such: a}}\ntags:",
        ":8: bake.names.no_such: goldenami sets no such variable; it sets region, ",
        "",
    ),
    "a name that no variable can have": (
        "tags:",
        "bake: {method: packer, names: {region: a b}}\ntags:",
        ":8: bake.names.region: `a b` is no name of a variable",
        "",
    ),
    "a variable that has two values": (
        "tags:",
        "bake: {method: packer, names: {region: a, tags: a}}\ntags:",
        ":8: bake.names.tags: `a` has a value already",
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


def test_what_is_wrong_of_any_kind_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        """\
schema: goldenami/v1
image: "!"
regoins: [us-east-1]
base:
  source: {ssm: /a, ami: ami-01234567}
  instance_type: 3
  volumes:
  - {device: /dev/xvda, size_gib: 0, kms_key: alias/golden, encrypted: false}
validate: [{run: ""}, {}]
tags: {"": x, a: 1, goldenami:status: y}
share: {accounts: ["1"], snapshots: true}
publish: {ssm_parameter: ""}
lifecycle: {keep: 3}
enforce: {groups: []}
timeouts: {image: "", instance: 5m}
""",
    )
    with pytest.raises(SpecError) as caught:
        spec.load(path)
    assert [note.removeprefix(str(path)).split(": ")[:2] for note in caught.value.notes] == [
        [":2", "image"],
        [":3", "regoins"],
        [":5", "base.source"],
        [":6", "base.instance_type"],
        [":8", "base.volumes[0].size_gib"],
        [":8", "base.volumes[0].kms_key"],
        [":9", "validate[0].run"],
        [":9", "validate[1].run"],
        [":10", "tags."],
        [":10", "tags.a"],
        [":10", "tags.goldenami:status"],
        [":11", "share.accounts[0]"],
        [":12", "publish.ssm_parameter"],
        [":13", "lifecycle.keep"],
        [":14", "enforce.groups"],
        [":15", "timeouts.image"],
    ]


def test_a_problem_of_the_enforcement_file_is_told_with_those_of_the_release(
    tmp_path: Path,
) -> None:
    (tmp_path / "enforce.yaml").write_text(
        "schema: goldenami.enforce/v1\ngroups: []\nregion: here\nfile: other.yaml\n"
    )
    path = file(tmp_path, TEXT + "enforce: {file: enforce.yaml}\nimages: 3\n")
    with pytest.raises(SpecError) as caught:
        spec.load(path)
    assert caught.value.notes == (
        f"{tmp_path}/enforce.yaml:2: groups: name at least one group",
        f"{tmp_path}/enforce.yaml:3: region: `here` is no region name, such as `eu-west-1`",
        f"{tmp_path}/enforce.yaml:4: file: an enforcement file points to no other",
        f"{path}:11: images: unknown key (did you mean `image`?)",
    )


def test_a_declarative_policy_takes_no_criterion_that_aws_documents_for_allowed_amis_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "enforce.yaml"
    mechanism = "{targets: [r-ab12], watermarks: [{key: '111122223333:a'}], scan: {severity: low}}"
    path.write_text(
        f"schema: goldenami.enforce/v1\nmechanisms:\n  declarative_policy: {mechanism}\n"
    )
    with pytest.raises(SpecError) as caught:
        spec.load_enforcement(path)
    why = "AWS documents none for declarative policies: ask for it by `allowed_amis`"
    place = f"{path}:3: mechanisms.declarative_policy"
    assert caught.value.notes == (f"{place}.watermarks: {why}", f"{place}.scan: {why}")


@pytest.mark.parametrize(
    ("lifecycle", "words"),
    [
        ("{keep: 3}", "lifecycle.keep: nothing goes without"),
        ("{keep_for: 30d}", "lifecycle.keep_for: nothing goes without"),
        ("{disable_after: 9d, delete_after: 8d}", "was disabled before: raise it"),
    ],
)
def test_what_is_to_stay_needs_something_that_goes(
    lifecycle: str, words: str, tmp_path: Path
) -> None:
    path = file(tmp_path, TEXT + f"lifecycle: {lifecycle}\n")
    with pytest.raises(SpecError, match=words):
        spec.load(path)
