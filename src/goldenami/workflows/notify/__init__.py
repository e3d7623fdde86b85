"""Telling people what an audit found, by a topic and a webhook."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from goldenami.aws import topics
from goldenami.aws.session import Aws
from goldenami.domain import webhooks
from goldenami.domain.audit.notification import Notification
from goldenami.errors import GoldenamiError, UsageError
from goldenami.spec.notify import Notify
from goldenami.workflows.notify import webhook


class Receivers(Struct, frozen=True):
    """Where messages go. ``url`` is a secret."""

    topic: str = ""
    url: str = ""
    body: str = "text"


def receivers(notify: Notify, environment: Mapping[str, str]) -> Receivers:
    """Return where messages go, by a release file and the environment.

    Raises:
        UsageError: nowhere, or a variable that is named has no webhook's URL.
    """
    if not notify.sns and not notify.posted_to:
        raise UsageError(
            "--notify: there is nobody to tell",
            fix="add `audit: {notify: {sns: …}}` or `webhook: {env: …}` to the release file",
        )
    posted_to = notify.posted_to
    if posted_to is None:
        return Receivers(topic=notify.sns or "")
    url = posted_to.address(environment)
    if why := webhooks.problem(url) if url else "it is not set":
        raise UsageError(
            f"audit.notify.webhook: the environment variable {posted_to.env}: {why}",
            fix="set it to the webhook's https:// URL",
        )
    return Receivers(topic=notify.sns or "", url=url, body=posted_to.body)


def send(aws: Callable[[], Aws], to: Receivers, notification: Notification) -> tuple[str, ...]:
    """Tell everybody; return whom nobody could tell, and why.

    Args:
        aws: returns the caller.
        to: where the message goes.
        notification: the message.
    """
    return tuple(_problems(aws, to, notification))


def _problems(aws: Callable[[], Aws], to: Receivers, notification: Notification) -> Iterator[str]:
    if to.topic:
        try:
            topics.publish(aws(), to.topic, notification)
        except GoldenamiError as error:
            yield error.with_fix
    if to.url:
        try:
            webhook.post(to.url, webhook.content(notification, to.body))
        except GoldenamiError as error:
            yield error.with_fix
