"""Who is told of what an audit found."""

from collections.abc import Mapping
from typing import Annotated, Literal

from goldenami.constraints import Wrong, form
from goldenami.domain import names, webhooks
from goldenami.spec.part import Part

TopicArn = Annotated[
    str,
    form(
        names.TOPIC_ARN,
        "ARN of a standard topic, such as `arn:aws:sns:us-east-1:111122223333:golden-ami`",
    ),
]
Variable = Annotated[str, form(names.VARIABLE, "name of an environment variable")]


def _address(url: str) -> Wrong:
    """Find what is wrong with a webhook's URL, of which nothing may be repeated."""
    if why := webhooks.problem(url):
        yield "", why


WebhookUrl = Annotated[str, _address]


def _one_address(webhook: "Webhook") -> Wrong:
    if bool(webhook.url) == bool(webhook.env):
        yield "", "give one of `url` and `env`, the environment variable that has the URL"


class Webhook(Part, frozen=True):
    """A webhook: whoever knows its URL can post there.

    Args:
        url: `https://…`; it is a secret, so that `env` is the better place.
        env: the environment variable that has the URL.
        body: what its receiver reads: `text` (Slack, Mattermost, whatever takes JSON) or an
            `adaptive-card` (a workflow of Microsoft Teams).
    """

    url: WebhookUrl | None = None
    env: Variable | None = None
    body: Literal["text", "adaptive-card"] = "text"

    def address(self, environment: Mapping[str, str]) -> str:
        """Return its URL, which is a secret; empty if the variable that has it is not set."""
        return self.url or environment.get(self.env or "", "")


class Notify(Part, frozen=True):
    """Where `goldenami audit --notify` tells what it found: a topic, a webhook, or both.

    Args:
        sns: ARN of a standard SNS topic, in whatever region it is.
        webhook: its URL, or where that stands and what is posted there.
    """

    sns: TopicArn | None = None
    webhook: WebhookUrl | Annotated[Webhook, _one_address] | None = None

    @property
    def posted_to(self) -> Webhook | None:
        """The webhook, however it is written."""
        return Webhook(url=self.webhook) if isinstance(self.webhook, str) else self.webhook
