"""Whose is what unfinished builds seem to have left: told by their records and by EC2."""

from collections.abc import Sequence

from goldenami.aws import images
from goldenami.aws.leftovers import ClaimedLeftover, RegionLeases
from goldenami.aws.parallel import RegionAnswers
from goldenami.aws.session import Aws
from goldenami.domain import identity
from goldenami.domain.identity import Forgery, Recorded
from goldenami.domain.image import Image


class Attribution:
    """Tells whether something is its build's own.

    What is neither an image nor an instance, nor belongs to one, has no origin that EC2 tells: the
    tags of a build that has a record are enough to remove it, for only the pipeline writes them.

    Args:
        aws: the account that is swept.
        bakers: further accounts whose builds may have left something there.
        leases: the leases and records of each, in the same order.
    """

    def __init__(
        self, aws: Aws, bakers: Sequence[Aws], leases: Sequence[RegionAnswers[RegionLeases]]
    ) -> None:
        self._aws = aws
        self._known: dict[str, tuple[Aws, str, Recorded]] = {
            build: (baker, region, recorded)
            for baker, answers in zip((aws, *bakers), leases, strict=True)
            for region, read in answers.read.items()
            for build, recorded in read.records.items()
        }

    def knows(self, build: str) -> bool:
        """Tell whether the record of a build was read."""
        return build in self._known

    def forgery(self, claim: ClaimedLeftover) -> Forgery | None:
        """Return why something is not proved to be its build's own; None if it is."""
        if not (why := self._problem(claim)):
            return None
        item = claim.leftover
        return Forgery(kind=item.kind, id=item.id, region=item.region, build=item.build, why=why)

    def _problem(self, claim: ClaimedLeftover) -> str:
        known = self._known.get(claim.leftover.build)
        if known is None:
            return "that build has no record, so nothing proves that it is its own"
        baker, region, recorded = known
        if claim.instance:
            return identity.removal_problem(recorded.record, claim.instance)
        if claim.image:
            return self._of_image(baker, region, recorded, claim.image)
        return ""

    def _of_image(self, baker: Aws, region: str, recorded: Recorded, image: Image) -> str:
        record = recorded.record
        if baker is self._aws and image.region == region:
            packers = record.method == "packer" and not record.image_id
            if packers and image.source_instance == record.instance_id != "":
                return ""  # Packer was killed, and nobody saw whether it had ended
            return identity.image_problem(recorded, image, baker.account)
        source = record.image_id
        if baker is not self._aws and image.source_region != region:
            source = self._lent(baker, recorded, image)
        return identity.copy_problem(record, image, source, self._aws.account)

    def _lent(self, baker: Aws, recorded: Recorded, image: Image) -> str:
        """Return the copy in the baker's account that another account's was made from, if it is."""
        record, region = recorded.record, image.source_region
        for copy in images.by_id(baker.in_region(region), [image.source_image]):
            if not identity.copy_problem(record, copy, record.image_id, baker.account):
                return copy.id
        return ""
