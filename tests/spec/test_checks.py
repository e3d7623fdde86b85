"""Every check, from both sides: what it refuses, where and why, and the nearest thing it takes."""

import string
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs, to_builtins

from goldenami.domain.choices import BakeMethod
from goldenami.domain.tags import ApprovalTag
from goldenami.spec import checks
from goldenami.spec.audit import AuditSettings
from goldenami.spec.enforcement import Enforce
from goldenami.spec.gates import BootTest, Scan, ValidationStep
from goldenami.spec.lifecycle import Lifecycle
from goldenami.spec.model import (
    Bake,
    Base,
    BaseSource,
    BaseVolume,
    Copies,
    Distribution,
    ImageFilter,
    Release,
    Share,
    Timeouts,
)
from goldenami.spec.publish import Publish
from goldenami.validation import validated

ACCOUNT = "111122223333"
ORGANIZATION = f"arn:aws:organizations::{ACCOUNT}:organization/o-a1b2c3d4e5"
UNIT = f"arn:aws:organizations::{ACCOUNT}:ou/o-a1b2c3d4e5/ou-ab12-cd34ef56"
BASE = Base(source=BaseSource(ssm="/aws/service/al2023"))
RELEASE = Release(schema="goldenami/v1", image="web", regions=("us-east-1", "eu-west-1"), base=BASE)
PLAIN = BaseVolume(device="/dev/xvda", size_gib=30, encrypted=False)
NOWHERE = Path("/nonexistent")


def release(**parts: Any) -> Release:
    return structs.replace(RELEASE, **parts)


def channels(*several: str, name: str = "/golden/{image}/{channel}", **keys: Any) -> Release:
    return release(publish=Publish(ssm_parameter=name, channels=several, **keys))


def base(**parts: Any) -> Release:
    return release(base=structs.replace(BASE, **parts))


def volume(**parts: Any) -> Release:
    return base(volumes=(structs.replace(PLAIN, **parts),))


def source(**parts: Any) -> Release:
    return base(source=BaseSource(**parts))


def filtered(*owners: str) -> Release:
    return source(filter=ImageFilter(name="al2023-*", owners=owners))


def encrypted(key: str | None, **distribute: str | None) -> Release:
    """A shared image of one encrypted volume, and the keys of its copies."""
    return release(
        base=structs.replace(BASE, volumes=(structs.replace(PLAIN, encrypted=True, kms_key=key),)),
        distribute={
            region.replace("_", "-"): Distribution(kms_key=one)
            for region, one in distribute.items()
        },
        share=Share(accounts=(ACCOUNT,)),
    )


def found(given_release: Release, folder: Path = NOWHERE) -> list[tuple[str, str]]:
    data = to_builtins(given_release, builtin_types=(date,))
    _, problems = validated(data, Release, checks.rules(folder))
    return [(one.key, one.words) for one in problems]


