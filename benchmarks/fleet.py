"""A fleet as varied as real ones, the same in each run: what the stand-in EC2 tells of it.

A region has any number of instances. They are a block of at most 10,000 different ones over and
over, each time with other ids: so that a million of them need little memory. What is seeded and
pure is here; `listings` makes pages of it, and `endpoint` serves them.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from random import Random
from typing import Final
from xml.sax.saxutils import escape

from msgspec import Struct

ACCOUNT: Final = "123456789012"
REGIONS: Final = (
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
    "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2",
    "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip
SEED: Final = 2026
BLOCK: Final = 10_000
ENDED: Final = 0.02
"""How many instances a block has beside those that are alive: they are terminated already."""
FINDINGS: Final = 0.25
"""How many of the instances do not run a golden image, or one that is deprecated."""


class Zone(Struct, frozen=True):
    """An availability zone or a local zone, and how many of a region's instances are there."""

    name: str
    id: str
    share: int
    parent: str = ""
    opted_in: bool = True


class FleetImage(Struct, frozen=True):
    """An image that instances run; one without an owner is gone, or shows itself no more."""

    id: str
    name: str = ""
    owner: str = ""
    state: str = ""
    created: str = ""
    deprecated: str = ""
    alias: str = ""
    tags: Mapping[str, str] = {}
    golden: bool = False


class FleetInstance(Struct, frozen=True):
    """An instance of the block. Its id ends with its digits, behind what its copy is called."""

    digits: str
    number: int
    image: FleetImage
    state: str
    type: str
    launched: str
    tags: tuple[tuple[str, str], ...]
    place: float
    """From 0 to 1: which zone of its region it is in."""


STATES: Final = {"pending": (0, 1), "running": (16, 85), "stopping": (64, 1), "stopped": (80, 13)}
"""The code and the share of each state that is alive."""
STATE_CODES: Final = {**{name: code for name, (code, _) in STATES.items()}, "terminated": 48}
TYPES: Final = {
    "t3.micro": 14, "t3.medium": 18, "t3a.large": 6, "m5.large": 12, "m5.xlarge": 7,
    "m6i.large": 15, "m6i.2xlarge": 6, "m7g.large": 6, "c5.large": 4, "c6i.4xlarge": 3,
    "c7g.xlarge": 3, "r5.large": 3, "r6g.2xlarge": 2, "g5.xlarge": 1,
}  # fmt: skip
_BIG = (("a", 26), ("b", 22), ("c", 19), ("d", 15), ("e", 3), ("f", 12))
_SMALL = (("a", 50), ("b", 30), ("c", 20))
_SIDES = {"northeast": "ne", "southeast": "se"}


@cache
def zones(region: str) -> tuple[Zone, ...]:
    """Return the zones of a region: six in us-east-1 and its local ones, three anywhere else."""
    land, side, number = region.split("-")
    short = f"{land}{_SIDES.get(side, side[0])}{number}"
    shares = _BIG if region == "us-east-1" else _SMALL
    plain = tuple(
        Zone(f"{region}{letter}", f"{short}-az{place}", share)
        for place, (letter, share) in enumerate(shares, 1)
    )
    if region != "us-east-1":
        return plain
    return (
        *plain,
        Zone("us-east-1-bos-1a", "use1-bos1-az1", 2, parent="us-east-1a"),
        Zone("us-east-1-mia-1a", "use1-mia1-az1", 1, parent="us-east-1b"),
        Zone("us-east-1-dfw-1a", "use1-dfw1-az1", 0, parent="us-east-1c", opted_in=False),
    )


def _release(family: str, month: int, patch: int, *, deprecated: bool = False) -> FleetImage:
    number = hash_of(f"{family} {month} {patch}")
    year = 2024 if deprecated else 2026
    version = f"{year}.{month}.{patch}"
    tags = {
        "Name": f"{family} {version}", "Team": "platform", "goldenami:image": family,
        "goldenami:version": version, "goldenami:status": "approved",
        "goldenami:build": f"{year}{month:02}01T050211Z-{number[:6]}",
        "goldenami:source": f"ami-{hash_of(family)}", "goldenami:spec": number * 3 + number[:13],
    }  # fmt: skip
    return FleetImage(
        f"ami-{number}",
        f"{family}-{version}",
        ACCOUNT,
        "available",
        f"{year}-{month:02}-01T05:02:11.000Z",
        f"{year + (1 if deprecated else 9)}-{month:02}-01T05:02:11.000Z",
        tags=tags,
        golden=not deprecated,
    )


def hash_of(text: str) -> str:
    """Return 17 hexadecimal digits that are always the same for a text."""
    return f"{Random(text).getrandbits(68):017x}"


_FAMILIES = ("web-base", "worker-base", "database-base")
_AMAZON = ("137112412989", "amazon")
_MARKETPLACE = ("679593333241", "aws-marketplace")
_STRANGER = ("211122223333", "")
_STRANGERS = (
    (_AMAZON, "al2023-ami-2023.9.20260901.0-kernel-6.1-x86_64"),
    (_AMAZON, "amzn2-ami-hvm-2.0.20260801.0-x86_64-gp2"),
    (_MARKETPLACE, "CIS Rocky Linux 9 Benchmark - Level 1 - v12 -7e4bc1"),
    (_STRANGER, "bitnami-wordpress-6.8.2-r04-linux-debian-12"),
    (_STRANGER, "web-base-2026.10.1"),
    (_STRANGER, "build server (do not delete!)"),
)
_BY_HAND = (
    "Jenkins master backup", "web 2023 fixed", "tmp-debug-payment", "golden_copy (old)",
    "win2019-sql", "data science workbench", "vpn/bastion", "packer 1690204201",
)  # fmt: skip


