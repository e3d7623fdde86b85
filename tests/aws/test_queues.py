"""The URL of a queue tells its region, whichever of AWS's hosts it names."""

import pytest

from goldenami.aws import queues
from goldenami.errors import UsageError


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("sqs.eu-west-1.amazonaws.com", "eu-west-1"),
        ("sqs-fips.us-east-2.amazonaws.com", "us-east-2"),
        ("sqs.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("sqs.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("vpce-0123-abcd.sqs.eu-central-1.vpce.amazonaws.com", "eu-central-1"),
        ("ap-southeast-2.queue.amazonaws.com", "ap-southeast-2"),
        ("queue.amazonaws.com", "us-east-1"),
        ("127.0.0.1:4566", ""),
        ("localhost:4566", ""),
    ],
)
def test_the_region_of_a_queue(host: str, region: str) -> None:
    assert queues.region_of(f"https://{host}/111122223333/events.fifo") == region


@pytest.mark.parametrize(
    "url",
    [
        "events", "arn:aws:sqs:us-east-1:111122223333:events", "https://sqs.us-east-1.amazonaws.com",
        "https://sqs.us-east-1.amazonaws.com/1/events", "file:///111122223333/events", "",
    ],
)  # fmt: skip
def test_what_is_no_url_of_a_queue_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="is no queue"):
        queues.region_of(url)