REFUSED: dict[str, tuple[Release, str, str]] = {
    "a scan that ignores a vulnerability by its name": (
        release(test=BootTest(scan=Scan(ignore=("CVE-2026-12345", "heartbleed")))),
        "$.test.scan.ignore[1]",
        "`heartbleed` is no id",
    ),
    "a scan that ignores a vulnerability of half a year": (
        release(test=BootTest(scan=Scan(ignore=("CVE-26-12345",)))),
        "$.test.scan.ignore[0]",
        "`CVE-26-12345` is no id",
    ),
    "an instance type of a test that boots nothing": (
        release(test=BootTest(scan=Scan(on="image"), instance_type="t3.small")),
        "$.test.instance_type",
        "nothing is booted",
    ),
    "an image name with a slash": (release(image="web/base"), "$.image", "is no image name"),
    "a version with a space": (release(version="1 0"), "$.version", "is no version"),
    "an AMI name of more than 128 characters": (
        release(image="i" * 100, version="1" * 28),
        "$.image",
        "must have 3 to 128 characters",
    ),
    "a description of 256 characters": (
        release(description="d" * 256),
        "$.description",
        "at most 255 characters, not 256",
    ),
    "a description that is not ASCII": (
        release(description="Web base — gehärtet"),
        "$.description",
        "ASCII characters alone, and not '—ä'",
    ),
    "a key pair name that is not ASCII": (
        base(key_name="schlüssel"),
        "$.base.key_name",
        "`schlüssel` is no key pair name",
    ),
    "the ARN of an instance profile": (
        base(instance_profile=f"arn:aws:iam::{ACCOUNT}:instance-profile/web"),
        "$.base.instance_profile",
        "is no instance profile name",
    ),
    "a source as a launch template names it": (
        source(ssm="resolve:ssm:/aws/service/al2023"),
        "$.base.source.ssm",
        "leave `resolve:ssm:` out: the parameter is called `/aws/service/al2023`",
    ),
    "a source that is a parameter without a name": (
        source(ssm=" "),
        "$.base.source.ssm",
        "name a parameter",
    ),
    "a parameter to publish as a launch template names it": (
        release(publish=Publish(ssm_parameter="resolve:ssm:/golden/web")),
        "$.publish.ssm_parameter",
        "leave `resolve:ssm:` out: the parameter is called `/golden/web`",
    ),
    "no region": (release(regions=()), "$.regions", "name at least one region"),
    "a zone for a region": (
        release(regions=("us-east-1", "eu-west-1a")),
        "$.regions[1]",
        "`eu-west-1a` is no region name",
    ),
    "a region twice": (
        release(regions=("us-east-1", "eu-west-1", "us-east-1")),
        "$.regions[2]",
        "`us-east-1` is listed twice",
    ),
    "an audit of a region twice": (
        release(audit=AuditSettings(regions=("us-east-1", "us-east-1"))),
        "$.audit.regions[1]",
        "is listed twice",
    ),
    "an audit of no region": (
        release(audit=AuditSettings(regions=("everywhere",))),
        "$.audit.regions[0]",
        "`everywhere` is no region name",
    ),
    "an audit of other accounts without a role": (
        release(audit=AuditSettings(accounts=(ACCOUNT,))),
        "$.audit.accounts",
        "needs audit.role",
    ),
    "an audit of what is no account": (
        release(audit=AuditSettings(accounts=("prod",), role="reader")),
        "$.audit.accounts[0]",
        "`prod` is no account id",
    ),
    "an audit by what is no role": (
        release(audit=AuditSettings(accounts="organization", role="a b")),
        "$.audit.role",
        "`a b` is no role name",
    ),
    "an audit for which no version is current": (
        release(audit=AuditSettings(newest=0)),
        "$.audit.newest",
        "1 or more, not 0",
    ),
    "an audit of an age that is none": (
        release(audit=AuditSettings(max_age="old")),
        "$.audit.max_age",
        "`old` is no duration",
    ),
    "no source": (source(), "$.base.source", "(given: none)"),
    "two sources": (
        source(ssm="/a", golden="b"),
        "$.base.source",
        "give exactly one of ssm, ami, filter, golden (given: ssm, golden)",
    ),
    "an image id of the wrong length": (
        source(ami="ami-123"),
        "$.base.source.ami",
        "`ami-123` is no image id",
    ),
    "a filter of images of anybody": (
        filtered(),
        "$.base.source.filter.owners",
        "name at least one owner: anyone can publish that name",
    ),
    "a filter of images of all": (
        filtered("amazon", "*"),
        "$.base.source.filter.owners[1]",
        "`*` is no account id",
    ),
    "an instance type without a size": (
        base(instance_type="t3"),
        "$.base.instance_type",
        "`t3` is no type",
    ),
    "a type beside a list of types": (
        base(instance_type="t3.micro", instance_types=("t3.micro",)),
        "$.base.instance_types",
        "it takes the place of `instance_type`: leave that out",
    ),
    "a subnet beside a list of subnets": (
        base(subnet="subnet-01234567", subnets=("subnet-01234567",)),
        "$.base.subnets",
        "it takes the place of `subnet`: leave that out",
    ),
    "a type twice": (
        base(instance_types=("t3.micro", "t3.micro")),
        "$.base.instance_types[1]",
        "is listed twice",
    ),
    "a name for a subnet": (base(subnet="private"), "$.base.subnet", "`private` is no subnet id"),
    "a name for a security group": (
        base(security_groups=("sg-0123abcd", "default")),
        "$.base.security_groups[1]",
        "`default` is no group id",
    ),
    "a volume of a strange device": (
        volume(device="sda1"),
        "$.base.volumes[0].device",
        "`sda1` is no device name",
    ),
    "a volume of an unknown type": (
        volume(type="ssd"),
        "$.base.volumes[0].type",
        "needs `gp2`, `gp3`, ",
    ),
    "a key for a volume that is not encrypted": (
        volume(kms_key="alias/golden"),
        "$.base.volumes[0].kms_key",
        "needs `encrypted: true`",
    ),
    "a script that is not there": (
        base(user_data="setup.sh"),
        "$.base.user_data",
        "/nonexistent/setup.sh: cannot be read: No such file or directory",
    ),
    "an empty name of a script": (base(user_data=""), "$.base.user_data", "cannot be read"),
    "a name of a script that no file can have": (
        base(user_data="a\0b"),
        "$.base.user_data",
        "cannot be read: ",
    ),
    "a script of more than 16 KiB": (
        base(user_data="#!/bin/sh " + "#" * (16 * 1024 - 9)),
        "$.base.user_data",
        "EC2 takes at most 16 KiB of user data, this has 16,385 bytes",
    ),
    "a script of more than 16 KiB in UTF-8": (
        base(user_data="#!/bin/sh" + "é" * 8188),
        "$.base.user_data",
        "this has 16,385 bytes",
    ),
    "a script of two lines without a shebang": (
        base(user_data="echo a\necho b"),
        "$.base.user_data",
        "no form that cloud-init knows",
    ),
    "a clean-up without the reboot that it needs": (
        release(bake=Bake(cleanup=True, reboot=False)),
        "$.bake.cleanup",
        "needs `reboot: true`",
    ),
    "a check that is never tried": (
        release(validate=(ValidationStep(run="true", retry=0),)),
        "$.validate[0].retry",
        "",
    ),
    "a check whose deadline is no time": (
        release(validate=(ValidationStep(run="true", timeout="soon"),)),
        "$.validate[0].timeout",
        "",
    ),
    "a variable that Packer has no value for": (
        release(bake=Bake(method=BakeMethod.PACKER, vars={"a": 1, "b": date(2026, 1, 1)})),
        "$.bake.vars.b",
        "Packer takes no such value: put it in quotes",
    ),
    "a variable that is no number": (
        release(bake=Bake(method=BakeMethod.PACKER, vars={"a": [float("nan")]})),
        "$.bake.vars.a",
        "Packer takes no such value: put it in quotes",
    ),
    "vars without Packer": (
        release(bake=Bake(vars={"a": "b"})),
        "$.bake.vars",
        "only `method: packer` takes vars",
    ),
    "a check of nothing": (
        release(validate=(ValidationStep(run="true"), ValidationStep(run=" \n"))),
        "$.validate[1].run",
        "an empty command checks nothing",
    ),
    "a tag of AWS": (release(tags={"aws:x": "y"}), "$.tags.aws:x", "belong to AWS"),
    "a tag of goldenami": (
        release(tags={"goldenami:status": "approved"}),
        "$.tags.goldenami:status",
        "are written by goldenami alone",
    ),
    "an approval tag of AWS": (
        release(approval_tag=ApprovalTag("aws:golden", "yes")),
        "$.approval_tag",
        "belong to AWS",
    ),
    "an approval by another value of goldenami's own tag": (
        release(approval_tag=ApprovalTag("goldenami:status", "building")),
        "$.approval_tag",
        "are written by goldenami alone",
    ),
    "a tag that policies take for the approval": (
        release(approval_tag=ApprovalTag("Golden", "yes"), tags={"gOLDEN": "yes"}),
        "$.tags.gOLDEN",
        "differs from the approval tag `Golden` in case alone, which IAM ignores",
    ),
    "a key for the build region": (
        release(distribute={"us-east-1": Distribution()}),
        "$.distribute.us-east-1",
        "is no region the image is copied to",
    ),
    "a key for a region that gets no copy": (
        release(distribute={"ap-south-1": Distribution()}),
        "$.distribute.ap-south-1",
        "is no region the image is copied to",
    ),
    "a share with a short account": (
        release(share=Share(accounts=(ACCOUNT, "123"))),
        "$.share.accounts[1]",
        "`123` is no account id",
    ),
    "a share with an organization by its id": (
        release(share=Share(organizations=("o-a1b2c3d4e5",))),
        "$.share.organizations[0]",
        "`o-a1b2c3d4e5` is no organization ARN",
    ),
    "a share with an organization for a unit": (
        release(share=Share(organizational_units=(ORGANIZATION,))),
        "$.share.organizational_units[0]",
        "is no OU ARN",
    ),
    "snapshots shared with nobody": (
        release(share=Share(organizations=(ORGANIZATION,), snapshots=True)),
        "$.share.snapshots",
        "snapshots are shared with accounts: name some",
    ),
    "copies into a short account": (
        release(copies=(Copies(account="123", role="copies"),)),
        "$.copies[0].account",
        "`123` is no account id",
    ),
    "copies into an account twice": (
        release(copies=(Copies(account=ACCOUNT, role="a"), Copies(account=ACCOUNT, role="b"))),
        "$.copies[1].account",
        f"`{ACCOUNT}` is listed twice",
    ),
    "copies by a role's ARN": (
        release(copies=(Copies(account=ACCOUNT, role="arn:aws:iam::1:role/a b"),)),
        "$.copies[0].role",
        "is no role name",
    ),
    "copies where the image is not": (
        release(copies=(Copies(account=ACCOUNT, role="copies", regions=("ap-south-2",)),)),
        "$.copies[0].regions",
        "`ap-south-2` is not among `regions`",
    ),
    "a share with 1,001": (
        release(share=Share(accounts=tuple(f"{n:012}" for n in range(1001)))),
        "$.share",
        "AWS allows 1,000 launch permissions, these are 1,001",
    ),
    "a parameter with a space": (
        release(publish=Publish(ssm_parameter="/golden ami")),
        "$.publish.ssm_parameter",
        "is no parameter name",
    ),
    "a parameter of a relative path": (
        release(publish=Publish(ssm_parameter="golden/web")),
        "$.publish.ssm_parameter",
        "is no parameter name",
    ),
    "a parameter of 1,012 characters": (
        release(publish=Publish(ssm_parameter="p" * 1012)),
        "$.publish.ssm_parameter",
        "is no parameter name",
    ),
    "a parameter of AWS": (
        release(publish=Publish(ssm_parameter="/AWS/golden")),
        "$.publish.ssm_parameter",
        "are AWS's",
    ),
    "a parameter of Systems Manager": (
        release(publish=Publish(ssm_parameter="ssm-golden")),
        "$.publish.ssm_parameter",
        "are AWS's",
    ),
    "a parameter of AWS by its image": (
        release(image="aws-web", publish=Publish(ssm_parameter="/{image}/current")),
        "$.publish.ssm_parameter",
        "`/aws-web/current`: names that start with aws",
    ),
    "channels of one parameter": (
        channels("dev", "prod", name="/golden/web"),
        "$.publish.ssm_parameter",
        "put `{channel}` into it, such as `/golden/web/{channel}`",
    ),
    "a channel of none": (
        channels(),
        "$.publish.ssm_parameter",
        "`{channel}` stands for one of `publish.channels`, and there are none",
    ),
    "a channel with a slash": (
        channels("dev/a"),
        "$.publish.channels[0]",
        "is no channel",
    ),
    "a channel twice": (
        channels("dev", "dev"),
        "$.publish.channels[1]",
        "`dev` is listed twice",
    ),
    "a restricted channel that is none": (
        channels("dev", "prod", restricted=("prod", "live")),
        "$.publish.restricted[1]",
        "`live` is none of `channels`",
    ),
    "a restricted first channel": (
        channels("dev", "prod", restricted=("dev",)),
        "$.publish.restricted[0]",
        "a release lands in `dev` by itself",
    ),
    "restricted channels, and none": (
        release(publish=Publish(ssm_parameter="/golden", restricted=("prod",))),
        "$.publish.restricted[0]",
        "`prod` is none of `channels`",
    ),
    "channels without a manifest": (
        channels("dev", manifest=False),
        "$.publish.manifest",
        "the manifest says which channels there are",
    ),
    "a parameter of 1,012 characters with the longest image": (
        release(publish=Publish(ssm_parameter="p" * 912 + "{image}")),
        "$.publish.ssm_parameter",
        "is no parameter name",
    ),
    "an owner who is no account": (
        release(audit=AuditSettings(owners=(ACCOUNT, "amazon"))),
        "$.audit.owners[1]",
        "`amazon` is no account id",
    ),
    "an enforcement on nobody": (
        release(enforce=Enforce(groups=())),
        "$.enforce.groups",
        "name at least one group",
    ),
    "a group that IAM does not know": (
        release(enforce=Enforce(groups=("admins", "ec2 admins"))),
        "$.enforce.groups[1]",
        "`ec2 admins` is no IAM group name",
    ),
    "a wildcard for the pipeline": (
        release(enforce=Enforce(groups=("a",), pipeline_role="*")),
        "$.enforce.pipeline_role",
        "`*` is no IAM role name or ARN",
    ),
    "an ARN of no role": (
        release(enforce=Enforce(groups=("a",), pipeline_role=f"arn:aws:iam::{ACCOUNT}:role/")),
        "$.enforce.pipeline_role",
        "is no IAM role name or ARN",
    ),
    "a timeout without a unit": (
        release(timeouts=Timeouts(image="90")),
        "$.timeouts.image",
        "`90` is no time",
    ),
    "a timeout of no time": (
        release(timeouts=Timeouts(copy="0h")),
        "$.timeouts.copy",
        "`0h` is no time",
    ),
    "a deprecation at no time": (
        release(lifecycle=Lifecycle(deprecate_after="soon")),
        "$.lifecycle.deprecate_after",
        "`soon` is no time",
    ),
    "a deprecation after more than 10 years": (
        release(lifecycle=Lifecycle(deprecate_after="3651d")),
        "$.lifecycle.deprecate_after",
        "at most 10 years",
    ),
    "a deprecation after more days than there are": (
        release(lifecycle=Lifecycle(deprecate_after="99999999999999d")),
        "$.lifecycle.deprecate_after",
        "is no time",
    ),
}

