"""What the images of subjects were made from."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from goldenami.aws.seen_images import SeenImages
from goldenami.domain.audit.approved import Approved
from goldenami.domain.audit.subject import Subject
from goldenami.workflows.audit.sources import Batches


def with_ancestors(batches: Batches, seen: SeenImages, approved: Approved) -> Batches:
    """Fill in which golden image an account's own unapproved ones were made from."""
    for batch in batches:
        yield replace(batch, subjects=explained_by_ancestors(batch.subjects, seen, approved))


def explained_by_ancestors(
    subjects: Sequence[Subject], seen: SeenImages, approved: Approved
) -> Sequence[Subject]:
    """Return subjects with what their images were made from: golden images, and revoked ones.

    Golden ones are looked for only where an own image is not approved itself.
    """
    by_image = {(subject.account, subject.region, subject.image): subject for subject in subjects}
    unexplained = {
        subject.image.id
        for subject in by_image.values()
        if subject.image.known and approved.own(subject) and not approved.golden(subject)
    }
    golden = seen.golden_ancestors(unexplained, approved) if unexplained else {}
    revoked = _revoked_ancestors(by_image.values(), approved)
    if not golden and not revoked:
        return subjects
    return [
        replace(
            subject,
            image=replace(
                subject.image,
                golden_ancestor=golden.get(subject.image.id, ""),
                revoked_ancestor=revoked.get(subject.image.id, ""),
            ),
        )
        if subject.image.id in golden or subject.image.id in revoked
        else subject
        for subject in subjects
    ]


def _revoked_ancestors(subjects: Iterable[Subject], approved: Approved) -> dict[str, str]:
    """Return the revoked images that those of the subjects were made from, by their ids."""
    images = {(subject.region, subject.image.id): subject.image for subject in subjects}
    return {
        image.id: claim.id
        for (region, _), image in images.items()
        for claim in [approved.revoked_ancestor(region, image)]
        if claim
    }
