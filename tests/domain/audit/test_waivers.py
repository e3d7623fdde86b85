"""Waivers: what they cover, until when, and files of them that are wrong."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from goldenami import resources
from goldenami.domain.audit import waivers
from goldenami.domain.audit.finding import Finding, Severity
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.domain.audit.waivers import Waiver, Waivers
from goldenami.errors import SpecError

TODAY = date(2026, 11, 23)
FINDING = Finding(
    rule="foreign-owner",
    severity=Severity.HIGH,
    subject=Subject(
        kind=Kind.INSTANCE,
        region="us-east-1",
        id="i-1",
        state="running",
        account="111122223333",
        image=ImageSeen(id="ami-1"),
        tags={"Role": "bastion", "Empty": ""},
    ),
    reason="r",
)
OTHER = structs.replace(FINDING, rule="disabled-image")


def waiver(expires: date = TODAY, **conditions: Any) -> Waiver:
    return Waiver(owner="network", reason="contract", expires=expires, **conditions)


COVERS: dict[str, tuple[dict[str, Any], bool]] = {
    "its instance": ({"instance": "i-1"}, True),
    "another instance": ({"instance": "i-2"}, False),
    "its image": ({"image": "ami-1"}, True),
    "another image": ({"image": "ami-2"}, False),
    "its account": ({"account": "111122223333"}, True),
    "another account": ({"account": "999988887777"}, False),
    "its region": ({"image": "ami-1", "region": "us-east-1"}, True),
    "another region": ({"image": "ami-1", "region": "eu-west-1"}, False),
    "its tag": ({"tag": "Role=bastion"}, True),
    "another value of the tag": ({"tag": "Role=web"}, False),
    "another case of the tag": ({"tag": "role=bastion"}, False),
    "a tag it does not have": ({"tag": "Team=web"}, False),
    "a tag without a value": ({"tag": "Empty="}, True),
    "a tag without a value that it does not have": ({"tag": "Missing="}, False),
    "its instance for its rule": ({"instance": "i-1", "rule": "foreign-owner"}, True),
    "its instance for another rule": ({"instance": "i-1", "rule": "disabled-image"}, False),
    "its tag but another image": ({"tag": "Role=bastion", "image": "ami-2"}, False),
    "an empty instance": ({"instance": "", "image": "ami-1"}, False),
}


@pytest.mark.parametrize(("conditions", "covered"), COVERS.values(), ids=COVERS.keys())
def test_covers(conditions: dict[str, Any], covered: bool) -> None:
    assert waiver(**conditions).covers(FINDING) is covered


def test_a_waiver_says_what_it_covers() -> None:
    both = waiver(instance="i-1", rule="disabled-image")
    assert both.coverage == "instance i-1, rule disabled-image"
    assert waiver(tag="Role=bastion").coverage == "tag Role=bastion"


VALID: dict[str, tuple[date, bool]] = {
    "before the day it expires": (date(2026, 11, 24), True),
    "on the day it expires": (date(2026, 11, 23), True),
    "on the day after": (date(2026, 11, 22), False),
}


@pytest.mark.parametrize(("expires", "valid"), VALID.values(), ids=VALID.keys())
def test_a_waiver_counts(expires: date, valid: bool) -> None:
    one = waiver(expires, instance="i-1")
    all_of_them = Waivers([one], TODAY)
    assert all_of_them.waiver_of(FINDING) == (one if valid else None)
    assert all_of_them.expired == (() if valid else (one,))
    assert all_of_them.unused == ()


def test_a_waiver_of_one_rule_leaves_the_others_open() -> None:
    one = waiver(instance="i-1", rule="foreign-owner")
    all_of_them = Waivers([one], TODAY)
    assert all_of_them.waiver_of(OTHER) is None
    assert all_of_them.waiver_of(FINDING) is one


def test_an_expired_waiver_does_not_hide_one_that_holds() -> None:
    old, new = waiver(date(2026, 1, 1), instance="i-1"), waiver(instance="i-1")
    all_of_them = Waivers([old, new], TODAY)
    assert all_of_them.waiver_of(FINDING) is new
    assert (all_of_them.expired, all_of_them.unused) == ((old,), ())


def test_a_waiver_that_covers_nothing_is_named() -> None:
    useless = waiver(instance="i-9")
    all_of_them = Waivers([useless], TODAY)
    assert all_of_them.waiver_of(FINDING) is None
    assert (all_of_them.unused, all_of_them.expired) == ((useless,), ())


def test_without_findings_every_waiver_is_unused() -> None:
    one = waiver(instance="i-1")
    assert Waivers([one], TODAY).unused == (one,)


def test_a_launch_template_is_waived_as_a_resource_and_is_no_instance() -> None:
    template = structs.replace(FINDING.subject, kind=Kind.LAUNCH_TEMPLATE, id="lt-1:2")
    finding = structs.replace(FINDING, subject=template)
    assert waiver(resource="lt-1:2").covers(finding)
    assert not waiver(instance="lt-1:2").covers(finding)


@pytest.mark.parametrize("by", [{"instance": "i-1"}, {"image": "ami-1"}, {"tag": "Role=bastion"}])
def test_a_waiver_is_found_by_whatever_it_names(by: dict[str, Any]) -> None:
    many = [waiver(instance=f"i-{number}") for number in range(100, 200)]
    one = waiver(**by)
    assert Waivers([*many, one], TODAY).waiver_of(FINDING) is one


def file_of(folder: Path, *lines: str) -> Path:
    path = folder / "waivers.yaml"
    items = "".join(f"- {{{line}}}\n" for line in lines)
    path.write_text(f"schema: goldenami.waivers/v1\nwaivers:\n{items}")
    return path


WHO = "owner: network, reason: contract, expires: 2027-06-30"


def test_reads_a_file(tmp_path: Path) -> None:
    path = file_of(
        tmp_path, f"{WHO}, instance: i-1", f"{WHO}, tag: Role=bastion, rule: disabled-image"
    )
    end = date(2027, 6, 30)
    assert waivers.load(path) == (
        waiver(end, instance="i-1"),
        waiver(end, tag="Role=bastion", rule="disabled-image"),
    )


def test_the_example_waives_nothing() -> None:
    assert waivers.load(resources.folder("examples") / "web-base" / "waivers.yaml") == ()


WRONG: dict[str, tuple[str, str]] = {
    "one that would cover everything": (
        WHO,
        ":3: waivers[0]: names no instance, resource, image, account or tag",
    ),
    "one that would cover all of a rule": (
        f"{WHO}, rule: disabled-image",
        ":3: waivers[0]: names no instance, resource, image, account or tag",
    ),
    "one of an empty instance": (
        f'{WHO}, instance: ""',
        ":3: waivers[0]: names no instance, resource, image, account or tag",
    ),
    "a tag without an equals sign": (
        f"{WHO}, tag: bastion",
        ":3: waivers[0].tag: `bastion` is no tag of the form Key=Value",
    ),
    "one without a reason": (
        'owner: me, reason: " ", expires: 2027-06-30, instance: i-1',
        ":3: waivers[0].reason: needs an owner and a reason",
    ),
    "one of nobody": (
        'owner: "", reason: r, expires: 2027-06-30, instance: i-1',
        ":3: waivers[0].owner: needs an owner and a reason",
    ),
    "one without an end": (
        "owner: me, reason: r, instance: i-1",
        ":3: waivers[0].expires: is missing",
    ),
    "one until a day that does not exist": (
        "owner: me, reason: r, instance: i-1, expires: 2026-02-30",
        ":3:50: not YAML: day ",
    ),
    "one for ever": (
        "owner: me, reason: r, instance: i-1, expires: never",
        ":3: waivers[0].expires: needs a day, such as 2026-12-31, not `never`",
    ),
    "an account without quotes": (
        f"{WHO}, account: 111122223333",
        ":3: waivers[0].account: needs text, not the number 111122223333",
    ),
}


@pytest.mark.parametrize(("line", "said"), WRONG.values(), ids=WRONG.keys())
def test_refuses(line: str, said: str, tmp_path: Path) -> None:
    path = file_of(tmp_path, line)
    with pytest.raises(SpecError) as caught:
        waivers.load(path)
    assert caught.value.message.startswith(f"{path}{said}")


def test_says_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    blank = 'owner: me, reason: " ", expires: 2027-06-30, instance: i-1'
    path = file_of(tmp_path, WHO, f"{WHO}, tag: x", blank, f"{WHO}, instance: i-1")
    with pytest.raises(SpecError) as caught:
        waivers.load(path)
    assert caught.value.message == f"{path}: 3 problems"
    assert [note.removeprefix(str(path)).split(": ")[:2] for note in caught.value.notes] == [
        [":3", "waivers[0]"],
        [":4", "waivers[1].tag"],
        [":5", "waivers[2].reason"],
    ]
