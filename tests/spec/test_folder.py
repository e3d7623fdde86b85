"""A folder of release files: which files those are, in which order, and what has none."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from goldenami.errors import SpecError, UsageError
from goldenami.spec.folder import load_folder


def release(image: str, **source: str) -> str:
    return yaml.safe_dump(
        {
            "schema": "goldenami/v1",
            "image": image,
            "regions": ["us-east-1"],
            "base": {"source": source or {"ami": "ami-0123456789abcdef0"}},
            "publish": {"ssm_parameter": f"/golden-ami/{image}"},
        }
    )


def several(image: str, **parents: str) -> str:
    data: dict[str, Any] = yaml.safe_load(release(image))
    data["base"] = {}
    data["architectures"] = {
        architecture: {"source": {"golden": parent}} for architecture, parent in parents.items()
    }
    data["publish"]["ssm_parameter"] += "/{arch}"
    return yaml.safe_dump(data)


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


ENFORCE = "schema: goldenami.enforce/v1\ngroups: [admins]\n"
WAIVERS = "schema: goldenami.waivers/v1\nwaivers: []\n"

ORDERS: dict[str, tuple[dict[str, str], list[str]]] = {
    "by their paths, if none is baked from another": (
        {"b.yaml": release("b"), "a/z.yml": release("z"), "c.yaml": release("c")}, ["z", "b", "c"],
    ),
    "parents first, whatever their paths": (
        {"a.yaml": release("app", golden="web"), "b.yaml": release("web", golden="os"),
         "c.yaml": release("os")},
        ["os", "web", "app"],
    ),
    "by the sources of each architecture": (
        {"a.yaml": several("app", x86_64="os", arm64="arm-os"), "b.yaml": release("os"),
         "c.yaml": release("arm-os")},
        ["os", "arm-os", "app"],
    ),
    "by what a parent is published as": (
        {"a.yaml": release("app", ssm="/golden-ami/os"), "b.yaml": release("os")}, ["os", "app"],
    ),
    "whatever a parent that is not among them": (
        {"a.yaml": release("app", golden="elsewhere")}, ["app"],
    ),
    "without what is no release file": (
        {"a.yaml": release("app"), "enforce.yaml": ENFORCE, "waivers.yaml": WAIVERS,
         "values.yaml": "image: {schema: goldenami/v1}\n", "list.yaml": "[goldenami/v1]\n",
         "stack.yaml": "a: !Ref goldenami/v1\n", "odd.yaml": "a: [\n", "empty.yaml": "",
         "release.txt": release("text"), ".git/a.yaml": release("hidden"),
         "binary.yaml": "\x00goldenami/"},
        ["app"],
    ),
    "whichever way the schema is written": (
        {"a.yaml": release("a").replace("schema: goldenami/v1", 'schema: &s "goldenami/v1"')},
        ["a"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ORDERS)
def test_the_release_files_of_a_folder_come_in_this_order(case: str, tmp_path: Path) -> None:
    files, expected = ORDERS[case]
    folder = load_folder(written(tmp_path, files))
    assert [file.release.image for file in folder.files] == expected
    assert folder.broken == {}


def test_one_file_is_a_folder_of_one_whose_parents_are_elsewhere(tmp_path: Path) -> None:
    written(tmp_path, {"a.yaml": release("app", golden="os"), "b.yaml": release("os")})
    folder = load_folder(tmp_path / "a.yaml")
    assert [folder.parents(file) for file in folder.files] == [()]
    both = load_folder(tmp_path)
    assert [both.parents(file) for file in both.files] == [(), ("os",)]


def test_a_link_to_a_release_file_is_no_second_one(tmp_path: Path) -> None:
    written(tmp_path, {"a.yaml": release("app"), "sub/b.yaml": release("web")})
    (tmp_path / "link.yaml").symlink_to(tmp_path / "a.yaml")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "nowhere.yaml").symlink_to(tmp_path / "gone.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    assert len(load_folder(tmp_path).files) == 2


BROKEN = {
    "a wrong key": release("web") + "colour: red\n",
    "no YAML": release("web") + "tags: {\n",
    "another version": release("web").replace("goldenami/v1", "goldenami/v2"),
    "too much of it": release("web") + "#" * 2**20,
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_release_file_is_told_and_the_others_are_read(case: str, tmp_path: Path) -> None:
    folder = load_folder(written(tmp_path, {"a.yaml": release("app"), "b.yaml": BROKEN[case]}))
    assert [file.release.image for file in folder.files] == ["app"]
    assert [path.name for path in folder.broken] == ["b.yaml"]
    with pytest.raises(SpecError):
        load_folder(tmp_path / "b.yaml")


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    written(tmp_path, {"a.yaml": release("app"), "sub/b.yaml": release("web")})
    scan = os.scandir

    def refused(path: Any) -> Any:
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    folder = load_folder(tmp_path)
    assert [str(error) for error in folder.broken.values()] == [
        f"{tmp_path}/sub: cannot be read: Permission denied"
    ]


REFUSED: dict[str, tuple[dict[str, str], list[str]]] = {
    "a folder without one": ({"enforce.yaml": ENFORCE}, ["no release file is below it"]),
    "an image that two files make": (
        {"a.yaml": release("web"), "b/c.yaml": release("web")},
        ["web is made by each of ", "a.yaml, ", "b/c.yaml"],
    ),
    "images that are baked from one another": (
        {"a.yaml": release("a", golden="b"), "b.yaml": release("b", ssm="/golden-ami/a")},
        ["baked from one another: a -> b -> a"],
    ),
    "an image that is baked from itself": (
        {"a.yaml": release("a", golden="a")}, ["a is baked from itself (", "a.yaml)"],
    ),
    "all of it": (
        {"a.yaml": release("a", golden="a"), "b.yaml": release("b"), "c.yaml": release("b")},
        ["a is baked from itself", "b is made by each of"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_order_is_one_error(case: str, tmp_path: Path) -> None:
    files, words = REFUSED[case]
    with pytest.raises(UsageError) as refused:
        load_folder(written(tmp_path, files))
    for each in words:
        assert each in str(refused.value)