@cache
def images() -> tuple[FleetImage, ...]:
    """Return the 40 images: golden, deprecated, made by hand, of others, and gone."""
    golden = [_release(one, 5 + at, at) for one in _FAMILIES for at in range(6)]
    deprecated = [_release("web-base", at, at, deprecated=True) for at in range(1, 5)]
    by_hand = [
        FleetImage(
            f"ami-{hash_of(name)}", name, ACCOUNT, "available", f"2025-0{at}-17T14:33:09.000Z",
            tags={"Name": name} if at % 2 else {},
        )
        for at, name in enumerate(_BY_HAND, 1)
    ]  # fmt: skip
    strangers = [
        FleetImage(
            f"ami-{hash_of(name + owner)}", name, owner, "available",
            f"2026-0{at}-03T21:10:55.000Z", f"2028-0{at}-03T21:10:55.000Z", alias,
        )
        for at, ((owner, alias), name) in enumerate(_STRANGERS, 1)
    ]  # fmt: skip
    gone = [
        FleetImage(f"ami-{hash_of('gone 1')}", "web-base-2022.3.1", ACCOUNT, "deregistered"),
        FleetImage(f"ami-{hash_of('gone 2')}", "migration", _STRANGER[0], "deregistered"),
        FleetImage(f"ami-{hash_of('gone 3')}"),
        FleetImage(f"ami-{hash_of('gone 4')}"),
    ]
    return (*golden, *deprecated, *by_hand, *strangers, *gone)


def golden_ids() -> list[str]:
    """Return the images that are golden today: what is to be told to a tool that cannot know."""
    return [image.id for image in images() if image.golden]


_SERVICES = (
    "shop-frontend", "shop-cart", "payment-api", "search-indexer", "billing", "fraud-scoring",
    "kafka-broker", "etl-worker", "ml-training", "jenkins-agent", "bastion", "legacy-crm",
)  # fmt: skip
_FURTHER = {
    "Team": ("platform", "shop", "payments", "data & analytics", "security"),
    "Environment": ("production", "staging", "development", "sandbox"),
    "CostCenter": ("4711", "0815", "1234", "9001", "7777"),
    "Owner": ("shop@example.com", "Jürgen Groß <jg@example.com>", "ops@example.com", ""),
    "Backup": ("daily & weekly", "none", "hourly"),
    "PatchGroup": ("linux-a", "linux-b", "windows"),
    "terraform:workspace": ("prod-eu", "prod-us", "stage"),
    "aws:cloudformation:stack-name": ("shop", "payments-prod", "data-lake-2024"),
    "aws:ec2launchtemplate:version": ("1", "7", "42"),
    "kubernetes.io/cluster/main": ("owned",),
    "Description": (
        "Created by the release pipeline, see https://wiki.example.com/x/AbC?id=1&v=2",
    ),
}


def _tags(random: Random, number: int) -> tuple[tuple[str, str], ...]:
    service = random.choice(_SERVICES)
    further = random.sample(sorted(_FURTHER), random.choice((0, 1, 2, 3, 4, 4, 5, 5, 6, 8, 11)))
    tags = [(key, random.choice(_FURTHER[key])) for key in further]
    kind = random.random()
    if kind < 0.6:  # of an Auto Scaling group, all of one name
        tags += [("Name", service), ("aws:autoscaling:groupName", f"{service}-{number % 7}")]
    elif kind < 0.9:
        tags.append(("Name", f"{service}-{number:05d}"))
    return tuple(tags)


def _launch_time(random: Random) -> str:
    month, day = random.randint(1, 9), random.randint(1, 28)
    hour, minute, second = random.randint(0, 23), random.randint(0, 59), random.randint(0, 59)
    return f"2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z"


def _picked(random: Random, several: Sequence[FleetImage]) -> FleetImage:
    """Return one of several, the first ones more often than the last."""
    return several[int(len(several) * random.random() ** 2)]


@cache
def block(size: int) -> tuple[FleetInstance, ...]:
    """Return so many different instances, and after them the ones that are terminated."""
    random, ended = Random(SEED), int(size * ENDED)
    golden = [image for image in images() if image.golden]
    others = sorted((image for image in images() if not image.golden), key=lambda one: one.id)
    states = random.choices(list(STATES), [share for _, share in STATES.values()], k=size)
    types = random.choices(list(TYPES), list(TYPES.values()), k=size + ended)
    return tuple(
        FleetInstance(
            digits=f"{number * 2654435761 % 2**32:08x}",  # an odd factor: no two of them are alike
            number=number,
            image=_picked(random, others if random.random() < FINDINGS else golden),
            state=state,
            type=kind,
            launched=_launch_time(random),
            tags=_tags(random, number),
            place=random.random(),
        )
        for number, (state, kind) in enumerate(
            zip([*states, *["terminated"] * ended], types, strict=True)
        )
    )


def tag_set(tags: Sequence[tuple[str, str]]) -> str:
    """Return tags as EC2 lists them."""
    return "".join(
        f"<item><key>{escape(key)}</key><value>{escape(value)}</value></item>"
        for key, value in tags
    )
