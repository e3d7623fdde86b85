"""IAM's words for what is not there, where moto has others.

https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
"""

import re

from moto.iam import models
from moto.iam.exceptions import NotFoundException

from goldenami_sandbox.overriding import overrides, replace

_WORDS = (
    (r"Role (?!arn:)(\S+) not found", "The role with name {} cannot be found."),
    (r"Group (\S+) not found", "The group with name {} cannot be found."),
    (r"User (\S+) not found", "The user with name {} cannot be found."),
    (r"Instance profile (\S+) not found", "Instance Profile {} cannot be found."),
    (r"Policy (arn:\S+) not found", "Policy {} was not found."),
    (r"Policy ((?!arn:)\S+) not found", "The policy with name {} cannot be found."),
)
"""moto's message, and IAM's."""
_KNOWN = [(re.compile(pattern), words) for pattern, words in _WORDS]


class WordedError(NotFoundException):
    """NoSuchEntity in IAM's words."""

    @overrides
    def __init__(self, message: str) -> None:
        super().__init__(worded(message))


def worded(message: str) -> str:
    """Return IAM's words for a message of moto's."""
    for pattern, words in _KNOWN:
        if match := pattern.fullmatch(message):
            return words.format(match[1])
    return message


def install() -> None:
    """Let moto speak so."""
    replace(models, "NotFoundException", WordedError)
