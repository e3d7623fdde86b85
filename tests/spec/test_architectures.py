"""A release file of several architectures: what it can get wrong, and what builds are made of."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from goldenami.domain import image
from goldenami.errors import SpecError
from goldenami.spec import ReleaseFile, load
from goldenami.spec.architectures import by_architecture

X86, ARM = {"ami": "ami-01234567"}, {"ami": "ami-76543210"}
SEVERAL: dict[str, Any] = {
    "schema": "goldenami/v1",
    "image": "web",
    "version": "1",
    "regions": ["us-east-1"],
    "base": {"subnet": "subnet-01234567"},
    "architectures": {
        "x86_64": {"source": X86, "instance_type": "t3.micro"},
        "arm64": {"source": ARM, "instance_types": ["t4g.micro", "m7g.medium"]},
    },
    "publish": {"ssm_parameter": "/golden-ami/web/{arch}"},
}


def loaded(folder: Path, **changed: Any) -> ReleaseFile:
    file = folder / "release.yaml"
    parts = {key: value for key, value in {**SEVERAL, **changed}.items() if value is not None}
    file.write_text(yaml.safe_dump(parts, sort_keys=False))
    return load(file)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a word that EC2 does not know": (
        {"architectures": {"aarch64": {"source": ARM}}},
        "`aarch64` is no architecture: EC2 knows x86_64, arm64",
    ),
    "an architecture without a source": (
        {"architectures": {"arm64": {"instance_type": "t4g.micro"}}},
        "architectures.arm64.source: is missing",
    ),
    "an architecture of two sources": (
        {"architectures": {"arm64": {"source": {**ARM, "golden": "os"}}}},
        "give exactly one of",
    ),
    "a type and a list of types": (
        {
            "architectures": {
                "arm64": {"source": ARM, "instance_type": "t4g.micro", "instance_types": ["a1.x"]}
            }
        },
        "architectures.arm64.instance_types: it takes the place of `instance_type`",
    ),
    "a source for all": (
        {"base": {"source": X86}},
        "base.source: each of `architectures` has its own",
    ),
    "a type for all": (
        {"base": {"instance_type": "t3.micro"}},
        "base.instance_type: each of `architectures` has its own",
    ),
    "types for all": (
        {"base": {"instance_types": ["t3.micro"]}},
        "base.instance_types: each of `architectures` has its own",
    ),
    "a type that boots them all": (
        {"test": {"instance_type": "t3.micro"}},
        "test.instance_type: no type runs images of every architecture",
    ),
    "a parameter for all": (
        {"publish": {"ssm_parameter": "/golden-ami/web"}},
        "put `{arch}` into it, such as `/golden-ami/web/{arch}`",
    ),
    "a parameter by the architecture of a file that has none": (
        {"architectures": None, "base": {"source": X86}},
        "publish.ssm_parameter: `{arch}` stands for one of `architectures`",
    ),
    "no source at all": ({"architectures": None, "publish": None}, "base.source: is missing"),
    "a name that is too long with its architecture": (
        {"image": "i" * 100, "version": "1" * 21},
        "must have 3 to 128 characters",
    ),
    "a parameter that is too long with its architecture": (
        {"publish": {"ssm_parameter": "/golden/" + "p" * 997 + "{arch}"}},
        "is no parameter name",
    ),
    "another word in braces": (
        {"publish": {"ssm_parameter": "/golden/{architecture}/{arch}"}},
        "is no parameter name",
    ),
}


@pytest.mark.parametrize(("changed", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError) as raised:
        loaded(tmp_path, **changed)
    said = [raised.value.message, *raised.value.notes]
    assert len([line for line in said if words in line]) == 1, said


def test_each_build_is_made_of_a_file_of_one_architecture_with_the_digest_of_the_whole(
    tmp_path: Path,
) -> None:
    file = loaded(tmp_path)
    x86, arm = by_architecture(file).values()
    assert [x86.spec, arm.spec] == [file.spec] * 2
    assert x86.release.base.source.ami == X86["ami"]
    assert x86.release.base.instance_type == "t3.micro"
    assert arm.release.base.instance_types == ("t4g.micro", "m7g.medium")
    assert arm.release.base.subnet == x86.release.base.subnet == "subnet-01234567"
    assert file.release.parameters == ("/golden-ami/web/x86_64", "/golden-ami/web/arm64")
    assert x86.release.publish == arm.release.publish == file.release.publish
    assert not arm.release.architectures


def test_a_file_without_the_key_is_its_own(tmp_path: Path) -> None:
    file = loaded(tmp_path, architectures=None, publish=None, base={"source": X86})
    assert by_architecture(file) == {"": file}
    assert file.release.parameters == ()


@pytest.mark.parametrize(
    ("build", "bake", "architecture"),
    [
        ("20261123T140509Z-a1b2c3", "20261123T140509Z-a1b2c3", ""),
        ("20261123T140509Z-a1b2c3-arm64", "20261123T140509Z-a1b2c3", "arm64"),
        ("20261123T140509Z-a1b2c3-x86_64", "20261123T140509Z-a1b2c3", "x86_64"),
        ("20261123T140509Z-a1b2c3-sparc", "20261123T140509Z-a1b2c3-sparc", ""),
        ("20261123T140509Z-arm64", "20261123T140509Z-arm64", ""),
        ("", "", ""),
    ],
)
def test_a_build_tells_its_bake_and_its_architecture(
    build: str, bake: str, architecture: str
) -> None:
    assert (image.bake_of(build), image.architecture_of(build)) == (bake, architecture)
    assert image.build_of(bake, architecture) == build
