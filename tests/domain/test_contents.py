"""What a parameter holds is told by its kind, and nothing of it is quoted."""

import pytest

from goldenami.domain.contents import content_kind


@pytest.mark.parametrize(
    ("parameter_type", "value", "kind"),
    [
        ("String", '{"image_id": "ami-0123abcd", "os": "Linux"}', "JSON (an object)"),
        ("String", '["ami-0123abcd"]', "JSON (a list)"),
        ("String", "arn:aws:ec2:us-east-1::image/ami-0123abcd", "an ARN"),
        ("String", "ami-0123abcd,ami-0123abce", "25 characters that begin with `ami-`"),
        ("String", " ami-0123abcd", "13 characters that begin with `ami-`"),
        ("String", "hunter2", "a text of 7 characters"),
        ("String", "12345", "a text of 5 characters"),
        ("String", "[" * 100_000, "a text of 100,000 characters"),
        ("StringList", "ami-0123abcd", "a StringList"),
        ("SecureString", "AQICAHh", "a SecureString"),
    ],
    ids=range(10),
)
def test_the_kind_of_a_value(parameter_type: str, value: str, kind: str) -> None:
    assert content_kind(parameter_type, value) == kind
