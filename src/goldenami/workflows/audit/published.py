"""The parameters that releases are published as: which image each of them names by now."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor

from msgspec import structs

from goldenami.aws import manifests, parameters
from goldenami.aws.errors import FORBIDDEN, code_of
from goldenami.aws.parallel import concurrently
from goldenami.aws.seen_images import SeenImages
from goldenami.aws.session import Aws, RegionalAws
from goldenami.domain import arns, names, pointers
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.rules import stale_pointer
from goldenami.domain.audit.subject import ImageSeen, Kind, Subject
from goldenami.domain.manifest import Manifest
from goldenami.domain.pointers import Pointers
from goldenami.errors import AwsError
from goldenami.workflows.audit.sources import Batch, Batches


class PublishedParameters:
    """The parameters of all places; the manifests that name them are read from the beginning on.

    Args:
        aws: whose account's releases count.
        places: the places that are looked at.
        pool: asks for the manifests.
    """

    def __init__(self, aws: Aws, places: Iterable[AccountRegion], pool: Executor) -> None:
        home = [place for place in places if place.account == aws.account]
        self._answer = pool.submit(_read, aws, home)

    def of(self, regional: RegionalAws, seen: SeenImages, approved: Approved) -> Batches:
        """Yield the parameters of a place, with the images that they name.

        Raises:
            AwsError: the manifests of the place, or the parameters, could not be read.
        """
        known, errors = self._answer.result()
        named = pointers.names_in(known, regional.place)
        there = parameters.parameters(regional, named, "reading published parameters")
        values = {
            name: each.value if names.AMI_ID.fullmatch(each.value) else ""
            for name, each in there.items()
        }
        images = seen.of({value for value in values.values() if value})
        subjects = [_subject(regional, name, images.get(values[name])) for name in there]
        if subjects:
            yield Batch(subjects=[_noted(regional, each, approved) for each in subjects])
        if error := errors.get(regional.place):
            raise error


def _read(
    aws: Aws, places: Sequence[AccountRegion]
) -> tuple[Pointers, Mapping[AccountRegion, AwsError]]:
    answers, errors = concurrently(places, lambda place: manifests.every(aws.at(place)))
    every: list[Manifest] = [manifest for several in answers.values() for manifest in several]
    return pointers.published(every), errors


def _subject(regional: RegionalAws, name: str, image: ImageSeen | None) -> Subject:
    return Subject(
        kind=Kind.PARAMETER,
        account=regional.account,
        region=regional.region,
        id=name,
        arn=arns.arn(
            arns.partition_of(regional.region),
            "ssm", regional.region, regional.account, "parameter", name,
        ),
        name=name.rpartition("/")[2],
        image=image or ImageSeen(),
    )  # fmt: skip


def _noted(regional: RegionalAws, subject: Subject, approved: Approved) -> Subject:
    """Note who wrote a parameter last, and when, where that has to be told."""
    if not stale_pointer.problem(subject, approved):
        return subject
    try:
        last = parameters.last_version(regional, subject.id)
    except AwsError as error:
        if code_of(error) not in FORBIDDEN:
            raise
        written = "who wrote it may not be read"
    else:
        at = names.moment(last.last_modified_date)
        written = f"{last.last_modified_user} wrote it at {at}"
    return structs.replace(subject, facts={stale_pointer.FACT: written})
