"""The stand-in for EC2 that speed is measured with: whole, varied, and the same each time."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import endpoint
import fleet
import pytest
from listings import NS, OPERATIONS, Filters, Listings, RefusedListingError

INSTANCES = 25_300  # more than two blocks
REGION = "us-east-1"
_NAMESPACE = NS.split('"')[1]


@pytest.fixture(scope="module")
def listings() -> Listings:
    return Listings(INSTANCES)


def ids(
    listings: Listings, filters: Filters = (), *, name: str = endpoint.METADATA, size: int = 1000,
    region: str = REGION,
) -> Iterator[str]:  # fmt: skip
    token = ""
    while True:
        page = b"".join(listings.page(name, region, filters, size=size, token=token))
        on_page = re.findall(rb"<instanceId>(i-[0-9a-f]{17})</instanceId>", page)
        assert len(on_page) <= size
        yield from (one.decode() for one in on_page)
        following = re.search(rb"<nextToken>(.*)</nextToken>", page)
        if following is None:
            return
        token = following[1].decode()


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_each_instance_is_listed_once(listings: Listings, name: str) -> None:
    listed = list(ids(listings, endpoint.ALIVE, name=name))
    assert len(set(listed)) == len(listed) == INSTANCES
    assert set(listed) == set(ids(listings, endpoint.ALIVE, size=700))


def test_no_two_regions_have_an_instance_of_one_id(listings: Listings) -> None:
    here, there = set(ids(listings)), set(ids(listings, region="eu-west-1"))
    assert len(here) == len(there) > INSTANCES
    assert not here & there


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_page_is_what_a_parser_reads(listings: Listings, name: str) -> None:
    page = ET.fromstring(b"".join(listings.page(name, REGION, size=50)))
    items = page.find(f"{{{_NAMESPACE}}}{OPERATIONS[name].key}")
    assert items is not None
    assert len(items) == 50


@pytest.mark.parametrize("region", [REGION, "eu-west-1"])
def test_filters_divide_the_whole(listings: Listings, region: str) -> None:
    whole = set(ids(listings, endpoint.ALIVE, region=region))
    parts = [
        set(ids(listings, (("availability-zone", (zone.name,)), *states), region=region, size=90))
        for zone in fleet.zones(region)
        for states in [
            (("instance-state-name", ("running",)),),
            (("instance-state-name", ("pending", "stopp*")),),
        ]
    ]
    assert sum(map(len, parts)) == len(whole)
    assert set().union(*parts) == whole


def test_types_and_ids_are_filtered_with_wildcards(listings: Listings) -> None:
    by_type = [set(ids(listings, (("instance-type", (kind,)),))) for kind in ("m*", "[!m]*")]
    assert by_type[1] == set()  # brackets are no wildcard
    of_m = [one for one in fleet.TYPES if one.startswith("m")]
    assert by_type[0] == set(ids(listings, (("instance-type", tuple(of_m)),)))
    one = next(ids(listings, (("instance-type", ("t3.m?cro",)),)))
    assert list(ids(listings, (("instance-id", (one,)),))) == [one]


@pytest.mark.parametrize("pattern", ["i-?????????{}*", "*{}"])
def test_ids_are_filtered_with_wildcards_and_their_digits_are_spread(
    listings: Listings, pattern: str
) -> None:
    digits = [
        set(ids(listings, (("instance-id", (pattern.format(digit),)),)))
        for digit in "0123456789abcdef"
    ]
    assert sum(map(len, digits)) == len(set().union(*digits)) == len(set(ids(listings)))
    assert min(map(len, digits)) > 0.9 * max(map(len, digits))


def test_a_token_is_of_its_listing_alone(listings: Listings) -> None:
    page = b"".join(listings.page(endpoint.METADATA, REGION))
    token = page.rpartition(b"<nextToken>")[2].partition(b"<")[0].decode()
    with pytest.raises(RefusedListingError):
        listings.page(endpoint.METADATA, REGION, endpoint.ALIVE, token=token)
    with pytest.raises(RefusedListingError):
        listings.page(endpoint.METADATA, REGION, (("vpc-id", ("vpc-1",)),))


def test_the_fleet_is_varied() -> None:
    block = fleet.block(fleet.BLOCK)
    alive = [one for one in block if one.state in fleet.STATES]
    assert len(alive) == fleet.BLOCK < len(block)
    assert len(fleet.images()) == len({one.image.id for one in block}) == 40
    found = sum(not one.image.golden for one in alive) / len(alive)
    assert found == pytest.approx(fleet.FINDINGS, abs=0.01)
    assert {one.state for one in alive} == set(fleet.STATES)
    assert len(Counter(len(one.tags) for one in alive)) > 10
    assert len({dict(one.tags).get("Name") for one in alive}) > 2_000


def test_each_process_serves_the_same_bytes() -> None:
    code = (
        "import hashlib, listings\n"
        "served = listings.Listings(1200)\n"
        "names = sorted(listings.OPERATIONS)\n"
        "pages = [b''.join(served.page(name, 'eu-west-1')) for name in names]\n"
        "print(hashlib.sha256(b''.join(pages)).hexdigest())"
    )
    folder = Path(endpoint.__file__).parent
    told = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=folder, capture_output=True, check=True, text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(folder)},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(told) == 1


@pytest.mark.parametrize("share", [1, 0.5])
def test_a_region_takes_a_hundred_calls_at_once_and_twenty_more_a_second(share: float) -> None:
    bucket, most, more = endpoint.Bucket(share), int(100 * share), int(20 * share)
    assert [bucket.take(5.0) for _ in range(most + 1)] == [True] * most + [False]
    assert [bucket.take(6.0) for _ in range(more + 1)] == [True] * more + [False]
