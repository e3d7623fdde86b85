"""Instances that are judged by their images alone come to the same document as whole ones."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import pytest
from botocore.session import get_session
from hypothesis import given, settings
from hypothesis import strategies as st

from goldenami.aws import leftovers
from goldenami.aws.ask import Asking
from goldenami.aws.instances_by_image import SomeInstances
from goldenami.aws.inventory import InstanceInventory
from goldenami.aws.lean_parser import LeanParser
from goldenami.aws.leftovers import RegionLeases
from goldenami.domain import tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved, Produced
from goldenami.domain.audit.document import ImageUse, PlaceRead
from goldenami.domain.audit.finding import Finding
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.domain.audit.waivers import Waived, Waiver, Waivers
from goldenami.errors import AwsError
from goldenami.workflows.audit import bakes, instances, summary
from goldenami.workflows.audit.pieces import PageJudged
from goldenami.workflows.audit.sources import Batch
from goldenami.workflows.audit.summary import Findings, PlaceSummary

ACCOUNT, STRANGER = "111122223333", "999988887777"
PLACE = AccountRegion(ACCOUNT, "us-east-1")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
BUILD = "20261001T050211Z-a1b2c3"
GOLDEN, DERIVED, OTHER = "ami-golden", "ami-derived", "ami-other"
APPROVED = Approved(
    produced={
        PLACE.region: {
            GOLDEN: Produced(
                id=GOLDEN, image="web", version="1", created=NOW, approved=True, candidate=False
            )
        }
    },
    owners=frozenset({ACCOUNT}),
    account=ACCOUNT,
    at=NOW,
    max_age=timedelta(days=90),
)
WAIVERS = (
    Waiver(owner="ann", reason="moves", expires=date(2027, 1, 1), tag="Team=data"),
    Waiver(owner="ann", reason="moves", expires=date(2027, 1, 1), instance="i-1"),
    Waiver(owner="ann", reason="moved", expires=date(2025, 1, 1), image=OTHER),
)


class Region(Asking):
    """A region that answers with pages, as botocore hands them over."""

    where = region = PLACE.region
    account = PLACE.account

    def __init__(self, pages: Sequence[bytes], *, metadata: bool) -> None:
        self._pages = pages
        self._metadata = metadata

    def client(self, service: str) -> Any:
        raise AssertionError(service)

    def raw(self, call: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        operation = call.rpartition(":")[2]
        if operation == "DescribeInstanceImageMetadata" and not self._metadata:
            raise AwsError("not here", code="InvalidAction")
        body = self._pages[int(parameters.get("NextToken", 0))]
        response = {"body": body, "status_code": 200, "headers": {}}
        answer: dict[str, Any] = LeanParser().parse(response, shape(operation))
        return answer


class Images:
    """Shows the images that there are; one was made from a golden one."""

    def of(self, ids: Iterable[str]) -> Mapping[str, ImageSeen]:
        return {image: ImageSeen(id=image, owner=owner(image), state="available") for image in ids}

    def golden_ancestors(self, ids: Collection[str], _: Approved) -> dict[str, str]:
        return {image: GOLDEN for image in ids if image == DERIVED}


def owner(image: str) -> str:
    return STRANGER if image == OTHER else ACCOUNT


@cache
def shape(operation: str) -> Any:
    return get_session().get_service_model("ec2").operation_model(operation).output_shape


def written(name: str, inside: str) -> str:
    return f"<{name}>{inside}</{name}>"


def tag_set(several: Mapping[str, str]) -> str:
    pairs = (written("key", key) + written("value", value) for key, value in several.items())
    return written("tagSet", "".join(written("item", pair) for pair in pairs))


TEXTS = st.sampled_from(["web", "a&amp;b", "&#x6b;", "<![CDATA[a<b]]>", "a<!-- c -->b", ""])
TAGS = st.dictionaries(st.sampled_from(["Name", "Team", "x"]), TEXTS | st.just("data"), max_size=3)
CLAIM = {tags.ROLE: "base", tags.SPEC: "0", tags.BUILD: BUILD}
STATES = ("running", "stopped", "pending", "terminated", "shutting-down")
DATES = st.sampled_from(["2026-11-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"])


class Told(NamedTuple):
    """An instance as a page tells it, by its elements."""

    id: str
    state: str
    image: str
    about: str
    launched: str
    tags: str

    @property
    def parts(self) -> list[str]:
        state = written("instanceState", written("name", self.state) + written("code", "16"))
        parts = [written("instanceId", self.id), state, self.tags, self.launched]
        return [part for part in parts if part]

    @property
    def metadata(self) -> str:
        return "".join([*self.parts, written("imageMetadata", self.about)])

    @property
    def described(self) -> str:
        parts = [*self.parts, written("imageId", self.image), "<instanceType>x</instanceType>"]
        return "".join(parts)


def times(name: str) -> st.SearchStrategy[str]:
    return DATES.map(lambda at: written(name, at))


def seldom(usual: str, *others: str) -> st.SearchStrategy[str]:
    return st.sampled_from([usual] * 4 + [*others])


ABOUTS = {
    image: st.tuples(
        st.just(written("imageId", image)),
        seldom(written("imageOwnerId", owner(image)), ""),
        seldom(written("imageState", "available"), "", "<!-- -->"),
        times("creationDate") | st.just(""),
        times("deprecationTime") | st.just(""),
    ).map("".join)
    for image in (GOLDEN, DERIVED, OTHER)
}
IMAGES = st.sampled_from([GOLDEN, GOLDEN, GOLDEN, DERIVED, OTHER])
TAGGED = st.tuples(TAGS, st.sampled_from([{}] * 30 + [CLAIM])).map(
    lambda both: tag_set({**both[0], **both[1]})
)


def instances_of(image: str) -> st.SearchStrategy[Told]:
    return st.builds(
        Told,
        id=st.sampled_from(["i-1", "i-2", "i-3"]),
        state=st.sampled_from(["running"] * 9 + list(STATES)),
        image=st.just(image),
        about=ABOUTS[image],
        launched=times("launchTime"),
        tags=TAGGED,
    )


TOLD = IMAGES.flatmap({image: instances_of(image) for image in ABOUTS}.__getitem__)
PAGES = st.lists(st.lists(TOLD, max_size=5), min_size=1, max_size=3)


def bodies(
    pages: Sequence[Sequence[str]], *, metadata: bool = True, namespace: str = "http://ec2/"
) -> list[bytes]:
    operation, name = ("DescribeInstanceImageMetadata", "instanceImageMetadataSet")
    if not metadata:
        operation, name = "DescribeInstances", "reservationSet"
    space = f' xmlns="{namespace}"' if namespace else ""
    several = []
    for number, items in enumerate(pages, start=1):
        more = written("nextToken", str(number)) if number < len(pages) else ""
        rows = written(name, "".join(written("item", each) for each in items))
        whole = f"<{operation}Response{space}>{rows}{more}</{operation}Response>"
        several.append(f'<?xml version="1.0" encoding="UTF-8"?>\n{whole}'.encode())
    return several


class Outcome(NamedTuple):
    """All that a document has of a place."""

    place: PlaceRead
    images: tuple[ImageUse, ...]
    findings: list[Finding]
    waived: list[Waived]
    waivers: tuple[Waiver, ...]
    baking: set[str]
    unread: str


def batches_of(
    pages: Sequence[bytes], *, whole: bool, metadata: bool = True, ahead: bool = False
) -> Iterator[Batch]:
    regional = Region(pages, metadata=metadata)
    with ThreadPoolExecutor(1) as pool:
        listing = InstanceInventory(regional, pool)  # type: ignore[arg-type]
        if ahead:
            listing.cut_ahead(bakes.MARK)
        yield from instances.read(listing, regional, Images(), APPROVED, whole=whole)  # type: ignore[arg-type]


def outcome(
    pages: Sequence[bytes], *, whole: bool, metadata: bool = True, ahead: bool = False
) -> Outcome:
    unread = ""
    found = Findings(Waivers(WAIVERS, NOW.date()), None)
    counts = PlaceSummary(0, PLACE, APPROVED.produced[PLACE.region], APPROVED, found)
    try:
        for batch in batches_of(pages, whole=whole, metadata=metadata, ahead=ahead):
            counts.add(batch)
    except AwsError as error:
        unread = error.message
    return Outcome(
        place=counts.place_read,
        images=summary.images([counts]),
        findings=[*found.open],
        waived=[*found.waived],
        waivers=found.waivers.unused,
        baking=found.baking,
        unread=unread,
    )


@pytest.fixture(autouse=True, scope="module")
def no_bake_is_under_way() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        books = RegionLeases(lapsed=(), running=frozenset())
        patch.setattr(leftovers, "books", lambda _: books)
        yield


def metadata_of(pages: Sequence[Sequence[Told]], namespace: str = "http://ec2/") -> list[bytes]:
    rows = [[each.metadata for each in page] for page in pages]
    return bodies(rows, namespace=namespace)


@settings(max_examples=100)
@given(PAGES, st.sampled_from(["http://ec2/", ""]), st.booleans())
def test_any_pages_come_to_the_same_by_image_and_whole(
    pages: list[list[Told]], namespace: str, ahead: bool
) -> None:
    several = metadata_of(pages, namespace)
    assert outcome(several, whole=False, ahead=ahead) == outcome(several, whole=True)


@pytest.mark.parametrize("pages", [1, 2])
def test_the_only_page_of_a_region_is_cut_before_its_turn_and_let_go_of_then(pages: int) -> None:
    """Where there are more of them, each is cut in its turn."""
    several = bodies([[RUNNING.metadata]] * pages)
    with ThreadPoolExecutor(1) as pool:
        listing = InstanceInventory(Region(several, metadata=True), pool)  # type: ignore[arg-type]
        listing.cut_ahead(bakes.MARK)
        first: Any = listing._first.result().rows
        assert (first.cut is not None) == (pages == 1)
        read = instances.read(listing, Region([], metadata=True), Images(), APPROVED, whole=False)  # type: ignore[arg-type]
        assert [number for batch in read for _, number in batch.compliant] == [1] * pages
        assert first.cut is None


@settings(max_examples=40)
@given(PAGES, st.booleans())
def test_so_do_reservations_where_images_are_looked_up(
    pages: list[list[Told]], ahead: bool
) -> None:
    rows = [
        [
            written("instancesSet", "".join(written("item", one.described) for one in page[:2])),
            *(written("instancesSet", written("item", one.described)) for one in page[2:]),
        ]
        for page in pages
    ]
    several = bodies(rows, metadata=False)
    by_image = outcome(several, whole=False, metadata=False, ahead=ahead)
    assert by_image == outcome(several, whole=True, metadata=False)


ELEMENT = re.compile(
    r"<(instanceId|instanceState|name|imageMetadata|imageId|tagSet)>(?:(?!<\1>).)*?</\1>"
)
DAMAGES: Mapping[str, Callable[[str], str]] = {
    "missing": lambda _: "",
    "empty": lambda element: f"<{element.partition('>')[0][1:]}/>",
    "twice": lambda element: element * 2,
    "twice, once empty": lambda element: f"{element}<{element.partition('>')[0][1:]}/>",
    "empty, then there": lambda element: f"<{element.partition('>')[0][1:]}/>{element}",
    "after another": lambda element: (
        element if "<key>" in element else re.sub(r">([^<]+)<", r"><new/>\1<", element, count=1)
    ),
    "of another namespace": lambda element: element.replace(">", ' xmlns="x">', 1),
}


@settings(max_examples=150)
@given(st.lists(TOLD, min_size=1, max_size=6), st.sampled_from([*DAMAGES]), st.data())
def test_a_page_with_too_few_or_too_many_elements_is_never_read_amiss(
    page: list[Told], damage: str, data: st.DataObject
) -> None:
    """Two damages may even each other out: one instance has two of what another one lacks.

    Only tags within and times are not looked at where nothing is held against an instance.
    """
    rows = "<->".join(each.metadata for each in page)
    for _ in range(data.draw(st.integers(1, 2))):
        elements = list(ELEMENT.finditer(rows))
        element = data.draw(st.sampled_from(elements))
        rows = rows[: element.start()] + DAMAGES[damage](element[0]) + rows[element.end() :]
        damage = data.draw(st.sampled_from([*DAMAGES]))
    several = bodies([rows.split("<->")])
    ahead = data.draw(st.booleans())
    assert outcome(several, whole=False, ahead=ahead) == outcome(several, whole=True)


ABOUT = written("imageId", GOLDEN) + written("imageOwnerId", ACCOUNT)
ABOUT += written("imageState", "available")
RUNNING = Told("i-1", "running", GOLDEN, ABOUT, "", tag_set({"Name": "a"}))


NESTED = (
    "<item><reservationId>r-1</reservationId><groupSet/><instancesSet>{}</instancesSet>"
    "<operator><managed>false</managed></operator></item>"
)
PLACED = (
    "<item><instanceId>{}</instanceId><imageId>{}</imageId><instanceState><code>16</code>"
    "<name>running</name></instanceState><dnsName/><instanceType>m7g.large</instanceType>"
    "<launchTime>2026-11-01T00:00:00.000Z</launchTime><placement><tenancy>default</tenancy>"
    "</placement><networkInterfaceSet><item><tagSet><item><key>Name</key><value>card</value></item>"
    "</tagSet><privateIpAddressesSet><item><association><publicIp>192.0.2.1</publicIp>"
    "</association></item></privateIpAddressesSet></item></networkInterfaceSet>"
    "<tagSet><item><key>Name</key><value>a &lt;b&gt;&#xd;</value></item><item><key>x</key><value/>"
    "</item></tagSet></item>"
)


@pytest.mark.parametrize("between", ["", "\n    ", "\r\n"])
def test_what_ec2_writes_is_read_by_image(between: str) -> None:
    """Indented or not; with more in it than is read, with tags of what an instance has."""
    rows = [NESTED.format(PLACED.format("i-1", OTHER) + PLACED.format("i-2", GOLDEN))]
    rows = [
        row.replace("><", f">{between}<")
        for row in [*rows, NESTED.format(PLACED.format("i-3", GOLDEN))]
    ]
    page = bodies(
        [[row.removeprefix("<item>").removesuffix("</item>") for row in rows]], metadata=False
    )
    (batch,) = batches_of(page, whole=False, metadata=False)
    assert [(sample.image.id, number) for sample, number in batch.compliant] == [(GOLDEN, 2)]
    assert [(one.id, one.tags) for one in batch.subjects] == [("i-1", {"Name": "a <b>\r", "x": ""})]
    assert outcome(page, whole=False, metadata=False) == outcome(page, whole=True, metadata=False)


def test_what_is_compliant_is_counted_and_never_becomes_an_object() -> None:
    stranger = RUNNING._replace(about=ABOUT.replace(GOLDEN, OTHER).replace(ACCOUNT, STRANGER))
    ended = RUNNING._replace(state="terminated")
    pages = metadata_of([[RUNNING, stranger, ended, RUNNING]])
    (batch,) = batches_of(pages, whole=False)
    ((sample, number),) = batch.compliant
    assert (sample.image.id, sample.id, sample.tags, number) == (GOLDEN, "", {}, 2)
    assert [(subject.image.id, subject.name) for subject in batch.subjects] == [(OTHER, "a")]


PAGE = metadata_of([[RUNNING]])[0].decode()
READ_WHOLE: Mapping[str, str] = {
    "an instance claims to be of a bake": PAGE.replace("Name", tags.ROLE),
    "the same in other characters": PAGE.replace("Name", tags.ROLE.replace("l", "&#108;")),
    "an image changed on the way": metadata_of(
        [[RUNNING, RUNNING._replace(about=ABOUT + written("name", "web"))]]
    )[0].decode(),
    "fifty tags, and then something odd": metadata_of(
        [[RUNNING._replace(tags=tag_set({f"k{n}": "v" for n in range(50)}))]]
    )[0]
    .decode()
    .replace("<imageMetadata>", "<imageMetadata x='1'>"),
    "another encoding": PAGE.replace('"UTF-8"', '"ISO-8859-1"'),
    "two lists": PAGE.replace("</Describe", "<instanceImageMetadataSet/></Describe"),
    "a document type": PAGE.replace(
        "<Desc", "<!DOCTYPE DescribeInstanceImageMetadataResponse><Desc"
    ),
}


@pytest.mark.parametrize("page", READ_WHOLE.values(), ids=READ_WHOLE)
def test_what_is_no_plain_page_is_read_row_by_row(page: str) -> None:
    (batch,) = batches_of([page.encode()], whole=False)
    assert not batch.compliant
    assert batch.subjects


ODD_TAGS: Mapping[str, str] = {
    "the value first": "<item><value>a</value><key>Name</key></item>",
    "something new in it": "<item><key>Name</key><new/><value>a</value></item>",
    "an empty key": "<item><key/><value>a</value></item>",
    "no key": "<item><value>a</value></item>",
    "a key twice": "<item><key>Name</key><value>a</value></item>" * 2,
}


@pytest.mark.parametrize("odd", ODD_TAGS.values(), ids=ODD_TAGS)
def test_odd_tags_of_what_has_findings_are_read_as_botocore_reads_them(odd: str) -> None:
    stranger = RUNNING._replace(about=ABOUT.replace(ACCOUNT, STRANGER).replace(GOLDEN, OTHER))
    pages = metadata_of([[stranger._replace(tags=written("tagSet", odd))]])
    result = outcome(pages, whole=False)
    expected = outcome(pages, whole=True)
    assert result._replace(unread="") == expected._replace(unread="")
    assert bool(result.unread) == bool(expected.unread) == ("Name" not in odd)


NO_XML: Mapping[str, tuple[str, str]] = {
    "an entity that XML does not have": (GOLDEN, "&golden;"),
    "the same in a tag": (">a<", ">&golden;<"),
    "an element that does not end": ("</tagSet>", ""),
    "a root that ends as another": ("Response xmlns", "Answer xmlns"),
    "bytes that are no UTF-8": (">a<", ">\xe4<"),
}


@pytest.mark.parametrize(("part", "broken"), NO_XML.values(), ids=NO_XML)
def test_what_is_no_xml_is_unread(part: str, broken: str) -> None:
    result = outcome([PAGE.replace(part, broken).encode("latin-1")], whole=False)
    assert (result.place.subjects, "cannot be parsed" in result.unread) == ({}, True)


def test_an_image_that_is_no_xml_is_unread() -> None:
    page = PAGE.replace("available", "&#0;").encode()
    assert "cannot be parsed" in outcome([page], whole=False).unread


class Elsewhere(Future[Any]):
    """What another process makes of a page; whoever waits for it waits in vain."""

    def result(self, timeout: float | None = None) -> Any:
        assert self.done()
        return super().result(timeout)


@pytest.mark.parametrize("ending", [None, AwsError("no more of it")])
def test_pages_are_read_while_others_are_judged_elsewhere_and_come_in_their_order(
    ending: AwsError | None,
) -> None:
    """The first page is not judged before as many have been read after it as may be."""
    shares = [Elsewhere() for _ in range(3)]
    ids = [f"i-{number}" for number in range(1, instances.AHEAD)]
    some = [of(name) for name in ids]

    def listed() -> Iterator[SomeInstances]:
        yield SomeInstances(elsewhere=shares[0])
        yield from some
        shares[0].set_result(judged(1))
        yield SomeInstances(elsewhere=shares[1])
        shares[1].set_result(judged(2))
        yield some[0]
        yield SomeInstances(elsewhere=shares[2])
        shares[2].set_result(judged(3))
        if ending:
            raise ending

    region: Any = Region([], metadata=True)
    batches, came = instances.apart(listed(), region), list[Batch]()
    with pytest.raises(AwsError) if ending else nullcontext():
        came.extend(batches)
    parts = [batch.share or batch.subjects[0].id for batch in came]
    assert parts == [1, *ids, 2, "i-1", 3]


def of(name: str) -> SomeInstances:
    like = Subject(kind=Kind.INSTANCE, account=ACCOUNT, region=PLACE.region, id=name)
    return SomeInstances(subjects=[like])


def judged(share: Any) -> PageJudged:
    return PageJudged(share=share, error=None, problem=None)
