"""What tests of the life after release have in common."""

import re

import pytest
from msgspec import structs

from goldenami_sandbox.calls import Call, Sent
from goldenami_sandbox.faults import Fault

_SOURCE = re.compile(rb"<(sourceImage(?:Id|Region))>[^<]*</\1>")
_MARKS = re.compile(rb"<imageWatermarkSet>.*?</imageWatermarkSet>", re.DOTALL)


def _without_sources(_: Call, sent: Sent) -> Sent:
    kept = {whole.span() for whole in _MARKS.finditer(sent.body)}

    def blank(source: re.Match[bytes]) -> bytes:
        within = any(start <= source.start() < end for start, end in kept)
        return source[0] if within else b" " * len(source[0])

    return structs.replace(sent, body=_SOURCE.sub(blank, sent.body))


@pytest.fixture
def silent() -> Fault:
    """EC2 does not tell from which image one was made, as of old images, but for watermarks."""
    return Fault(service="ec2", operation="DescribeImages", damage=_without_sources)
