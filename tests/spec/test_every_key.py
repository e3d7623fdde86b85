"""Of every key of the files: what is wrong with it is said with its line, in words of our own."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from goldenami.domain.audit.waivers import WaiverFile
from goldenami.errors import SpecError
from goldenami.spec.enforcement import EnforceSpec
from goldenami.spec.model import Release
from goldenami.validation import validated
from goldenami.yamlfile import document, refuse

FULL: dict[type[Any], str] = {
    Release: """
        schema: goldenami/v1
        image: web
        version: "1"
        description: a
        regions: [us-east-1, eu-west-1]
        base:
          source:
            filter: {name: a, owners: [amazon], architecture: arm64}
          instance_type: t3.micro
          instance_types: [t3.micro]
          key_name: a
          subnet: subnet-01234567
          subnets: [subnet-01234567]
          security_groups: [sg-01234567]
          instance_profile: a
          user_data: "#!/bin/sh"
          volumes:
          - {device: /dev/xvda, size_gib: 1, type: gp2, encrypted: true, kms_key: a}
          - device: /dev/sdf
            snapshot: snap-01234567
            iops: 3000
            throughput: 125
            delete_on_termination: false
        architectures:
          arm64: {source: {ami: ami-01234567}, instance_type: a.b, instance_types: [a.b]}
        bake:
          method: packer
          reboot: false
          template: a
          vars: {a: 1}
          names: {region: a}
          only: a
          plugins: {amazon: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]}
          wait_for_user_data: false
          cleanup: true
        validate: [{run: a, retry: 2, timeout: 1h}]
        test:
          steps: [{run: a, retry: 2, timeout: 1h}]
          scan: {on: image, severity: low, ignore: [CVE-2026-1234]}
          instance_type: a.b
        tags: {a: b}
        attributes: {imds: v2.0, boot_mode: uefi, tpm: v2.0}
        watermark: true
        approval: manual
        share_candidates: true
        approval_tag: {key: a, value: b}
        distribute:
          eu-west-1: {kms_key: a}
        copies:
        - {account: "111122223333", role: a, regions: [us-east-1], kms_keys: {us-east-1: a}}
        share:
          accounts: ["111122223333"]
          organizations: ["arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5"]
          organizational_units:
          - arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-ab12-cd34ef56
          snapshots: true
        publish: {ssm_parameter: /a, channels: [a, b], restricted: [b], manifest: false}
        sbom:
          format: spdx
          bucket: abc
          kms_key: arn:aws:kms:us-east-1:111122223333:key/a
          prefix: a
        lifecycle:
          keep: 1
          keep_for: 1d
          deprecate_after: 1d
          disable_after: 1d
          delete_after: 1d
          except: {tags: {a: b}, shared_with: ["111122223333"], launched_within: 1d}
          prune: on-release
          protect: true
        enforce: {groups: [a], name: a, profile: a, pipeline_role: a}
        audit:
          regions: [us-east-1]
          accounts: ["111122223333"]
          role: a
          owners: ["111122223333"]
          approved: ["name:a"]
          newest: 1
          max_age: 1d
          derived: true
          roots: true
          waivers: a
          notify:
            sns: "arn:aws:sns:us-east-1:111122223333:a"
            webhook: {env: A, body: adaptive-card}
        timeouts: {instance: 1h, user_data: 1h, validate: 1h, image: 1h, scan: 1h, copy: 1h}
        """,
    EnforceSpec: """
        schema: goldenami.enforce/v1
        name: a
        groups: [a]
        profile: a
        pipeline_role: a
        owners: ["111122223333"]
        parameters: [/a/*]
        approval_tag: {key: a, value: b}
        region: us-east-1
        mechanisms:
          group_policy: {profile: a, tag_protection: true, guardrail_protection: true}
          permissions_boundary: {roles: [a]}
          scp: {targets: [r-ab12], size_limit: 5120}
          allowed_amis:
            regions: [us-east-1]
            names: [a]
            created_within_days: 0
            watermarks:
            - key: "111122223333:a"
              region: us-east-1
              attached_within_days: 1
              source_created_within_days: 1
            scan:
              severity: high
              scanned_within_days: 1
              fixed_within_days: {informational: 9, low: 9, medium: 9, high: 9, critical: 7}
          declarative_policy:
            targets: [r-ab12]
            state: enabled
            providers: [amazon]
            deprecated_within_days: 1
            exception_message: a
          tag_protection: true
          guardrail_protection: true
        """,
    WaiverFile: """
        schema: goldenami.waivers/v1
        waivers:
        - owner: a
          reason: b
          expires: 2027-01-01
          instance: a
          resource: a
          image: a
          account: a
          tag: a=b
          region: a
          rule: a
        """,
}
FOREIGN = re.compile(r"[Ee]xpected|[Oo]bject|`\$|nvalid|RFC3339|array|\bstr\b|\bint\b|\bnull\b")
FREE = ("vars",)
"""Keys whose values are the user's own."""
ANYTHING: list[Any] = [7, True, 1.5, "\ufffe", [[]], {"no such": {}}, None]

Path_ = tuple[str | int, ...]


def paths(data: Any, path: Path_ = ()) -> Iterator[Path_]:
    yield path
    keys = (
        list(data) if isinstance(data, dict) else range(len(data) if isinstance(data, list) else 0)
    )
    for key in keys:
        if key not in FREE:
            yield from paths(data[key], (*path, key))


def at(data: Any, path: Path_) -> Any:
    for key in path:
        data = data[key]
    return data


def put(data: Any, path: Path_, value: Any) -> Any:
    """Return a file with another value there, which shares all else with the file."""
    if not path:
        return value
    changed = data.copy()
    changed[path[0]] = put(changed[path[0]], path[1:], value) if path[1:] else value
    return changed


def without(data: Any, path: Path_) -> Any:
    """Return a file without a key, which shares all else with the file."""
    holder = at(data, path[:-1]).copy()
    del holder[path[-1]]
    return put(data, path[:-1], holder)


PARSED = {kind: document(Path("f.yaml"), text.encode()).data for kind, text in FULL.items()}
"""What nobody changes: see `put`."""


def name(path: Path_) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)[1:]


def written(data: Any) -> str:
    """Write a file; libyaml does it ten times as fast."""
    dumper = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper
    return str(yaml.dump(data, Dumper=dumper, sort_keys=False))


def problems(kind: type[Any], data: Any) -> list[str]:
    """Return what is told of a file, each with the key that its line has."""
    file = Path("f.yaml")
    text = written(data)
    read = document(file, text.encode())
    _, refusals = read.validated(kind)
    with pytest.raises(SpecError) as caught:
        refuse(file, refusals)
    told = caught.value.notes or (caught.value.message,)
    assert not any(FOREIGN.search(line.replace("\ufffe", "")) for line in told), told
    lines = text.splitlines()
    for line in told:
        place = re.match(r"f\.yaml:(\d+)(: |$)", line)
        assert place
        assert 0 < int(place[1]) <= len(lines)
    return [line.removeprefix("f.yaml:") for line in told]


KEYS = [(kind, path) for kind in FULL for path in paths(PARSED[kind])]
WITHIN: dict[tuple[type[Any], str], list[Path_]] = {}
"""The paths of all keys, by the kind of file and the first key on the way: a part of the file."""
for kind_, path_ in KEYS:
    WITHIN.setdefault((kind_, str(path_[0]) if path_ else "the whole"), []).append(path_)
every_key = pytest.mark.parametrize(
    ("kind", "several"),
    [(kind, several) for (kind, _), several in WITHIN.items()],
    ids=[f"{kind.__name__}-{first}" for kind, first in WITHIN],
)


def told_of(path: Path_, lines: list[str]) -> bool:
    start = re.escape(name(path))
    return any(re.match(rf"\d+: {start}[.\[:]|\d+: needs", line) for line in lines)


@pytest.mark.parametrize("kind", FULL)
def test_the_files_that_are_tried_are_right_and_have_every_key(kind: type[Any]) -> None:
    text = FULL[kind]
    whole, refusals = document(Path("f.yaml"), text.encode()).validated(kind)
    assert refusals == []
    assert isinstance(whole, kind)
    used = set(re.findall(r"[a-z_]+(?=:)", "".join(FULL.values())))
    schema = msgspec.json.schema_components([kind])[1]
    keys = {key for one in schema.values() for key in one.get("properties", {})}
    assert keys - used <= {"ssm", "ami", "golden", "file", "url"}


def is_other_type(wrong: Any, right: Any) -> bool:
    if wrong is None or (isinstance(wrong, str) and isinstance(right, str)):
        return False
    kinds = {type(wrong), type(right)}
    return len(kinds) > 1 and kinds != {bool, dict}  # `group_policy` is true, or a mapping


@every_key
@pytest.mark.no_cover  # the same lines thousands of times
def test_a_wrong_type_is_told_with_its_key(kind: type[Any], several: list[Path_]) -> None:
    for path in filter(None, several):
        for wrong in ANYTHING:
            if is_other_type(wrong, at(PARSED[kind], path)):
                data = put(PARSED[kind], path, wrong)
                assert told_of(path, problems(kind, data)), (path, wrong)


@every_key
def test_an_unknown_key_is_told_with_its_line(kind: type[Any], several: list[Path_]) -> None:
    for path in several:
        if path in {("distribute",), ("architectures",)} or path[-1:] in {
            ("tags",), ("kms_keys",), ("names",), ("plugins",),
        }:  # fmt: skip
            continue
        if isinstance(at(PARSED[kind], path), dict):
            data = put(PARSED[kind], (*path, "no_such"), 1)
            lines = written(data).splitlines()
            line = next(number for number, one in enumerate(lines, 1) if "no_such" in one)
            [told] = problems(kind, data)
            assert told.startswith(f"{line}: {name((*path, 'no_such'))}: unknown key")


@every_key
def test_a_missing_key_is_one_that_may_be_or_is_told(kind: type[Any], several: list[Path_]) -> None:
    for path in several:
        if not path or isinstance(path[-1], int):
            continue
        data = without(PARSED[kind], path)
        _, found = validated(data, kind)
        assert all(one.words == "is missing" for one in found if one.key == f"$.{name(path)}")
        if found:
            problems(kind, data)


@given(st.sampled_from(KEYS), st.sampled_from(ANYTHING))
def test_what_is_taken_is_what_the_types_say(key: tuple[type[Any], Path_], value: Any) -> None:
    """The walk takes nothing that msgspec would not, and makes the same of it."""
    kind, path = key
    data = put(PARSED[kind], path, value)
    whole, found = validated(data, kind)
    if not found:
        assert msgspec.convert(data, kind) == whole