TAKEN: dict[str, Release] = {
    "a description in paragraphs": release(description="Web base\n\thardened\n"),
    "the least there is": RELEASE,
    "an AMI name of 128 characters": release(image="i" * 100, version="1" * 27),
    "a description of 255 characters": release(description="d" * 255),
    "an image id": source(ami="ami-0123456789abcdef0"),
    "a golden image": source(golden="base-os"),
    "a filter of pinned owners": filtered("amazon", "self", ACCOUNT),
    "a subnet and a group": base(subnet="subnet-0123abcd", security_groups=("sg-0123abcd",)),
    "a device of Xen": volume(device="xvdb"),
    "a key for a volume that is encrypted": volume(encrypted=True, kms_key="alias/golden"),
    "the default key for an image that is not shared": volume(encrypted=True),
    "a script of 16 KiB": base(user_data="#!/bin/sh " + "#" * (16 * 1024 - 10)),
    "a clean-up, and the reboot that it needs": release(bake=Bake(cleanup=True)),
    "vars for Packer": release(bake=Bake(method=BakeMethod.PACKER, vars={"a": "b"})),
    "a check": release(validate=(ValidationStep(run="true", retry=100, timeout="30s"),)),
    "a scan of the image beside steps on another type": release(
        test=BootTest(
            steps=(ValidationStep(run="true"),), scan=Scan(on="image"), instance_type="t3.small"
        )
    ),
    "a scan that ignores what it names": release(
        test=BootTest(
            scan=Scan(ignore=("CVE-2026-12345", "GHSA-ab12-cd34-ef56", "ALAS2023-2026-1234"))
        )
    ),
    "an approval tag of one's own": release(approval_tag=ApprovalTag("Name", "Golden AMI")),
    "the approval tag among one's own": release(
        approval_tag=ApprovalTag("Name", "Golden AMI"), tags={"Name": "Golden AMI"}
    ),
    "the approval tag as it is by default": release(
        approval_tag=ApprovalTag("goldenami:status", "approved")
    ),
    "a key for a copy": release(distribute={"eu-west-1": Distribution(kms_key="alias/golden")}),
    "a share with all there is": release(
        share=Share(
            accounts=(ACCOUNT,), organizations=(ORGANIZATION,), organizational_units=(UNIT,)
        )
    ),
    "a share with 1,000": release(share=Share(accounts=tuple(f"{n:012}" for n in range(1000)))),
    "a share of an image with keys of its own": encrypted("alias/golden", eu_west_1="alias/golden"),
    "a share of an image that is not encrypted": release(
        base=structs.replace(BASE, volumes=(PLAIN,)), share=Share(accounts=(ACCOUNT,))
    ),
    "a parameter of 1,011 characters": release(publish=Publish(ssm_parameter="p" * 1011)),
    "a parameter that the image completes": release(
        publish=Publish(ssm_parameter="p" * 911 + "{image}")
    ),
    "channels, the last restricted": channels("dev", "stage", "prod", restricted=("prod",)),
    "a parameter of a path": release(publish=Publish(ssm_parameter="/golden/aws/web")),
    "an audit of an organization": release(
        audit=AuditSettings(accounts="organization", role="team/reader", newest=1, max_age="90d")
    ),
    "an audit of other accounts": release(audit=AuditSettings(accounts=(ACCOUNT,), role="reader")),
    "an owner": release(audit=AuditSettings(owners=(ACCOUNT,), regions=("us-east-1", "eu-west-1"))),
    "a role by its name": release(enforce=Enforce(groups=("a",), pipeline_role="pipeline")),
    "a role by its ARN": release(
        enforce=Enforce(groups=("a",), pipeline_role=f"arn:aws:iam::{ACCOUNT}:role/ci/pipeline")
    ),
    "a deprecation after 10 years": release(lifecycle=Lifecycle(deprecate_after="3650d")),
}


