"""What a new bake needs to know of AWS, whichever build it becomes."""

from collections.abc import Callable, Mapping
from functools import partial

from msgspec import Struct

from goldenami.aws import regions
from goldenami.aws.parallel import ahead
from goldenami.aws.session import Aws
from goldenami.bake.launch import types
from goldenami.domain.image import Image
from goldenami.spec import ReleaseFile
from goldenami.spec.architectures import by_architecture
from goldenami.workflows import goldens
from goldenami.workflows.release import guardrail


class BakeAnswers(Struct, frozen=True, kw_only=True):
    """What a new bake needs to know; each waits for its answer.

    Args:
        sources: the base image, by architecture.
        guarding: what there is to do about guardrails.
    """

    sources: Mapping[str, Callable[[], Image]]
    guarding: Callable[[], guardrail.Guarding]


def ask_ahead(aws: Aws, file: ReleaseFile) -> BakeAnswers:
    """Have asked what a new bake needs to know, while it is looked whether an old one goes on."""
    regions.begin(aws)
    later = when_needed(aws, file)
    sources = {architecture: ahead(ask) for architecture, ask in later.sources.items()}
    return BakeAnswers(sources=sources, guarding=ahead(later.guarding))


def when_needed(aws: Aws, file: ReleaseFile) -> BakeAnswers:
    """Return the same, each asked when it is waited for."""
    return BakeAnswers(
        sources={
            architecture: partial(_base_image, aws, own, architecture)
            for architecture, own in by_architecture(file).items()
        },
        guarding=partial(guardrail.look, aws, file),
    )


def _base_image(aws: Aws, file: ReleaseFile, architecture: str) -> Image:
    release = file.release
    return goldens.base_image(
        aws.in_region(release.build_region), release.base.source, release.approval_tag,
        architecture=architecture, instance_type=types(release.base)[0],
    )  # fmt: skip
