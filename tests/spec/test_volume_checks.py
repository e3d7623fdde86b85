"""Volumes of a release file: where what is wrong with them is told, and what is taken."""

from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec import to_builtins

from goldenami.domain import volumes
from goldenami.spec import checks, types
from goldenami.spec.model import Base, BaseSource, BaseVolume, Copies, Distribution, Release, Share
from goldenami.validation import validated

ACCOUNT = "111122223333"
AWS_KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/aws/ebs"
SNAPSHOT = "snap-0123456789abcdef0"


def problems(*volumes: dict[str, Any], **parts: Any) -> list[tuple[str, str]]:
    wanted = [
        {"device": f"/dev/sd{letter}"} | one for letter, one in zip("fgh", volumes, strict=False)
    ]
    release = Release(
        schema="goldenami/v1", image="web", regions=("us-east-1", "eu-west-1"),
        base=Base(
            source=BaseSource(ssm="/a"), volumes=tuple(BaseVolume(**one) for one in wanted)
        ),
        **parts,
    )  # fmt: skip
    data = to_builtins(release, builtin_types=(date,))
    _, told = validated(data, Release, checks.rules(Path("/nonexistent")))
    return [(one.key.removeprefix("$.base.volumes"), one.words) for one in told]


def test_the_file_knows_the_types_that_have_limits() -> None:
    assert get_args(types.VolumeTypeName) == tuple(volumes.TYPES)


@pytest.mark.parametrize(
    "volume",
    [
        {"size_gib": 1}, {"size_gib": 65_536},
        {"size_gib": 32, "iops": 16_000, "throughput": 1_000},
        {"type": "io2", "size_gib": 4, "iops": 4_000}, {"type": "st1", "size_gib": 125},
        {"snapshot": SNAPSHOT}, {"snapshot": "snap-0123abcd", "type": "io1", "iops": 64_000},
        {"snapshot": SNAPSHOT, "size_gib": 20, "delete_on_termination": False},
        {"size_gib": 8, "encrypted": False}, {"size_gib": 8, "kms_key": "alias/golden"},
    ],
)  # fmt: skip
def test_a_volume_that_aws_takes_is_taken(volume: dict[str, Any]) -> None:
    assert problems(volume) == []


@pytest.mark.parametrize(
    ("volume", "key", "said"),
    [
        ({}, "size_gib", "is missing: only a volume of a `snapshot`"),
        ({"size_gib": 0}, "size_gib", "1 to 65,536 GiB, not 0"),
        ({"size_gib": 16_385, "type": "gp2"}, "size_gib", "gp2 has 1 to 16,384 GiB"),
        ({"size_gib": 124, "type": "sc1"}, "size_gib", "sc1 has 125 to 16,384 GiB"),
        ({"size_gib": 3, "type": "io1", "iops": 100}, "size_gib", "io1 has 4 to 16,384 GiB"),
        ({"size_gib": 1_025, "type": "standard"}, "size_gib", "standard has 1 to 1,024 GiB"),
        ({"size_gib": 8, "type": "io2"}, "iops", "io2 needs `iops`"),
        ({"snapshot": SNAPSHOT, "type": "io2"}, "iops", "io2 needs `iops`"),
        ({"size_gib": 8, "iops": 99}, "iops", "100 to 256,000 IOPS, not 99"),
        ({"size_gib": 8, "iops": 4_001}, "iops", "4,000 at this size"),
        ({"size_gib": 8, "throughput": 124}, "throughput", "125 to 2,000 MiB/s, not 124"),
        ({"size_gib": 8, "throughput": 1_000}, "throughput", "at least 4,000 `iops`"),
        ({"size_gib": 8, "type": "gp2", "throughput": 125}, "throughput", "gp2 takes no"),
        ({"snapshot": "vol-0123abcd"}, "snapshot", "`vol-0123abcd` is no snapshot id"),
        ({"size_gib": 8, "encrypted": False, "kms_key": "alias/a"}, "kms_key", "needs `encrypted"),
    ],
)
def test_what_aws_would_refuse_is_told_with_its_key(
    volume: dict[str, Any], key: str, said: str
) -> None:
    [(place, words)] = problems(volume)
    assert place == f"[0].{key}"
    assert said in words


def test_two_volumes_are_not_one_device() -> None:
    named = ("/dev/sdf", "/dev/sdg", "/dev/xvdf")
    told = problems(*({"device": device, "size_gib": 8} for device in named))
    assert told == [("[2].device", "`/dev/xvdf` and `/dev/sdf` are one device")]


@pytest.mark.parametrize("key", ["alias/aws/ebs", AWS_KEY_ARN])
@pytest.mark.parametrize(
    "sharing",
    [
        {"share": Share(accounts=(ACCOUNT,))},
        {"copies": (Copies(account=ACCOUNT, role="copies"),)},
    ],
    ids=["shared", "copied"],
)
def test_a_key_of_aws_is_refused_where_others_are_to_use_it(
    key: str, sharing: dict[str, Any]
) -> None:
    own = {"size_gib": 8, "kms_key": "alias/golden"}
    aws = {"size_gib": 8, "kms_key": key}
    plain = {"size_gib": 8, "encrypted": False}
    unnamed = {"size_gib": 8}
    assert problems(aws) == problems(own, plain, unnamed, **sharing) == []
    assert [place for place, _ in problems(own, aws, **sharing)] == ["[1].kms_key"]
    copy = {"eu-west-1": Distribution(kms_key=key.replace("us-east-1", "eu-west-1"))}
    assert problems(own, distribute=copy) == []
    told = problems(own, distribute=copy, **sharing)
    assert [place for place, _ in told] == ["$.distribute.eu-west-1.kms_key"]


def test_an_arn_is_of_a_key_in_the_region_that_uses_it() -> None:
    home = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/mrk-0123"
    away = f"arn:aws-cn:kms:eu-west-1:{ACCOUNT}:alias/golden"

    def of_copies(key: str) -> dict[str, Any]:
        copies = Copies(account=ACCOUNT, role="copies", kms_keys={"eu-west-1": key})
        return {"distribute": {"eu-west-1": Distribution(kms_key=key)}, "copies": (copies,)}

    assert problems({"size_gib": 8, "kms_key": home}, **of_copies(away)) == []
    told = problems({"size_gib": 8, "kms_key": away}, **of_copies(home))
    assert [place for place, _ in told] == [
        "[0].kms_key", "$.distribute.eu-west-1.kms_key", "$.copies[0].kms_keys.eu-west-1",
    ]  # fmt: skip
    assert told[0][1] == "a key of eu-west-1 cannot be used in us-east-1: name one there"