@pytest.mark.parametrize(("wrong", "key", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(wrong: Release, key: str, said: str) -> None:
    [(place, what)] = found(wrong)
    assert place == key
    assert said in what


@pytest.mark.parametrize("right", TAKEN.values(), ids=TAKEN.keys())
def test_takes(right: Release) -> None:
    assert found(right) == []


@given(st.integers(-10, 70_000))
@example(0)
@example(1)
@example(65_536)
@example(65_537)
def test_a_volume_has_1_to_65536_gib(size_gib: int) -> None:
    problems = found(volume(size_gib=size_gib))
    expected = [] if 1 <= size_gib <= 65_536 else ["$.base.volumes[0].size_gib"]
    assert [key for key, _ in problems] == expected


@given(st.integers(0, 60))
@example(40)
@example(41)
def test_own_tags_leave_room_for_those_of_goldenami(count: int) -> None:
    problems = found(release(tags={f"k{n}": "v" for n in range(count)}))
    assert [key for key, _ in problems] == ([] if count <= 50 - 10 else ["$.tags"])


@given(st.text(string.digits + "a ", max_size=14))
def test_an_account_is_12_digits(account: str) -> None:
    problems = found(release(share=Share(accounts=(account,))))
    right = len(account) == 12 and set(account) <= set(string.digits)
    assert [key for key, _ in problems] == ([] if right else ["$.share.accounts[0]"])


@given(st.text("abc.-_/ \n*", min_size=1, max_size=8))
def test_no_image_name_that_is_taken_makes_an_ami_name_that_aws_refuses(image: str) -> None:
    named = release(image=image, version="1")
    refused = bool(found(named))
    assert refused is (bool(set(image) & set("/ \n*")) or image[0] in ".-_")


@given(st.integers(0, 10**12), st.sampled_from("smhdwy"))
def test_a_deprecation_of_any_length_is_taken_or_refused(number: int, unit: str) -> None:
    problems = found(release(lifecycle=Lifecycle(deprecate_after=f"{number}{unit}")))
    days = number * {"s": 1, "m": 60, "h": 3600, "d": 86_400}.get(unit, 0) / 86_400
    assert bool(problems) is not (0 < days < 3651 and number < 10**9)


WARNINGS: dict[str, tuple[Release, list[str]]] = {
    "nothing of what is usual": (RELEASE, []),
    "an image that is made without a reboot": (release(bake=Bake(reboot=False)), ["bake.reboot"]),
    "a scan of an instance that may not be reached": (
        release(test=BootTest(scan=Scan())),
        ["test.scan"],
    ),
    "a scan of the image itself": (release(test=BootTest(scan=Scan(on="image"))), []),
    "both": (
        release(test=BootTest(scan=Scan()), bake=Bake(reboot=False)),
        ["bake.reboot", "test.scan"],
    ),
}


@pytest.mark.parametrize(("given_release", "about"), WARNINGS.values(), ids=WARNINGS.keys())
def test_warns_of(given_release: Release, about: list[str]) -> None:
    said = checks.warnings(given_release)
    assert [one.split()[0].rstrip(":") for one in said] == about
